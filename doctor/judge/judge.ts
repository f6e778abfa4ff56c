import type { Case, Check, Severity, Unjudged } from '../checks/check.ts';
import { ClusterFacts } from '../facts/cluster-facts.ts';
import type { ObjectName } from '../snapshot/object-name.ts';
import type { ClusterSnapshot, Right, Snapshot } from '../snapshot/snapshot.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { Diagnosis, NotChecked } from './report-schema.ts';

/** Makes checks on every cluster of a snapshot. Reads nothing else. */
export function judge(snapshot: Snapshot, checks: readonly Check[]): Diagnosis {
  const parts = snapshot.clusters.flatMap((cluster) => {
    const facts = new ClusterFacts(cluster);
    return checks.map((check) => judgeCluster(check, facts));
  });
  return {
    findings: parts.flatMap(({ findings }) => findings),
    notChecked: parts.flatMap(({ notChecked }) => notChecked),
    passed: parts.flatMap(({ passed }) => passed),
  };
}

function judgeCluster(check: Check, facts: ClusterFacts): Diagnosis {
  const { snapshot } = facts;
  const { id, title } = check;
  const cluster = snapshot.context;
  const notChecked = (missing: Right, objects: readonly ObjectName[], reason: string): NotChecked => ({
    check: id,
    title,
    cluster,
    missing,
    reason,
    objects,
  });
  const missing = check.rights.flatMap((right) => {
    const reason = whyMissing(right, snapshot);
    return reason === undefined ? [] : [notChecked(right, [], reason)];
  });
  if (missing.length > 0) return { findings: [], notChecked: missing.slice(0, 1), passed: [] };

  const cases: Case[] = [];
  const unjudged = new Map<Right, ObjectName[]>();
  for (const one of check.find(facts)) {
    if (isCase(one)) cases.push(one);
    else unjudged.set(one.missing, [...(unjudged.get(one.missing) ?? []), one.object]);
  }
  const findings = merged(cases).map((one) => {
    const { object, text, repair = check.fix, pods = [], severity = severityOf(check, one) } = one;
    const fingerprint = fingerprintOf(check, one, facts);
    return { check: id, severity, title, cluster, object, text, repair, pods, fingerprint };
  });
  const partly = [...unjudged].map(([right, objects]) =>
    notChecked(right, objects, snapshot.gaps.find((gap) => gap.right === right)?.reason ?? 'not readable'),
  );
  return {
    findings,
    notChecked: partly,
    passed: findings.length + partly.length === 0 ? [{ check: id, cluster }] : [],
  };
}

const isCase = (one: Case | Unjudged): one is Case => 'text' in one;

/** An error of an association or a service account breaks nothing while no pod uses it. */
const severityOf = ({ severity }: Check, { object: { kind }, pods }: Case): Severity =>
  severity === 'error' && pods?.length === 0 && /^(?:Association|ServiceAccount)$/.test(kind) ? 'warning' : severity;

/** AWS' rights contain a colon. */
function whyMissing(right: Right, { aws, gaps }: ClusterSnapshot): string | undefined {
  const gap = gaps.find((one) => one.right === right && one.object === undefined);
  if (gap) return gap.reason;
  if (!right.includes(':')) return undefined;
  if (aws === undefined)
    return gaps.find((one) => one.right.includes(':') && one.object === undefined)?.reason ?? 'no AWS credentials';
  if (!right.startsWith('eks:') || aws.cluster !== undefined) return undefined;
  const cluster = gaps.find((one) => one.right.startsWith('eks:'));
  return cluster === undefined ? 'the cluster is not on EKS' : `${cluster.right}: ${cluster.reason}`;
}

/** Makes one case of those with the same object and text. */
function merged(cases: readonly Case[]): readonly Case[] {
  const byKey = new Map<string, Case>();
  for (const one of cases) {
    const key = JSON.stringify([one.object.kind, one.object.namespace, one.object.name, one.text]);
    const before = byKey.get(key);
    byKey.set(key, before ? { ...before, pods: [...(before.pods ?? []), ...(one.pods ?? [])] } : one);
  }
  return [...byKey.values()];
}
