import { admitNodes } from './access-entries.ts';
import { demandActive, failureOf, type EksCall } from './call.ts';
import { createOperation, demanded, type ResourceKind } from './cluster-resources.ts';
import { epochSeconds, healthView } from './cluster-view.ts';
import { invalidParameter, resourceInUse, resourceLimitExceeded, resourceNotFound } from './errors.ts';
import type { JsonObject } from '../../foundation/node/json.ts';
import { eksArn, newUuid } from './ids.ts';
import {
  checkPattern,
  optionalNumber,
  optionalObject,
  optionalObjects,
  optionalString,
  optionalStrings,
  requiredString,
} from './input.ts';
import type { Cluster, NodeGroup, NodeGroupConfiguration } from '../world/eks-model.ts';
import { checkNodeRole } from './node-credentials.ts';
import { startNodes, terminateInstances } from './nodes.ts';
import { serviceLinkedRole } from './roles.ts';
import { namedSubnets } from './subnets.ts';

export const NODE_GROUP: ResourceKind<NodeGroup> = {
  name: 'Nodegroup',
  path: 'node-groups',
  member: 'nodegroup',
  parameter: 'nodegroupName',
  view,
  arn: (clusterName, name) => `nodegroup/${clusterName}/${name}/*`,
  all: ({ nodeGroups }) => nodeGroups,
  missing: (nodegroupName, clusterName) =>
    resourceNotFound(`No node group found for name: ${nodegroupName}.`, { clusterName, nodegroupName }),
};

/** As a launch template sets it: pods on emulated nodes reach instance metadata. EKS's default for Amazon Linux 2023 is 1. */
const HOP_LIMIT = 2;

/** Creates a node group with the desired number of nodes. Instance types and similar settings have no effect. */
export const createNodegroup = createOperation(NODE_GROUP, async (call, cluster, tags, remember) => {
  const { body, world, state } = call;
  const name = requiredString(body, 'nodegroupName');
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
  admitNodes(world, cluster, nodeRoleArn, 'EC2_LINUX');
  remember(name);
  await state.background.run('createNodegroup', async () => {
    const failure = await failureOf(call, `node group ${name} could not be created`, async () => {
      await startNodes(call, cluster, {
        name,
        nodeRoleArn,
        subnets,
        ownerArn: arn,
        count: configuration.scalingConfig.desiredSize,
        hopLimit: HOP_LIMIT,
        tags: { 'eks:cluster-name': cluster.name, 'eks:nodegroup-name': name },
        labels: configuration.labels,
        taints: configuration.taints.map((taint) => ({ ...taint, effect: taintEffect(taint.effect) })),
      });
    });
    if (failure === undefined) return () => (group.status = 'ACTIVE');
    const health = [{ code: 'NodeCreationFailure', message: failure.message }];
    return () => Object.assign(group, { status: 'CREATE_FAILED', health });
  });
  return group;
});

/** Reads the configuration. Default: one node of EKS's default instance type. Throws `InvalidParameterException`. */
function readNodeGroupConfiguration(body: JsonObject): NodeGroupConfiguration {
  const scaling = optionalObject(body, 'scalingConfig') ?? {};
  const size = (name: string): number | undefined => {
    const value = optionalNumber(scaling, name);
    if (value !== undefined && !Number.isInteger(value)) throw invalidParameter(`${name} must be a whole number.`);
    return value;
  };
  const minSize = size('minSize') ?? 1;
  const maxSize = size('maxSize') ?? Math.max(1, minSize);
  const desiredSize = size('desiredSize') ?? minSize;
  if (minSize > desiredSize || desiredSize > maxSize)
    throw invalidParameter('desiredSize must be at least minSize and at most maxSize.');
  const instanceTypes = optionalStrings(body, 'instanceTypes') ?? ['t3.medium'];
  const unknown = instanceTypes.find((type) => !/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/.test(type));
  if (unknown !== undefined) throw invalidParameter(`The following supplied instance types do not exist: [${unknown}]`);
  const taints = (optionalObjects(body, 'taints') ?? []).map((taint) => {
    const value = optionalString(taint, 'value');
    const effect = requiredString(taint, 'effect');
    return { key: requiredString(taint, 'key'), ...(value !== undefined && { value }), effect };
  });
  return {
    scalingConfig: { minSize, maxSize, desiredSize },
    labels: (optionalObject(body, 'labels') ?? {}) as Readonly<Record<string, string>>,
    taints,
    instanceTypes,
    amiType: optionalString(body, 'amiType') ?? 'AL2023_x86_64_STANDARD',
  };
}

/** `NO_SCHEDULE` -> `NoSchedule` (EKS API Reference, "Taint"). */
const taintEffect = (effect: string): string =>
  effect.toLowerCase().replaceAll(/(?:^|_)([a-z])/g, (_match, letter: string) => letter.toUpperCase());

export async function deleteNodegroup(call: EksCall): Promise<object> {
  const { cluster, item: group } = demanded(NODE_GROUP, call, 'eks:DeleteNodegroup');
  const { name } = group;
  demandActive(cluster, { nodegroupName: name });
  if (group.status === 'CREATING' || group.status === 'DELETING')
    throw resourceInUse(`NodeGroup ${name} is ${group.status}.`, { clusterName: cluster.name, nodegroupName: name });
  const { background } = call.state;
  await background.run('deleteNodegroup', async () => {
    group.status = 'DELETING';
    await failureOf(call, `the nodes of node group ${name} could not be removed`, async () =>
      cluster.managed?.removeNodes(name),
    );
    terminateInstances(call, group.arn);
    return () => {
      cluster.nodeGroups.delete(name);
      const isUsed = [...cluster.nodeGroups.values()].some(({ nodeRoleArn }) => nodeRoleArn === group.nodeRoleArn);
      if (!isUsed && cluster.accessEntries?.get(group.nodeRoleArn)?.type === 'EC2_LINUX')
        cluster.accessEntries.delete(group.nodeRoleArn);
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
