import {
  CreateAccessEntryCommand,
  CreateAddonCommand,
  CreateClusterCommand,
  CreateNodegroupCommand,
  CreatePodIdentityAssociationCommand,
  type EKSClient,
} from '@aws-sdk/client-eks';
import { expect } from 'chai';
import { ACCOUNT, SUBNETS, testCloud, type TestCloud } from '../../test/support/emulator/eks.ts';
import {
  allow,
  clusterRole,
  errorOf,
  makeCluster,
  makeRole,
  sessionOf,
  trust,
} from '../../test/support/emulator/roles.ts';

const tags = { team: 'a' };
const role = (name: string): string => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const inEks = (what: string): string => `arn:aws:eks:us-west-2:${ACCOUNT}:${what}`;
const SERVICE_LINKED = {
  cluster: role('aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS'),
  nodes: role('aws-service-role/eks-nodegroup.amazonaws.com/AWSServiceRoleForAmazonEKSNodegroup'),
};

const cluster = (by: EKSClient) =>
  by.send(
    new CreateClusterCommand({
      name: 'red',
      roleArn: role('cluster'),
      resourcesVpcConfig: { subnetIds: SUBNETS },
      tags,
    }),
  );
const nodes = (by: EKSClient) => {
  const nodeRole = role('node');
  const group = { clusterName: 'blue', nodegroupName: 'workers', nodeRole, subnets: SUBNETS, tags };
  return by.send(new CreateNodegroupCommand(group));
};
const addon = (by: EKSClient) =>
  by.send(new CreateAddonCommand({ clusterName: 'blue', addonName: 'eks-pod-identity-agent', tags }));
const entry = (by: EKSClient) =>
  by.send(new CreateAccessEntryCommand({ clusterName: 'blue', principalArn: role('node'), tags }));
const association = (by: EKSClient) => {
  const subject = { clusterName: 'blue', namespace: 'shop', serviceAccount: 'reader' };
  return by.send(new CreatePodIdentityAssociationCommand({ ...subject, roleArn: role('app'), tags }));
};

describe("EKS's additional permissions", () => {
  let cloud: TestCloud;
  beforeEach(async () => {
    cloud = await testCloud();
    await clusterRole(cloud);
    await makeRole(cloud, 'node', [trust('ec2.amazonaws.com')]);
    await makeRole(cloud, 'app');
  });
  afterEach(() => cloud.close());

  const callerWithout = async (action: string, resource: string): Promise<EKSClient> => {
    const denied = { Effect: 'Deny', Action: action, Resource: resource };
    const roleArn = await makeRole(cloud, 'ops', [trust('ec2.amazonaws.com')], [allow('*'), denied]);
    return cloud.eks(sessionOf(cloud, roleArn));
  };

  const needs: readonly [what: string, create: (by: EKSClient) => Promise<unknown>, action: string, on: string][] = [
    ['a cluster with tags', cluster, 'eks:TagResource', inEks('cluster/red')],
    ['a cluster', cluster, 'iam:GetRole', role('cluster')],
    ['a cluster', cluster, 'iam:ListAttachedRolePolicies', role('cluster')],
    ['a cluster', cluster, 'ec2:DescribeSubnets', '*'],
    ['a cluster', cluster, 'ec2:DescribeVpcs', '*'],
    ['the first cluster', cluster, 'iam:GetRole', SERVICE_LINKED.cluster],
    ['the first cluster', cluster, 'iam:CreateServiceLinkedRole', SERVICE_LINKED.cluster],
    ['a node group with tags', nodes, 'eks:TagResource', inEks('nodegroup/blue/workers/*')],
    ['a node group', nodes, 'iam:GetRole', role('node')],
    ['a node group', nodes, 'iam:ListAttachedRolePolicies', role('node')],
    ['a node group', nodes, 'ec2:DescribeSubnets', '*'],
    ['the first node group', nodes, 'iam:GetRole', SERVICE_LINKED.nodes],
    ['the first node group', nodes, 'iam:CreateServiceLinkedRole', SERVICE_LINKED.nodes],
    ['an add-on with tags', addon, 'eks:TagResource', inEks('addon/blue/eks-pod-identity-agent/*')],
    ['an access entry with tags', entry, 'eks:TagResource', inEks('access-entry/blue/*')],
    ['an association with tags', association, 'eks:TagResource', inEks('podidentityassociation/blue/*')],
    ['an association', association, 'iam:GetRole', role('app')],
  ];
  for (const [what, create, action, on] of needs)
    it(`${what} needs ${action} on ${on}`, async () => {
      const caller = await callerWithout(action, on);
      // Otherwise this would be the account's first cluster, which needs more permissions.
      if (create !== cluster) await makeCluster(cloud);
      const error = await errorOf(create(caller));
      expect(error).to.include({ name: 'AccessDeniedException', status: 403 });
      expect(error.message).to.include(`perform: ${action}${on === '*' ? '' : ` on resource: ${on}`}`);
      if (create === cluster) await makeCluster(cloud);
      await create(cloud.eks());
    });

  it('a service-linked role is created only once', async () => {
    await makeCluster(cloud);
    const caller = await callerWithout('iam:CreateServiceLinkedRole', '*');
    await cluster(caller);
    expect((await errorOf(nodes(caller))).message).to.include(SERVICE_LINKED.nodes);
    await nodes(cloud.eks());
  });
});
