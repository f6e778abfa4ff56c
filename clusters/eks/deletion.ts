import {
  DeleteAddonCommand,
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  DescribeAddonCommand,
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  type Addon,
  type Cluster,
  type EKSClient,
  type Nodegroup,
} from '@aws-sdk/client-eks';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import type { EksContext } from './context.ts';
import { healthOf, isNamed } from './errors.ts';
import { clusterTitle } from './teardown.ts';
import { awaitDone } from './wait.ts';

/** States in which EKS rejects a deletion. */
const CHANGING: ReadonlySet<string> = new Set(['CREATING', 'UPDATING', 'PENDING', 'DELETING']);

export type Patience = Pick<EksContext, 'timing' | 'progress'>;

export interface EksResource<T extends Stated = Stated> {
  /** Name in messages, such as `node group nodes of cluster a`. */
  readonly title: string;
  /** Throws ResourceNotFoundException once the resource is deleted. */
  readonly describe: (abortSignal?: AbortSignal) => Promise<T | undefined>;
  readonly askForDeletion: () => Promise<unknown>;
}

export interface Stated {
  readonly status?: string | undefined;
  readonly health?: Parameters<typeof healthOf>[0];
}

export function addonOf(eks: EKSClient, clusterName: string, addonName: string): EksResource<Addon> {
  const which = { clusterName, addonName };
  return {
    title: `add-on ${addonName} of cluster ${clusterName}`,
    describe: async (abortSignal) =>
      (await eks.send(new DescribeAddonCommand(which), abortSignal && { abortSignal })).addon,
    askForDeletion: () => eks.send(new DeleteAddonCommand(which)),
  };
}

export function nodeGroupOf(eks: EKSClient, clusterName: string, nodegroupName: string): EksResource<Nodegroup> {
  const which = { clusterName, nodegroupName };
  return {
    title: `node group ${nodegroupName} of cluster ${clusterName}`,
    describe: async (abortSignal) =>
      (await eks.send(new DescribeNodegroupCommand(which), abortSignal && { abortSignal })).nodegroup,
    askForDeletion: () => eks.send(new DeleteNodegroupCommand(which)),
  };
}

/** Returns a cluster as a resource. Its node groups must be deleted first. */
export const clusterOf = (eks: EKSClient, name: string): EksResource<Cluster> => ({
  title: clusterTitle(name),
  describe: async (abortSignal) =>
    (await eks.send(new DescribeClusterCommand({ name }), abortSignal && { abortSignal })).cluster,
  askForDeletion: () => eks.send(new DeleteClusterCommand({ name })),
});

/**
 * Deletes a resource and waits until it is gone. First waits for its creation to finish (EKS API Reference,
 * "DeleteCluster"); retries while it is in use. Throws EKS's error, or `ClusterError` CLUSTER_FAILED whose message
 * continues the name.
 */
export async function deleteFromEks(
  { title, describe, askForDeletion }: EksResource,
  { timing, progress }: Patience,
): Promise<void> {
  const since = Date.now();
  let isRequested = false;
  let inUseSince: number | undefined;
  await awaitDone<true>({
    what: `deleting ${title}`,
    look: async () => {
      let refusal: Error | undefined;
      if (!isRequested)
        try {
          await askForDeletion();
          isRequested = true;
        } catch (error) {
          if (isNamed(error, 'ResourceNotFound')) return { done: true };
          if (!isNamed(error, 'ResourceInUse') && !isNamed(error, 'InvalidRequest')) throw error;
          refusal = error as Error;
        }
      const seen = await describe().catch((error: unknown) => {
        if (isNamed(error, 'ResourceNotFound')) return 'gone' as const;
        throw error;
      });
      if (seen === 'gone') return { done: true };
      const { status = 'unknown' } = seen ?? {};
      const health = healthOf(seen?.health);
      if (refusal !== undefined && !CHANGING.has(status)) {
        inUseSince ??= Date.now();
        if (!isNamed(refusal, 'ResourceInUse') || Date.now() - inUseSince > timing.inUse) throw refusal;
      }
      if (isRequested && status === 'DELETE_FAILED')
        throw new ClusterError('CLUSTER_FAILED', `its deletion failed: ${health ?? 'EKS reports no reason'}`);
      // Clusters report a failed deletion only as FAILED: ask again.
      if (status === 'FAILED') isRequested = false;
      return { status, why: refusal?.message ?? health };
    },
    deadline: since + timing.deletion,
    late: (status, why) =>
      new ClusterError(
        'CLUSTER_FAILED',
        `not deleted within ${Math.round((Date.now() - since) / 1000)} s: its status is ${status}${why === undefined ? '' : ` (${why.replace(/\.$/, '')})`}`,
      ),
    timing,
    away: timing.away,
    progress,
  });
}
