import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  paginateListRoles,
  PutRolePolicyCommand,
  TagRoleCommand,
} from '@aws-sdk/client-iam';
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import type { Credentials as SdkCredentials } from '@aws-sdk/client-sts';
import { expect } from 'chai';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { Credentials } from '../core/credentials.ts';
import { startEmulator, type Emulator } from '../start.ts';
import { allow, trust } from '../../test/support/emulator/iam.ts';

describe('the AWS SDK with IAM and STS', () => {
  let emulator: Emulator;
  let iam: IAMClient;

  const settings = (credentials: Credentials) => ({
    region: emulator.region,
    endpoint: emulator.endpoint,
    maxAttempts: 1,
    credentials: {
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: credentials.secretAccessKey,
      ...(credentials.sessionToken !== undefined ? { sessionToken: credentials.sessionToken } : {}),
    },
  });

  before(async () => {
    emulator = await startEmulator();
    iam = new IAMClient(settings(emulator.administrator));
  });
  after(() => emulator.close());

  it('gets JSON from STS if it accepts that, like verifiers of presigned identities', async () => {
    const sts = new STSClient(settings(emulator.administrator));
    const sent: { status: number; type: string | null; body: unknown }[] = [];
    const ask = async (path: string, headers: Record<string, string>) => {
      const answer = await fetch(`${emulator.endpoint}/${path}`, {
        headers: { accept: 'application/json', ...headers },
      });
      sent.push({ status: answer.status, type: answer.headers.get('content-type'), body: await answer.json() });
    };
    await ask('?Action=GetCallerIdentity&Version=2011-06-15', {});
    sts.middlewareStack.add(
      (next) => async (args) => {
        const { path, headers, body } = args.request as { path: string; headers: Record<string, string>; body: string };
        const answer = await fetch(`${emulator.endpoint}${path}`, {
          method: 'POST',
          body,
          headers: { ...headers, accept: 'application/json' },
        });
        sent.push({ status: answer.status, type: answer.headers.get('content-type'), body: await answer.json() });
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    await sts.send(new GetCallerIdentityCommand({}));
    const RoleArn = 'arn:aws:iam::111122223333:role/none';
    await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'session' })).catch(() => undefined);
    expect(sent.map(({ status, type }) => `${status} ${type}`)).to.deep.equal([
      '403 application/json',
      '200 application/json',
      '403 application/json',
    ]);
    const [, { body }, refused] = sent as [unknown, { body: never }, { body: { Error: object } }];
    expect(body).to.have.nested.property('GetCallerIdentityResponse.GetCallerIdentityResult.Account', '111122223333');
    expect(body).to.have.nested.property('GetCallerIdentityResponse.ResponseMetadata.RequestId');
    expect(refused.body.Error).to.include({ Code: 'AccessDenied', Type: 'Sender' });
  });

  it('parses roles, tags, dates and policies', async () => {
    const AssumeRolePolicyDocument = trust({ Service: 'pods.eks.amazonaws.com' });
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName: 'parsed', AssumeRolePolicyDocument, Tags: [] }));
    expect(Role?.CreateDate?.getTime()).to.be.closeTo(Date.now(), 60_000);
    await iam.send(new TagRoleCommand({ RoleName: 'parsed', Tags: [{ Key: 'Ä key', Value: 'a+b @c' }] }));
    const read = await iam.send(new GetRoleCommand({ RoleName: 'parsed' }));
    expect(read.Role?.Tags).to.deep.equal([{ Key: 'Ä key', Value: 'a+b @c' }]);
    expect(read.Role?.MaxSessionDuration).to.equal(3600);
    expect(decodeURIComponent(read.Role?.AssumeRolePolicyDocument ?? '')).to.equal(AssumeRolePolicyDocument);
    const name = { RoleName: 'parsed', PolicyName: 'own' };
    await iam.send(new PutRolePolicyCommand({ ...name, PolicyDocument: allow('s3:*') }));
    const policy = await iam.send(new GetRolePolicyCommand(name));
    expect(decodeURIComponent(policy.PolicyDocument ?? '')).to.equal(allow('s3:*'));
    const conflict = await iam.send(new DeleteRoleCommand({ RoleName: 'parsed' })).catch((error: unknown) => error);
    expect(conflict).to.include({ name: 'DeleteConflictException' });
    expect(conflict).to.have.nested.property('$metadata.httpStatusCode', 409);
    expect(conflict).to.have.nested.property('$metadata.requestId').which.is.a('string');
  });

  it('pages through roles', async () => {
    const document = trust({ Service: 'pods.eks.amazonaws.com' });
    const names = ['page-1', 'page-2', 'page-3'];
    for (const RoleName of names) {
      await iam.send(new CreateRoleCommand({ RoleName, Path: '/pages/', AssumeRolePolicyDocument: document }));
    }
    const listed: (string | undefined)[] = [];
    for await (const page of paginateListRoles({ client: iam, pageSize: 2 }, { PathPrefix: '/pages/' })) {
      listed.push(...(page.Roles ?? []).map((role) => role.RoleName));
    }
    expect(listed).to.deep.equal(names);
  });

  it('gets AccessDenied for a role that does not trust the administrator', async () => {
    const asUser = new STSClient(settings(emulator.administrator));
    const command = new AssumeRoleCommand({
      RoleArn: `arn:aws:iam::${emulator.accountId}:role/parsed`,
      RoleSessionName: 'next',
    });
    const refused = await asUser.send(command).catch((error: unknown) => error);
    const Arn = `arn:aws:iam::${emulator.accountId}:user/administrator`;
    expect(refused)
      .to.include({ name: 'AccessDenied' })
      .and.have.property('message')
      .that.contains(`User: ${Arn} is not`);
    expect(emulator.calls().at(-1)).to.include({ operation: 'AssumeRole', status: 403, errorCode: 'AccessDenied' });
    const identity = await asUser.send(new GetCallerIdentityCommand({}));
    expect(identity).to.include({ Account: emulator.accountId, Arn });
    expect(identity.UserId).to.match(/^AIDA\w{17}$/);
  });

  it('chains from a web identity to a role in another account', async () => {
    const issuer = await startIssuer();
    try {
      const { OpenIDConnectProviderArn: provider } = await iam.send(
        new CreateOpenIDConnectProviderCommand({ Url: issuer.url, ClientIDList: ['sts.amazonaws.com'] }),
      );
      const { Role: base } = await iam.send(
        new CreateRoleCommand({
          RoleName: 'base',
          AssumeRolePolicyDocument: trust({ Federated: provider }, 'sts:AssumeRoleWithWebIdentity'),
        }),
      );
      const ownPolicy = {
        RoleName: 'base',
        PolicyName: 'own',
        PolicyDocument: allow(['sts:AssumeRole', 'sts:TagSession']),
      };
      await iam.send(new PutRolePolicyCommand(ownPolicy));
      const there = new IAMClient(settings(emulator.createAccount('444455556666')));
      const document = trust({ AWS: base?.Arn }, ['sts:AssumeRole', 'sts:TagSession'], {
        StringEquals: { 'aws:RequestTag/team': 'blue' },
      });
      const { Role: target } = await there.send(
        new CreateRoleCommand({ RoleName: 'target', AssumeRolePolicyDocument: document }),
      );

      const anonymous = new STSClient({ region: emulator.region, endpoint: emulator.endpoint, maxAttempts: 1 });
      const web = await anonymous.send(
        new AssumeRoleWithWebIdentityCommand({
          RoleArn: base?.Arn,
          RoleSessionName: 'pod',
          WebIdentityToken: await issuer.token('system:serviceaccount:red:app'),
        }),
      );
      expect(web).to.include({ Provider: issuer.url, Audience: 'sts.amazonaws.com' });
      const asPod = new STSClient(settings(fromSdk(web.Credentials)));
      const chain = (team: string) =>
        asPod.send(
          new AssumeRoleCommand({
            RoleArn: target?.Arn,
            RoleSessionName: 'next',
            Tags: [{ Key: 'team', Value: team }],
            TransitiveTagKeys: ['team'],
          }),
        );
      expect(await chain('red').catch((error: unknown) => error)).to.include({ name: 'AccessDenied' });
      const chained = await chain('blue');
      expect(chained.Credentials?.Expiration?.getTime()).to.be.closeTo(Date.now() + 3_600_000, 60_000);
      const asTarget = new STSClient(settings(fromSdk(chained.Credentials)));
      const identity = await asTarget.send(new GetCallerIdentityCommand({}));
      expect(identity.Arn).to.equal('arn:aws:sts::444455556666:assumed-role/target/next');
    } finally {
      issuer.close();
    }
  });

  it('parses errors of unsigned web identity calls', async () => {
    const anonymous = new STSClient({ region: emulator.region, endpoint: emulator.endpoint, maxAttempts: 1 });
    const command = new AssumeRoleWithWebIdentityCommand({
      RoleArn: `arn:aws:iam::${emulator.accountId}:role/app`,
      RoleSessionName: 'pod',
      WebIdentityToken: 'not-a-jwt',
    });
    const refused = await anonymous.send(command).catch((error: unknown) => error);
    expect(refused).to.include({ name: 'InvalidIdentityTokenException' });
    expect(JSON.stringify(emulator.calls().at(-1))).not.to.contain('not-a-jwt');
    expect(emulator.calls().at(-1)).to.include({ caller: 'anonymous', operation: 'AssumeRoleWithWebIdentity' });
  });
});

function fromSdk(credentials: SdkCredentials | undefined): Credentials {
  return {
    accessKeyId: credentials?.AccessKeyId ?? '',
    secretAccessKey: credentials?.SecretAccessKey ?? '',
    sessionToken: credentials?.SessionToken ?? '',
  };
}

/** Starts an OpenID Connect issuer on this machine. */
async function startIssuer() {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }];
  const server = createServer((request, response) => {
    response.end(JSON.stringify(request.url === '/keys' ? { keys } : { issuer: url, jwks_uri: `${url}/keys` }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const token = (subject: string) =>
    new SignJWT({ sub: subject })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer(url)
      .setAudience('sts.amazonaws.com')
      .setIssuedAt()
      .setExpirationTime('10m')
      .sign(privateKey);
  return { url, token, close: () => server.close() };
}
