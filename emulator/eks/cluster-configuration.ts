import { invalidParameter } from './errors.ts';
import { checkPattern, optionalBoolean, optionalObject, optionalString, optionalStrings } from './input.ts';
import type { AutoMode, ClusterConfiguration } from '../world/eks-model.ts';
import type { JsonObject } from '../../foundation/node/json.ts';

/** Auto Mode's built-in node pools (EKS User Guide, "Enable or Disable Built-in NodePools"). */
const NODE_POOL = /^(general-purpose|system)$/;

/** Reads CreateCluster's input. Security groups have no effect but are kept. Throws `InvalidParameterException`. */
export function readConfiguration(body: JsonObject): ClusterConfiguration {
  const vpc = optionalObject(body, 'resourcesVpcConfig');
  const network = optionalObject(body, 'kubernetesNetworkConfig') ?? {};
  const access = optionalObject(body, 'accessConfig') ?? {};
  const authenticationMode = optionalString(access, 'authenticationMode') ?? 'CONFIG_MAP';
  const creatorIsAdministrator = optionalBoolean(access, 'bootstrapClusterCreatorAdminPermissions') ?? true;
  if (authenticationMode === 'CONFIG_MAP' && !creatorIsAdministrator)
    throw invalidParameter(
      'bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP',
    );
  const autoMode = readAutoMode(body, network, authenticationMode);
  return {
    resourcesVpcConfig: {
      subnetIds: [],
      securityGroupIds: [],
      endpointPublicAccess: true,
      endpointPrivateAccess: false,
      publicAccessCidrs: ['0.0.0.0/0'],
      ...vpc,
    },
    kubernetesNetworkConfig: {
      ipFamily: 'ipv4',
      serviceIpv4Cidr: '10.100.0.0/16',
      ...network,
      elasticLoadBalancing: { enabled: autoMode !== undefined },
    },
    authenticationMode,
    creatorIsAdministrator,
    deletionProtection: optionalBoolean(body, 'deletionProtection') ?? false,
    ...(autoMode && { autoMode }),
  };
}

/** Auto Mode's capabilities need each other and access entries (EKS User Guide, "Create an EKS Auto Mode Cluster"). */
function readAutoMode(body: JsonObject, network: JsonObject, authenticationMode: string): AutoMode | undefined {
  const compute = optionalObject(body, 'computeConfig') ?? {};
  const storage = optionalObject(body, 'storageConfig') ?? {};
  const enabled = isEnabled(compute);
  const others = [optionalObject(network, 'elasticLoadBalancing'), optionalObject(storage, 'blockStorage')];
  if (others.some((capability) => isEnabled(capability) !== enabled))
    throw invalidParameter(
      'For EKS Auto Mode, please ensure that all required configs, including computeConfig, kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled.',
    );
  if (!enabled) return undefined;
  if (authenticationMode === 'CONFIG_MAP')
    throw invalidParameter('EKS Auto Mode needs the authentication mode API or API_AND_CONFIG_MAP.');
  const nodePools = optionalStrings(compute, 'nodePools') ?? [];
  for (const pool of nodePools) checkPattern('nodePools', pool, NODE_POOL, 'general-purpose or system');
  const nodeRoleArn = optionalString(compute, 'nodeRoleArn');
  if (nodeRoleArn !== undefined && nodePools.length === 0)
    throw invalidParameter('When Compute Config nodeRoleArn is not null or empty, nodePool value(s) must be provided.');
  if (nodeRoleArn === undefined && nodePools.length > 0)
    throw invalidParameter('nodePools need the nodeRoleArn of computeConfig.');
  return { nodePools, nodeRoleArn };
}

function isEnabled(capability: JsonObject | undefined): boolean {
  return optionalBoolean(capability ?? {}, 'enabled') ?? false;
}
