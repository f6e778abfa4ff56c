import { isCommand } from '../checks/commands.ts';
import { CHECKS } from '../checks/index.ts';
import { ClusterFacts } from '../facts/cluster-facts.ts';
import { identityOf, type PredictedIdentity } from '../facts/identity.ts';
import { containersOf, credentialsOf } from '../facts/injection.ts';
import { workloadOf } from '../facts/workload.ts';
import { judge } from '../judge/judge.ts';
import type { Diagnosis, Finding } from '../judge/report-schema.ts';
import type { ObjectName } from '../snapshot/object-name.ts';
import type { Pod } from '../snapshot/kubernetes.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import { wrap, type Paint } from '../../foundation/node/text.ts';
import { annotationOf, HOPS, type FollowedHop, type FoundPod } from './hops.ts';
import { identitiesAlong, identityHop, identityLines, type ContainerIdentity } from './identities.ts';

export interface FollowedPod {
  readonly cluster: string;
  readonly namespace: string;
  readonly pod: string;
  readonly serviceAccount: string;
  readonly hops: readonly FollowedHop[];
  /** The identity of the pod's first container. */
  readonly identity: PredictedIdentity;
  readonly containers: readonly ContainerIdentity[];
  /** One sentence on the cause. */
  readonly why: string;
  readonly repairs: readonly string[];
}

/** Follows a pod from its node's agent to its credentials. */
export function followed(snapshot: Snapshot, { facts, pod }: FoundPod): FollowedPod {
  const cluster = facts.snapshot;
  const diagnosis = judge({ ...snapshot, clusters: [cluster] }, CHECKS);
  const related = diagnosis.findings.filter((finding) => concerns(finding, facts, pod));
  const shown = hopsOf({ facts, pod }, diagnosis);
  const containers = identitiesAlong({ facts, pod }, shown);
  const isMeant = (name: string): boolean =>
    containersOf(pod).some((one) => {
      const { podIdentity, webIdentityRole } = credentialsOf(one);
      return one.name === name && (podIdentity || webIdentityRole !== undefined);
    });
  const hops = [...shown, ...identityHop(containers, shown, isMeant)];
  const {
    container: _name,
    isInit: _isInit,
    ...identity
  } = containers[0] ?? {
    ...{ container: '', isInit: false },
    ...identityOf(facts, pod),
  };
  const errors = related.filter(({ severity }) => severity === 'error');
  return {
    cluster: cluster.context,
    namespace: pod.metadata.namespace ?? '',
    pod: pod.metadata.name,
    serviceAccount: pod.serviceAccountName,
    hops,
    identity,
    containers,
    why: errors[0] === undefined ? whyOf(identity) : `${errors[0].title}: ${errors[0].text}`,
    repairs: [...new Set(related.filter(({ severity }) => severity !== 'info').map(({ repair }) => repair))],
  };
}

/** Judges each hop of a pod by the diagnosis of its cluster. */
export function hopsOf(
  { facts, pod }: FoundPod,
  { findings, notChecked }: Pick<Diagnosis, 'findings' | 'notChecked'>,
): readonly FollowedHop[] {
  const related = findings.filter((one) => one.severity !== 'info' && concerns(one, facts, pod));
  const node = facts.node(pod.nodeName);
  const profile = (node && facts.instanceOf(node)?.instanceProfileArn) ?? '';
  const ofNode = [profile, facts.snapshot.aws?.instanceProfiles[profile]];
  const isAbout = (object: ObjectName): boolean =>
    ofNode.includes(object.name) ||
    (!/^(?:Cluster|InstanceProfile)$/.test(object.kind) && concerns({ object, pods: [] }, facts, pod));
  return HOPS.flatMap(({ name: hop, describe }): FollowedHop[] => {
    const seen = describe(facts, pod);
    const isOfHop = (check: string): boolean => CHECKS.some(({ id, hops }) => id === check && hops.includes(hop));
    const isThere = ({ check, object, pods }: Finding): boolean =>
      (isAgent(object, facts) ? hop === 'agent' : isOfHop(check)) && (seen !== undefined || pods.length > 0);
    const hopFindings = related.filter(isThere);
    const worst = hopFindings.find(({ severity }) => severity === 'error') ?? hopFindings[0];
    if (worst) {
      const text = hopFindings.map((finding) => `${finding.text} (${finding.check})`).join(' ');
      return [{ name: hop, state: worst.severity === 'error' ? 'FAIL' : 'WARN', text }];
    }
    if (seen === undefined) return [];
    const gaps = notChecked.filter(({ check }) => isOfHop(check));
    const gap =
      gaps.find(({ objects }) => objects.some(isAbout)) ??
      (seen.isKnown === true ? undefined : gaps.find(({ objects }) => objects.every(({ kind }) => kind === 'Cluster')));
    if (gap) return [{ name: hop, state: 'unknown', text: `${gap.missing} is missing (${gap.reason}).` }];
    return [{ name: hop, state: seen.isKnown === false ? 'unknown' : 'ok', text: seen.text }];
  });
}

/**
 * Finds a pod by its name, or by its owner as in `deployment/ledger`. Throws `HarnessError` BAD_FILE if no
 * cluster has it, and `ClusterError` if pods could not be read.
 */
export function findPod(snapshot: Snapshot, namespace: string, name: string): FoundPod {
  const all = snapshot.clusters.map((cluster) => new ClusterFacts(cluster));
  for (const facts of all) {
    const pod = (name.includes('/') ? facts.pods : facts.snapshot.kubernetes.pods)?.find((one) => {
      const { kind, name: owner } = workloadOf(one);
      const names = [one.metadata.name, `${kind.toLowerCase()}/${owner}`];
      return (
        one.metadata.namespace === namespace && names.includes(name.replace(/^.*\//, (kind) => kind.toLowerCase()))
      );
    });
    if (pod !== undefined) return { facts, pod };
  }
  const { context, gaps } = all.find(({ snapshot: { kubernetes } }) => kubernetes.pods === undefined)?.snapshot ?? {};
  if (context !== undefined) {
    const reason = gaps?.find(({ right }) => right === 'list pods')?.reason;
    const sentence = `The pods of cluster ${context} were not read (${reason}). Allow the user to list pods (--print-rbac).`;
    throw new ClusterError('NO_ACCESS', sentence, { blame: 'environment' });
  }
  const namespacePods = all
    .flatMap((facts) => facts.pods.map(({ metadata }) => metadata))
    .filter((one) => one.namespace === namespace);
  const names = namespacePods.map((metadata) => metadata.name);
  const hint =
    names.length === 0
      ? 'it has no pods; name the namespace with -n.'
      : suggestion(name, names, undefined, 'see `kubectl get pods`');
  throw new HarnessError('BAD_FILE', `Namespace ${namespace} has no pod "${name}": ${hint}`);
}

const isAgent = ({ kind, namespace, name }: ObjectName, { agents }: ClusterFacts): boolean =>
  kind === 'DaemonSet' && agents.some(({ metadata }) => metadata.namespace === namespace && metadata.name === name);

/** Whether a finding is about the pod, its service account, roles, node or agent, or the whole cluster. */
export function concerns({ object, pods }: Pick<Finding, 'object' | 'pods'>, facts: ClusterFacts, pod: Pod): boolean {
  const { kind, namespace, name } = object;
  const { metadata, serviceAccountName, nodeName = '' } = pod;
  const podName = metadata.namespace === namespace ? metadata.name : `${metadata.namespace}/${metadata.name}`;
  if (isAgent(object, facts)) {
    const agent = facts.agentPodOn(nodeName);
    if (pods.length === 0) return agent?.ready !== true;
    return pods.includes(podName) || (agent !== undefined && pods.includes(agent.metadata.name));
  }
  if (namespace !== undefined && namespace !== metadata.namespace) return false;
  if (pods.length > 0) return pods.includes(podName);
  switch (kind) {
    case 'ServiceAccount':
    case 'Association':
      return name === serviceAccountName;
    case 'Node':
      return name === nodeName;
    case 'Role': {
      const { roleArn, targetRoleArn } = facts.associationOf(pod) ?? {};
      return [roleArn, targetRoleArn, annotationOf(facts, pod)].includes(name);
    }
    default:
      return namespace === undefined;
  }
}

function whyOf({ mechanism, roleArn, reason }: PredictedIdentity): string {
  switch (mechanism) {
    case 'pod-identity':
      return `EKS Pod Identity gives it role ${roleArn}.`;
    case 'web-identity':
      return `AWS STS gives it role ${roleArn} for its service account's token (IRSA).`;
    case 'node-role':
      return `It has no identity of its own, and uses the role of its node, ${roleArn}.`;
    case 'static-keys':
      return `Its environment has static keys, which come first: ${reason}.`;
    case 'none':
      return `It has no credentials: ${reason}.`;
    case 'unknown':
      return `Its identity is unknown: ${reason}.`;
  }
}

const COLORS = { ok: 32, FAIL: 31, WARN: 33, unknown: 35 } as const;

/** Formats a pod's way to its credentials for a terminal of `width` columns. */
export function podText(way: FollowedPod, paint: Paint, width: number | undefined): string {
  const widest = Math.max(...way.hops.map(({ name }) => name.length));
  const line = (name: string, state: FollowedHop['state'], text: string): string =>
    `  ${paint(state.padEnd(7), COLORS[state])}  ${name.padEnd(widest)}  ${text}`;
  const lines = [
    `Pod ${way.namespace}/${way.pod}, service account ${way.serviceAccount}, cluster ${way.cluster}`,
    '',
    ...way.hops.map(({ name, state, text }) => wrap(line(name, state, text), width, widest + 11)),
    '',
    wrap(`Why: ${way.why}`, width, 2),
    ...identityLines(way.containers).map((line) => wrap(line, width, 2)),
    ...(way.repairs.length === 0
      ? []
      : ['Repair:', ...way.repairs.map((repair) => (isCommand(repair) ? repair : wrap(`  ${repair}`, width, 2)))]),
  ];
  return `${lines.join('\n')}\n`;
}
