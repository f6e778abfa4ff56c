import { CreateClusterCommand, DeleteClusterCommand, DescribeClusterCommand } from '@aws-sdk/client-eks';
import type { CreateClusterCommandInput } from '@aws-sdk/client-eks';
import { expect } from 'chai';
import { SUBNETS, testCloud, type TestCloud } from '../../test/support/emulator/eks.ts';
import { clusterRole, errorOf, makeCluster, makeRole, trust } from '../../test/support/emulator/roles.ts';

describe('EKS Auto Mode', () => {
  let cloud: TestCloud;
  let nodeRoleArn: string;
  beforeEach(async () => {
    cloud = await testCloud();
    nodeRoleArn = await makeRole(cloud, 'node', [trust('ec2.amazonaws.com')]);
  });
  afterEach(() => cloud.close());

  const create = async (input: Partial<CreateClusterCommandInput> = {}) => {
    const command = new CreateClusterCommand({
      name: 'blue',
      roleArn: await clusterRole(cloud),
      resourcesVpcConfig: { subnetIds: SUBNETS },
      accessConfig: { authenticationMode: 'API' },
      computeConfig: { enabled: true, nodePools: ['general-purpose', 'system'], nodeRoleArn },
      kubernetesNetworkConfig: { elasticLoadBalancing: { enabled: true } },
      storageConfig: { blockStorage: { enabled: true } },
      ...input,
    });
    return (await cloud.eks().send(command)).cluster!;
  };
  const describeIt = async () => (await cloud.eks().send(new DescribeClusterCommand({ name: 'blue' }))).cluster!;

  it('provides nodes and the agent without a node group or add-on', async () => {
    expect(await create()).to.include({ status: 'ACTIVE' });
    const { calls: calls, nodeGroups } = cloud.clusters.get('blue')!;
    expect(calls[0]).to.equal(`addNodes general-purpose ${nodeRoleArn}`);
    expect(calls[1]).to.match(/^installAddon eks-pod-identity-agent v1\./);
    const { accessKeyId } = await nodeGroups.get('general-purpose')!.credentials();
    expect(cloud.world.credentials.find(accessKeyId)!.caller).to.include({ roleArn: nodeRoleArn });
    const cluster = await describeIt();
    expect(cluster.computeConfig).to.deep.equal({
      enabled: true,
      nodePools: ['general-purpose', 'system'],
      nodeRoleArn,
    });
    expect(cluster.storageConfig).to.deep.equal({ blockStorage: { enabled: true } });
    expect(cluster.kubernetesNetworkConfig).to.deep.include({ elasticLoadBalancing: { enabled: true } });
    expect(cloud.cluster('blue').addons.size + cloud.cluster('blue').nodeGroups.size).to.equal(0);
    await cloud.eks().send(new DeleteClusterCommand({ name: 'blue' }));
    expect(calls.at(-1)).to.equal('delete');
  });

  it('works without node pools', async () => {
    expect(await create({ computeConfig: { enabled: true } })).to.include({ status: 'ACTIVE' });
    expect(cloud.clusters.get('blue')!.nodeGroups.size).to.equal(0);
  });

  it('is off by default', async () => {
    const recorded = await makeCluster(cloud);
    const { computeConfig, storageConfig, kubernetesNetworkConfig } = await describeIt();
    expect(computeConfig).to.deep.equal({ enabled: false });
    expect(storageConfig).to.deep.equal({ blockStorage: { enabled: false } });
    expect(kubernetesNetworkConfig!.elasticLoadBalancing).to.deep.equal({ enabled: false });
    expect(recorded.calls).to.deep.equal([]);
  });

  const together = /computeConfig, kubernetesNetworkConfig, and blockStorage are all either fully enabled/;
  const refusals: readonly [string, Partial<CreateClusterCommandInput>, RegExp][] = [
    ['without load balancing', { kubernetesNetworkConfig: {} }, together],
    ['without block storage', { storageConfig: undefined }, together],
    ['with block storage only', { computeConfig: undefined }, together],
    ['without access entries', { accessConfig: undefined }, /authentication mode/],
    [
      'with node pools without a role',
      { computeConfig: { enabled: true, nodePools: ['system'] } },
      /need the nodeRoleArn/,
    ],
    [
      'with an unknown node pool',
      { computeConfig: { enabled: true, nodePools: ['gpu'], nodeRoleArn: 'arn:aws:iam::111122223333:role/node' } },
      /general-purpose or system/,
    ],
    [
      'with a role without node pools',
      { computeConfig: { enabled: true, nodeRoleArn: 'arn:aws:iam::111122223333:role/node' } },
      /nodePool value\(s\) must be provided/,
    ],
    [
      'with a role that does not trust EC2',
      {
        computeConfig: {
          enabled: true,
          nodePools: ['system'],
          nodeRoleArn: 'arn:aws:iam::111122223333:role/cluster',
        },
      },
      /\[ec2\.amazonaws\.com\] were not found/,
    ],
  ];
  for (const [title, input, message] of refusals) {
    it(`is rejected ${title}`, async () => {
      const error = await errorOf(create(input));
      expect(error).to.include({ name: 'InvalidParameterException', status: 400 });
      expect(error.message).to.match(message);
      expect(cloud.clusters.size).to.equal(0);
    });
  }
});
