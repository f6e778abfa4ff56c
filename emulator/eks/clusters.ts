import { AwsError } from '../core/errors.ts';
import { EventualMap } from '../core/eventual-map.ts';
import { demand, demandOnCluster, note, parameter, passedRole, theCluster, type EksCall } from './call.ts';
import { clusterView } from './cluster-view.ts';
import { invalidParameter, resourceInUse } from './errors.ts';
import { authenticateToken } from './get-token.ts';
import { eksArn, newIssuer } from './ids.ts';
import { checkPattern, optionalBoolean, optionalObject, optionalString, requiredString } from './input.ts';
import type { Cluster, ClusterConfiguration } from './model.ts';
import { page } from './paging.ts';
import type { JsonObject } from './rest-json.ts';
import { trustsService } from './roles.ts';
import { readTags, requestTagContext } from './tags.ts';

export const DEFAULT_KUBERNETES_VERSION = '1.34';
const CLUSTER_NAME = /^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$/;

/**
 * Makes a cluster and answers when it is ACTIVE (AWS answers while it is CREATING). When its Kubernetes side cannot be
 * made, the cluster is FAILED and its health tells why. VPCs are not emulated: subnets and security groups are kept as
 * they are given.
 */
export async function createCluster(call: EksCall): Promise<object> {
  const { account, body, world, state } = call;
  const name = requiredString(body, 'name');
  checkPattern('name', name, CLUSTER_NAME, 'of 1 to 100 letters, digits, "-" and "_", the first a letter or digit');
  const tags = readTags(body);
  const arn = eksArn(world, account.id, `cluster/${name}`);
  demand(call, 'eks:CreateCluster', arn, requestTagContext(tags));

  const scope = `${account.id} CreateCluster`;
  const repeated = account.clusters.get(state.requestTokens.find(scope, body) ?? '');
  if (repeated !== undefined) return { cluster: clusterView(repeated) };

  const roleArn = requiredString(body, 'roleArn');
  const version = optionalString(body, 'version') ?? DEFAULT_KUBERNETES_VERSION;
  checkPattern('version', version, /^1\.(2[4-9]|[3-9]\d)$/, 'a Kubernetes version of 1.24 or later');
  const configuration = readConfiguration(body);
  if (account.clusters.has(name))
    throw resourceInUse(`Cluster already exists with name: ${name}`, { clusterName: name });
  const role = passedRole(call, 'roleArn', roleArn, 'eks.amazonaws.com', arn);
  if (!trustsService(role, 'eks.amazonaws.com'))
    throw invalidParameter(
      `Role with arn: ${roleArn}, could not be assumed because it does not exist or the trusted entity is not correct`,
    );

  const cluster: Cluster = {
    name,
    arn,
    accountId: account.id,
    roleArn,
    version,
    issuer: newIssuer(world),
    createdAt: world.clock.now(),
    creatorArn: call.caller.kind === 'root' ? call.caller.arn : call.caller.roleArn,
    status: 'CREATING',
    managed: undefined,
    tags,
    addons: new EventualMap(world),
    nodeGroups: new EventualMap(world),
    associations: new EventualMap(world),
    eksAuthAssociations: new Map(),
    accessEntries: new Map(),
    configuration,
  };
  account.clusters.set(name, cluster);
  state.requestTokens.remember(scope, body, name);
  await provision(call, cluster);
  return { cluster: clusterView(cluster) };
}

async function provision(call: EksCall, cluster: Cluster): Promise<void> {
  const { state, world } = call;
  try {
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
    // The emulator was closed meanwhile.
    if (wasClosed(cluster)) return await managed?.delete();
    cluster.managed = managed;
    cluster.issuer = managed?.issuer ?? cluster.issuer;
    cluster.status = 'ACTIVE';
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    cluster.status = 'FAILED';
    cluster.health = [{ code: 'InternalFailure', message }];
    note(call, `the Kubernetes side of cluster ${cluster.name} could not be made: ${message}`);
  }
}

/** A function, since the compiler takes the status for what it was before the provider was waited for. */
function wasClosed({ status }: Cluster): boolean {
  return status === 'DELETING';
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

/** Deletes a cluster and answers when it is gone (AWS answers while it is DELETING). */
export async function deleteCluster(call: EksCall): Promise<object> {
  demandOnCluster(call, 'eks:DeleteCluster');
  const cluster = theCluster(call);
  const fields = { clusterName: cluster.name };
  if (cluster.nodeGroups.size > 0) throw resourceInUse('Cluster has nodegroups attached', fields);
  if (cluster.status === 'CREATING' || cluster.status === 'DELETING')
    throw resourceInUse(`Cluster ${cluster.name} is ${cluster.status}.`, fields);
  cluster.status = 'DELETING';
  try {
    await cluster.managed?.delete();
  } catch (error) {
    cluster.status = 'FAILED';
    note(call, `cluster ${cluster.name} could not be deleted: ${error instanceof Error ? error.message : 'unknown'}`);
    throw new AwsError('ServerException', 500, 'The cluster could not be deleted.', fields);
  }
  call.account.clusters.delete(parameter(call, 'clusterName'));
  return { cluster: clusterView(cluster) };
}

function readConfiguration(body: JsonObject): ClusterConfiguration {
  const vpc = optionalObject(body, 'resourcesVpcConfig');
  if (vpc === undefined) throw invalidParameter("resourcesVpcConfig can't be empty.");
  const network = optionalObject(body, 'kubernetesNetworkConfig') ?? {};
  const access = optionalObject(body, 'accessConfig') ?? {};
  const authenticationMode = optionalString(access, 'authenticationMode') ?? 'API_AND_CONFIG_MAP';
  checkPattern(
    'authenticationMode',
    authenticationMode,
    /^(API|API_AND_CONFIG_MAP|CONFIG_MAP)$/,
    'API, API_AND_CONFIG_MAP or CONFIG_MAP',
  );
  return {
    resourcesVpcConfig: {
      subnetIds: [],
      securityGroupIds: [],
      endpointPublicAccess: true,
      endpointPrivateAccess: false,
      publicAccessCidrs: ['0.0.0.0/0'],
      ...vpc,
    },
    kubernetesNetworkConfig: { ipFamily: 'ipv4', serviceIpv4Cidr: '10.100.0.0/16', ...network },
    authenticationMode,
    creatorIsAdministrator: optionalBoolean(access, 'bootstrapClusterCreatorAdminPermissions') ?? true,
  };
}
