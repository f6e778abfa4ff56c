import { ClusterError } from '../errors.ts';
import type { EksContext } from './context.ts';
import { isNamed } from './errors.ts';
import { awaitDone } from './wait.ts';

/** States in which EKS takes no deletion, which end by themselves. */
const CHANGING: ReadonlySet<string> = new Set(['CREATING', 'UPDATING', 'PENDING', 'DELETING']);

export interface Deletion {
  /** In messages, such as `node group nodes of cluster a`. */
  readonly what: string;
  readonly ask: () => Promise<unknown>;
  readonly describe: () => Promise<{ readonly status: string; readonly health: string | undefined }>;
}

/**
 * Deletes something of EKS and resolves when it is gone. One that is being made is waited for, since EKS does not delete it
 * before (EKS API Reference, "DeleteCluster"); one that is in use is tried again for a while. Throws EKS' refusal, and
 * `ClusterError` CLUSTER_FAILED, to be read behind the name, for one whose deletion fails or takes too long.
 */
export async function deleteFromEks(
  { what, ask, describe }: Deletion,
  { timing, progress }: Pick<EksContext, 'timing' | 'progress'>,
): Promise<void> {
  let asked = false;
  let inUseSince: number | undefined;
  await awaitDone<true>({
    what: `deleting ${what}`,
    look: async () => {
      let refusal: Error | undefined;
      if (!asked)
        try {
          await ask();
          asked = true;
        } catch (error) {
          if (isNamed(error, 'ResourceNotFound')) return { done: true };
          if (!isNamed(error, 'ResourceInUse') && !isNamed(error, 'InvalidRequest')) throw error;
          refusal = error as Error;
        }
      const seen = await describe().catch((error: unknown) => {
        if (isNamed(error, 'ResourceNotFound')) return undefined;
        throw error;
      });
      if (seen === undefined) return { done: true };
      const { status, health } = seen;
      if (refusal !== undefined && !CHANGING.has(status)) {
        inUseSince ??= Date.now();
        if (!isNamed(refusal, 'ResourceInUse') || Date.now() - inUseSince > timing.inUse) throw refusal;
      }
      if (asked && status === 'DELETE_FAILED')
        throw new ClusterError(
          'CLUSTER_FAILED',
          'environment',
          `its deletion failed: ${health ?? 'EKS tells no reason'}`,
        );
      // A cluster says no more than this of a deletion that failed: it is asked for once more.
      if (status === 'FAILED') asked = false;
      return { status, why: refusal?.message ?? health };
    },
    deadline: Date.now() + timing.deletion,
    late: (status, why) =>
      new ClusterError(
        'CLUSTER_FAILED',
        'environment',
        `not gone within ${timing.deletion / 1000} s: it is ${status}${why === undefined ? '' : ` (${why.replace(/\.$/, '')})`}`,
      ),
    timing,
    signal: new AbortController().signal,
    progress,
  });
}
