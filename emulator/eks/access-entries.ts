import { demand, demandOnCluster, parameter, theCluster, type EksCall } from './call.ts';
import { epochSeconds } from './cluster-view.ts';
import { invalidParameter, resourceInUse, resourceNotFound } from './errors.ts';
import { eksArn, newUuid } from './ids.ts';
import { optionalString, optionalStrings, requiredString } from './input.ts';
import type { AccessEntry, Cluster } from './model.ts';
import { page } from './paging.ts';
import { readTags, requestTagContext, resourceTagContext } from './tags.ts';

/** Access entries of type STANDARD, which map an IAM principal to a user and groups. Access policies are not emulated. */
export function createAccessEntry(call: EksCall): object {
  const { body, world, account } = call;
  const tags = readTags(body);
  demandOnCluster(call, 'eks:CreateAccessEntry', requestTagContext(tags));
  const cluster = theCluster(call);
  const principalArn = requiredString(body, 'principalArn');
  const match = /^arn:aws[a-z-]*:iam::(\d{12}):(?:(role|user)\/.*?([\w+=,.@-]+)|root)$/.exec(principalArn);
  if (match === null) throw invalidParameter('principalArn is not the ARN of an IAM principal.');
  const groups = optionalStrings(body, 'kubernetesGroups') ?? [];
  if (groups.some((group) => group.startsWith('system:')))
    throw invalidParameter('kubernetesGroups cannot name groups that begin with system:.');
  if (cluster.accessEntries?.has(principalArn))
    throw resourceInUse('The specified access entry resource is already in use on this cluster.', {
      clusterName: cluster.name,
    });
  const [, accountId = '', kind = 'root', name = 'root'] = match;
  const session = `arn:${world.partition}:sts::${accountId}:assumed-role/${name}/{{SessionName}}`;
  const entry: AccessEntry = {
    arn: eksArn(world, account.id, `access-entry/${cluster.name}/${kind}/${accountId}/${name}/${newUuid(world)}`),
    principalArn,
    username: optionalString(body, 'username') ?? (kind === 'role' ? session : principalArn),
    kubernetesGroups: groups,
    createdAt: world.clock.now(),
    tags,
  };
  cluster.accessEntries?.set(principalArn, entry);
  return { accessEntry: view(cluster, entry) };
}

export function describeAccessEntry(call: EksCall): object {
  const { cluster, entry } = demandedEntry(call, 'eks:DescribeAccessEntry');
  return { accessEntry: view(cluster, entry) };
}

export function listAccessEntries(call: EksCall): object {
  demandOnCluster(call, 'eks:ListAccessEntries');
  const { items, nextToken } = page(theCluster(call).accessEntries?.keys() ?? [], (arn) => arn, call.query);
  return { accessEntries: items, nextToken };
}

export function deleteAccessEntry(call: EksCall): object {
  const { cluster, entry } = demandedEntry(call, 'eks:DeleteAccessEntry');
  cluster.accessEntries?.delete(entry.principalArn);
  return {};
}

function demandedEntry(call: EksCall, action: string): { cluster: Cluster; entry: AccessEntry } {
  const clusterName = parameter(call, 'clusterName');
  const principalArn = parameter(call, 'principalArn');
  const entry = call.account.clusters.get(clusterName)?.accessEntries?.get(principalArn);
  const arn = entry?.arn ?? eksArn(call.world, call.account.id, `access-entry/${clusterName}/*`);
  demand(call, action, arn, resourceTagContext(entry?.tags ?? new Map()));
  const cluster = theCluster(call);
  if (entry === undefined)
    throw resourceNotFound('The specified principalArn could not be found as an access entry of this cluster.', {
      clusterName,
    });
  return { cluster, entry };
}

function view(cluster: Cluster, entry: AccessEntry): object {
  return {
    clusterName: cluster.name,
    principalArn: entry.principalArn,
    kubernetesGroups: entry.kubernetesGroups,
    accessEntryArn: entry.arn,
    createdAt: epochSeconds(entry.createdAt),
    modifiedAt: epochSeconds(entry.createdAt),
    username: entry.username,
    type: 'STANDARD',
    tags: Object.fromEntries(entry.tags),
  };
}
