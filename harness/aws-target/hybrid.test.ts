import {
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  DeleteOpenIDConnectProviderCommand,
  ListOpenIDConnectProvidersCommand,
  ListRolesCommand,
  type IAMClient,
} from '@aws-sdk/client-iam';
import { expect } from 'chai';
import { startEmulator, type Emulator } from '../../emulator/index.ts';
import { emulatedAws } from './emulated.ts';
import { parseEndpoints } from '../../aws/endpoints.ts';
import { foreignServices, hybridAws } from './hybrid.ts';
import type { AwsTarget } from './target.ts';
import { setEnvironment } from '../../test/support/process-environment.ts';

const ACCOUNT = '999988887777';
const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});
const rolesOf = async (iam: IAMClient): Promise<string[]> =>
  ((await iam.send(new ListRolesCommand({}))).Roles ?? []).map(({ RoleName = '' }) => RoleName);

describe('an AWS with some services at other endpoints', () => {
  let other: Emulator;
  const saved = { ...process.env };
  before(async () => {
    other = await startEmulator({ accountId: ACCOUNT });
    process.env['AWS_ACCESS_KEY_ID'] = other.administrator.accessKeyId;
    process.env['AWS_SECRET_ACCESS_KEY'] = other.administrator.secretAccessKey;
    delete process.env['AWS_SESSION_TOKEN'];
  });
  after(async () => {
    setEnvironment(saved);
    await other.close();
  });

  /** Runs `see` with services of the other emulator and the rest of an emulator like the harness's own. */
  async function divided(
    values: readonly string[],
    see: (aws: AwsTarget, own: AwsTarget) => unknown,
    allowedAccounts: readonly string[] = [],
  ): Promise<void> {
    const endpoints = parseEndpoints(values, 'emulator');
    const foreign = await foreignServices({ endpoints, region: undefined, allowedAccounts, environment: {} });
    const emulator = await startEmulator({ ...(foreign.accountId !== undefined && { accountId: foreign.accountId }) });
    const own = emulatedAws(emulator, emulator.endpoint, foreign.client.counter);
    const aws = hybridAws(own, foreign, (url) => url.replace('127.0.0.1', 'host.internal'));
    try {
      await see(aws, own);
    } finally {
      await aws.close();
    }
  }

  it('creates scenario roles at the endpoint, cluster roles in the emulator, and OIDC providers next to STS', () =>
    divided([other.endpoint], async (aws, emulatorTarget) => {
      expect(aws).to.include({ name: 'endpoint', controls: undefined });
      expect(aws.accountId('main')).to.equal(ACCOUNT);
      expect(aws.endpoints).to.deep.equal({ s3: other.endpoint, iam: other.endpoint, sts: other.endpoint });
      const { iam } = aws.clients('main');
      const { iam: provisioning } = aws.provisioning!;
      await iam.send(new CreateRoleCommand({ RoleName: 'of-a-scenario', AssumeRolePolicyDocument: trust }));
      await provisioning.send(new CreateRoleCommand({ RoleName: 'of-a-cluster', AssumeRolePolicyDocument: trust }));
      expect(await rolesOf(iam))
        .to.include('of-a-scenario')
        .and.not.include('of-a-cluster');
      expect(await rolesOf(emulatorTarget.clients('main').iam))
        .to.include('of-a-cluster')
        .and.not.include('of-a-scenario');
      const made = await provisioning.send(
        new CreateOpenIDConnectProviderCommand({
          Url: 'https://issuer.example.com',
          ClientIDList: ['sts.amazonaws.com'],
        }),
      );
      const list = async (client: IAMClient) =>
        (await client.send(new ListOpenIDConnectProvidersCommand({}))).OpenIDConnectProviderList ?? [];
      expect(await list(iam)).to.have.length(1);
      expect(await list(emulatorTarget.clients('main').iam)).to.deep.equal([]);
      await provisioning.send(new DeleteOpenIDConnectProviderCommand(made as { OpenIDConnectProviderArn: string }));
      expect(await list(iam)).to.deep.equal([]);
    }));

  it('gives workloads the endpoint of each service, with an address that pods can reach', () =>
    divided([`s3=${other.endpoint}`], (aws, own) =>
      expect(aws.workloadEnvironment).to.deep.equal({
        ...own.workloadEnvironment,
        AWS_ENDPOINT_URL_S3: other.endpoint.replace('127.0.0.1', 'host.internal'),
      }),
    ));

  for (const [what, services, unavailable, there] of [
    ['all three', ['s3', 'iam', 'sts'], ['pod-identity', 'associations'], ['irsa', 's3']],
    ['IAM and STS', ['iam', 'sts'], ['pod-identity', 'associations', 's3'], ['irsa']],
    ['IAM', ['iam'], ['pod-identity', 'associations', 'irsa'], ['s3']],
    ['STS', ['sts'], ['pod-identity', 'irsa', 's3'], ['associations']],
    ['S3', ['s3'], ['pod-identity', 'irsa', 's3'], ['associations']],
  ] as const)
    it(`lacks capabilities that need both sides when ${what} ${services.length > 1 ? 'are' : 'is'} elsewhere`, () =>
      divided(
        services.map((service) => `${service}=${other.endpoint}`),
        (aws) => {
          const all = [
            'two-accounts',
            'virtual-clock',
            'aws-disturbances',
            'call-record',
            'request-context',
            'organization',
            'kms-keys',
            'policy-decisions',
            'imds',
            'node-role',
            ...unavailable,
          ];
          expect([...aws.unavailable!.keys()]).to.have.members(all);
          for (const name of there) expect(aws.unavailable!.has(name), name).to.equal(false);
          for (const name of aws.capabilities) expect(aws.unavailable!.has(name), name).to.equal(false);
        },
      ));

  it('counts the calls to both sides', () =>
    divided([`iam=${other.endpoint}`], async (aws) => {
      const before = aws.callCounts();
      await rolesOf(aws.clients('main').iam);
      await rolesOf(aws.provisioning!.iam);
      const after = aws.callCounts();
      expect(after.total).to.equal(before.total + 2);
      expect(after.byOperation['iam:ListRoles']).to.equal((before.byOperation['iam:ListRoles'] ?? 0) + 2);
    }));

  it('is rejected in an account that is not allowed', async () => {
    const error = await divided([other.endpoint], () => undefined, ['111122223333']).then(
      () => expect.fail('it was accepted'),
      (reason: Error) => reason,
    );
    expect(error.message).to.include(`of account ${ACCOUNT}, which is not allowed`);
  });
});
