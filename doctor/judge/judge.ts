import { SEVERITIES, type Case, type Check, type Severity, type Unjudged } from '../checks/check.ts';
import { grouped } from '../../foundation/node/grouped.ts';
import { ClusterFacts } from '../facts/cluster-facts.ts';
import {
  ANOTHER_ACCOUNT,
  LEFT_OUT,
  type ClusterSnapshot,
  type Gap,
  type Right,
  type Snapshot,
} from '../snapshot/snapshot.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { Diagnosis, Finding, NotChecked } from './report-schema.ts';

/** Makes checks on every cluster of a snapshot. Reads nothing else. */
export function judge(snapshot: Snapshot, checks: readonly Check[]): Diagnosis {
  const parts = snapshot.clusters.flatMap((cluster) => {
    const facts = new ClusterFacts(cluster);
    return checks.map((check) => judgeCluster(check, facts));
  });
  return {
    findings: ordered(parts.flatMap(({ findings }) => findings)),
    notChecked: parts.flatMap(({ notChecked }) => notChecked),
    passed: parts.flatMap(({ passed }) => passed),
  };
}

/** Objects that belong to the whole cluster, so that their problems may cause others. */
const WHOLE_CLUSTER =
  /^(?:Cluster|DaemonSet kube-system|Addon|MutatingWebhookConfiguration|OidcProvider|VpcEndpoint)\b/;

/** Sorts findings: those of the whole cluster first, then by severity, then by the number of affected pods. */
const ordered = (findings: readonly Finding[]): readonly Finding[] => {
  const rank = ({ object: { kind, namespace }, severity }: Finding): number =>
    (severity !== 'info' && WHOLE_CLUSTER.test(`${kind} ${namespace}`) ? 0 : SEVERITIES.length) +
    SEVERITIES.indexOf(severity);
  return findings.toSorted((a, b) => rank(a) - rank(b) || b.pods.length - a.pods.length);
};

function judgeCluster(check: Check, facts: ClusterFacts): Diagnosis {
  const { snapshot } = facts;
  const { id, title } = check;
  const cluster = snapshot.context;
  const gaps = new Map(check.rights.flatMap((right) => gapOf(right, snapshot) ?? []).map((gap) => [gap.right, gap]));
  const notChecked = [...gaps].map(([missing, { reason }]) => ({
    check: id,
    title,
    cluster,
    missing,
    reason,
    objects: [],
  }));
  if (notChecked.length > 0) return { findings: [], notChecked, passed: [] };

  const cases: Case[] = [];
  const unjudged: (Unjudged & { readonly reason: string })[] = [];
  for (const one of check.find(facts)) {
    if (isCase(one)) cases.push(one);
    else unjudged.push({ ...one, reason: reasonOf(one, snapshot) });
  }
  const findings = merged(cases).map((one) => {
    const { object, text, change, repair = check.fix, pods = [], severity = severityOf(check, one, facts) } = one;
    const fingerprint = fingerprintOf(check, one, facts);
    const { fix } = check;
    return {
      check: id,
      severity,
      title,
      cluster,
      object,
      text,
      repair,
      fix,
      pods,
      fingerprint,
      ...(change && { change }),
    };
  });
  const partly = [...grouped(unjudged, ({ missing: right, reason }) => `${right} ${reason}`).values()].map((all) => {
    const objects = all.map(({ object }) => object);
    return { check: id, title, cluster, missing: all[0]!.missing, reason: all[0]!.reason, objects };
  });
  return {
    findings,
    notChecked: partly,
    passed: findings.length + partly.length === 0 ? [{ check: id, cluster }] : [],
  };
}

const isCase = (one: Case | Unjudged): one is Case => 'text' in one;

/** Returns the severity of a case. It is lower than the check's if no pod uses the association or service account. */
const severityOf = ({ severity }: Check, { object: { kind }, pods }: Case, { snapshot }: ClusterFacts): Severity =>
  severity === 'error' &&
  snapshot.kubernetes.pods !== undefined &&
  pods?.length === 0 &&
  /^(?:Association|ServiceAccount)$/.test(kind)
    ? 'warning'
    : severity;

const NOT_ON_EKS = 'the cluster is not on EKS';
const UNDECIDABLE = 'cannot be decided';

/** Whether the caller can mend a gap by a right or a connection. No right reads roles of other accounts, or decides conditions on unknown keys. */
export const isUnread = ({ reason }: NotChecked): boolean =>
  ![ANOTHER_ACCOUNT, LEFT_OUT, NOT_ON_EKS, UNDECIDABLE].includes(reason);

function reasonOf({ missing, object, unread = object.name }: Unjudged, { gaps }: ClusterSnapshot): string {
  const gap = gaps.find((one) => one.right === missing && (one.object ?? unread) === unread);
  return gap?.reason ?? (/^(?:sts|eks-auth|organizations):/.test(missing) ? UNDECIDABLE : 'it was not read');
}

/** Returns the gap without which a right would have been used; undefined if it was. AWS' rights contain a colon. */
function gapOf(right: Right, { aws, gaps, kubernetes }: ClusterSnapshot): Gap | undefined {
  const whole = gaps.filter(({ object }) => object === undefined);
  const gap = whole.find((one) => one.right === right);
  if (gap || !right.includes(':')) return gap;
  if (aws === undefined) return whole.find((one) => one.right.includes(':')) ?? { right, reason: 'no AWS credentials' };
  if (!right.startsWith('eks:') || aws.cluster !== undefined) return undefined;
  const isLikeEks = /-eks-/.test(kubernetes.version ?? '') || /\/\/oidc\.eks\./.test(kubernetes.issuer ?? '');
  const reason = isLikeEks ? "the context does not name EKS' cluster: use --cluster-name" : NOT_ON_EKS;
  return whole.find((one) => one.right.startsWith('eks:')) ?? { right, reason };
}

/** Merges cases with the same object and text into one. */
function merged(cases: readonly Case[]): readonly Case[] {
  const byKey = new Map<string, Case>();
  for (const one of cases) {
    const key = JSON.stringify([one.object.kind, one.object.namespace, one.object.name, one.text]);
    const before = byKey.get(key);
    const repairs = [before?.repair, one.repair].filter((repair) => repair !== undefined);
    const pods = [...(before?.pods ?? []), ...(one.pods ?? [])];
    byKey.set(key, before ? { ...before, pods, repair: [...new Set(repairs)].join(' && ') || undefined } : one);
  }
  return [...byKey.values()];
}
