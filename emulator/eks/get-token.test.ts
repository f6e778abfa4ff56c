import { Sha256 } from '@aws-crypto/sha256-js';
import {
  CreateAccessEntryCommand,
  DeleteAccessEntryCommand,
  DescribeAccessEntryCommand,
  ListAccessEntriesCommand,
} from '@aws-sdk/client-eks';
import { SignatureV4 } from '@smithy/signature-v4';
import { CreateAccessKeyCommand, CreateUserCommand, DeleteRoleCommand } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import type { Credentials } from '../core/credentials.ts';
import {
  OTHER_ACCOUNT,
  REGION,
  testCloud,
  type RecordedCluster,
  type TestCloud,
} from '../../test/support/emulator/eks.ts';
import { errorOf, makeCluster, makeRole, sessionOf } from '../../test/support/emulator/roles.ts';

interface TokenOptions {
  readonly clusterName?: string;
  readonly signHeader?: boolean;
  readonly action?: string;
  readonly host?: string;
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly expiresIn?: number;
}

describe('tokens from aws eks get-token', () => {
  let cloud: TestCloud;
  let cluster: RecordedCluster;
  let administrator: Credentials;
  beforeEach(async () => {
    cloud = await testCloud();
    cluster = await makeCluster(cloud);
    administrator = cloud.world.account('111122223333')!.administrator;
  });
  afterEach(() => cloud.close());

  /** Creates a token as the AWS CLI does. */
  const clusterToken = async (
    { expiration: _, ...credentials }: Credentials,
    options: TokenOptions = {},
  ): Promise<string> => {
    const signer = new SignatureV4({
      service: 'sts',
      region: REGION,
      credentials,
      sha256: Sha256,
      uriEscapePath: true,
    });
    const hostname = options.host ?? `sts.${REGION}.amazonaws.com`;
    const header = { 'x-k8s-aws-id': options.clusterName ?? 'blue' };
    const request = {
      method: 'GET',
      protocol: 'https:',
      hostname,
      path: options.path ?? '/',
      query: { Action: options.action ?? 'GetCallerIdentity', Version: '2011-06-15', ...options.query },
      headers: { host: hostname, ...(options.signHeader === false ? {} : header) },
    };
    const { query = {} } = await signer.presign(request, {
      expiresIn: options.expiresIn ?? 60,
      signingDate: new Date(cloud.world.clock.now()),
      unhoistableHeaders: new Set(['x-k8s-aws-id']),
    });
    const pairs = Object.entries(query).map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(String(v))}`);
    const url = `https://${hostname}${request.path}?${pairs.join('&')}`;
    return `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`;
  };
  const user = (token: string) => cluster.spec.authenticate(token);
  const asRole = async (name: string) => {
    const roleArn = await makeRole(cloud, name);
    return { roleArn, credentials: cloud.world.credentials.issue(sessionOf(cloud, roleArn, 'alice')) };
  };

  it('authenticate the creator of the cluster as its administrator', async () => {
    expect(await user(await clusterToken(administrator))).to.deep.equal({
      username: 'arn:aws:iam::111122223333:user/administrator',
      groups: ['system:masters', 'system:authenticated'],
    });
  });

  it('may have any host name', async () => {
    expect(await user(await clusterToken(administrator, { host: '127.0.0.1:4566' }))).to.be.an('object');
  });

  it('are valid for 15 minutes', async () => {
    const token = await clusterToken(administrator);
    cloud.world.clock.advance(14 * 60_000);
    expect(await user(token)).to.be.an('object');
    cloud.world.clock.advance(2 * 60_000);
    expect(await user(token)).to.equal(undefined);
  });

  it('of principals without an access entry are rejected', async () => {
    const { credentials } = await asRole('dev');
    expect(await user(await clusterToken(credentials))).to.equal(undefined);
    const other = cloud.world.account(OTHER_ACCOUNT)!.administrator;
    expect(await user(await clusterToken(other))).to.equal(undefined);
  });

  it("give the access entry's groups", async () => {
    const { roleArn: principalArn, credentials } = await asRole('dev');
    const key = { clusterName: 'blue', principalArn };
    const create = (kubernetesGroups: string[]) =>
      cloud.eks().send(new CreateAccessEntryCommand({ ...key, kubernetesGroups }));
    expect((await errorOf(create(['system:masters']))).name).to.equal('InvalidParameterException');
    const ghost = new CreateAccessEntryCommand({ ...key, principalArn: `${principalArn}-2` });
    expect((await errorOf(cloud.eks().send(ghost))).message).to.match(/invalid principal/);
    const { accessEntry } = await create(['readers']);
    expect(accessEntry).to.include({ principalArn, type: 'STANDARD' });
    expect((await errorOf(create([]))).name).to.equal('ResourceInUseException');
    expect((await cloud.eks().send(new DescribeAccessEntryCommand(key))).accessEntry).to.deep.equal(accessEntry);
    const list = new ListAccessEntriesCommand({ clusterName: 'blue' });
    expect((await cloud.eks().send(list)).accessEntries).to.include(principalArn);

    const token = await clusterToken(credentials);
    expect(await user(token)).to.deep.equal({
      username: 'arn:aws:sts::111122223333:assumed-role/dev/alice',
      groups: ['readers', 'system:authenticated'],
    });
    await cloud.eks().send(new DeleteAccessEntryCommand(key));
    expect(await user(token)).to.equal(undefined);
    expect((await errorOf(cloud.eks().send(new DescribeAccessEntryCommand(key)))).status).to.equal(404);
  });

  it('replace @ in the user name, and are rejected if the role was recreated', async () => {
    const principalArn = await makeRole(cloud, 'dev');
    const make = new CreateAccessEntryCommand({ clusterName: 'blue', principalArn, kubernetesGroups: ['readers'] });
    await cloud.eks().send(make);
    const asAnn = async () =>
      user(await clusterToken(cloud.world.credentials.issue(sessionOf(cloud, principalArn, 'ann@example.com'))));
    expect(await asAnn()).to.deep.equal({
      username: 'arn:aws:sts::111122223333:assumed-role/dev/ann-example.com',
      groups: ['readers', 'system:authenticated'],
    });
    await cloud.iam().send(new DeleteRoleCommand({ RoleName: 'dev' }));
    await makeRole(cloud, 'dev');
    expect(await asAnn()).to.equal(undefined);
  });

  it('authenticate IAM users, who must exist before their access entry', async () => {
    const principalArn = 'arn:aws:iam::111122223333:user/ann';
    const create = () =>
      cloud
        .eks()
        .send(new CreateAccessEntryCommand({ clusterName: 'blue', principalArn, kubernetesGroups: ['readers'] }));
    expect((await errorOf(create())).message).to.match(/invalid principal/);
    const iam = cloud.iam();
    await iam.send(new CreateUserCommand({ UserName: 'ann' }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'ann' }));
    await create();
    const credentials = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
    expect(await user(await clusterToken(credentials))).to.deep.equal({
      username: principalArn,
      groups: ['readers', 'system:authenticated'],
    });
  });

  const bad: readonly [string, () => string | Promise<string>][] = [
    ['for another cluster', () => clusterToken(administrator, { clusterName: 'green' })],
    ['without a signed cluster name', () => clusterToken(administrator, { signHeader: false })],
    ['for another action', () => clusterToken(administrator, { action: 'GetSessionToken' })],
    ['for another path', () => clusterToken(administrator, { path: '/x' })],
    [
      'signed with an unknown access key',
      () => clusterToken({ accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x' }),
    ],
    ['signed with a wrong secret', () => clusterToken({ ...administrator, secretAccessKey: 'x' })],
    ['without the prefix', async () => (await clusterToken(administrator)).replace('k8s-aws-v1.', '')],
    ['that are not URLs', () => 'k8s-aws-v1.AAAA'],
    ['that are empty', () => 'k8s-aws-v1.'],
    ['with another parameter', () => clusterToken(administrator, { query: { DurationSeconds: '900' } })],
    ['with a repeated parameter', () => clusterToken(administrator, { query: { action: 'GetCallerIdentity' } })],
    ['that expire after more than 15 minutes', () => clusterToken(administrator, { expiresIn: 901 })],
    ['that are too long', () => clusterToken(administrator, { host: `${'a'.repeat(3000)}.example` })],
  ];
  for (const [title, token] of bad) {
    it(`${title} are rejected`, async () => expect(await user(await token())).to.equal(undefined));
  }
});
