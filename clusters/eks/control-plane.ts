import { CreateClusterCommand, type Cluster, type CreateClusterCommandInput } from '@aws-sdk/client-eks';
import { ClusterError } from '../../foundation/cluster-error.ts';
import type { EksContext } from './context.ts';
import { awaitActive, makeInEks } from './creation.ts';
import { clusterOf } from './deletion.ts';
import { isNamed } from './errors.ts';

export interface ControlPlane {
  readonly roleArn: string;
  readonly subnetIds: readonly string[];
  /** Such as `1.34`; default: EKS' own. */
  readonly version?: string;
  /** Nodes are Auto Mode's, with this role. */
  readonly autoModeNodeRoleArn?: string;
}

/**
 * Creates the cluster of the context and waits until it is ACTIVE. Throws errors of EKS, and `ClusterError` NAME_TAKEN or
 * CLUSTER_FAILED.
 */
export async function makeControlPlane(spec: ControlPlane, context: EksContext): Promise<Cluster> {
  const { name, eks } = context;
  const made = clusterOf(eks, name);
  const answer = await makeInEks(made, context, () => eks.send(new CreateClusterCommand(inputOf(spec, context)))).catch(
    (error: unknown) => {
      throw isNamed(error, 'ResourceInUse') ? nameTaken(name, error) : error;
    },
  );
  const failed = (status: string): boolean => status === 'FAILED' || status === 'DELETING';
  return awaitActive(made, answer?.cluster, { code: 'CLUSTER_FAILED', failed }, context);
}

/** EKS API Reference, "CreateCluster"; EKS User Guide, "Create an EKS Auto Mode Cluster with the AWS CLI". */
function inputOf(spec: ControlPlane, { name, tags }: EksContext): CreateClusterCommandInput {
  const { roleArn, subnetIds, version, autoModeNodeRoleArn } = spec;
  return {
    name,
    roleArn,
    ...(version !== undefined && { version }),
    resourcesVpcConfig: { subnetIds: [...subnetIds], endpointPublicAccess: true, endpointPrivateAccess: true },
    accessConfig: { authenticationMode: 'API_AND_CONFIG_MAP', bootstrapClusterCreatorAdminPermissions: true },
    ...(autoModeNodeRoleArn !== undefined && {
      computeConfig: { enabled: true, nodePools: ['general-purpose', 'system'], nodeRoleArn: autoModeNodeRoleArn },
      kubernetesNetworkConfig: { elasticLoadBalancing: { enabled: true } },
      storageConfig: { blockStorage: { enabled: true } },
      bootstrapSelfManagedAddons: false,
    }),
    tags,
  };
}

const nameTaken = (name: string, cause: unknown): ClusterError =>
  new ClusterError(
    'NAME_TAKEN',
    `EKS has a cluster ${name} already, or has just deleted one: delete it, or run again under another id.`,
    { cause },
  );
