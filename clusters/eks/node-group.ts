import { CreateNodegroupCommand, type Nodegroup } from '@aws-sdk/client-eks';
import { ClusterError } from '../../foundation/cluster-error.ts';
import { retry } from '../../foundation/poll.ts';
import { lateWords, type EksContext } from './context.ts';
import { isUnknownRole } from './control-plane.ts';
import { deleteFromEks, nodeGroupOf } from './deletion.ts';
import { healthOf } from './errors.ts';
import { placed } from './teardown.ts';
import { awaitDone, pausesOf, type Seen } from './wait.ts';

export interface NodeGroupSpec {
  readonly nodeRoleArn: string;
  readonly subnetIds: readonly string[];
  /** Of Amazon Linux 2023 on x86-64. Default: EKS' own choice. */
  readonly instances?: { readonly type: string; readonly count: number };
}

const NAME = 'nodes';
const AMI_TYPE = 'AL2023_x86_64_STANDARD';

/** Asks for the cluster's node group. Throws errors of EKS, and `ClusterError` NODE_NOT_READY when the answer says so. */
export async function makeNodeGroup(spec: NodeGroupSpec, context: EksContext): Promise<Seen<Nodegroup>> {
  const { name: clusterName, eks, resources, tags, timing, signal } = context;
  const { nodeRoleArn, subnetIds, instances } = spec;
  const group = nodeGroupOf(eks, clusterName, NAME);
  const answer = await resources.make({
    ...placed('of the cluster', clusterName),
    name: group.title,
    remove: () => deleteFromEks(group, context),
    make: () =>
      retry(
        () =>
          eks.send(
            new CreateNodegroupCommand({
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
            }),
          ),
        { tolerates: isUnknownRole, ...pausesOf(timing), within: timing.role, signal },
      ),
  });
  return seenOf(clusterName, answer?.nodegroup);
}

/**
 * Waits until the nodes have joined. Throws `ClusterError` NODE_NOT_READY with what EKS says of them: EKS gives up itself
 * after 25 minutes or so (EKS User Guide, "Troubleshoot problems with Amazon EKS clusters and nodes", NodeCreationFailure).
 */
export async function awaitNodeGroup(before: Seen<Nodegroup>, context: EksContext): Promise<Nodegroup> {
  const { name: clusterName, eks, timing, deadline, signal, progress } = context;
  const group = nodeGroupOf(eks, clusterName, NAME);
  return awaitDone({
    what: group.title,
    before,
    look: async (abortSignal) => seenOf(clusterName, await group.describe(abortSignal)),
    deadline,
    late: (status, why) =>
      new ClusterError(
        'NODE_NOT_READY',
        `Node group ${NAME} of cluster ${clusterName} ${lateWords(context, status, why)}; see that its subnets reach EKS and that its role may join.`,
      ),
    ...{ timing, signal, progress },
  });
}

function seenOf(clusterName: string, group: Nodegroup | undefined): Seen<Nodegroup> {
  const { status = 'unknown', health } = group ?? {};
  if (group !== undefined && status === 'ACTIVE') return { done: group };
  const why = healthOf(health);
  if (status === 'CREATE_FAILED' || status === 'DEGRADED' || status === 'DELETING')
    throw new ClusterError(
      'NODE_NOT_READY',
      `Node group ${NAME} of cluster ${clusterName} is ${status}: ${why ?? 'EKS tells no reason'}.`,
    );
  return { status, why };
}
