import {
  CreateNodegroupCommand,
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  DescribeNodegroupCommand,
  ListNodegroupsCommand,
} from '@aws-sdk/client-eks';
import type { CreateNodegroupCommandInput } from '@aws-sdk/client-eks';
import { expect } from 'chai';
import { ACCOUNT, SUBNETS, testCloud, type TestCloud } from '../../test/support/emulator/eks.ts';
import { errorOf, makeCluster, makeRole, trust } from '../../test/support/emulator/roles.ts';

describe('EKS node groups', () => {
  let cloud: TestCloud;
  beforeEach(async () => {
    cloud = await testCloud();
  });
  afterEach(() => cloud.close());

  const node = () => makeRole(cloud, 'node', [trust('ec2.amazonaws.com')]);
  const createGroup = (nodeRole: string, nodegroupName = 'workers') =>
    cloud.eks().send(new CreateNodegroupCommand({ clusterName: 'blue', nodegroupName, nodeRole, subnets: SUBNETS }));
  const key = { clusterName: 'blue', nodegroupName: 'workers' };

  it('add nodes with credentials of the node role, renewed before they expire', async () => {
    const recorded = await makeCluster(cloud);
    const nodeRole = await node();
    const { nodegroup } = await createGroup(nodeRole);
    expect(nodegroup).to.include({ nodegroupName: 'workers', clusterName: 'blue', status: 'ACTIVE', nodeRole });
    expect(nodegroup!.nodegroupArn).to.match(/:nodegroup\/blue\/workers\/[0-9a-f-]{36}$/);
    expect(recorded.calls).to.deep.equal([`addNodes workers ${nodeRole}`]);

    const { credentials, instance } = recorded.nodeGroups.get('workers')!;
    const first = await credentials();
    const { caller } = cloud.world.credentials.find(first.accessKeyId)!;
    expect(instance.id).to.match(/^i-[0-9a-f]{17}$/);
    expect((caller as { arn: string }).arn).to.match(new RegExp(`:assumed-role/node/${instance.id}$`));
    expect(await credentials()).to.equal(first);
    cloud.world.clock.advance(6 * 3_600_000 - 60_000);
    const second = await credentials();
    expect(second.accessKeyId).to.not.equal(first.accessKeyId);
    expect(second.expiration! - first.expiration!).to.be.greaterThan(5 * 3_600_000);
  });

  it('can be described, listed and deleted, and prevent the deletion of their cluster', async () => {
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
    expect(recorded.calls.at(-1)).to.equal('removeNodes workers');
    expect(await errorOf(cloud.eks().send(new DescribeNodegroupCommand(key)))).to.include({ status: 404 });
    await cloud.eks().send(new DeleteClusterCommand({ name: 'blue' }));
  });

  it('are rejected with a missing role or one that does not trust EC2, and with a taken or invalid name', async () => {
    await makeCluster(cloud);
    expect((await errorOf(createGroup(`arn:aws:iam::${ACCOUNT}:role/none`))).message).to.match(/does not exist/);
    const role = await makeRole(cloud, 'app');
    expect((await errorOf(createGroup(role))).message).to.match(/\[ec2\.amazonaws\.com\] were not found/);
    const good = await node();
    await createGroup(good);
    expect((await errorOf(createGroup(good))).name).to.equal('ResourceInUseException');
    expect((await errorOf(createGroup(good, 'a b'))).name).to.equal('InvalidParameterException');
  });

  it('are described with the requested instances', async () => {
    await makeCluster(cloud);
    const nodeRole = await node();
    const create = (input: Partial<CreateNodegroupCommandInput>) =>
      cloud.eks().send(new CreateNodegroupCommand({ ...key, nodeRole, subnets: SUBNETS, ...input }));
    for (const input of [
      { instanceTypes: ['large'] },
      { scalingConfig: { minSize: 2, maxSize: 1, desiredSize: 2 } },
      { scalingConfig: { desiredSize: -1 } },
    ])
      expect((await errorOf(create(input))).name).to.equal('InvalidParameterException');
    const asked = {
      scalingConfig: { minSize: 2, maxSize: 4, desiredSize: 3 },
      instanceTypes: ['m6i.2xlarge'],
      amiType: 'AL2023_x86_64_NVIDIA' as const,
    };
    const { nodegroup } = await create(asked);
    expect(nodegroup).to.deep.include(asked);
    expect((await cloud.eks().send(new DescribeNodegroupCommand(key))).nodegroup).to.deep.include(asked);
  });

  it('give their nodes labels and taints', async () => {
    const recorded = await makeCluster(cloud);
    const given = {
      labels: { team: 'blue' },
      taints: [
        { key: 'dedicated', value: 'gpu', effect: 'NO_SCHEDULE' as const },
        { key: 'spare', effect: 'PREFER_NO_SCHEDULE' as const },
      ],
    };
    const input = { ...key, nodeRole: await node(), subnets: SUBNETS, ...given };
    expect((await cloud.eks().send(new CreateNodegroupCommand(input))).nodegroup).to.deep.include(given);
    const { labels, taints, instance } = recorded.nodeGroups.get('workers')!;
    expect(labels).to.deep.equal(given.labels);
    expect(taints).to.deep.equal([
      { key: 'dedicated', value: 'gpu', effect: 'NoSchedule' },
      { key: 'spare', effect: 'PreferNoSchedule' },
    ]);
    expect(instance.profile.arn).to.match(/:instance-profile\/eks-[0-9a-f-]{36}$/);
  });

  it('report why they cannot be created', async () => {
    const recorded = await makeCluster(cloud);
    recorded.addNodes = () => Promise.reject(new Error('no processors left'));
    const { nodegroup } = await createGroup(await node());
    expect(nodegroup!.status).to.equal('CREATE_FAILED');
    expect(nodegroup!.health!.issues![0]!.message).to.equal('no processors left');
  });
});
