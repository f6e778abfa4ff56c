import {
  DeleteAddonCommand,
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  DescribeAddonCommand,
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  type EKSClient,
} from '@aws-sdk/client-eks';
import { ClusterError } from '../../foundation/cluster-error.ts';
import type { EksContext } from './context.ts';
import { healthOf, isNamed } from './errors.ts';
import { awaitDone } from './wait.ts';

/** States in which EKS takes no deletion, which end by themselves. */
const CHANGING: ReadonlySet<string> = new Set(['CREATING', 'UPDATING', 'PENDING', 'DELETING']);

/** How it is waited until something is gone, and who is told. */
export type Patience = Pick<EksContext, 'timing' | 'progress'>;

/** Deletes an add-on; resolves and throws as `deleteFromEks` does. */
export function deleteAddon(eks: EKSClient, clusterName: string, addonName: string, patience: Patience): Promise<void> {
  const which = { clusterName, addonName };
  return deleteFromEks(
    {
      what: `add-on ${addonName} of cluster ${clusterName}`,
      ask: () => eks.send(new DeleteAddonCommand(which)),
      describe: async () => stateOf((await eks.send(new DescribeAddonCommand(which))).addon),
    },
    patience,
  );
}

/** Deletes a node group; resolves and throws as `deleteFromEks` does. */
export function deleteNodeGroup(
  eks: EKSClient,
  clusterName: string,
  nodegroupName: string,
  patience: Patience,
): Promise<void> {
  const which = { clusterName, nodegroupName };
  return deleteFromEks(
    {
      what: `node group ${nodegroupName} of cluster ${clusterName}`,
      ask: () => eks.send(new DeleteNodegroupCommand(which)),
      describe: async () => stateOf((await eks.send(new DescribeNodegroupCommand(which))).nodegroup),
    },
    patience,
  );
}

/** Deletes a cluster that has no node groups; resolves and throws as `deleteFromEks` does. */
export function deleteCluster(eks: EKSClient, name: string, patience: Patience): Promise<void> {
  return deleteFromEks(
    {
      what: `cluster ${name}`,
      ask: () => eks.send(new DeleteClusterCommand({ name })),
      describe: async () => stateOf((await eks.send(new DescribeClusterCommand({ name }))).cluster),
    },
    patience,
  );
}

const stateOf = (
  thing: { readonly status?: string | undefined; readonly health?: Parameters<typeof healthOf>[0] } | undefined,
): State => ({ status: thing?.status ?? 'unknown', health: healthOf(thing?.health) });

interface State {
  readonly status: string;
  readonly health: string | undefined;
}

interface Deletion {
  /** In messages, such as `node group nodes of cluster a`. */
  readonly what: string;
  readonly ask: () => Promise<unknown>;
  readonly describe: () => Promise<State>;
}

/**
 * Deletes something of EKS and resolves when it is gone. One that is being made is waited for, since EKS does not delete it
 * before (EKS API Reference, "DeleteCluster"); one that is in use is tried again for a while. Throws EKS' refusal, and
 * `ClusterError` CLUSTER_FAILED, to be read behind the name, for one whose deletion fails or takes too long.
 */
async function deleteFromEks({ what, ask, describe }: Deletion, { timing, progress }: Patience): Promise<void> {
  const since = Date.now();
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
    deadline: since + timing.deletion,
    late: (status, why) =>
      new ClusterError(
        'CLUSTER_FAILED',
        'environment',
        `not gone within ${Math.round((Date.now() - since) / 1000)} s: it is ${status}${why === undefined ? '' : ` (${why.replace(/\.$/, '')})`}`,
      ),
    timing,
    away: timing.away,
    progress,
  });
}
