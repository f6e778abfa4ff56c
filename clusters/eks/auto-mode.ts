import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { removeNamespaces } from '../in-cluster/index.ts';
import { find } from '../in-cluster/objects.ts';
import { poll } from '../../foundation/node/poll.ts';
import { ignoring, isTransient, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import type { EksContext } from './context.ts';

const NODE_POOLS = '/apis/karpenter.sh/v1/nodepools';
const NODES = '/api/v1/nodes';

interface List {
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

/**
 * Removes Auto Mode's nodes. With nodes, DeleteCluster would leave behind the security group and perhaps the node role.
 * Throws `ClusterError` NODE_NOT_READY and API server errors.
 */
export async function removeNodes(
  connection: Connection,
  run: string,
  { name, timing, progress }: Pick<EksContext, 'name' | 'timing' | 'progress'>,
): Promise<void> {
  progress(`deleting nodes of cluster ${name}`);
  await poll<true>(
    async (attempt) => {
      // Draining would wait for the run's pods, which forbid eviction.
      await removeNamespaces(connection, run);
      const pools = await find<List>(connection, NODE_POOLS, attempt);
      if (pools === undefined) return true;
      for (const { metadata } of pools.items)
        await connection.json('DELETE', `${NODE_POOLS}/${metadata.name}`, undefined, attempt).catch(ignoring(404));
      const { items } = await connection.json<List>('GET', NODES, undefined, attempt);
      return items.length === 0 ? true : undefined;
    },
    {
      every: timing.firstPause,
      within: timing.drain,
      tolerates: isTransient,
      toleratedFor: timing.away,
      late: (unanswered) =>
        unanswered instanceof Error
          ? unanswered
          : new ClusterError(
              'NODE_NOT_READY',
              `Nodes of cluster ${name} still exist ${timing.drain / 1000} s after the deletion of their node pools.`,
            ),
    },
  );
}
