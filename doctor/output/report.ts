import { counted } from '../../foundation/node/text.ts';
import { SEVERITIES } from '../checks/check.ts';
import { CHECKS } from '../checks/index.ts';
import { ClusterFacts } from '../facts/cluster-facts.ts';
import { judge } from '../judge/judge.ts';
import type { DoctorReport, Finding, InventoryRow, Suppressed } from '../judge/report-schema.ts';
import { hopsOf, identityAlong } from '../pod/follow.ts';
import { defined } from '../snapshot/defined.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

export function reportOf(snapshot: Snapshot, judged: Suppressed): DoctorReport {
  return {
    version: 1,
    clusters: snapshot.clusters.map(({ context, takenAt, kubernetes, aws }) => ({
      context,
      ...(aws?.cluster !== undefined && { arn: aws.cluster.arn }),
      ...(kubernetes.version !== undefined && { kubernetes: kubernetes.version }),
      takenAt,
      ...defined({ pods: kubernetes.pods?.length, associations: aws?.associations?.length }),
    })),
    ...judged,
    inventory: inventoryOf(snapshot),
  };
}

/** Returns who the pods are, by cluster, namespace and service account. */
export function inventoryOf(snapshot: Snapshot): readonly InventoryRow[] {
  return snapshot.clusters.flatMap((cluster) => {
    const facts = new ClusterFacts(cluster);
    const diagnosis = judge({ ...snapshot, clusters: [cluster] }, CHECKS);
    const rows = new Map<string, InventoryRow>();
    for (const pod of facts.pods) {
      const identity = identityAlong({ facts, pod }, hopsOf({ facts, pod }, diagnosis));
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

export const isNew = ({ since }: Pick<DoctorReport, 'since'>, { fingerprint }: Finding): boolean =>
  since === undefined || since.new.includes(fingerprint);

/** Returns, for example, `2 errors, 1 warning, 0 notes`. */
export const countsText = ({ findings }: Pick<DoctorReport, 'findings'>): string =>
  SEVERITIES.map((severity) => {
    const { length } = findings.filter((finding) => finding.severity === severity);
    return counted(length, severity === 'info' ? 'note' : severity);
  }).join(', ');

/** What no reader of a cluster can see. */
export const INVISIBLE =
  'Not visible from outside: keys inside images and mounted files, and programs that ignore or drop their environment. Call GetCallerIdentity in the pod to be sure.';
