import { requestTagContext } from '../../identity/policy/tag-context.ts';
import { AwsError } from '../../foundation/aws/aws-error.ts';
import { EventualMap } from '../core/eventual-map.ts';
import { principalArn } from '../../identity/policy/principal.ts';
import type { World } from '../world/world.ts';
import { admitNodes, newAccessEntry } from './access-entries.ts';
import { CLUSTER_ADMINISTRATOR } from './access-policies.ts';
import { findAddon } from './addons/catalogue.ts';
import {
  demand,
  demandOnCluster,
  demandOnRole,
  demandTags,
  failureOf,
  passedRole,
  theCluster,
  type EksCall,
} from './call.ts';
import { readConfiguration } from './cluster-configuration.ts';
import { clusterKeys } from './condition-keys.ts';
import { clusterView } from './cluster-view.ts';
import { invalidParameter, invalidRequest, resourceInUse, resourceLimitExceeded } from './errors.ts';
import { authenticateToken } from './get-token.ts';
import { eksArn, newIssuer } from './ids.ts';
import { optionalObject, optionalString, optionalStrings, requiredString, page, readTags } from './input.ts';
import type { Cluster } from '../world/eks-model.ts';
import { checkNodeRole } from './node-credentials.ts';
import { startNodes, terminateInstances } from './nodes.ts';
import { serviceLinkedRole, trustsService } from './roles.ts';
import { controlPlaneVpc } from './subnets.ts';

const DEFAULT_KUBERNETES_VERSION = '1.34';
/** Versions in standard or extended support (EKS User Guide, "Understand the Kubernetes version lifecycle on EKS"). */
const KUBERNETES_VERSIONS = ['1.31', '1.32', '1.33', DEFAULT_KUBERNETES_VERSION, '1.35', '1.36'];
/** Auto Mode fixes the hop limit of its nodes (aws/aws-application-networking-k8s#722). */
const HOP_LIMIT = 1;
/** Auto Mode's built-in add-on. */
const AGENT = 'eks-pod-identity-agent';

/** Creates a cluster. If its Kubernetes side fails, its status is FAILED, with the reason in its health. */
export async function createCluster(call: EksCall): Promise<object> {
  const { account, body, world, state } = call;
  const name = requiredString(body, 'name');
  const tags = readTags(body);
  const arn = eksArn(world, account.id, `cluster/${name}`);
  demand(call, 'eks:CreateCluster', arn, { ...clusterKeys(body), ...requestTagContext(tags) });
  demandTags(call, `cluster/${name}`, tags);

  const scope = `${account.id} CreateCluster`;
  const repeated = account.clusters.get(state.requestTokens.find(scope, body) ?? '');
  if (repeated !== undefined) return { cluster: clusterView(repeated) };

  const cluster = newCluster(call, { name, arn, tags });
  const { configuration } = cluster;
  if (configuration.authenticationMode !== 'CONFIG_MAP' && configuration.creatorIsAdministrator)
    admitCreator(world, cluster);
  account.clusters.set(name, cluster);
  state.requestTokens.remember(scope, body, name);
  await state.background.run('createCluster', () => provision(call, cluster));
  return { cluster: clusterView(cluster) };
}

function newCluster(
  call: EksCall,
  { name, arn, tags }: Pick<Cluster, 'name' | 'arn' | 'tags'>,
): Cluster & Required<Pick<Cluster, 'configuration'>> {
  const { account, body, world, state } = call;
  const roleArn = requiredString(body, 'roleArn');
  const version = optionalString(body, 'version') ?? DEFAULT_KUBERNETES_VERSION;
  if (!KUBERNETES_VERSIONS.includes(version))
    throw invalidParameter(`unsupported Kubernetes version ${version}`, { clusterName: name });
  const configuration = readConfiguration(body);
  if (account.clusters.has(name) || state.background.held(arn) !== undefined)
    throw resourceInUse(`Cluster already exists with name: ${name}`, { clusterName: name });
  const most = world.settings.quotas.clusters;
  if (account.clusters.size >= most)
    throw resourceLimitExceeded(
      `Cluster limit exceeded for account: it can have at most ${most} clusters in a region.`,
    );
  const role = passedRole(call, 'roleArn', roleArn, 'eks.amazonaws.com', arn);
  demandOnRole(call, 'iam:ListAttachedRolePolicies', roleArn, role);
  if (!trustsService(role, 'eks.amazonaws.com'))
    throw invalidParameter(
      `Role with arn: ${roleArn}, could not be assumed because it does not exist or the trusted entity is not correct`,
    );

  const subnetIds = optionalStrings(optionalObject(body, 'resourcesVpcConfig') ?? {}, 'subnetIds') ?? [];
  const vpcId = controlPlaneVpc(call, subnetIds);
  const nodeRoleArn = configuration.autoMode?.nodeRoleArn;
  if (nodeRoleArn !== undefined) checkNodeRole(call, 'nodeRoleArn', nodeRoleArn, arn, { clusterName: name });

  serviceLinkedRole(call, 'eks.amazonaws.com');

  return {
    name,
    arn,
    accountId: account.id,
    roleArn,
    version,
    issuer: newIssuer(world),
    createdAt: world.clock.now(),
    creatorArn: principalArn(call.caller),
    status: 'CREATING',
    managed: undefined,
    tags,
    addons: new EventualMap(world),
    nodeGroups: new EventualMap(world),
    associations: new EventualMap(world),
    eksAuthAssociations: new Map(),
    eksAuthSessions: new Map(),
    accessEntries: new Map(),
    configuration: { ...configuration, resourcesVpcConfig: { ...configuration.resourcesVpcConfig, vpcId } },
  };
}

/** EKS User Guide, "Grant IAM users access to Kubernetes with EKS access entries". */
function admitCreator(world: World, cluster: Cluster): void {
  const plain = { type: 'STANDARD', kubernetesGroups: [], tags: new Map<string, string>() };
  const entry = newAccessEntry(world, cluster, cluster.creatorArn, plain);
  const { createdAt } = entry;
  entry.policies.set(CLUSTER_ADMINISTRATOR, {
    policyArn: CLUSTER_ADMINISTRATOR,
    accessScope: { type: 'cluster', namespaces: [] },
    associatedAt: createdAt,
    modifiedAt: createdAt,
  });
  cluster.accessEntries?.set(entry.principalArn, entry);
}

/** Creates the Kubernetes side. Returns a function that applies the result. */
async function provision(call: EksCall, cluster: Cluster): Promise<() => void> {
  const { state, world } = call;
  const failure = await failureOf(
    call,
    `the Kubernetes side of cluster ${cluster.name} could not be created`,
    async () => {
      const managed = await state.clusterProvider()?.createCluster({
        name: cluster.name,
        arn: cluster.arn,
        accountId: cluster.accountId,
        region: world.region,
        version: cluster.version,
        issuer: cluster.issuer,
        awsEndpoint: world.endpoint(),
        clock: world.clock,
        authenticate: (token) => authenticateToken(world, cluster, token),
      });
      // From here on it is deleted when the emulator closes, even while CREATING.
      cluster.managed = managed;
      cluster.issuer = managed?.issuer ?? cluster.issuer;
      await startAutoMode(call, cluster);
    },
  );
  return failure === undefined ? () => (cluster.status = 'ACTIVE') : failed(cluster, failure);
}

/** Starts the agent and a node, which serves all node pools. On AWS, Auto Mode adds nodes on demand. */
async function startAutoMode(call: EksCall, cluster: Cluster): Promise<void> {
  const { managed, configuration } = cluster;
  const autoMode = configuration?.autoMode;
  if (autoMode === undefined) return;
  const { nodePools, nodeRoleArn } = autoMode;
  const [name] = nodePools;
  if (name !== undefined && nodeRoleArn !== undefined) {
    admitNodes(call.world, cluster, nodeRoleArn, 'EC2');
    await startNodes(call, cluster, {
      name,
      nodePools,
      nodeRoleArn,
      subnets: optionalStrings(configuration?.resourcesVpcConfig ?? {}, 'subnetIds') ?? [],
      ownerArn: cluster.arn,
      count: 1,
      hopLimit: HOP_LIMIT,
      tags: { 'eks:eks-cluster-name': cluster.name },
    });
  }
  const version = findAddon(AGENT)?.versions[0] ?? '';
  await managed?.installAddon({ name: AGENT, version, configurationValues: undefined });
}

function failed(cluster: Cluster, { message }: Error): () => void {
  return () => Object.assign(cluster, { status: 'FAILED', health: [{ code: 'InternalFailure', message }] });
}

export function describeCluster(call: EksCall): object {
  demandOnCluster(call, 'eks:DescribeCluster');
  return { cluster: clusterView(theCluster(call)) };
}

export function listClusters(call: EksCall): object {
  demand(call, 'eks:ListClusters', '*');
  const { items, nextToken } = page(call.account.clusters.listed().keys(), (name) => name, call.query);
  return { clusters: items, nextToken };
}

export async function deleteCluster(call: EksCall): Promise<object> {
  demandOnCluster(call, 'eks:DeleteCluster');
  const cluster = theCluster(call);
  const { name } = cluster;
  const fields = { clusterName: name };
  if (cluster.status === 'ACTIVE' && cluster.configuration?.deletionProtection === true)
    throw invalidRequest(`Cluster ${name} has deletion protection enabled.`, fields);
  if (cluster.nodeGroups.size > 0) throw resourceInUse('Cluster has nodegroups attached', fields);
  if (cluster.status === 'CREATING' || cluster.status === 'DELETING')
    throw resourceInUse(`Cluster ${name} is ${cluster.status}.`, fields);
  const { account, state } = call;
  await state.background.run('deleteCluster', async () => {
    cluster.status = 'DELETING';
    const failure = await failureOf(call, `cluster ${name} could not be deleted`, async () =>
      cluster.managed?.delete(),
    );
    if (failure !== undefined) return failed(cluster, failure);
    return () => {
      terminateInstances(call, cluster.arn);
      account.clusters.delete(name);
      state.background.hold(cluster.arn, name);
    };
  });
  if (isFailed(cluster)) throw new AwsError('ServerException', 500, 'The cluster could not be deleted.', fields);
  return { cluster: clusterView(cluster) };
}

/** Whether the cluster failed. This is a function, because the compiler narrows the status too far. */
function isFailed({ status }: Cluster): boolean {
  return status === 'FAILED';
}
