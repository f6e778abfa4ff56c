import { setTimeout as sleep } from 'node:timers/promises';
import { KubernetesError } from '../../clusters/kubernetes/connection.ts';
import type { EksAuthAnswer } from '../aws/target.ts';
import { usesKubernetes } from '../plan/requirements.ts';
import type { AssociationSpec, Expectation } from '../scenario/spec.ts';
import { awaitAdmission } from './admission.ts';
import type { Stage } from './incarnations.ts';
import { AWS_POLL_MILLISECONDS } from './settle.ts';
import { labelsOf, site, type ScenarioWorld, type Workload } from './world.ts';

/** Workloads of one service account. */
export type Subject = readonly [Workload, ...Workload[]];

/** What a change of an association leads to. */
export interface Change {
  /** Whether pods of the service account are injected for Pod Identity afterwards. */
  readonly injected: boolean;
  /** Role whose session EKS Auth gives then; undefined where it refuses, or where that is what is being found out. */
  readonly roleArn: string | undefined;
}

/** Follows what webhook and EKS Auth know of a service account's association. */
export interface AssociationWatch {
  /**
   * Waits until both know of the change. After the bound it goes on, with a note: the probes tell what is so instead. Throws
   * the reason of the scenario's signal, and AccessDeniedException where the harness may not ask EKS Auth.
   */
  until(change: Change): Promise<void>;
}

/** EKS Auth's error for a service account without an association (EKS Auth API Reference, AssumeRoleForPodIdentity). */
const NO_ASSOCIATION: EksAuthAnswer = { code: 'ResourceNotFoundException' };
/** Errors that say nothing about an association. */
const PASSING =
  /^(Throttling|TooManyRequests|ServiceUnavailable|InternalServer|RequestTimeout|Timeout|E[A-Z]+$|HTTP 5)/;
const AUDIENCE = 'pods.eks.amazonaws.com';
/** A gate that nobody removes: the pod exists, and is never scheduled (Kubernetes, "Pod Scheduling Readiness"). */
const NEVER = 'conformance.eks-pod-identity/never';

/**
 * Begins to follow an association, where AWS takes a while to put changes in force; undefined where it does not. A change of
 * an association is answered before webhook and EKS Auth know of it (Amazon EKS User Guide, "Learn how EKS Pod Identity
 * grants pods access to AWS services", on eventual consistency), so both are asked: the webhook by pods that are created in
 * dry run, EKS Auth as an agent would, with the token of a pod that never runs.
 *
 * @param isNew the service account has had no association: EKS Auth need not be asked what it answered before.
 */
export async function watchAssociation(
  world: ScenarioWorld,
  subject: Subject,
  isNew = false,
): Promise<AssociationWatch | undefined> {
  const { propagation } = world.environment.aws;
  if (propagation === undefined || !usesKubernetes(world.scenario.spec)) return undefined;
  const [first] = subject;
  const auth = await eksAuthOf(world, first);
  let before = NO_ASSOCIATION;
  if (!isNew)
    await auth?.until(performance.now() + propagation.boundSeconds * 1000, (answer) => {
      before = answer;
      return true;
    });
  const milliseconds = propagation.boundSeconds * 1000;
  const late = ` ${propagation.boundSeconds} s after its association was changed`;
  return {
    until: async ({ injected, roleArn }) => {
      const end = performance.now() + milliseconds;
      const [webhookKnows, last] = await Promise.all([
        awaitAdmission(world, first, (facts) => /^(pod-identity|both)$/.test(String(facts['injected'])) === injected, {
          milliseconds,
        }),
        auth?.until(end, (answer) =>
          roleArn === undefined ? differ(answer, before) : sameRole(answer.roleArn, roleArn),
        ),
      ]).finally(() => auth?.close());
      world.signal.throwIfAborted();
      const account = `${first.namespace}/${first.serviceAccount}`;
      if (!webhookKnows)
        note(world, subject, `pods of ${account} were still ${injected ? 'not ' : ''}injected for Pod Identity${late}`);
      if (last !== undefined) note(world, subject, `EKS Auth still answered ${words(last)} for ${account}${late}`);
    },
  };
}

/** Follows the new associations of a scenario's service accounts until webhook and EKS Auth know of all of them. */
export async function awaitAssociations(
  world: ScenarioWorld,
  all: readonly Stage[],
  subjects: readonly (readonly Workload[])[],
): Promise<void> {
  if (world.environment.aws.propagation === undefined) return;
  await Promise.all(
    subjects.map(async ([first, ...others]) => {
      if (first === undefined) return;
      const subject: Subject = [first, ...others];
      const association = subject.find((item) => item.association !== undefined)?.association;
      if (association === undefined) return;
      const watch = await watchAssociation(world, subject, true);
      await watch?.until(changeTo(world, all, 0, subject, association));
    }),
  );
}

/** What webhook and EKS Auth come to with an association, as far as the probes from a stage on tell. */
export function changeTo(
  world: ScenarioWorld,
  all: readonly Stage[],
  from: number,
  subject: Subject,
  association: Pick<AssociationSpec, 'role' | 'targetRole'>,
): Change {
  const role = association.targetRole ?? association.role;
  return { injected: true, roleArn: expectsRefusal(all, from, subject) ? undefined : world.names.roleArn(role) };
}

/** Steps that change nothing of what EKS Auth answers. */
const OF_PODS: ReadonlySet<string> = new Set(['StartPod', 'RestartPod', 'DeletePod', 'Wait']);

/** Whether pods of these workloads are to get no credentials, by the probes up to the next step that changes something. */
function expectsRefusal(all: readonly Stage[], from: number, subject: Subject): boolean {
  const names = new Set(subject.map(({ name }) => name));
  const expected: Expectation[] = [];
  for (const stage of all.slice(from)) {
    if (stage.kind === 'group')
      for (const { step } of stage.group.probes)
        if (step.workload !== undefined && names.has(step.workload)) expected.push(step.expectation);
    if (stage.kind === 'action' && !OF_PODS.has(stage.action.do)) break;
  }
  return expected.length > 0 && expected.every(({ outcome }) => outcome === 'refused');
}

interface EksAuth {
  /** Asks until an answer is as `isSo` says, then gives undefined; when it is not before `end`, the last answer. */
  until(end: number, isSo: (answer: EksAuthAnswer) => boolean): Promise<EksAuthAnswer | undefined>;
  close(): void;
}

let pods = 0;

/** EKS Auth as pods of the service account ask it; undefined where the harness cannot ask it. */
async function eksAuthOf(world: ScenarioWorld, item: Workload): Promise<EksAuth | undefined> {
  const { aws } = world.environment;
  if (aws.askEksAuth === undefined) return undefined;
  const { kubernetes, probeImage, cluster } = site(world, item.cluster);
  const name = `association-check-${(pods += 1)}`;
  const remove = async (): Promise<void> => {
    await kubernetes.deletePod(item.namespace, name, 0);
  };
  let token: string;
  try {
    const pod = await kubernetes.createPod(item.namespace, {
      metadata: { name, namespace: item.namespace, labels: labelsOf(world) },
      spec: {
        serviceAccountName: item.serviceAccount,
        automountServiceAccountToken: false,
        schedulingGates: [{ name: NEVER }],
        containers: [{ name: 'never', image: probeImage }],
      },
    });
    const boundPod = { name, uid: pod.metadata?.uid ?? '' };
    token = await kubernetes.createToken(item.namespace, item.serviceAccount, { audiences: [AUDIENCE], boundPod });
  } catch (error) {
    world.signal.throwIfAborted();
    if (!(error instanceof KubernetesError)) throw error;
    remove().catch(() => undefined);
    note(world, [item], `EKS Auth could not be asked, since there is no token of a pod (status ${error.status})`);
    return undefined;
  }
  // Under a name that no scenario gives: so it is taken out of whatever is reported.
  world.tokens.set(`<${name}>`, token);
  return {
    until: async (end, isSo) => {
      for (;;) {
        await turn(world, item);
        const answer = (await aws.askEksAuth?.(cluster.name, token)) ?? {};
        asked(world, item);
        throwDenied(answer);
        if (!PASSING.test(answer.code ?? '') && isSo(answer)) return undefined;
        if (performance.now() >= end) return answer;
      }
    },
    // It goes with its namespace, if not now.
    close: () => void remove().catch(() => undefined),
  };
}

/**
 * The harness' own credentials may not ask EKS Auth: no wait changes that. An association's role that EKS may not assume is
 * an AccessDeniedException too, in other words.
 */
function throwDenied({ code = '', message = '' }: EksAuthAnswer): void {
  if (/^AccessDenied/.test(code) && /is not authorized to perform: eks-auth:/.test(message))
    throw Object.assign(new Error(message), { name: code });
}

/** When EKS Auth may be asked next about a service account, by its name; one scenario asks about each of its own. */
const turns = new WeakMap<ScenarioWorld, Map<string, number>>();

/** Waits so that no account is asked about more often than once a second, by whichever watch. */
async function turn(world: ScenarioWorld, item: Workload): Promise<void> {
  const ofWorld = turns.get(world) ?? new Map<string, number>();
  turns.set(world, ofWorld);
  const account = accountKey(item);
  const now = performance.now();
  const at = Math.max(now, ofWorld.get(account) ?? 0);
  ofWorld.set(account, at + AWS_POLL_MILLISECONDS);
  if (at > now) await sleep(at - now, undefined, { signal: world.signal });
}

/** Counts the pause from the answer: the question itself may have waited for its place among others. */
function asked(world: ScenarioWorld, item: Workload): void {
  const ofWorld = turns.get(world);
  const account = accountKey(item);
  ofWorld?.set(account, Math.max(ofWorld.get(account) ?? 0, performance.now() + AWS_POLL_MILLISECONDS));
}

const accountKey = ({ cluster, namespace, serviceAccount }: Workload): string =>
  [cluster, namespace, serviceAccount].join('/');

const differ = (answer: EksAuthAnswer, before: EksAuthAnswer): boolean =>
  answer.roleArn !== before.roleArn || answer.code !== before.code;

/** Sessions name their role without its path (IAM User Guide, "IAM identifiers"). */
function sameRole(answered: string | undefined, wanted: string): boolean {
  const parts = (arn: string): string => `${arn.split(':')[4]} ${arn.split('/').at(-1)}`;
  return answered !== undefined && parts(answered) === parts(wanted);
}

const words = ({ roleArn, code, message }: EksAuthAnswer): string =>
  roleArn === undefined ? `${code ?? 'an error'}${message === undefined ? '' : ` ("${message}")`}` : `with ${roleArn}`;

const notes = new WeakMap<ScenarioWorld, Map<string, string[]>>();

function note(world: ScenarioWorld, subject: readonly Workload[], what: string): void {
  const ofWorld = notes.get(world) ?? new Map<string, string[]>();
  notes.set(world, ofWorld);
  for (const { name } of subject) ofWorld.set(name, [...(ofWorld.get(name) ?? []), `Before that, ${what}.`]);
}

/** What was waited for in vain before a workload's probes, a sentence each. */
export const notesOn = (world: ScenarioWorld, workload: string | undefined): readonly string[] =>
  notes.get(world)?.get(workload ?? '') ?? [];
