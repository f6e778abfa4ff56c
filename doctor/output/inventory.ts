import { ClusterFacts } from '../facts/cluster-facts.ts';
import { identityOf, type Mechanism } from '../facts/identity.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

/** The identity of a service account's pods. An account whose pods differ has several rows. */
export interface InventoryRow {
  readonly cluster: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly mechanism: Mechanism;
  readonly roleArn?: string;
  readonly reason?: string;
  readonly pods: readonly string[];
}

/** Returns who the pods are, by cluster, namespace and service account. */
export function inventoryOf(snapshot: Snapshot): readonly InventoryRow[] {
  return snapshot.clusters.flatMap((cluster) => {
    const facts = new ClusterFacts(cluster);
    const rows = new Map<string, InventoryRow>();
    for (const pod of facts.pods) {
      const identity = identityOf(facts, pod);
      const namespace = pod.metadata.namespace ?? 'default';
      const key = JSON.stringify([namespace, pod.serviceAccountName, identity]);
      const pods = [...(rows.get(key)?.pods ?? []), pod.metadata.name];
      rows.set(key, { cluster: cluster.context, namespace, serviceAccount: pod.serviceAccountName, ...identity, pods });
    }
    return [...rows.values()].sort(
      (a, b) => a.namespace.localeCompare(b.namespace) || a.serviceAccount.localeCompare(b.serviceAccount),
    );
  });
}
