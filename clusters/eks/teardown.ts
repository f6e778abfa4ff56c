import { awsProblem } from '../../foundation/aws/aws-problem.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import type { Resource } from '../../foundation/aws/resources.ts';
import type { EksContext } from './context.ts';

/**
 * In what order things go: what is in a cluster, what belongs to it, the cluster, what it needed, and last that it is this
 * run's alone. With its roles a cluster works in EC2 (EKS User Guide, "Amazon EKS cluster IAM role"), also while it is being
 * deleted: what it needed stays as long as it does.
 */
const STAGES = ['in the cluster', 'of the cluster', 'the cluster', 'beside the cluster', 'lock'] as const;
type Stage = (typeof STAGES)[number];

export const clusterTitle = (name: string): string => `cluster ${name}`;

/** Where something stands that is made for a cluster. */
export function placed(stage: Stage, clusterName: string): Pick<Resource, 'lives' | 'order' | 'partOf' | 'neededBy'> {
  const cluster = clusterTitle(clusterName);
  return {
    lives: stage === 'in the cluster' ? 'cluster' : 'aws',
    order: STAGES.indexOf(stage),
    ...((stage === 'in the cluster' || stage === 'of the cluster') && { partOf: cluster }),
    ...(stage === 'beside the cluster' && { neededBy: cluster }),
  };
}

/** What was made for a cluster, and what to do about what cannot be removed, as the end of a sentence. */
type Teardown = Pick<EksContext, 'resources' | 'remedy'>;

/** Removes all that was made for a cluster. Throws `ClusterError` LEFT_BEHIND that names what is left; another call tries that. */
export async function tearDown({ resources, remedy }: Teardown): Promise<void> {
  const left = [...(await resources.remove())];
  if (left.length === 0) return;
  throw new ClusterError(
    'LEFT_BEHIND',
    `Left behind: ${left.map(([{ name }, error]) => `${name} (${reasonOf(error)})`).join(', ')}${remedy === undefined ? '' : `: ${remedy}`}.`,
    { cause: left[0]?.[1] },
  );
}

/** Does the work, and removes all that was made when it fails. What then is left the error says too. */
export async function tornDownOnFailure<T>(teardown: Teardown, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const left = await tearDown(teardown).then(
      () => undefined,
      (reason: ClusterError) => reason,
    );
    if (left === undefined) throw error;
    const { code, blame } = error instanceof ClusterError ? error : left;
    throw new ClusterError(code, `${reasonOf(error)}. ${left.message}`, { blame, cause: error, left: left.message });
  }
}

/** An error in one line, without the full stop. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (awsProblem(error)?.sentence ?? message.split('\n')[0] ?? '').replace(/\.$/, '');
}
