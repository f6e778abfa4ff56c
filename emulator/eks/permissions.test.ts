import type { CreateClusterCommandInput } from '@aws-sdk/client-eks';
import * as eks from '@aws-sdk/client-eks';
import { expect } from 'chai';
import { ACCOUNT, testCloud, type TestCloud } from '../../test/support/emulator/eks.ts';
import {
  allow,
  errorOf,
  makeCluster,
  makeRole,
  sessionOf,
  trust,
  type Statement,
} from '../../test/support/emulator/roles.ts';

const clusterName = 'blue';
const roleArn = `arn:aws:iam::${ACCOUNT}:role/absent`;
const subnets = ['subnet-0123456789abcdef0'];
const absent = { name: 'absent' };
const group = { clusterName, nodegroupName: 'absent' };
const addon = { clusterName, addonName: 'absent' };
const entry = { clusterName, principalArn: roleArn };
const policyArn = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy';
const accessScope = { type: 'cluster' } as const;
/** Returns a call of each operation, by action, for missing resources, so that no call changes anything. */
const operations = (tagged: object = {}): Readonly<Record<string, (by: eks.EKSClient) => Promise<unknown>>> => ({
  CreateCluster: (by) =>
    by.send(
      new eks.CreateClusterCommand({ ...absent, ...tagged, roleArn, resourcesVpcConfig: { subnetIds: subnets } }),
    ),
  DescribeCluster: (by) => by.send(new eks.DescribeClusterCommand(absent)),
  ListClusters: (by) => by.send(new eks.ListClustersCommand({})),
  DeleteCluster: (by) => by.send(new eks.DeleteClusterCommand(absent)),
  CreateNodegroup: (by) => by.send(new eks.CreateNodegroupCommand({ ...group, ...tagged, nodeRole: roleArn, subnets })),
  DescribeNodegroup: (by) => by.send(new eks.DescribeNodegroupCommand(group)),
  ListNodegroups: (by) => by.send(new eks.ListNodegroupsCommand({ clusterName })),
  DeleteNodegroup: (by) => by.send(new eks.DeleteNodegroupCommand(group)),
  CreateAddon: (by) => by.send(new eks.CreateAddonCommand({ ...addon, ...tagged })),
  DescribeAddon: (by) => by.send(new eks.DescribeAddonCommand(addon)),
  ListAddons: (by) => by.send(new eks.ListAddonsCommand({ clusterName })),
  UpdateAddon: (by) => by.send(new eks.UpdateAddonCommand(addon)),
  DeleteAddon: (by) => by.send(new eks.DeleteAddonCommand(addon)),
  DescribeAddonVersions: (by) => by.send(new eks.DescribeAddonVersionsCommand({})),
  CreateAccessEntry: (by) => by.send(new eks.CreateAccessEntryCommand({ ...entry, ...tagged })),
  DescribeAccessEntry: (by) => by.send(new eks.DescribeAccessEntryCommand(entry)),
  ListAccessEntries: (by) => by.send(new eks.ListAccessEntriesCommand({ clusterName })),
  DeleteAccessEntry: (by) => by.send(new eks.DeleteAccessEntryCommand(entry)),
  AssociateAccessPolicy: (by) => by.send(new eks.AssociateAccessPolicyCommand({ ...entry, policyArn, accessScope })),
  ListAssociatedAccessPolicies: (by) => by.send(new eks.ListAssociatedAccessPoliciesCommand(entry)),
  DisassociateAccessPolicy: (by) => by.send(new eks.DisassociateAccessPolicyCommand({ ...entry, policyArn })),
});
const LISTS = ['ListClusters', 'ListNodegroups', 'ListAddons', 'DescribeAddonVersions', 'ListAccessEntries'];
/** Errors of a permitted call for a missing resource. */
const MISTAKEN = /^(ResourceNotFound|InvalidParameter|InvalidRequest)Exception$/;
/** A condition key and value, and the settings of CreateCluster that produce it. */
const DESCRIBED: readonly [key: string, value: string, more: Partial<CreateClusterCommandInput>][] = [
  ['eks:authenticationMode', 'CONFIG_MAP', { accessConfig: { authenticationMode: 'CONFIG_MAP' } }],
  [
    'eks:bootstrapClusterCreatorAdminPermissions',
    'true',
    { accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: true } },
  ],
  ['eks:endpointPublicAccess', 'true', { resourcesVpcConfig: { subnetIds: [], endpointPublicAccess: true } }],
  ['eks:endpointPrivateAccess', 'false', { resourcesVpcConfig: { subnetIds: [], endpointPrivateAccess: false } }],
  ['eks:deletionProtection', 'false', { deletionProtection: false }],
  ['eks:loggingType/audit', 'false', { logging: { clusterLogging: [{ types: ['api', 'audit'], enabled: false }] } }],
  ['aws:RequestTag/team', 'blue', { tags: { team: 'blue' } }],
];

describe('EKS permissions', () => {
  let cloud: TestCloud;
  beforeEach(async () => {
    cloud = await testCloud();
    await makeCluster(cloud);
  });
  afterEach(() => cloud.close());

  const callerWith = async (...permissions: readonly Statement[]): Promise<eks.EKSClient> => {
    const role = `caller-${permissions.length}`;
    return cloud.eks(sessionOf(cloud, await makeRole(cloud, role, [trust('ec2.amazonaws.com')], permissions)));
  };
  const denying = (Action: string, more: object = {}): Statement => ({
    Effect: 'Deny',
    Action,
    Resource: '*',
    ...more,
  });

  for (const [action, ask] of Object.entries(operations()))
    it(`${action} needs eks:${action}`, async () => {
      const error = await errorOf(ask(await callerWith(allow('*'), denying(`eks:${action}`))));
      expect(error).to.include({ name: 'AccessDeniedException' });
      expect(error.message).to.contain(`eks:${action}`);
      const answer = await ask(await callerWith(allow('*'))).then(
        () => 'none',
        (reason: Error) => reason.name,
      );
      if (LISTS.includes(action)) expect(answer).to.equal('none');
      else expect(answer).to.match(MISTAKEN);
    });

  for (const [action, ask] of Object.entries(operations({ tags: { team: 'red' } })))
    if (action.startsWith('Create'))
      it(`${action} with tags needs eks:TagResource`, async () => {
        const error = await errorOf(ask(await callerWith(allow('*'), denying('eks:TagResource'))));
        expect(error.message).to.contain('eks:TagResource');
      });

  for (const [key, value, more] of DESCRIBED)
    it(`CreateCluster sets the condition key ${key}`, async () => {
      const caller = await callerWith(
        allow('*'),
        denying('eks:CreateCluster', { Condition: { StringEquals: { [key]: value } } }),
      );
      const create = (settings: Partial<CreateClusterCommandInput>) =>
        errorOf(
          caller.send(
            new eks.CreateClusterCommand({
              ...absent,
              roleArn,
              accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: false },
              resourcesVpcConfig: { subnetIds: [], endpointPublicAccess: false, endpointPrivateAccess: true },
              deletionProtection: true,
              logging: { clusterLogging: [{ types: ['audit'], enabled: true }] },
              tags: { team: 'red' },
              ...settings,
            }),
          ),
        );
      expect((await create({})).name).to.equal('InvalidParameterException');
      expect((await create(more)).name).to.equal('AccessDeniedException');
    });
});
