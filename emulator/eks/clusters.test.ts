import {
  CreateClusterCommand,
  CreateNodegroupCommand,
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  ListClustersCommand,
  ListNodegroupsCommand,
  ListTagsForResourceCommand,
  TagResourceCommand,
  UntagResourceCommand,
  waitUntilClusterActive,
  waitUntilClusterDeleted,
} from '@aws-sdk/client-eks';
import type { CreateClusterCommandInput } from '@aws-sdk/client-eks';
import { expect } from 'chai';
import { ACCOUNT, OTHER_ACCOUNT, rootOf, testCloud, type TestCloud } from './test-cloud.ts';
import { allow, clusterRole, errorOf, makeCluster, makeRole, sessionOf, trust } from './test-roles.ts';

describe('EKS clusters', () => {
  let cloud: TestCloud;
  beforeEach(async () => {
    cloud = await testCloud();
  });
  afterEach(() => cloud.close());

  const create = async (input: Partial<CreateClusterCommandInput> = {}, eks = cloud.eks()) => {
    const roleArn = input.roleArn ?? (await clusterRole(cloud));
    return eks.send(new CreateClusterCommand({ name: 'blue', resourcesVpcConfig: {}, ...input, roleArn }));
  };
  const describeIt = async (name = 'blue') => (await cloud.eks().send(new DescribeClusterCommand({ name }))).cluster!;

  it('are ACTIVE when made, with all that a client connects by', async () => {
    const { cluster } = await create({ tags: { team: 'a' }, resourcesVpcConfig: { subnetIds: ['subnet-1'] } });
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
    expect(cluster!.resourcesVpcConfig!.subnetIds).to.deep.equal(['subnet-1']);
    expect(cluster!.accessConfig!.authenticationMode).to.equal('API_AND_CONFIG_MAP');
    expect(cluster!.tags).to.deep.equal({ team: 'a' });
    expect(await describeIt()).to.deep.equal(cluster);
    const { spec } = cloud.clusters.get('blue')!;
    expect(spec).to.include({ name: 'blue', accountId: ACCOUNT, region: 'us-west-2', version: '1.34' });
    expect(spec).to.include({ issuer: cluster!.identity!.oidc!.issuer, awsEndpoint: 'http://127.0.0.1:1' });
    await waitUntilClusterActive({ client: cloud.eks(), maxWaitTime: 60 }, { name: 'blue' });
  });

  it('are CREATING without endpoint and issuer until then, and refuse work', async () => {
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

  it('have no endpoint without a provider, but all the rest', async () => {
    await cloud.close();
    cloud = await testCloud({ provider: null });
    const { cluster } = await create();
    expect(cluster).to.include({ status: 'ACTIVE' }).and.not.have.property('endpoint');
    expect(cluster!.identity!.oidc!.issuer).to.be.a('string');
  });

  const refusals: readonly [string, Partial<CreateClusterCommandInput>, string, RegExp][] = [
    ['a name that begins with -', { name: '-blue' }, 'InvalidParameterException', /name/],
    ['a name that is too long', { name: 'b'.repeat(101) }, 'InvalidParameterException', /name/],
    ['a version that is none', { version: 'latest' }, 'InvalidParameterException', /version/],
    ['a role that is missing', { roleArn: `arn:aws:iam::${ACCOUNT}:role/none` }, 'InvalidParameterException', /exist/],
    [
      'an odd access mode',
      { accessConfig: { authenticationMode: 'NONE' as 'API' } },
      'InvalidParameterException',
      /API/,
    ],
    ['no VPC configuration', { resourcesVpcConfig: undefined }, 'InvalidParameterException', /resourcesVpcConfig/],
  ];
  for (const [title, input, name, message] of refusals) {
    it(`refuse ${title}`, async () => {
      const error = await errorOf(create(input));
      expect(error.name).to.equal(name);
      expect(error.message).to.match(message);
    });
  }
  it('refuse a role that EKS may not assume', async () => {
    const roleArn = await makeRole(cloud, 'node', [trust('ec2.amazonaws.com')]);
    expect((await errorOf(create({ roleArn }))).message).to.match(/trusted entity is not correct/);
  });

  it('have names of their own in an account', async () => {
    await create();
    expect(await errorOf(create())).to.deep.equal({
      name: 'ResourceInUseException',
      message: 'Cluster already exists with name: blue',
      status: 409,
    });
    const elsewhere = cloud.eks(rootOf(cloud.world, OTHER_ACCOUNT));
    expect(await errorOf(elsewhere.send(new DescribeClusterCommand({ name: 'blue' })))).to.include({ status: 404 });
  });

  it('are listed in pages', async () => {
    for (const name of ['c', 'a', 'b']) await makeCluster(cloud, name);
    const first = await cloud.eks().send(new ListClustersCommand({ maxResults: 2 }));
    expect(first.clusters).to.deep.equal(['a', 'b']);
    const { clusters, nextToken } = await cloud.eks().send(new ListClustersCommand({ nextToken: first.nextToken }));
    expect({ clusters, nextToken }).to.deep.equal({ clusters: ['c'], nextToken: undefined });
  });

  it('are gone when deleted, with the Kubernetes side', async () => {
    const recorded = await makeCluster(cloud);
    const { cluster } = await cloud.eks().send(new DeleteClusterCommand({ name: 'blue' }));
    expect(cluster!.status).to.equal('DELETING');
    expect(recorded.told).to.deep.equal(['delete']);
    await waitUntilClusterDeleted({ client: cloud.eks(), maxWaitTime: 60 }, { name: 'blue' });
    const issuer = cluster!.identity!.oidc!.issuer;
    await makeCluster(cloud);
    expect((await describeIt()).identity!.oidc!.issuer).to.not.equal(issuer);
  });

  it('are taken down with the emulator', async () => {
    const recorded = await makeCluster(cloud);
    await cloud.close();
    await cloud.close();
    expect(recorded.told).to.deep.equal(['delete']);
  });

  it('can be described only by those who may', async () => {
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

  it('carry tags that come and go', async () => {
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

  describe('node groups', () => {
    const node = () => makeRole(cloud, 'node', [trust('ec2.amazonaws.com')]);
    const createGroup = (nodeRole: string, nodegroupName = 'workers') =>
      cloud.eks().send(new CreateNodegroupCommand({ clusterName: 'blue', nodegroupName, nodeRole, subnets: ['s-1'] }));
    const key = { clusterName: 'blue', nodegroupName: 'workers' };

    it('give the cluster nodes with credentials of the node role, renewed before they end', async () => {
      const recorded = await makeCluster(cloud);
      const nodeRole = await node();
      const { nodegroup } = await createGroup(nodeRole);
      expect(nodegroup).to.include({ nodegroupName: 'workers', clusterName: 'blue', status: 'ACTIVE', nodeRole });
      expect(nodegroup!.nodegroupArn).to.match(/:nodegroup\/blue\/workers\/[0-9a-f-]{36}$/);
      expect(recorded.told).to.deep.equal([`addNodes workers ${nodeRole}`]);

      const { credentials } = recorded.nodeGroups.get('workers')!;
      const first = await credentials();
      const { caller } = cloud.world.credentials.find(first.accessKeyId)!;
      expect((caller as { arn: string }).arn).to.match(/:assumed-role\/node\/i-[0-9a-f]{17}$/);
      expect(await credentials()).to.equal(first);
      cloud.world.clock.advance(6 * 3_600_000 - 60_000);
      const second = await credentials();
      expect(second.accessKeyId).to.not.equal(first.accessKeyId);
      expect(second.expiration! - first.expiration!).to.be.greaterThan(5 * 3_600_000);
    });

    it('are described, listed and deleted, and hold their cluster', async () => {
      const recorded = await makeCluster(cloud);
      const { nodegroup } = await createGroup(await node());
      expect((await cloud.eks().send(new DescribeNodegroupCommand(key))).nodegroup).to.deep.equal(nodegroup);
      const list = new ListNodegroupsCommand({ clusterName: 'blue' });
      expect((await cloud.eks().send(list)).nodegroups).to.deep.equal(['workers']);
      expect(await errorOf(cloud.eks().send(new DeleteClusterCommand({ name: 'blue' })))).to.include({
        name: 'ResourceInUseException',
        status: 409,
      });
      await cloud.eks().send(new DeleteNodegroupCommand(key));
      expect(recorded.told.at(-1)).to.equal('removeNodes workers');
      expect(await errorOf(cloud.eks().send(new DescribeNodegroupCommand(key)))).to.include({ status: 404 });
      await cloud.eks().send(new DeleteClusterCommand({ name: 'blue' }));
    });

    it('are refused without a role that nodes may assume', async () => {
      await makeCluster(cloud);
      expect((await errorOf(createGroup(`arn:aws:iam::${ACCOUNT}:role/none`))).message).to.match(/does not exist/);
      const role = await makeRole(cloud, 'app');
      expect((await errorOf(createGroup(role))).message).to.match(/\[ec2\.amazonaws\.com\] were not found/);
      const good = await node();
      await createGroup(good);
      expect((await errorOf(createGroup(good))).name).to.equal('ResourceInUseException');
      expect((await errorOf(createGroup(good, 'a b'))).name).to.equal('InvalidParameterException');
    });

    it('that cannot be made say why', async () => {
      const recorded = await makeCluster(cloud);
      recorded.addNodes = () => Promise.reject(new Error('no processors left'));
      const { nodegroup } = await createGroup(await node());
      expect(nodegroup!.status).to.equal('CREATE_FAILED');
      expect(nodegroup!.health!.issues![0]!.message).to.equal('no processors left');
    });
  });

  describe('malformed requests', () => {
    const cases: readonly [method: string, path: string, body: string, status: number, type: string][] = [
      ['GET', '/', '', 404, 'UnknownOperationException'],
      ['PUT', '/clusters', '', 404, 'UnknownOperationException'],
      ['GET', '/clusters//addons', '', 404, 'UnknownOperationException'],
      ['GET', '/clusters/%E0%A4%A', '', 404, 'UnknownOperationException'],
      ['GET', '/clusters/../x', '', 404, 'UnknownOperationException'],
      ['GET', '/clusters/__proto__', '', 404, 'ResourceNotFoundException'],
      ['POST', '/clusters', '', 400, 'InvalidParameterException'],
      ['POST', '/clusters', '{', 400, 'SerializationException'],
      ['POST', '/clusters', '[]', 400, 'SerializationException'],
      ['POST', '/clusters', '[['.repeat(100_000), 400, 'SerializationException'],
      ['POST', '/clusters', '{"name": 1}', 400, 'SerializationException'],
      ['POST', '/clusters', '{"name": "b", "tags": []}', 400, 'SerializationException'],
      ['POST', '/clusters', '{"name": "b", "tags": {"a": 1}}', 400, 'SerializationException'],
      ['POST', '/clusters', '{"name": "b", "tags": {"__proto__": "x"}}', 400, 'InvalidParameterException'],
    ];
    for (const [method, path, body, status, type] of cases) {
      it(`${method} ${path} ${body.slice(0, 40)} is answered ${status} ${type}`, async () => {
        const answer = await cloud.send('eks', { method, path, body: Buffer.from(body) });
        expect([answer.status, answer.errorType]).to.deep.equal([status, type]);
        expect(answer.body.message).to.be.a('string');
        expect(answer.headers['x-amzn-requestid']).to.be.a('string');
      });
    }
    it('unsigned calls are refused', async () => {
      const answer = await cloud.send('eks', { path: '/clusters', caller: undefined });
      expect([answer.status, answer.errorType]).to.deep.equal([403, 'MissingAuthenticationTokenException']);
    });
  });
});
