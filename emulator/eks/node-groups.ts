import { demandActive, note, theCluster, type EksCall } from './call.ts';
import { demandCreation, demanded, describeOperation, listOperation, type ResourceKind } from './cluster-resources.ts';
import { epochSeconds, healthView } from './cluster-view.ts';
import { messageOf, resourceInUse, resourceLimitExceeded, resourceNotFound } from './errors.ts';
import { eksArn, newUuid } from './ids.ts';
import { checkPattern, optionalStrings, requiredString } from './input.ts';
import type { Cluster, NodeGroup } from './model.ts';
import { checkNodeRole, nodeCredentials } from './node-credentials.ts';
import { readNodeGroupConfiguration } from './node-group-request.ts';
import { serviceLinkedRole } from './service-linked-roles.ts';
import { namedSubnets } from './subnets.ts';

const NODE_GROUP: ResourceKind<NodeGroup> = {
  ...{ name: 'Nodegroup', member: 'nodegroup', parameter: 'nodegroupName', view },
  arn: (clusterName, name) => `nodegroup/${clusterName}/${name}/*`,
  all: ({ nodeGroups }) => nodeGroups,
  missing: (nodegroupName, clusterName) =>
    resourceNotFound(`No node group found for name: ${nodegroupName}.`, { clusterName, nodegroupName }),
};

/** Makes a node group (setting `delays.createNodegroup`). Scaling, instance types and the like are described, and have no effect. */
export async function createNodegroup(call: EksCall): Promise<object> {
  const { body, world, state } = call;
  const tags = demandCreation(NODE_GROUP, call);
  const name = requiredString(body, 'nodegroupName');
  const cluster = theCluster(call);
  const scope = `${cluster.arn} CreateNodegroup`;
  const repeated = cluster.nodeGroups.get(state.requestTokens.find(scope, body) ?? '');
  if (repeated !== undefined) return { nodegroup: view(repeated, cluster) };

  checkPattern('nodegroupName', name, /^[0-9A-Za-z][\w-]{0,62}$/, 'of 1 to 63 letters, digits, "-" and "_"');
  const nodeRoleArn = requiredString(body, 'nodeRole');
  const subnets = optionalStrings(body, 'subnets') ?? [];
  const configuration = readNodeGroupConfiguration(body);
  const fields = { clusterName: cluster.name, nodegroupName: name };
  demandActive(cluster, fields);
  if (cluster.nodeGroups.has(name) || state.background.held(holdName(cluster, name)) !== undefined)
    throw resourceInUse(`NodeGroup already exists with name ${name} and cluster name ${cluster.name}`, fields);
  const most = world.settings.quotas.nodegroups;
  if (cluster.nodeGroups.size >= most)
    throw resourceLimitExceeded(`A cluster can have at most ${most} managed node groups.`, fields);
  const arn = eksArn(world, call.account.id, `nodegroup/${cluster.name}/${name}/${newUuid(world)}`);
  checkNodeRole(call, 'nodeRole', nodeRoleArn, arn, fields);
  namedSubnets(call, subnets);
  serviceLinkedRole(call, 'eks-nodegroup.amazonaws.com');

  const createdAt = world.clock.now();
  const group: NodeGroup = { name, arn, nodeRoleArn, createdAt, status: 'CREATING', subnets, configuration, tags };
  cluster.nodeGroups.set(name, group);
  state.requestTokens.remember(scope, body, name);
  await state.background.run('createNodegroup', async () => {
    try {
      const credentials = nodeCredentials(state.context, call.request, nodeRoleArn);
      await cluster.managed?.addNodes({ name, nodeRoleArn, credentials });
      return () => (group.status = 'ACTIVE');
    } catch (error) {
      const message = messageOf(error);
      note(call, `node group ${name} could not be made: ${message}`);
      const health = [{ code: 'NodeCreationFailure', message }];
      return () => Object.assign(group, { status: 'CREATE_FAILED', health });
    }
  });
  return { nodegroup: view(group, cluster) };
}

export const describeNodegroup = describeOperation(NODE_GROUP);

export const listNodegroups = listOperation(NODE_GROUP, 'Nodegroups', 'nodegroups');

/** Deletes a node group (setting `delays.deleteNodegroup`). */
export async function deleteNodegroup(call: EksCall): Promise<object> {
  const { cluster, item: group } = demanded(NODE_GROUP, call, 'eks:DeleteNodegroup');
  const { name } = group;
  demandActive(cluster, { nodegroupName: name });
  if (group.status === 'CREATING' || group.status === 'DELETING')
    throw resourceInUse(`NodeGroup ${name} is ${group.status}.`, { clusterName: cluster.name, nodegroupName: name });
  const { background } = call.state;
  await background.run('deleteNodegroup', async () => {
    group.status = 'DELETING';
    try {
      await cluster.managed?.removeNodes(name);
    } catch (error) {
      note(call, `the nodes of node group ${name} could not be removed: ${messageOf(error)}`);
    }
    return () => {
      cluster.nodeGroups.delete(name);
      background.hold(holdName(cluster, name), name);
    };
  });
  return { nodegroup: view(group, cluster) };
}

function holdName(cluster: Cluster, name: string): string {
  return `${cluster.arn} node group ${name}`;
}

function view(group: NodeGroup, cluster: Cluster): object {
  return {
    nodegroupName: group.name,
    nodegroupArn: group.arn,
    clusterName: cluster.name,
    version: cluster.version,
    createdAt: epochSeconds(group.createdAt),
    modifiedAt: epochSeconds(group.createdAt),
    status: group.status,
    capacityType: 'ON_DEMAND',
    ...group.configuration,
    subnets: group.subnets,
    nodeRole: group.nodeRoleArn,
    health: healthView(group.health),
    tags: Object.fromEntries(group.tags),
  };
}
