import { awsProblem } from '../../foundation/aws/aws-problem.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import type { Resource } from '../../foundation/aws/resources.ts';
import type { EksContext } from './context.ts';

/** Order of removal. A cluster needs its roles until it is deleted (EKS User Guide, "Amazon EKS cluster IAM role"). */
const STAGES = ['in the cluster', 'of the cluster', 'the cluster', 'next to the cluster', 'lock'] as const;
type Stage = (typeof STAGES)[number];

export const clusterTitle = (name: string): string => `cluster ${name}`;

export function placed(stage: Stage, clusterName: string): Pick<Resource, 'lives' | 'order' | 'partOf' | 'neededBy'> {
  const cluster = clusterTitle(clusterName);
  return {
    lives: stage === 'in the cluster' ? 'cluster' : 'aws',
    order: STAGES.indexOf(stage),
    ...((stage === 'in the cluster' || stage === 'of the cluster') && { partOf: cluster }),
    ...(stage === 'next to the cluster' && { neededBy: cluster }),
  };
}

/** `remedy` says how to delete leftovers, as the end of a sentence. */
type Teardown = Pick<EksContext, 'resources' | 'remedy'>;

/** Removes everything. Throws `ClusterError` LEFT_BEHIND; a repeated call retries the leftovers. */
export async function tearDown({ resources, remedy }: Teardown): Promise<void> {
  const left = [...(await resources.remove())];
  if (left.length === 0) return;
  throw new ClusterError(
    'LEFT_BEHIND',
    `Left behind: ${left.map(([{ name }, error]) => `${name} (${reasonOf(error)})`).join(', ')}${remedy === undefined ? '' : `: ${remedy}`}.`,
    { cause: left[0]?.[1] },
  );
}

/** Removes everything if the work fails, and adds leftovers to the error. */
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

/** Returns the message in one line, without the full stop. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (awsProblem(error)?.sentence ?? message.split('\n')[0] ?? '').replace(/\.$/, '');
}
