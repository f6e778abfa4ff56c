import { createServer } from 'node:http';
import { ListRolesCommand } from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { expect } from 'chai';
import { listen, stopServer } from '../../foundation/node/listen.ts';
import { rehearsalCloud, type RehearsalCloud } from '../../scripts/cloud/cloud.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import type { AccountAlias } from '../../foundation/protocols/aliases.ts';
import { parseEndpoints } from '../../aws/endpoints.ts';
import { realAws, type RealAwsOptions } from './real.ts';
import { setEnvironment } from '../../test/support/process-environment.ts';

const OTHER = '444455556666';
/** Hides every source of the SDK's default credential chain. */
const NOTHING: Readonly<Record<string, string | undefined>> = {
  AWS_ACCESS_KEY_ID: undefined,
  AWS_SECRET_ACCESS_KEY: undefined,
  AWS_SESSION_TOKEN: undefined,
  AWS_CREDENTIAL_EXPIRATION: undefined,
  AWS_PROFILE: undefined,
  AWS_REGION: undefined,
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
};

describe('AWS with the default credentials', () => {
  let cloud: RehearsalCloud;
  let accountId: string;
  const saved = { ...process.env };
  before(async () => {
    cloud = await rehearsalCloud();
    accountId = cloud.emulator.accountId;
  });
  after(() => cloud.close());
  beforeEach(() => {
    setEnvironment({ ...saved, ...NOTHING, ...cloud.environment });
  });
  afterEach(() => setEnvironment(saved));

  const optionsWith = (more: Partial<RealAwsOptions> = {}): RealAwsOptions => ({
    run: 'c1a2b3d',
    tags: () => ({ 'conformance-run': 'c1a2b3d' }),
    region: 'us-west-2',
    endpoints: parseEndpoints([cloud.emulator.endpoint], 'account'),
    allowedAccounts: [],
    otherAccountRole: undefined,
    permissionsBoundary: undefined,
    environment: {},
    ...more,
  });
  /** Runs `see` with a connected AWS, and closes it. */
  async function look(
    more: Partial<RealAwsOptions>,
    see: (aws: Awaited<ReturnType<typeof realAws>>) => unknown,
  ): Promise<void> {
    const aws = await realAws(optionsWith(more));
    try {
      await see(aws);
    } finally {
      await aws.close();
    }
  }
  /** Returns the error that rejects the options, and checks that it contains no secret. */
  async function refused(more: Partial<RealAwsOptions> = {}): Promise<HarnessError> {
    const error = await realAws(optionsWith(more)).then(
      () => expect.fail('it was accepted'),
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(HarnessError);
    const { AWS_SECRET_ACCESS_KEY = '', AWS_SESSION_TOKEN = '' } = cloud.environment;
    const text = `${(error as Error).message} ${(error as Error).stack}`;
    expect(text).not.to.include(AWS_SECRET_ACCESS_KEY);
    expect(text).not.to.include(AWS_SESSION_TOKEN);
    return error as HarnessError;
  }

  it('lacks the capabilities of an emulator in this process', () =>
    look({}, (aws) => {
      expect(aws).to.include({ name: 'endpoint', region: 'us-west-2', controls: undefined });
      expect(aws.accountId('main')).to.equal(accountId);
      expect(aws.callerArn).to.match(/^arn:aws:sts::\d{12}:assumed-role\/nightly\/job$/);
      expect(aws.services).to.deep.equal(['s3', 'iam', 'sts', 'eks', 'eks-auth']);
      expect([...aws.capabilities]).to.have.members(['associations', 's3']);
      expect([...aws.unavailable!.keys()]).to.have.members([
        'virtual-clock',
        'aws-disturbances',
        'call-record',
        'request-context',
        'organization',
        'kms-keys',
        'policy-decisions',
        'sts-of-aws',
        'two-accounts',
      ]);
      expect(aws.workloadEnvironment).to.deep.equal({ AWS_ENDPOINT_URL: cloud.emulator.endpoint });
    }));

  it('counts its calls', () =>
    look({}, async (aws) => {
      const { iam } = aws.clients('main');
      const count = (): number => aws.callCounts().byOperation['iam:ListRoles'] ?? 0;
      const before = count();
      await Promise.all([iam.send(new ListRolesCommand({})), iam.send(new ListRolesCommand({}))]);
      expect(count()).to.equal(before + 2);
    }));

  it("calls EKS Auth, and creates cluster tokens, with the session's credentials", () =>
    look({}, async (aws) => {
      expect(await aws.askEksAuth!('blue', 'a.b.c')).to.deep.equal({
        code: 'ResourceNotFoundException',
        message: 'No cluster found for name: blue.',
      });
      const url = Buffer.from((await aws.clusterToken('blue')).slice('k8s-aws-v1.'.length), 'base64url').toString();
      const answer = await fetch(url, { headers: { 'x-k8s-aws-id': 'blue' } });
      expect(await answer.text()).to.include(aws.callerArn);
    }));

  it('waits until a canary shows that IAM changes are effective, and removes the canary', async () => {
    await look({ tags: () => ({ 'conformance-run': 'c1a2b3d' }) }, (aws) =>
      aws.propagation!.waitForIam(new AbortController().signal),
    );
    expect(cloud.calls().some(({ operation }) => operation === 'CreateRole')).to.equal(true);
    expect(await cloud.inventory()).to.deep.equal([]);
  });

  it('uses a canary in the second account only if changes were made there', async () => {
    const assumed = async (accounts: ReadonlySet<AccountAlias>): Promise<string[]> => {
      const before = cloud.emulator.calls().length;
      const flags = { otherAccountRole: cloud.otherAccountRole, allowedAccounts: [accountId, OTHER] };
      await look(flags, (aws) => aws.propagation!.waitForIam(new AbortController().signal, accounts));
      const asked = cloud.emulator.calls().slice(before);
      return asked.flatMap(({ operation, authorizations }) =>
        operation === 'AssumeRole' ? authorizations.map(({ resource }) => resource) : [],
      );
    };
    const canaryOf = (account: string): string => `arn:aws:iam::${account}:role/conformance-c1a2b3d-canary`;
    expect(await assumed(new Set(['main']))).not.to.include(canaryOf(OTHER));
    expect(await assumed(new Set(['main', 'other']))).to.include.members([canaryOf(accountId), canaryOf(OTHER)]);
    expect(await cloud.inventory()).to.deep.equal([]);
  });

  it('applies a given permissions boundary, so that scenarios cannot have their own', () =>
    look({ permissionsBoundary: 'arn:aws:iam::111122223333:policy/bound' }, (aws) => {
      expect(aws.permissionsBoundary).to.equal('arn:aws:iam::111122223333:policy/bound');
      expect(aws.unavailable!.get('own-boundary')).to.include('policy/bound');
    }));

  it('reaches a second account through a role there', () =>
    look({ otherAccountRole: cloud.otherAccountRole, allowedAccounts: [accountId, OTHER] }, async (aws) => {
      expect(aws.capabilities.has('two-accounts')).to.equal(true);
      expect(aws.accountId('other')).to.equal(OTHER);
      const { Arn } = await aws.clients('other').sts.send(new GetCallerIdentityCommand({}));
      expect(Arn).to.equal(`arn:aws:sts::${OTHER}:assumed-role/nightly-other-account/conformance-c1a2b3d`);
    }));

  it('lacks capabilities whose services the endpoint does not have', async () => {
    const server = createServer((_request, response) => response.writeHead(404).end());
    const nowhere = `http://127.0.0.1:${await listen(server)}`;
    const endpoints = parseEndpoints([cloud.emulator.endpoint, `s3=${nowhere}`, `eks-auth=${nowhere}`], 'account');
    await look({ endpoints }, (aws) => {
      expect(aws.services).to.deep.equal(['iam', 'sts', 'eks']);
      expect([...aws.capabilities]).to.deep.equal(['associations']);
      expect(aws.unavailable!.get('s3')).to.equal(`${nowhere} has no S3 (status 404)`);
      expect(aws.unavailable!.get('pod-identity')).to.equal(`${nowhere} has no EKS Auth (status 404)`);
      expect(aws).not.to.have.property('askEksAuth');
    });
    await stopServer(server);
  });

  describe('is rejected', () => {
    it('without a region', async () => {
      delete process.env['AWS_REGION'];
      const { exitCode, message } = await refused({ region: undefined });
      expect(message).to.equal('No AWS region is set. Use --region or set AWS_REGION.');
      expect(exitCode).to.equal(2);
    });

    it('only without any region: AWS_DEFAULT_REGION suffices', () =>
      look({ region: undefined, environment: { AWS_DEFAULT_REGION: 'us-west-2' } }, ({ region }) =>
        expect(region).to.equal('us-west-2'),
      ));

    it('with credentials of another partition', async () => {
      const Arn = `arn:aws-us-gov:sts::${accountId}:assumed-role/job/job`;
      const server = createServer((_request, response) =>
        response.end(
          `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>${Arn}</Arn><UserId>A:job</UserId><Account>${accountId}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
        ),
      );
      const endpoints = parseEndpoints(
        [cloud.emulator.endpoint, `sts=http://127.0.0.1:${await listen(server)}`],
        'account',
      );
      const { exitCode, message } = await refused({ endpoints });
      await stopServer(server);
      expect(message).to.equal(
        'The credentials are of the AWS partition aws-us-gov, but the suites need partition aws. Use an account and a region of that partition.',
      );
      expect(exitCode).to.equal(2);
    });

    it('with a malformed region, or one that the endpoint does not serve', async () => {
      expect((await refused({ region: 'Oregon!' })).message).to.include('"Oregon!" is not an AWS region');
      const { exitCode, message } = await refused({ region: 'eu-west-1' });
      expect(message).to.equal(`${cloud.emulator.endpoint} does not serve the region eu-west-1. Use --region.`);
      expect(exitCode).to.equal(2);
    });

    it('without credentials', async () => {
      setEnvironment({ ...saved, ...NOTHING });
      const { code, exitCode, message } = await refused();
      expect({ code, exitCode }).to.deep.equal({ code: 'BAD_AWS', exitCode: 2 });
      expect(message).to.match(/^No AWS credentials were found .*\. Set AWS_ACCESS_KEY_ID/);
    });

    it('with a wrong secret', async () => {
      process.env['AWS_SECRET_ACCESS_KEY'] = 'wrong';
      const { exitCode, message } = await refused();
      expect(message).to.include('AWS does not accept the credentials');
      expect(exitCode).to.equal(2);
    });

    it('with a session that has expired', async () => {
      const late = await rehearsalCloud({ sessionEndsAt: Date.now() - 1000 });
      try {
        Object.assign(process.env, late.environment);
        const { exitCode, message } = await refused({ endpoints: parseEndpoints([late.emulator.endpoint], 'account') });
        expect(message).to.match(/^The AWS credentials have expired/);
        expect(exitCode).to.equal(2);
        process.env['AWS_CREDENTIAL_EXPIRATION'] = '2020-01-01T00:00:00Z';
        expect((await refused()).message).to.include('have expired (at 2020-01-01T00:00:00.000Z)');
      } finally {
        await late.close();
      }
    });

    it('in an account that is not allowed, with its id', async () => {
      const { exitCode, message } = await refused({ allowedAccounts: ['999988887777'] });
      expect(message).to.include(`of account ${accountId}, which is not allowed (--allow-account 999988887777)`);
      expect(exitCode).to.equal(2);
      expect((await refused({ allowedAccounts: ['mine'] })).message).to.include('use account ids of 12 digits');
    });

    it('in an account of AWS itself without --allow-account', async () => {
      // EKS Auth would be that of AWS, which must not be called before the account is known.
      const { 'eks-auth': _, ...endpoints } = parseEndpoints([cloud.emulator.endpoint], 'account');
      const { message } = await refused({ endpoints });
      expect(message).to.include(`Add --allow-account ${accountId}`);
    });

    it('with a second account whose role is malformed, not allowed or not assumable', async () => {
      const sentence = async (otherAccountRole: string, allowedAccounts: readonly string[] = []): Promise<string> =>
        (await refused({ otherAccountRole, allowedAccounts })).message;
      expect(await sentence('somebody')).to.include('give the ARN of a role');
      expect(await sentence(`arn:aws:iam::${OTHER}:role/absent`)).to.match(
        /^The role of --other-account-role cannot be assumed\. .* may not call sts:AssumeRole on .*absent/,
      );
      expect(await sentence(cloud.otherAccountRole, [accountId])).to.include(`of the other account ${OTHER}`);
    });

    it('as an environment error if the endpoint does not answer', async () => {
      const server = createServer();
      const url = `http://127.0.0.1:${await listen(server)}`;
      await stopServer(server);
      const { code, exitCode, message } = await refused({ endpoints: parseEndpoints([url], 'account') });
      expect({ code, exitCode }).to.deep.equal({ code: 'AWS_UNREACHABLE', exitCode: 3 });
      expect(message).to.include('ECONNREFUSED');
    });
  });
});
