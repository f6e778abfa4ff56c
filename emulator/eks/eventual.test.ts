import {
  CreateAddonCommand,
  CreateClusterCommand,
  CreateNodegroupCommand,
  CreatePodIdentityAssociationCommand,
  DeleteAddonCommand,
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  DeletePodIdentityAssociationCommand,
  ListAddonsCommand,
  ListClustersCommand,
  ListNodegroupsCommand,
  ListPodIdentityAssociationsCommand,
} from '@aws-sdk/client-eks';
import { UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import { delays, testTime } from '../../test/support/emulator/time.ts';
import { SUBNETS, testCloud } from '../../test/support/emulator/eks.ts';
import {
  clusterRole,
  errorOf,
  makeCluster,
  makeRole,
  policy,
  POD_TRUST,
  trust,
} from '../../test/support/emulator/roles.ts';

const blue = { clusterName: 'blue' };
const subject = { ...blue, namespace: 'shop', serviceAccount: 'reader' };
const subnets = SUBNETS;

describe('EKS with IAM propagation', () => {
  it('does not know a new role or a changed trust policy before the delay', async () => {
    const time = testTime();
    const cloud = await testCloud({ settings: delays({ iam: 10_000 }), uptime: time });
    try {
      const eks = cloud.eks();
      const roleArn = await clusterRole(cloud);
      const create = new CreateClusterCommand({ name: 'blue', roleArn, resourcesVpcConfig: { subnetIds: subnets } });
      expect(await errorOf(eks.send(create))).to.deep.include({
        name: 'InvalidParameterException',
        message: 'Role provided in the request does not exist.',
      });
      time.pass(10_000);
      await eks.send(create);

      const app = await makeRole(cloud, 'app', [trust('ec2.amazonaws.com')]);
      const associate = new CreatePodIdentityAssociationCommand({ ...subject, roleArn: app });
      const absent = await errorOf(eks.send(associate));
      time.pass(10_000);
      const untrusted = await errorOf(eks.send(associate));
      expect(untrusted.message).not.to.equal(absent.message);
      const PolicyDocument = policy(POD_TRUST);
      await cloud.iam().send(new UpdateAssumeRolePolicyCommand({ RoleName: 'app', PolicyDocument }));
      expect(await errorOf(eks.send(associate))).to.deep.equal(untrusted);
      time.pass(10_000);
      await eks.send(associate);
    } finally {
      await cloud.close();
    }
  });
});

describe("EKS's List calls", () => {
  it('show creations and deletions after a delay', async () => {
    const time = testTime();
    const cloud = await testCloud({ settings: delays({ listing: 4000 }), uptime: time });
    try {
      const eks = cloud.eks();
      const lists = async () => ({
        clusters: (await eks.send(new ListClustersCommand({}))).clusters?.length,
        nodegroups: (await eks.send(new ListNodegroupsCommand(blue))).nodegroups?.length,
        addons: (await eks.send(new ListAddonsCommand(blue))).addons?.length,
        associations: (await eks.send(new ListPodIdentityAssociationsCommand(blue))).associations?.length,
      });
      const none = { clusters: 0, nodegroups: 0, addons: 0, associations: 0 };
      const one = { clusters: 1, nodegroups: 1, addons: 1, associations: 1 };

      await makeCluster(cloud);
      const nodeRole = await makeRole(cloud, 'node', [trust('ec2.amazonaws.com')]);
      const group = { ...blue, nodegroupName: 'workers' };
      const addon = { ...blue, addonName: 'eks-pod-identity-agent' };
      await eks.send(new CreateNodegroupCommand({ ...group, nodeRole, subnets }));
      await eks.send(new CreateAddonCommand(addon));
      const associate = new CreatePodIdentityAssociationCommand({ ...subject, roleArn: await makeRole(cloud, 'app') });
      const { associationId } = (await eks.send(associate)).association!;
      time.pass(3999);
      expect(await lists()).to.deep.equal(none);
      time.pass(1);
      expect(await lists()).to.deep.equal(one);

      await eks.send(new DeletePodIdentityAssociationCommand({ ...blue, associationId }));
      await eks.send(new DeleteAddonCommand(addon));
      await eks.send(new DeleteNodegroupCommand(group));
      time.pass(3999);
      expect(await lists()).to.deep.equal(one);
      time.pass(1);
      expect(await lists()).to.deep.equal({ ...none, clusters: 1 });

      await eks.send(new DeleteClusterCommand({ name: 'blue' }));
      const clusters = async () => (await eks.send(new ListClustersCommand({}))).clusters;
      expect(await clusters()).to.deep.equal(['blue']);
      time.pass(4000);
      expect(await clusters()).to.deep.equal([]);
    } finally {
      await cloud.close();
    }
  });
});
