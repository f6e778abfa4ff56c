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

/** States in which EKS takes no deletion, which end by themselves. */
const CHANGING: ReadonlySet<string> = new Set(['CREATING', 'UPDATING', 'PENDING', 'DELETING']);

/** How it is waited until something is gone, and who is told. */
export type Patience = Pick<EksContext, 'timing' | 'progress'>;

/** Something of EKS that is made, looked at and deleted by its name. */
export interface EksResource<T extends Stated = Stated> {
  /** In messages, such as `node group nodes of cluster a`. */
  readonly title: string;
  /** Throws EKS' ResourceNotFoundException when it is gone. */
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

/** To be deleted, it must have no node groups. */
export const clusterOf = (eks: EKSClient, name: string): EksResource<Cluster> => ({
  title: clusterTitle(name),
  describe: async (abortSignal) =>
    (await eks.send(new DescribeClusterCommand({ name }), abortSignal && { abortSignal })).cluster,
  askForDeletion: () => eks.send(new DeleteClusterCommand({ name })),
});

/**
 * Deletes something of EKS and resolves when it is gone. One that is being made is waited for, since EKS does not delete it
 * before (EKS API Reference, "DeleteCluster"); one that is in use is tried again for a while. Throws EKS' refusal, and
 * `ClusterError` CLUSTER_FAILED, to be read behind the name, for one whose deletion fails or takes too long.
 */
export async function deleteFromEks(
  { title, describe, askForDeletion }: EksResource,
  { timing, progress }: Patience,
): Promise<void> {
  const since = Date.now();
  let asked = false;
  let inUseSince: number | undefined;
  await awaitDone<true>({
    what: `deleting ${title}`,
    look: async () => {
      let refusal: Error | undefined;
      if (!asked)
        try {
          await askForDeletion();
          asked = true;
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
      if (asked && status === 'DELETE_FAILED')
        throw new ClusterError('CLUSTER_FAILED', `its deletion failed: ${health ?? 'EKS tells no reason'}`);
      // A cluster says no more than this of a deletion that failed: it is asked for once more.
      if (status === 'FAILED') asked = false;
      return { status, why: refusal?.message ?? health };
    },
    deadline: since + timing.deletion,
    late: (status, why) =>
      new ClusterError(
        'CLUSTER_FAILED',
        `not gone within ${Math.round((Date.now() - since) / 1000)} s: it is ${status}${why === undefined ? '' : ` (${why.replace(/\.$/, '')})`}`,
      ),
    timing,
    away: timing.away,
    progress,
  });
}
