import { demandActive, theCluster, type EksCall } from './call.ts';
import { createOperation, demanded, type ResourceKind } from './cluster-resources.ts';
import { epochSeconds } from './cluster-view.ts';
import { invalidParameter, invalidRequest, resourceInUse, resourceNotFound } from './errors.ts';
import { accessEntryKeys } from './condition-keys.ts';
import { eksArn, newUuid } from './ids.ts';
import { optionalString, optionalStrings, requiredString } from './input.ts';
import type { World } from '../world/world.ts';
import { principalExists, principalId } from '../world/principals.ts';
import type { AccessEntry, Cluster } from '../world/eks-model.ts';

export const ACCESS_ENTRY: ResourceKind<AccessEntry> = {
  name: 'AccessEntry',
  path: 'access-entries',
  member: 'accessEntry',
  parameter: 'principalArn',
  view,
  keys: accessEntryKeys,
  cluster: clusterWithEntries,
  arn: (clusterName) => `access-entry/${clusterName}/*`,
  all: ({ accessEntries }) => accessEntries,
  missing: (_, clusterName) =>
    resourceNotFound('The specified principalArn could not be found as an access entry of this cluster.', {
      clusterName,
    }),
};

/**
 * User names and groups by type (EKS User Guide, "Create access entries"). Entries for nodes have no other ones; those of a
 * STANDARD entry are the caller's.
 */
const NODE_NAMES: Readonly<Record<string, Pick<AccessEntry, 'username' | 'kubernetesGroups'>>> = {
  EC2: { username: 'system:node:{{EC2PrivateDNSName}}', kubernetesGroups: ['system:nodes'] },
  EC2_LINUX: { username: 'system:node:{{EC2PrivateDNSName}}', kubernetesGroups: ['system:nodes'] },
  EC2_WINDOWS: {
    username: 'system:node:{{EC2PrivateDNSName}}',
    kubernetesGroups: ['eks:kube-proxy-windows', 'system:nodes'],
  },
  FARGATE_LINUX: {
    username: 'system:node:{{SessionName}}',
    kubernetesGroups: ['system:bootstrappers', 'system:node-proxier', 'system:nodes'],
  },
  HYBRID_LINUX: { username: 'system:node:{{SessionName}}', kubernetesGroups: ['system:nodes'] },
};

export const createAccessEntry = createOperation(ACCESS_ENTRY, ({ body, world }, cluster, tags, remember) => {
  const principalArn = requiredString(body, 'principalArn');
  const kubernetesGroups = optionalStrings(body, 'kubernetesGroups') ?? [];
  if (kubernetesGroups.some((group) => group.startsWith('system:')))
    throw invalidParameter('kubernetesGroups cannot name groups that begin with system:.');
  const username = optionalString(body, 'username');
  const type = optionalString(body, 'type') ?? 'STANDARD';
  if (type !== 'STANDARD' && !Object.hasOwn(NODE_NAMES, type))
    throw invalidParameter(`type must be STANDARD or one of ${Object.keys(NODE_NAMES).join(', ')}, not ${type}.`);
  if (username !== undefined) checkUsername(username);
  if (type !== 'STANDARD' && (username !== undefined || kubernetesGroups.length > 0))
    throw invalidParameter(`An access entry of type ${type} can have no username or kubernetesGroups of its own.`);
  if (!isPrincipal(world, principalArn))
    throw invalidParameter('The specified principalArn is invalid: invalid principal.', { clusterName: cluster.name });
  const entry = newAccessEntry(world, cluster, principalArn, { type, kubernetesGroups, username, tags });
  demandActive(cluster);
  if (cluster.accessEntries?.has(principalArn))
    throw resourceInUse('The specified access entry resource is already in use on this cluster.', {
      clusterName: cluster.name,
    });
  cluster.accessEntries?.set(principalArn, entry);
  remember(principalArn);
  return entry;
});

/** Rejects invalid user names (EKS User Guide, "Create access entries"). */
function checkUsername(username: string): void {
  if (/^(system|eks|aws|amazon|iam):/.test(username))
    throw invalidParameter('username cannot begin with system:, eks:, aws:, amazon: or iam:.');
  if (/^[^:]*\{\{SessionName(Raw)?\}\}/.test(username))
    throw invalidParameter('username must have a colon before {{SessionName}}.');
}

const isPrincipal = (world: World, arn: string): boolean =>
  /:iam::\d{12}:(root$|(role|user)\/)/.test(arn) && principalExists(world, { type: 'AWS', value: arn });

/** Returns a new entry. Throws `InvalidParameterException` if the ARN is not an IAM principal's. */
export function newAccessEntry(
  world: World,
  cluster: Cluster,
  principalArn: string,
  given: Pick<AccessEntry, 'type' | 'kubernetesGroups' | 'tags'> & { readonly username?: string | undefined },
): AccessEntry {
  const match = /^arn:aws[a-z-]*:iam::(\d{12}):(?:(role|user)\/.*?([\w+=,.@-]+)|root)$/.exec(principalArn);
  if (match === null) throw invalidParameter('principalArn is not the ARN of an IAM principal.');
  const [, accountId = '', kind = 'root', name = 'root'] = match;
  const session = `arn:${world.partition}:sts::${accountId}:assumed-role/${name}/{{SessionName}}`;
  const resource = `access-entry/${cluster.name}/${kind}/${accountId}/${name}/${newUuid(world)}`;
  return {
    arn: eksArn(world, cluster.accountId, resource),
    principalArn,
    principalId: principalId(world, principalArn),
    type: given.type,
    username: given.username ?? (kind === 'role' ? session : principalArn),
    kubernetesGroups: given.kubernetesGroups,
    ...NODE_NAMES[given.type],
    createdAt: world.clock.now(),
    tags: given.tags,
    policies: new Map(),
  };
}

/**
 * Gives a node role its entry, unless it has one. In clusters without access entries, it stands for EKS's line in aws-auth (EKS
 * User Guide, "Create access entries" and "Grant IAM users access to Kubernetes with a ConfigMap").
 */
export function admitNodes(world: World, cluster: Cluster, roleArn: string, type: 'EC2' | 'EC2_LINUX'): void {
  if (cluster.accessEntries?.has(roleArn)) return;
  const entry = newAccessEntry(world, cluster, roleArn, { type, kubernetesGroups: [], tags: new Map() });
  cluster.accessEntries?.set(roleArn, entry);
}

export function deleteAccessEntry(call: EksCall): object {
  const { cluster, item: entry } = demanded(ACCESS_ENTRY, call, 'eks:DeleteAccessEntry');
  demandActive(cluster);
  cluster.accessEntries?.delete(entry.principalArn);
  return {};
}

function clusterWithEntries(call: EksCall): Cluster {
  const cluster = theCluster(call);
  if (cluster.configuration?.authenticationMode === 'CONFIG_MAP')
    throw invalidRequest(
      "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.",
      { clusterName: cluster.name },
    );
  return cluster;
}

function view(entry: AccessEntry, cluster: Cluster): object {
  return {
    clusterName: cluster.name,
    principalArn: entry.principalArn,
    kubernetesGroups: entry.kubernetesGroups,
    accessEntryArn: entry.arn,
    createdAt: epochSeconds(entry.createdAt),
    modifiedAt: epochSeconds(entry.createdAt),
    username: entry.username,
    type: entry.type,
    tags: Object.fromEntries(entry.tags),
  };
}
