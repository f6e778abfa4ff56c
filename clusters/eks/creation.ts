import {
  CreateClusterCommand,
  CreateNodegroupCommand,
  type Cluster,
  type CreateClusterCommandInput,
  type Nodegroup,
} from '@aws-sdk/client-eks';
import { ClusterError, type ClusterErrorCode } from '../../foundation/node/cluster-error.ts';
import { retry } from '../../foundation/node/poll.ts';
import type { EksContext } from './context.ts';
import { deleteFromEks, clusterOf, nodeGroupOf, type EksResource, type Stated } from './deletion.ts';
import { healthOf, isNamed } from './errors.ts';
import { clusterTitle, placed } from './teardown.ts';
import { awaitDone, pausesOf, type Seen } from './wait.ts';

/** Creates an EKS resource. Retries while EKS does not know its role yet. */
export const makeInEks = <A>(
  resource: EksResource,
  context: EksContext,
  create: () => Promise<A>,
  { tolerates = isUnknownRole, within = context.timing.role } = {},
): Promise<A | undefined> =>
  context.resources.make({
    ...placed(resource.title === clusterTitle(context.name) ? 'the cluster' : 'of the cluster', context.name),
    name: resource.title,
    remove: () => deleteFromEks(resource, context),
    make: () => retry(create, { tolerates, ...pausesOf(context.timing), within, signal: context.signal }),
  });

interface Activation {
  readonly code: ClusterErrorCode;
  readonly failed: (status: string) => boolean;
  readonly advice?: string;
}

/** Waits for ACTIVE. Throws `ClusterError` with EKS's health issue. */
export function awaitActive<T extends Stated>(
  resource: EksResource<T>,
  made: T | undefined,
  { code, failed, advice = '' }: Activation,
  { readyMilliseconds, timing, deadline, signal, progress }: EksContext,
): Promise<T> {
  const { title } = resource;
  const seenOf = (seen: T | undefined): Seen<T> => {
    const { status = 'unknown', health } = seen ?? {};
    if (seen !== undefined && status === 'ACTIVE') return { done: seen };
    const why = healthOf(health);
    if (failed(status)) throw notActive(code, title, status, why);
    return { status, why };
  };
  return awaitDone({
    what: title,
    before: seenOf(made),
    look: async (abortSignal) => seenOf(await resource.describe(abortSignal)),
    deadline,
    late: (status, why) => {
      const reason = why === undefined ? '' : ` (${why.replace(/\.$/, '')})`;
      const late = `was not ACTIVE within ${readyMilliseconds / 1000} s (--ready-timeout). Its status is ${status}${reason}`;
      return new ClusterError(code, `${capitalized(title)} ${late}${advice}.`);
    },
    timing,
    signal,
    progress,
  });
}

export const notActive = (
  code: ClusterErrorCode,
  title: string,
  status: string,
  why = 'EKS reports no reason',
): ClusterError => new ClusterError(code, `${capitalized(title)} is ${status}: ${why}.`);

const capitalized = (title: string): string => title.charAt(0).toUpperCase() + title.slice(1);

/**
 * Recognizes the errors while EKS does not know a new role, its trust policy or an account's first service-linked role yet
 * (Amazon EKS API Reference, ResourcePropagationDelayException).
 */
function isUnknownRole(error: unknown): boolean {
  if (isNamed(error, 'ResourcePropagationDelay')) return true;
  return (
    (isNamed(error, 'InvalidParameter') || isNamed(error, 'InvalidRequest')) &&
    error instanceof Error &&
    /role/i.test(error.message) &&
    /not exist|could not be assumed|not found|cannot be found|trust|attached/i.test(error.message)
  );
}

interface ControlPlane {
  readonly roleArn: string;
  readonly subnetIds: readonly string[];
  /** For example `1.34`. Default: EKS's choice. */
  readonly version?: string;
  /** The role of Auto Mode's nodes. */
  readonly autoModeNodeRoleArn?: string;
}

/** Creates the cluster and waits for ACTIVE. Throws EKS errors, and `ClusterError` NAME_TAKEN or CLUSTER_FAILED. */
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
    `Cluster ${name} already exists, or EKS has not finished its deletion. Delete it, or start another run.`,
    { cause },
  );

interface NodeGroupSpec {
  readonly nodeRoleArn: string;
  readonly subnetIds: readonly string[];
  /** Amazon Linux 2023 on x86-64. Default: EKS's choice. */
  readonly instances?: { readonly type: string; readonly count: number };
}

const NAME = 'nodes';
const AMI_TYPE = 'AL2023_x86_64_STANDARD';

export async function makeNodeGroup(spec: NodeGroupSpec, context: EksContext): Promise<Nodegroup | undefined> {
  const { name: clusterName, eks, tags } = context;
  const { nodeRoleArn, subnetIds, instances } = spec;
  const create = new CreateNodegroupCommand({
    clusterName,
    nodegroupName: NAME,
    nodeRole: nodeRoleArn,
    subnets: [...subnetIds],
    ...(instances !== undefined && {
      instanceTypes: [instances.type],
      scalingConfig: { minSize: instances.count, maxSize: instances.count, desiredSize: instances.count },
      amiType: AMI_TYPE,
    }),
    tags,
  });
  const answer = await makeInEks(nodeGroupOf(eks, clusterName, NAME), context, () => eks.send(create));
  return answer?.nodegroup;
}

/** Waits for the nodes. EKS stops after 25 minutes (EKS User Guide, NodeCreationFailure). Throws NODE_NOT_READY. */
export const awaitNodeGroup = (made: Nodegroup | undefined, context: EksContext): Promise<Nodegroup> =>
  awaitActive(
    nodeGroupOf(context.eks, context.name, NAME),
    made,
    {
      code: 'NODE_NOT_READY',
      failed: (status) => ['CREATE_FAILED', 'DEGRADED', 'DELETING'].includes(status),
      advice: '; check that its subnets reach EKS and that its role may join the cluster',
    },
    context,
  );
