import type { Cluster } from '@aws-sdk/client-eks';
import { findInCluster, removeFromExisting, type InCluster } from '../../../../clusters/eks/index.ts';
import { kubeConfigWithToken } from '../../../../clusters/common/kube-config.ts';
import { RUN_ID } from '../../../../foundation/node/journal.ts';
import { connect, KubernetesError, type Connection } from '../../../../foundation/protocols/kubernetes-connection.ts';

export interface ObjectOfARun extends InCluster {
  readonly expiresAt: Date;
}

export type InClusters = ReturnType<typeof inClusters>;

/** Searches clusters with tokens like those of `aws eks get-token`. `named`: names of the clusters; empty: all. */
export function inClusters(token: (clusterName: string) => Promise<string>, named: readonly string[]) {
  const connections = new Map<string, Connection>();
  /** Reasons of clusters that did not answer, by name. */
  const passedOver = new Map<string, string>();
  const visitedClusters = new Set<string>();
  return {
    visitedClusters,
    passedOver,
    /** Returns no objects for a cluster that does not answer or is not named. */
    find: async ({ name = '', endpoint, certificateAuthority }: Cluster): Promise<readonly ObjectOfARun[]> => {
      if (named.length > 0 && !named.includes(name)) return [];
      visitedClusters.add(name);
      passedOver.delete(name);
      if (endpoint === undefined) {
        passedOver.set(name, 'EKS reports no endpoint of its API server');
        return [];
      }
      const config = { name, endpoint, certificateAuthorityData: certificateAuthority?.data ?? '' };
      try {
        const connection = connections.get(name) ?? connect(kubeConfigWithToken(config, () => token(name)));
        connections.set(name, connection);
        return (await findInCluster(connection)).flatMap(withExpiry);
      } catch (error) {
        passedOver.set(name, reasonOf(error as Error));
        return [];
      }
    },
    remove: async (clusterName: string, object: InCluster): Promise<void> => {
      const connection = connections.get(clusterName);
      if (connection === undefined) throw new Error(`cluster ${clusterName} was not searched`);
      await removeFromExisting(object, connection);
    },
    close: (): void => connections.forEach((connection) => connection.close()),
  };
}

/** Ignores objects without a valid run id and expiry. */
function withExpiry(object: InCluster): ObjectOfARun[] {
  const expiresAt = new Date(object.expires);
  return RUN_ID.test(object.run) && !Number.isNaN(expiresAt.getTime()) ? [{ ...object, expiresAt }] : [];
}

function reasonOf(error: Error): string {
  if (error instanceof KubernetesError)
    return error.status === 401 || error.status === 403
      ? `its API server rejects these credentials: ${error.status} ${error.reason}`
      : `its API server answered ${error.status} ${error.reason}`;
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'its API server did not answer in time';
  return `its API server does not answer: ${(error as NodeJS.ErrnoException).code ?? error.message.split('\n')[0]}`;
}
