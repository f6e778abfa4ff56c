import { Sha256 } from '@aws-crypto/sha256-js';
import {
  CreateAccessEntryCommand,
  CreateNodegroupCommand,
  DeleteAccessEntryCommand,
  DeleteNodegroupCommand,
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
  SUBNETS,
  testCloud,
  type RecordedCluster,
  type TestCloud,
} from '../../test/support/emulator/eks.ts';
import { errorOf, makeCluster, makeRole, sessionOf, trust } from '../../test/support/emulator/roles.ts';

interface TokenOptions {
  readonly clusterName?: string;
  readonly signHeader?: boolean;
  readonly action?: string;
  readonly host?: string;
  readonly scheme?: 'http';
  readonly region?: string;
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly expiresIn?: number;
}

const encoded = (text: string): string => `k8s-aws-v1.${Buffer.from(text).toString('base64url')}`;
const textOf = (token: string): string => Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString();

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
      region: options.region ?? REGION,
      credentials,
      sha256: Sha256,
      uriEscapePath: true,
    });
    const hostname = options.host ?? `sts.${REGION}.amazonaws.com`;
    const header = { 'x-k8s-aws-id': options.clusterName ?? 'blue' };
    const request = {
      method: 'GET',
      protocol: `${options.scheme ?? 'https'}:`,
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
    const url = `${options.scheme ?? 'https'}://${hostname}${request.path}?${pairs.join('&')}`;
    return encoded(url);
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

  const good: readonly [string, TokenOptions][] = [
    ["STS's global address", { host: 'sts.amazonaws.com', region: 'us-east-1' }],
    ["STS's address in us-east-1", { host: 'sts.us-east-1.amazonaws.com', region: 'us-east-1' }],
    ["STS's FIPS address", { host: 'sts-fips.us-west-2.amazonaws.com' }],
    ["the emulator's address", { host: '127.0.0.1:1', scheme: 'http' }],
    ['another name of the emulator', { host: 'localhost:1', scheme: 'http' }],
    ["a port that is forwarded to the emulator's", { host: '127.0.0.1:2', scheme: 'http' }],
    ["this machine's name in containers", { host: 'host.docker.internal:1', scheme: 'http' }],
  ];
  for (const [title, options] of good) {
    it(`are accepted if signed for ${title}`, async () =>
      expect(await user(await clusterToken(administrator, options))).to.be.an('object'));
  }

  it('of a node are accepted for the node of its instance, as long as it is in the cluster', async () => {
    const nodeRole = await makeRole(cloud, 'worker', [trust('ec2.amazonaws.com')]);
    const key = { clusterName: 'blue', nodegroupName: 'nodes' };
    await cloud.eks().send(new CreateNodegroupCommand({ ...key, nodeRole, subnets: SUBNETS }));
    const { instance, credentials } = cluster.nodeGroups.get('nodes')!;
    const node = {
      username: 'system:node:ip-10-0-0-10.us-west-2.compute.internal',
      groups: ['system:nodes', 'system:authenticated'],
    };
    expect(instance.privateDnsName).to.equal('ip-10-0-0-10.us-west-2.compute.internal');
    expect(await user(await clusterToken(await credentials()))).to.deep.equal(node);
    const describe = new DescribeAccessEntryCommand({ clusterName: 'blue', principalArn: nodeRole });
    expect((await cloud.eks().send(describe)).accessEntry).to.deep.include({
      type: 'EC2_LINUX',
      username: 'system:node:{{EC2PrivateDNSName}}',
      kubernetesGroups: ['system:nodes'],
    });
    const notOfInstance = cloud.world.credentials.issue(sessionOf(cloud, nodeRole, 'alice'));
    expect(await user(await clusterToken(notOfInstance))).to.equal(undefined);
    const held = await credentials();
    await cloud.eks().send(new DeleteNodegroupCommand(key));
    expect(await user(await clusterToken(held))).to.equal(undefined);
    expect((await errorOf(cloud.eks().send(describe))).status).to.equal(404);
  });

  it('of nodes need an access entry of a known type', async () => {
    const principalArn = await makeRole(cloud, 'dev');
    const make = new CreateAccessEntryCommand({ clusterName: 'blue', principalArn, type: 'EC2_MACOS' });
    expect((await errorOf(cloud.eks().send(make))).message).to.contain('not EC2_MACOS');
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
    ['that are too long', () => clusterToken({ ...administrator, sessionToken: 'a'.repeat(3000) })],
    ['signed for another host', () => clusterToken(administrator, { host: 'google.com' })],
    [
      'signed for a host of another partition',
      () => clusterToken(administrator, { host: 'sts.us-west-2.amazonaws.com.cn' }),
    ],
    [
      'signed for a VPC endpoint',
      () => clusterToken(administrator, { host: 'vpce-1.sts.us-west-2.vpce.amazonaws.com' }),
    ],
    ['signed for STS in another region', () => clusterToken(administrator, { host: 'sts.eu-west-1.amazonaws.com' })],
    [
      "signed for STS's global address in another region",
      () => clusterToken(administrator, { host: 'sts.amazonaws.com' }),
    ],
    ['with a port', () => clusterToken(administrator, { host: 'sts.us-west-2.amazonaws.com:443' })],
    ['for http', () => clusterToken(administrator, { scheme: 'http' })],
    ['for another machine', () => clusterToken(administrator, { host: '192.0.2.1:1', scheme: 'http' })],
    ["for the emulator's address over https", () => clusterToken(administrator, { host: '127.0.0.1:1' })],
    ['with a user name', async () => encoded(textOf(await clusterToken(administrator)).replace('//', '//me@'))],
    ['with a fragment', async () => encoded(`${textOf(await clusterToken(administrator))}#x`)],
    [
      'with padding',
      async () => {
        const tokens = await Promise.all([6, 60, 600].map((expiresIn) => clusterToken(administrator, { expiresIn })));
        const text = tokens.map(textOf).find(({ length }) => length % 3 !== 0)!;
        expect(await user(encoded(text))).to.be.an('object');
        return `${encoded(text)}${text.length % 3 === 1 ? '==' : '='}`;
      },
    ],
    [
      'in the other alphabet of base64',
      async () => {
        const token = await clusterToken(administrator, { host: 'sts-fips.us-west-2.amazonaws.com' });
        expect(token).to.contain('_');
        return token.replaceAll('_', '/');
      },
    ],
  ];
  for (const [title, token] of bad) {
    it(`${title} are rejected`, async () => expect(await user(await token())).to.equal(undefined));
  }
});
