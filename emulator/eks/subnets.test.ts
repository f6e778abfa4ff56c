import { CreateClusterCommand, CreateNodegroupCommand } from '@aws-sdk/client-eks';
import { expect } from 'chai';
import { subnetsOf } from '../ec2/index.ts';
import { ACCOUNT, OTHER_ACCOUNT, testCloud, type TestCloud } from '../../test/support/emulator/eks.ts';
import { clusterRole, errorOf, makeCluster, makeRole, trust } from '../../test/support/emulator/roles.ts';

describe('subnets in EKS calls', () => {
  let cloud: TestCloud;
  let ownSubnets: string[];
  let foreign: string[];
  beforeEach(async () => {
    cloud = await testCloud();
    [ownSubnets, foreign] = [ACCOUNT, OTHER_ACCOUNT].map((id) =>
      subnetsOf(cloud.world, cloud.world.account(id)!).map((subnet) => subnet.id),
    ) as [string[], string[]];
  });
  afterEach(() => cloud.close());

  const refusal = (id: string) => ({
    name: 'InvalidParameterException',
    status: 400,
    message: `The subnet ID '${id}' does not exist`,
  });

  it("must belong to the cluster's account", async () => {
    const roleArn = await clusterRole(cloud);
    const create = (name: string, subnetIds: string[]) =>
      cloud.eks().send(new CreateClusterCommand({ name, roleArn, resourcesVpcConfig: { subnetIds } }));
    for (const id of [foreign[0]!, 'subnet-0123456789abcdef0']) {
      expect(await errorOf(create('red', [ownSubnets[0]!, id]))).to.include(refusal(id));
    }
    expect((await create('red', ownSubnets)).cluster!.resourcesVpcConfig!.subnetIds).to.deep.equal(ownSubnets);
  });

  it('must be in two zones for a cluster', async () => {
    const roleArn = await clusterRole(cloud);
    for (const subnetIds of [[ownSubnets[0]!], [ownSubnets[0]!, ownSubnets[0]!], []]) {
      const create = new CreateClusterCommand({ name: 'red', roleArn, resourcesVpcConfig: { subnetIds } });
      const error = await errorOf(cloud.eks().send(create));
      expect(error.name).to.equal('InvalidParameterException');
      expect(error.message).to.match(
        /^Subnets specified must be in at least two different AZs$|^subnets can't be empty/,
      );
    }
  });

  it("must belong to the node group's account", async () => {
    await makeCluster(cloud);
    const nodeRole = await makeRole(cloud, 'node', [trust('ec2.amazonaws.com')]);
    const create = (subnets: string[]) =>
      cloud
        .eks()
        .send(new CreateNodegroupCommand({ clusterName: 'blue', nodegroupName: 'workers', nodeRole, subnets }));
    expect(await errorOf(create(foreign))).to.include(refusal(foreign[0]!));
    expect((await errorOf(create([]))).name).to.equal('InvalidParameterException');
    expect((await create(ownSubnets)).nodegroup!.subnets).to.deep.equal(ownSubnets);
  });
});
