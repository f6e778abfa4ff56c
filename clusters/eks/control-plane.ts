import {
  CreateClusterCommand,
  type Cluster,
  type CreateClusterCommandInput,
  type CreateClusterCommandOutput,
} from '@aws-sdk/client-eks';
import { ClusterError } from '../../foundation/cluster-error.ts';
import { retry } from '../../foundation/poll.ts';
import { lateWords, type EksContext } from './context.ts';
import { clusterOf, deleteFromEks } from './deletion.ts';
import { healthOf, isNamed } from './errors.ts';
import { placed } from './teardown.ts';
import { awaitDone, pausesOf, type Seen } from './wait.ts';

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
  const { name, eks, resources, timing, deadline, signal, progress } = context;
  const create = (): Promise<CreateClusterCommandOutput> =>
    retry(() => eks.send(new CreateClusterCommand(inputOf(spec, context))), {
      tolerates: isUnknownRole,
      ...pausesOf(timing),
      within: timing.role,
      signal,
    });
  const made = clusterOf(eks, name);
  const answer = await resources
    .make({
      ...placed('the cluster', name),
      name: made.title,
      make: create,
      remove: () => deleteFromEks(made, context),
    })
    .catch((error: unknown) => {
      throw isNamed(error, 'ResourceInUse') ? nameTaken(name, error) : error;
    });
  return awaitDone({
    what: made.title,
    before: seenOf(name, answer?.cluster),
    look: async (abortSignal) => seenOf(name, await made.describe(abortSignal)),
    deadline,
    late: (status, why) => new ClusterError('CLUSTER_FAILED', `Cluster ${name} ${lateWords(context, status, why)}.`),
    ...{ timing, signal, progress },
  });
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

/**
 * EKS does not see a new role at once, or not its trust policy; nor a service-linked one, which the first call of an account
 * makes (Amazon EKS API Reference, ResourcePropagationDelayException).
 */
export function isUnknownRole(error: unknown): boolean {
  if (isNamed(error, 'ResourcePropagationDelay')) return true;
  return (
    (isNamed(error, 'InvalidParameter') || isNamed(error, 'InvalidRequest')) &&
    error instanceof Error &&
    /role/i.test(error.message) &&
    /not exist|could not be assumed|not found|cannot be found|trust|attached/i.test(error.message)
  );
}

function seenOf(name: string, cluster: Cluster | undefined): Seen<Cluster> {
  const { status = 'unknown', health } = cluster ?? {};
  if (cluster !== undefined && status === 'ACTIVE') return { done: cluster };
  const why = healthOf(health);
  if (status === 'FAILED' || status === 'DELETING')
    throw new ClusterError(
      'CLUSTER_FAILED',
      `Cluster ${name} is ${status}, not ACTIVE: ${why ?? 'EKS tells no reason'}.`,
    );
  return { status, why };
}

const nameTaken = (name: string, cause: unknown): ClusterError =>
  new ClusterError(
    'NAME_TAKEN',
    `EKS has a cluster ${name} already, or has just deleted one: delete it, or run again under another id.`,
    { cause },
  );
