/** Which permissions the operations on clusters, node groups, add-ons and access entries need. */
import { type CreateClusterCommandInput, EKS } from '@aws-sdk/client-eks';
import { expect } from 'chai';
import { allow, check, deny, suite } from '../../harness/index.ts';
import { eksOf, ofOwnAccount, sessionOf } from '../lib/account-session.ts';
import { errorOf, refusalBy } from '../lib/errors.ts';

type Name = (text: string) => string;
/** Each operation by its action, asked about what there is not, so that none changes anything whoever asks. */
const operations = (name: Name, tagged: object = {}): Readonly<Record<string, (eks: EKS) => Promise<unknown>>> => {
  const clusterName = name('<cluster:c1>');
  const roleArn = `${name('<role:none>')}-absent`;
  const subnets = ['subnet-0123456789abcdef0'];
  const absent = { name: `${clusterName}-absent` };
  const group = { clusterName, nodegroupName: 'absent' };
  const addon = { clusterName, addonName: 'conformance-absent' };
  const entry = { clusterName, principalArn: roleArn };
  const policyArn = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy';
  return {
    CreateCluster: (eks) =>
      eks.createCluster({ ...absent, ...tagged, roleArn, resourcesVpcConfig: { subnetIds: subnets } }),
    DescribeCluster: (eks) => eks.describeCluster(absent),
    ListClusters: (eks) => eks.listClusters({}),
    DeleteCluster: (eks) => eks.deleteCluster(absent),
    CreateNodegroup: (eks) => eks.createNodegroup({ ...group, ...tagged, nodeRole: roleArn, subnets }),
    DescribeNodegroup: (eks) => eks.describeNodegroup(group),
    ListNodegroups: (eks) => eks.listNodegroups({ clusterName }),
    DeleteNodegroup: (eks) => eks.deleteNodegroup(group),
    CreateAddon: (eks) => eks.createAddon({ ...addon, ...tagged }),
    DescribeAddon: (eks) => eks.describeAddon(addon),
    ListAddons: (eks) => eks.listAddons({ clusterName }),
    UpdateAddon: (eks) => eks.updateAddon(addon),
    DeleteAddon: (eks) => eks.deleteAddon(addon),
    DescribeAddonVersions: (eks) => eks.describeAddonVersions({}),
    CreateAccessEntry: (eks) => eks.createAccessEntry({ ...entry, ...tagged }),
    DescribeAccessEntry: (eks) => eks.describeAccessEntry(entry),
    ListAccessEntries: (eks) => eks.listAccessEntries({ clusterName }),
    DeleteAccessEntry: (eks) => eks.deleteAccessEntry(entry),
    AssociateAccessPolicy: (eks) =>
      eks.associateAccessPolicy({ ...entry, policyArn, accessScope: { type: 'cluster' } }),
    ListAssociatedAccessPolicies: (eks) => eks.listAssociatedAccessPolicies(entry),
    DisassociateAccessPolicy: (eks) => eks.disassociateAccessPolicy({ ...entry, policyArn }),
  };
};
const LISTS = ['ListClusters', 'ListNodegroups', 'ListAddons', 'DescribeAddonVersions', 'ListAccessEntries'];
/** Who asks about what there is not, and may. */
const MISTAKEN = /^(ResourceNotFound|InvalidParameter|InvalidRequest)Exception$/;
async function denied(call: Promise<unknown>, what: string, action = what): Promise<void> {
  const message = await call.then(
    () => 'taken',
    (error: Error) => String(refusalBy(error)),
  );
  expect(message, what).to.match(/^AccessDeniedException: /);
  expect(message, what).to.match(new RegExp(`eks:${action}\\b`));
}

suite('eks-api', ({ scenario }) => {
  const described: Readonly<Record<string, readonly [value: string, more: Partial<CreateClusterCommandInput>]>> = {
    'eks:authenticationMode': ['CONFIG_MAP', { accessConfig: { authenticationMode: 'CONFIG_MAP' } }],
    'eks:bootstrapClusterCreatorAdminPermissions': [
      'true',
      { accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: true } },
    ],
    'eks:endpointPublicAccess': ['true', { resourcesVpcConfig: { subnetIds: [], endpointPublicAccess: true } }],
    'eks:endpointPrivateAccess': ['false', { resourcesVpcConfig: { subnetIds: [], endpointPrivateAccess: false } }],
    'eks:deletionProtection': ['false', { deletionProtection: false }],
    'eks:loggingType/audit': ['false', { logging: { clusterLogging: [{ types: ['api', 'audit'], enabled: false }] } }],
    'aws:RequestTag/team': ['blue', { tags: { team: 'blue' } }],
  };

  scenario('CP-32', 'who makes clusters may be kept from such as a policy describes', {
    source: 'Service Authorization Reference, Amazon EKS, CreateCluster: condition keys',
    needs: ['call-record'],
    roles: {
      maker: ofOwnAccount(
        allow(['eks:CreateCluster', 'eks:TagResource', 'iam:PassRole', 'iam:GetRole'], '*'),
        ...Object.entries(described).map(([key, [value]]) =>
          deny('eks:CreateCluster', '*', { StringEquals: { [key]: value } }),
        ),
      ),
    },
    probes: [
      check('member by member', async (context) => {
        const { name } = context;
        const credentials = await sessionOf(context, 'maker');
        const eks = new EKS({ ...(await context.aws('eks')), credentials });
        const create = (more: Pick<CreateClusterCommandInput, 'resourcesVpcConfig'>) =>
          errorOf(
            eks.createCluster({
              name: `${name('<cluster:c1>')}-unmade`,
              // Of a role that there is not, none is made.
              roleArn: `${name('<role:maker>')}-absent`,
              ...more,
            }),
          );
        const others = {
          accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: false },
          resourcesVpcConfig: { subnetIds: [], endpointPublicAccess: false, endpointPrivateAccess: true },
          deletionProtection: true,
          tags: { team: 'red' },
          logging: { clusterLogging: [{ types: ['audit'], enabled: true }] },
        };
        expect(await create(others)).to.equal('InvalidParameterException');
        for (const [key, [, more]] of Object.entries(described))
          expect(await create({ ...others, ...more }), key).to.equal('AccessDeniedException');
      }),
    ],
  });

  scenario('CP-35', 'each operation on clusters, node groups, add-ons and access entries asks for its own permission', {
    source: 'Service Authorization Reference, Amazon EKS, actions and resource types',
    needs: ['own-cluster', 'call-record'],
    roles: {
      none: ofOwnAccount(allow('eks:*PodIdentityAssociation*', '*')),
      all: ofOwnAccount(allow(['eks:*', 'ec2:Describe*', 'iam:*'], '*')),
      untagging: ofOwnAccount(allow(['eks:*', 'ec2:Describe*', 'iam:*'], '*'), deny('eks:TagResource', '*')),
    },
    probes: [
      check('whoever has none is told no more than that', async (context) => {
        const [none, all] = [await eksOf(context, 'none'), await eksOf(context, 'all')];
        for (const [action, ask] of Object.entries(operations(context.name))) {
          await denied(ask(none), action);
          const error = await errorOf(ask(all));
          if (LISTS.includes(action)) expect(error, action).to.equal('none');
          else expect(error, action).to.match(MISTAKEN);
        }
      }),
      check('tags of what is made ask for theirs besides', async (context) => {
        const untagging = await eksOf(context, 'untagging');
        for (const [action, ask] of Object.entries(operations(context.name, { tags: { team: 'red' } })))
          if (action.startsWith('Create')) await denied(ask(untagging), action, 'TagResource');
        for (const [action, ask] of Object.entries(operations(context.name)))
          if (action.startsWith('Create')) expect(await errorOf(ask(untagging)), action).to.match(MISTAKEN);
      }),
    ],
  });
});
