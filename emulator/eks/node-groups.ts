import { requestTagContext } from '../core/tag-context.ts';
import {
  demand,
  demandActive,
  demandOnCluster,
  demandTags,
  note,
  parameter,
  theCluster,
  type EksCall,
} from './call.ts';
import { epochSeconds, healthView } from './cluster-view.ts';
import { messageOf, resourceInUse, resourceLimitExceeded, resourceNotFound } from './errors.ts';
import { eksArn, newUuid } from './ids.ts';
import { checkPattern, optionalStrings, requiredString } from './input.ts';
import type { Cluster, NodeGroup } from './model.ts';
import { checkNodeRole, nodeCredentials } from './node-credentials.ts';
import { readNodeGroupConfiguration } from './node-group-request.ts';
import { page } from './paging.ts';
import { serviceLinkedRole } from './service-linked-roles.ts';
import { namedSubnets } from './subnets.ts';
import { readTags, resourceTagContext } from './tags.ts';

/** Makes a node group (setting `delays.createNodegroup`). Scaling, instance types and the like are described, and have no effect. */
export async function createNodegroup(call: EksCall): Promise<object> {
  const { body, world, state } = call;
  const tags = readTags(body);
  demandOnCluster(call, 'eks:CreateNodegroup', requestTagContext(tags));
  const name = requiredString(body, 'nodegroupName');
  demandTags(call, `nodegroup/${parameter(call, 'clusterName')}/${name}/*`, tags);
  const cluster = theCluster(call);
  const scope = `${cluster.arn} CreateNodegroup`;
  const repeated = cluster.nodeGroups.get(state.requestTokens.find(scope, body) ?? '');
  if (repeated !== undefined) return { nodegroup: view(cluster, repeated) };

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
      return () => {
        group.status = 'CREATE_FAILED';
        group.health = [{ code: 'NodeCreationFailure', message }];
      };
    }
  });
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

/** Deletes a node group (setting `delays.deleteNodegroup`). */
export async function deleteNodegroup(call: EksCall): Promise<object> {
  const { cluster, group } = demandedNodegroup(call, 'eks:DeleteNodegroup');
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
  return { nodegroup: view(cluster, group) };
}

function holdName(cluster: Cluster, name: string): string {
  return `${cluster.arn} node group ${name}`;
}

function demandedNodegroup(call: EksCall, action: string): { cluster: Cluster; group: NodeGroup } {
  const clusterName = parameter(call, 'clusterName');
  const name = parameter(call, 'nodegroupName');
  const group = call.account.clusters.get(clusterName)?.nodeGroups.get(name);
  const arn = group?.arn ?? eksArn(call.world, call.account.id, `nodegroup/${clusterName}/${name}/*`);
  demand(call, action, arn, resourceTagContext(group?.tags));
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
    ...group.configuration,
    subnets: group.subnets,
    nodeRole: group.nodeRoleArn,
    health: healthView(group.health),
    tags: Object.fromEntries(group.tags),
  };
}
