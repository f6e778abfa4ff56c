import {
  CreateClusterCommand,
  DeleteClusterCommand,
  DescribeClusterCommand,
  ListClustersCommand,
  ListTagsForResourceCommand,
  TagResourceCommand,
  UntagResourceCommand,
  waitUntilClusterActive,
  waitUntilClusterDeleted,
} from '@aws-sdk/client-eks';
import type { CreateClusterCommandInput } from '@aws-sdk/client-eks';
import { expect } from 'chai';
import { DEFAULT_SETTINGS } from '../world/new-world.ts';
import {
  ACCOUNT,
  OTHER_ACCOUNT,
  SUBNETS,
  recordingProvider,
  administratorOf,
  testCloud,
  type RecordedCluster,
  type TestCloud,
} from '../../test/support/emulator/eks.ts';
import type { ManagedCluster } from '../world/eks-model.ts';
import {
  allow,
  clusterRole,
  errorOf,
  makeCluster,
  makeRole,
  sessionOf,
  trust,
} from '../../test/support/emulator/roles.ts';

describe('EKS clusters', () => {
  let cloud: TestCloud;
  beforeEach(async () => {
    cloud = await testCloud();
  });
  afterEach(() => cloud.close());

  const create = async (input: Partial<CreateClusterCommandInput> = {}, eks = cloud.eks()) => {
    const roleArn = input.roleArn ?? (await clusterRole(cloud));
    return eks.send(
      new CreateClusterCommand({ name: 'blue', resourcesVpcConfig: { subnetIds: SUBNETS }, ...input, roleArn }),
    );
  };
  const describeIt = async (name = 'blue') => (await cloud.eks().send(new DescribeClusterCommand({ name }))).cluster!;

  it('are ACTIVE after the creation, with endpoint, certificate authority and issuer', async () => {
    const { cluster } = await create({ tags: { team: 'a' }, resourcesVpcConfig: { subnetIds: SUBNETS } });
    expect(cluster).to.include({
      name: 'blue',
      arn: `arn:aws:eks:us-west-2:${ACCOUNT}:cluster/blue`,
      status: 'ACTIVE',
      version: '1.34',
      endpoint: 'https://blue.example',
    });
    expect(cluster!.platformVersion).to.match(/^eks\.\d+$/);
    expect(cluster!.certificateAuthority).to.deep.equal({ data: 'Y2VydGlmaWNhdGU=' });
    expect(cluster!.identity!.oidc!.issuer).to.match(
      /^https:\/\/oidc\.eks\.us-west-2\.amazonaws\.com\/id\/[0-9A-F]{32}$/,
    );
    expect(cluster!.resourcesVpcConfig!.subnetIds).to.deep.equal(SUBNETS);
    expect(cluster!.accessConfig!.authenticationMode).to.equal('CONFIG_MAP');
    expect(cluster!.tags).to.deep.equal({ team: 'a' });
    expect(await describeIt()).to.deep.equal(cluster);
    const { spec } = cloud.clusters.get('blue')!;
    expect(spec).to.include({ name: 'blue', accountId: ACCOUNT, region: 'us-west-2', version: '1.34' });
    expect(spec).to.include({ issuer: cluster!.identity!.oidc!.issuer, awsEndpoint: 'http://127.0.0.1:1' });
    await waitUntilClusterActive({ client: cloud.eks(), maxWaitTime: 60 }, { name: 'blue' });
  });

  it('reject calls while CREATING, when they have no endpoint and issuer', async () => {
    await cloud.close();
    let finish: (error: Error) => void = () => {};
    const provider = { createCluster: () => new Promise<never>((_, reject) => (finish = reject)) };
    cloud = await testCloud({ provider });
    const creating = create();
    while (!cloud.world.account(ACCOUNT)!.clusters.has('blue')) await new Promise((resolve) => setImmediate(resolve));
    const early = await describeIt();
    expect(early.status).to.equal('CREATING');
    expect(early).to.not.have.any.keys('endpoint', 'identity', 'certificateAuthority');
    expect((await errorOf(create())).name).to.equal('ResourceInUseException');
    const deletion = cloud.eks().send(new DeleteClusterCommand({ name: 'blue' }));
    expect((await errorOf(deletion)).name).to.equal('ResourceInUseException');
    finish(new Error('no space left'));
    expect((await creating).cluster!.status).to.equal('FAILED');
    expect((await describeIt()).health!.issues![0]!.message).to.equal('no space left');
  });

  it('lack only the endpoint without a provider', async () => {
    await cloud.close();
    cloud = await testCloud({ provider: null });
    const { cluster } = await create();
    expect(cluster).to.include({ status: 'ACTIVE' }).and.not.have.property('endpoint');
    expect(cluster!.identity!.oidc!.issuer).to.be.a('string');
  });

  it('have the issuer of the Kubernetes cluster if it has one', async () => {
    await cloud.close();
    const managed: Partial<ManagedCluster> = { issuer: 'https://kubernetes.example', delete: () => Promise.resolve() };
    cloud = await testCloud({ provider: { createCluster: () => Promise.resolve(managed as ManagedCluster) } });
    expect((await create()).cluster!.identity!.oidc!.issuer).to.equal('https://kubernetes.example');
    expect(cloud.cluster('blue').issuer).to.equal('https://kubernetes.example');
  });

  const refusals: readonly [string, Partial<CreateClusterCommandInput>, string, RegExp][] = [
    ['a name that begins with -', { name: '-blue' }, 'InvalidParameterException', /name/],
    ['a name that is too long', { name: 'b'.repeat(101) }, 'InvalidParameterException', /name/],
    ['an invalid version', { version: 'latest' }, 'InvalidParameterException', /version/],
    [
      'a version that is no longer supported',
      { version: '1.24' },
      'InvalidParameterException',
      /unsupported Kubernetes version 1.24/,
    ],
    [
      'a version that does not exist yet',
      { version: '1.99' },
      'InvalidParameterException',
      /unsupported Kubernetes version 1.99/,
    ],
    ['a missing role', { roleArn: `arn:aws:iam::${ACCOUNT}:role/none` }, 'InvalidParameterException', /exist/],
    [
      'an unknown authentication mode',
      { accessConfig: { authenticationMode: 'NONE' as 'API' } },
      'InvalidParameterException',
      /authenticationMode.*enum value set/,
    ],
    [
      'the mode CONFIG_MAP without administrator permissions for the creator',
      { accessConfig: { authenticationMode: 'CONFIG_MAP', bootstrapClusterCreatorAdminPermissions: false } },
      'InvalidParameterException',
      /bootstrapClusterCreatorAdminPermissions must be true/,
    ],
    ['no VPC configuration', { resourcesVpcConfig: undefined }, 'InvalidParameterException', /resourcesVpcConfig/],
  ];
  for (const [title, input, name, message] of refusals) {
    it(`reject ${title}`, async () => {
      const error = await errorOf(create(input));
      expect(error.name).to.equal(name);
      expect(error.message).to.match(message);
    });
  }
  it('reject a role that EKS may not assume', async () => {
    const roleArn = await makeRole(cloud, 'node', [trust('ec2.amazonaws.com')]);
    expect((await errorOf(create({ roleArn }))).message).to.match(/trusted entity is not correct/);
  });

  it('have unique names in an account', async () => {
    await create();
    expect(await errorOf(create())).to.deep.equal({
      name: 'ResourceInUseException',
      message: 'Cluster already exists with name: blue',
      status: 409,
    });
    const elsewhere = cloud.eks(administratorOf(cloud.world, OTHER_ACCOUNT));
    expect(await errorOf(elsewhere.send(new DescribeClusterCommand({ name: 'blue' })))).to.include({ status: 404 });
  });

  it('are limited by the quota', async () => {
    await cloud.close();
    cloud = await testCloud({ settings: { quotas: { ...DEFAULT_SETTINGS.quotas, clusters: 1 } } });
    await create();
    expect(await errorOf(create({ name: 'green' }))).to.include({
      name: 'ResourceLimitExceededException',
      status: 400,
    });
  });

  it('are listed in pages', async () => {
    for (const name of ['c', 'a', 'b']) await makeCluster(cloud, name);
    const first = await cloud.eks().send(new ListClustersCommand({ maxResults: 2 }));
    expect(first.clusters).to.deep.equal(['a', 'b']);
    const { clusters, nextToken } = await cloud.eks().send(new ListClustersCommand({ nextToken: first.nextToken }));
    expect({ clusters, nextToken }).to.deep.equal({ clusters: ['c'], nextToken: undefined });
  });

  it('delete their Kubernetes side when deleted', async () => {
    const recorded = await makeCluster(cloud);
    const { cluster } = await cloud.eks().send(new DeleteClusterCommand({ name: 'blue' }));
    expect(cluster!.status).to.equal('DELETING');
    expect(recorded.calls).to.deep.equal(['delete']);
    await waitUntilClusterDeleted({ client: cloud.eks(), maxWaitTime: 60 }, { name: 'blue' });
    const issuer = cluster!.identity!.oidc!.issuer;
    await makeCluster(cloud);
    expect((await describeIt()).identity!.oidc!.issuer).to.not.equal(issuer);
  });

  it('cannot be deleted with deletion protection', async () => {
    expect((await create({ deletionProtection: true })).cluster).to.include({ deletionProtection: true });
    const deletion = cloud.eks().send(new DeleteClusterCommand({ name: 'blue' }));
    expect(await errorOf(deletion)).to.include({ name: 'InvalidRequestException', status: 400 });
    expect(await describeIt()).to.include({ status: 'ACTIVE', deletionProtection: true });
  });

  it('are deleted when the emulator closes', async () => {
    const recorded = await makeCluster(cloud);
    await cloud.close();
    await cloud.close();
    expect(recorded.calls).to.deep.equal(['delete']);
  });

  it('are deleted if the emulator closes during their creation', async () => {
    await cloud.close();
    const clusters = new Map<string, RecordedCluster>();
    const recording = recordingProvider(clusters);
    let go: () => void = () => {};
    const gate = new Promise<void>((resolve) => (go = resolve));
    cloud = await testCloud({ provider: { createCluster: (spec) => gate.then(() => recording.createCluster(spec)) } });
    const creating = create();
    while (!cloud.world.account(ACCOUNT)!.clusters.has('blue')) await new Promise((resolve) => setImmediate(resolve));
    const closing = cloud.close();
    go();
    await closing;
    await creating;
    expect(clusters.get('blue')!.calls).to.deep.equal(['delete']);
    expect((await errorOf(create({ name: 'green' }))).name).to.equal('ServiceUnavailableException');
  });

  it('can be described only with permission', async () => {
    await makeCluster(cloud);
    const statement = allow('eks:DescribeCluster', `arn:aws:eks:us-west-2:${ACCOUNT}:cluster/blue`);
    const eks = cloud.eks(sessionOf(cloud, await makeRole(cloud, 'viewer', [trust('ec2.amazonaws.com')], [statement])));
    await eks.send(new DescribeClusterCommand({ name: 'blue' }));
    for (const command of [new DescribeClusterCommand({ name: 'green' }), new ListClustersCommand({})]) {
      const error = await errorOf(eks.send(command as never));
      expect(error).to.include({ name: 'AccessDeniedException', status: 403 });
      expect(error.message).to.match(
        /^User: arn:aws:sts::\d+:assumed-role\/viewer\/test is not authorized to perform: eks:/,
      );
    }
  });

  it('can be tagged and untagged', async () => {
    const { cluster } = await create({ tags: { a: '1', b: '2' } });
    const resourceArn = cluster!.arn!;
    await cloud.eks().send(new TagResourceCommand({ resourceArn, tags: { b: '3', c: '4' } }));
    await cloud.eks().send(new UntagResourceCommand({ resourceArn, tagKeys: ['a', 'c'] }));
    const { tags } = await cloud.eks().send(new ListTagsForResourceCommand({ resourceArn }));
    expect(tags).to.deep.equal({ b: '3' });
    const list = (arn: string) => cloud.eks().send(new ListTagsForResourceCommand({ resourceArn: arn }));
    expect(await errorOf(list(`${resourceArn}-2`))).to.include({ name: 'NotFoundException', status: 404 });
    expect(await errorOf(list('blue'))).to.include({ name: 'BadRequestException', status: 400 });
    const unescaped = await cloud.send('eks', { path: `/tags/${resourceArn}` });
    expect(unescaped.body).to.deep.equal({ tags: { b: '3' } });
  });
});
