import { counted, wrap } from '../../foundation/node/text.ts';
import { SEVERITIES } from '../checks/check.ts';
import { CHECKS } from '../checks/index.ts';
import { ClusterFacts } from '../facts/cluster-facts.ts';
import { containersOf } from '../facts/injection.ts';
import { needsNoRole } from '../facts/sidecars.ts';
import { judge } from '../judge/judge.ts';
import type { DoctorReport, Finding, InventoryRow, Suppressed } from '../judge/report-schema.ts';
import { hopsOf } from '../pod/follow.ts';
import { identitiesAlong } from '../pod/identities.ts';
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

/** Returns the identities of containers, grouped by cluster, namespace and service account. */
export function inventoryOf(snapshot: Snapshot): readonly InventoryRow[] {
  return snapshot.clusters.flatMap((cluster) => {
    const facts = new ClusterFacts(cluster);
    const diagnosis = judge({ ...snapshot, clusters: [cluster] }, CHECKS);
    const rows = new Map<
      string,
      { row: Omit<InventoryRow, 'pods' | 'containers'>; pods: Set<string>; holders: Holders }
    >();
    for (const pod of facts.pods) {
      const namespace = pod.metadata.namespace ?? 'default';
      const images = new Map(containersOf(pod).map(({ name, image }) => [name, image]));
      for (const { container, isInit: _isInit, ...identity } of identitiesAlong(
        { facts, pod },
        hopsOf({ facts, pod }, diagnosis),
      )) {
        const key = JSON.stringify([namespace, pod.serviceAccountName, identity]);
        const row = { cluster: cluster.context, namespace, serviceAccount: pod.serviceAccountName, ...identity };
        const entry = rows.get(key) ?? { row, pods: new Set(), holders: new Map() };
        rows.set(key, entry);
        entry.pods.add(pod.metadata.name);
        entry.holders.set(container, images.get(container) ?? '');
      }
    }
    return [...rows.values()]
      .map(({ row, pods, holders }) => ({
        ...row,
        pods: [...pods],
        containers: [...holders.keys()],
        ...noteOf(row, holders),
      }))
      .sort((a, b) => a.namespace.localeCompare(b.namespace) || a.serviceAccount.localeCompare(b.serviceAccount));
  });
}

/** Images of containers by their names. */
type Holders = Map<string, string>;

/** Names the sidecars that hold a role and need none. */
function noteOf(
  { mechanism, roleArn }: Pick<InventoryRow, 'mechanism' | 'roleArn'>,
  holders: Holders,
): { note?: string } {
  const names = [...holders].flatMap(([name, image]) => (needsNoRole({ name, image }) ? [name] : []));
  if (names.length === 0 || roleArn === undefined || mechanism === 'node-role') return {};
  const annotation = `eks.amazonaws.com/skip-containers: "${names.join(',')}"`;
  return {
    note: `${names.join(', ')} may not need the role. Annotate the pod template with ${annotation}; on a service account it has no effect.`,
  };
}

/** Returns who holds which role, for a terminal of `width` columns. */
export const holdersText = ({ inventory }: Pick<DoctorReport, 'inventory'>, width: number | undefined): string =>
  inventory
    .flatMap(({ namespace, serviceAccount, mechanism, roleArn, reason, pods, containers = [], note }) => [
      wrap(`${namespace}/${serviceAccount}: ${mechanism}, ${roleArn ?? reason ?? ''}`, width, 2),
      wrap(`  ${counted(pods.length, 'pod')}: ${pods.join(', ')}; containers: ${containers.join(', ')}`, width, 4),
      ...(note === undefined ? [] : [wrap(`  Note: ${note}`, width, 4)]),
    ])
    .map((line) => `${line}\n`)
    .join('');

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
