import type { ServiceContext } from '../core/context.ts';
import type { Credentials } from '../core/principal.ts';
import type { ServiceRequest } from '../core/service.ts';
import { assumeRole } from '../sts/assume-role.ts';
import { demand, demandOnCluster, note, parameter, passedRole, theCluster, type EksCall } from './call.ts';
import { epochSeconds, healthView } from './cluster-view.ts';
import { invalidParameter, invalidRequest, resourceInUse, resourceNotFound } from './errors.ts';
import { eksArn, newInstanceId, newUuid } from './ids.ts';
import { checkPattern, optionalStrings, requiredString } from './input.ts';
import type { Cluster, NodeGroup } from './model.ts';
import { page } from './paging.ts';
import { trustsService } from './roles.ts';
import { readTags, requestTagContext, resourceTagContext } from './tags.ts';

const NODE_SERVICE = 'ec2.amazonaws.com';
/** An instance's credentials last six hours; instance metadata has new ones some minutes before they end. */
const NODE_SESSION_SECONDS = 6 * 3600;
const RENEWAL_MILLISECONDS = 15 * 60_000;

/** Makes a node group and answers when it is ACTIVE. Scaling, instance types and the like are not emulated. */
export async function createNodegroup(call: EksCall): Promise<object> {
  const { body, world, state } = call;
  const tags = readTags(body);
  demandOnCluster(call, 'eks:CreateNodegroup', requestTagContext(tags));
  const cluster = theCluster(call);
  const scope = `${cluster.arn} CreateNodegroup`;
  const repeated = cluster.nodeGroups.get(state.requestTokens.find(scope, body) ?? '');
  if (repeated !== undefined) return { nodegroup: view(cluster, repeated) };

  const name = requiredString(body, 'nodegroupName');
  checkPattern('nodegroupName', name, /^[0-9A-Za-z][\w-]{0,62}$/, 'of 1 to 63 letters, digits, "-" and "_"');
  const nodeRoleArn = requiredString(body, 'nodeRole');
  const subnets = optionalStrings(body, 'subnets') ?? [];
  const fields = { clusterName: cluster.name, nodegroupName: name };
  if (cluster.status !== 'ACTIVE') throw invalidRequest(`Cluster '${cluster.name}' is not in ACTIVE status`, fields);
  if (cluster.nodeGroups.has(name))
    throw resourceInUse(`NodeGroup already exists with name ${name} and cluster name ${cluster.name}`, fields);
  const arn = eksArn(world, call.account.id, `nodegroup/${cluster.name}/${name}/${newUuid(world)}`);
  const role = passedRole(call, 'nodeRole', nodeRoleArn, NODE_SERVICE, arn);
  if (!trustsService(role, NODE_SERVICE))
    throw invalidParameter(
      `Following required service principals [${NODE_SERVICE}] were not found in the trust relationships of nodeRole arn ${nodeRoleArn}`,
      fields,
    );

  const createdAt = world.clock.now();
  const group: NodeGroup = { name, arn, nodeRoleArn, createdAt, status: 'CREATING', subnets, tags };
  cluster.nodeGroups.set(name, group);
  state.requestTokens.remember(scope, body, name);
  try {
    const credentials = nodeCredentials(state.context, call.request, nodeRoleArn);
    await cluster.managed?.addNodes({ name, nodeRoleArn, credentials });
    group.status = 'ACTIVE';
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    group.status = 'CREATE_FAILED';
    group.health = [{ code: 'NodeCreationFailure', message }];
    note(call, `node group ${name} could not be made: ${message}`);
  }
  return { nodegroup: view(cluster, group) };
}

export function describeNodegroup(call: EksCall): object {
  const { cluster, group } = demandedNodegroup(call, 'eks:DescribeNodegroup');
  return { nodegroup: view(cluster, group) };
}

export function listNodegroups(call: EksCall): object {
  demandOnCluster(call, 'eks:ListNodegroups');
  const { items, nextToken } = page(theCluster(call).nodeGroups.listed().keys(), (name) => name, call.query);
  return { nodegroups: items, nextToken };
}

/** Deletes a node group and answers when it is gone. */
export async function deleteNodegroup(call: EksCall): Promise<object> {
  const { cluster, group } = demandedNodegroup(call, 'eks:DeleteNodegroup');
  if (group.status === 'DELETING')
    throw resourceInUse(`NodeGroup ${group.name} is being deleted.`, { nodegroupName: group.name });
  group.status = 'DELETING';
  try {
    await cluster.managed?.removeNodes(group.name);
  } finally {
    cluster.nodeGroups.delete(group.name);
  }
  return { nodegroup: view(cluster, group) };
}

/**
 * What instance metadata answers on the group's node: credentials of a session of the node role, the same until they are
 * about to end. The session is EC2's own doing, so it is not part of the record of any call.
 */
function nodeCredentials(
  context: ServiceContext,
  created: ServiceRequest,
  roleArn: string,
): () => Promise<Credentials> {
  const sessionName = newInstanceId(context.world);
  let current: Credentials | undefined;
  return async () => {
    const now = context.world.clock.now();
    const left = (current?.expiration ?? 0) - now;
    // More than a whole session ahead: the clock was moved back.
    if (current !== undefined && left > RENEWAL_MILLISECONDS && left <= NODE_SESSION_SECONDS * 1000) return current;
    const accountId = roleArn.split(':')[4] ?? '';
    const request = { ...created, headers: {}, body: Buffer.alloc(0), caller: undefined, time: now };
    current = assumeRole(context, request, {
      principal: { kind: 'service', service: NODE_SERVICE, accountId },
      roleArn,
      sessionName,
      durationSeconds: NODE_SESSION_SECONDS,
    }).credentials;
    return current;
  };
}

function demandedNodegroup(call: EksCall, action: string): { cluster: Cluster; group: NodeGroup } {
  const clusterName = parameter(call, 'clusterName');
  const name = parameter(call, 'nodegroupName');
  const group = call.account.clusters.get(clusterName)?.nodeGroups.get(name);
  const arn = group?.arn ?? eksArn(call.world, call.account.id, `nodegroup/${clusterName}/${name}/*`);
  demand(call, action, arn, resourceTagContext(group?.tags ?? new Map()));
  const cluster = theCluster(call);
  if (group === undefined)
    throw resourceNotFound(`No node group found for name: ${name}.`, { clusterName, nodegroupName: name });
  return { cluster, group };
}

function view(cluster: Cluster, group: NodeGroup): object {
  return {
    nodegroupName: group.name,
    nodegroupArn: group.arn,
    clusterName: cluster.name,
    version: cluster.version,
    createdAt: epochSeconds(group.createdAt),
    modifiedAt: epochSeconds(group.createdAt),
    status: group.status,
    capacityType: 'ON_DEMAND',
    scalingConfig: { minSize: 1, maxSize: 1, desiredSize: 1 },
    subnets: group.subnets,
    nodeRole: group.nodeRoleArn,
    health: healthView(group.health),
    tags: Object.fromEntries(group.tags),
  };
}
