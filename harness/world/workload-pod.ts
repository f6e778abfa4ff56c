import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Container, V1Pod, V1PodSpec } from '@kubernetes/client-node';
import { awsProblem } from '../../foundation/aws-problem.ts';
import { KubernetesError } from '../../foundation/kubernetes/connection.ts';
import {
  PHASE_ANNOTATION,
  REPORT_PREFIX,
  TOKENS_PREFIX,
  type PlannedProbe,
  type ProbePlan,
  type ProbeReport,
} from '../../foundation/probe-protocol.ts';
import { HarnessError } from '../../foundation/errors.ts';
import { ofWorkload } from '../operations/registry.ts';
import type { Operation, ProbeStep } from '../scenario/spec.ts';
import { createAsSeen } from '../operations/admitted-pod.ts';
import type { PodGroups } from './stages.ts';
import { WORKLOAD_LABEL } from './pods.ts';
import { probingOrder, retryUntil } from '../consistency/probe.ts';
import { labelsOf, clusterOf, type ScenarioWorld, type Workload } from './world.ts';

/** Container that makes the probes. */
export const PROBE_CONTAINER = 'probe';
const TOKENS_DIRECTORY = '/var/run/secrets/conformance/tokens';
const PHASE_DIRECTORY = '/etc/conformance';
/** Before the number of every phase. */
const NO_PHASE = -1;

const hasPhaseFile = (plan: ProbePlan): boolean => plan.phases.length > 1 || plan.heldBack === true;

/** A pod of a workload that was created: gives its reports group by group. */
export interface WorkloadPod {
  readonly name: string;
  readonly uid: string;
  /** Opens the group for the pod and resolves with its reports. */
  reports(group: number, count: number): Promise<readonly ProbeReport[]>;
  delete(): Promise<void>;
}

/**
 * Creates the pod with the plan of its groups; `heldBack` when something is to change before the first of them.
 * `ordinal` tells pods of one workload apart.
 */
export async function startWorkloadPod(
  world: ScenarioWorld,
  workload: Workload,
  { groups, heldBack }: PodGroups,
  ordinal: number,
): Promise<WorkloadPod> {
  const here = clusterOf(world, workload.cluster);
  const manifestOf = (name: string): V1Pod => {
    // Operations may name the pod.
    world.names.learn(`pod:${workload.name}`, name);
    const plan: ProbePlan = {
      ...(heldBack && { heldBack }),
      phases: groups.map((group) => ({
        phase: group.number,
        probes: probingOrder(world, group.probes).map(({ number, step }) => planned(world, number, step)),
      })),
    };
    return podManifest(world, workload, name, plan, usesApiToken(groups));
  };
  const release = (await world.environment.podStarts?.acquire()) ?? ((): void => undefined);
  const asked = performance.now();
  const first = `${workload.name}-${ordinal}`;
  const { name, uid } = await createAsSeen(world, workload, first, manifestOf).catch((error: unknown) => {
    release();
    throw error;
  });
  const abort = new AbortController();
  const signal = AbortSignal.any([world.signal, abort.signal]);
  const inbox = makeInbox(
    groups.reduce((sum, group) => sum + group.probes.length, 0),
    () => heldBack || world.environment.podTimes.push(performance.now() - asked),
  );
  void collectReports(world, workload, name, inbox, release, signal);
  let opened = heldBack ? NO_PHASE : (groups[0]?.number ?? 0);
  let over = false;
  const remove = async (): Promise<void> => {
    if (over) return;
    await ignoreMissing(here.kubernetes.deletePod(workload.namespace, name, 1));
    over = true;
  };
  // A pod that has said all ends by itself; one that has not would go on beside later scenarios.
  world.resources.addChange(
    `pod ${workload.namespace}/${name}`,
    async () => (inbox.complete && workload.spec.container !== 'sidecar' ? undefined : remove()),
    'unless-kept',
  );
  return {
    name,
    uid,
    reports: async (group, count) => {
      if (group <= opened) return inbox.take(count);
      opened = group;
      const annotate = (annotations: Record<string, string>): Promise<void> =>
        here.kubernetes.annotatePod(workload.namespace, name, annotations);
      await annotate({ [PHASE_ANNOTATION]: String(group) });
      let reminders = 0;
      const reminder = setInterval(
        () => void annotate({ [REMINDER_ANNOTATION]: String((reminders += 1)) }).catch(() => undefined),
        REMINDER_MILLISECONDS,
      );
      try {
        return await inbox.take(count);
      } finally {
        clearInterval(reminder);
      }
    },
    delete: async () => {
      await remove();
      await here.pods.gone(workload.namespace, name, world.signal);
      abort.abort(new Error('the pod was deleted'));
    },
  };
}

/**
 * A kubelet writes the file of the phase when it syncs a pod that changed; one change that follows another closely can be
 * missed, and would be seen with the next regular sync, a minute later. A further change makes it look again.
 */
const REMINDER_ANNOTATION = 'conformance.eks-pod-identity/reminder';
const REMINDER_MILLISECONDS = 3000;

interface Inbox {
  put(report: ProbeReport): void;
  fail(error: unknown): void;
  readonly complete: boolean;
  take(count: number): Promise<readonly ProbeReport[]>;
}

/** Reports in the order they come; who takes waits until there are enough, or something failed. */
function makeInbox(expected: number, onFirst: () => void): Inbox {
  const waiting: ProbeReport[] = [];
  let seen = 0;
  let failure: unknown;
  let wake: (() => void) | undefined;
  return {
    put: (report) => {
      if (seen === 0) onFirst();
      waiting.push(report);
      seen += 1;
      wake?.();
    },
    fail: (error) => {
      failure ??= error;
      wake?.();
    },
    get complete() {
      return seen >= expected;
    },
    take: async (count) => {
      while (waiting.length < count) {
        if (failure !== undefined) throw failure as Error;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return waiting.splice(0, count);
    },
  };
}

/**
 * Takes the reports from the log until all are there. A log's stream may end before its container does (a busy kubelet, a
 * connection that breaks): it is followed again then, from its beginning.
 */
async function collectReports(
  world: ScenarioWorld,
  workload: Workload,
  name: string,
  inbox: Inbox,
  release: () => void,
  signal: AbortSignal,
): Promise<void> {
  const { pods, kubernetes } = clusterOf(world, workload.cluster);
  const { namespace } = workload;
  const seen = new Set<number>();
  try {
    await pods.started(namespace, name, PROBE_CONTAINER, signal);
    for (;;) {
      // What ends before the log is read has written all of it.
      const ended = pods.ended(namespace, name, PROBE_CONTAINER);
      const others: string[] = [];
      const take = (line: string): void => {
        release();
        if (line.startsWith(REPORT_PREFIX)) {
          const report = reportOf(line);
          if (report === undefined || seen.has(report.number)) return;
          seen.add(report.number);
          inbox.put(report);
        } else if (!line.startsWith(TOKENS_PREFIX) && others.length < 5) others.push(line);
      };
      await untilStreamEnds(kubernetes.followLog(namespace, name, PROBE_CONTAINER, take, signal));
      if (inbox.complete) return;
      signal.throwIfAborted();
      if (ended) {
        const said = others.length > 0 ? `; it said: ${others.join(' | ')}` : '';
        throw new HarnessError(
          'POD_FAILED',
          `Pod ${namespace}/${name} ended (${describeEnd(ended)}) before all its probes had reported${said}.`,
        );
      }
      await sleep(RETRY_MILLISECONDS, undefined, { signal });
    }
  } catch (error) {
    inbox.fail(signal.aborted ? signal.reason : error);
  } finally {
    release();
  }
}

/** Undefined for a line that was cut off with its stream. */
function reportOf(line: string): ProbeReport | undefined {
  try {
    return JSON.parse(line.slice(REPORT_PREFIX.length)) as ProbeReport;
  } catch {
    return undefined;
  }
}

/** Without credentials nothing is answered any more. */
const CREDENTIALS: ReadonlySet<string | undefined> = new Set([
  'no-credentials',
  'expired-credentials',
  'bad-credentials',
]);

/** An answer other than "not found" may be another one soon: a kubelet reports containers whose log it cannot read yet. */
async function untilStreamEnds(following: Promise<void>): Promise<void> {
  try {
    await following;
  } catch (error) {
    if (error instanceof KubernetesError && [401, 403, 404].includes(error.status)) throw error;
    if (CREDENTIALS.has(awsProblem(error)?.kind)) throw error;
  }
}

const RETRY_MILLISECONDS = 100;

async function ignoreMissing(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof KubernetesError) || error.status !== 404) throw error;
  }
}

function describeEnd(pod: V1Pod): string {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const state = statuses.find((status) => status.name === PROBE_CONTAINER)?.state?.terminated;
  return state ? `${state.reason ?? pod.status?.phase}, exit code ${state.exitCode}` : (pod.status?.phase ?? 'unknown');
}

/** The operation as the probe program is told it, with real names. */
const toProgram = (world: ScenarioWorld, operation: Operation): Operation =>
  ofWorkload(operation)?.toProgram?.(operation, world) ?? world.names.expandAll(operation);

function planned(world: ScenarioWorld, number: number, step: ProbeStep): PlannedProbe {
  const retry = retryUntil(world, step);
  return { number, operation: toProgram(world, step.operation), ...(retry && { retry }) };
}

/** Whether the scenario hands tokens to its workloads. Those bound to a pod are minted after the pod: it waits for them. */
const hasTokens = (world: ScenarioWorld): boolean => Object.keys(world.scenario.spec.tokens ?? {}).length > 0;

/** A workload needs no token of the Kubernetes API for AWS, so it gets one only where a probe presents it. */
const usesApiToken = (groups: PodGroups['groups']): boolean =>
  groups.some(({ probes }) =>
    probes.some(({ step: { operation } }) => ofWorkload(operation)?.usesApiToken?.(operation) === true),
  );

/**
 * Keeps Karpenter, and so EKS Auto Mode, from evicting the pod to make do with fewer nodes: nothing would make it again, and
 * nodes with such short-lived pods always look underutilized (Karpenter, "Disruption", pod-level controls).
 */
const DO_NOT_DISRUPT = 'karpenter.sh/do-not-disrupt';

function podManifest(
  world: ScenarioWorld,
  workload: Workload,
  name: string,
  plan: ProbePlan,
  apiToken: boolean,
): V1Pod {
  const { spec } = workload;
  const { aws } = world.environment;
  const env: Record<string, string> = {
    AWS_REGION: aws.region,
    ...aws.workloadEnvironment,
    AWS_SDK_UA_APP_ID: world.scenario.id,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...(spec.imds !== 'reachable' && { AWS_EC2_METADATA_DISABLED: 'true' }),
    PROBE_PLAN: JSON.stringify(spec.container === 'sidecar' ? { ...plan, stays: true } : plan),
    PROBE_AGENT_URI: 'http://169.254.170.23/v1/credentials',
    PROBE_AGENT_IPV6_URI: 'http://[fd00:ec2::23]/v1/credentials',
    PROBE_API_TOKEN_FILE: '/var/run/secrets/kubernetes.io/serviceaccount/token',
    ...(hasPhaseFile(plan) && { PROBE_PHASE_FILE: `${PHASE_DIRECTORY}/phase` }),
    ...(hasTokens(world) && { PROBE_TOKENS_DIRECTORY: TOKENS_DIRECTORY }),
    ...world.names.expandAll(spec.env ?? {}),
  };
  const volumes = [
    ...(hasPhaseFile(plan)
      ? [
          {
            name: 'phase',
            downwardAPI: {
              items: [{ path: 'phase', fieldRef: { fieldPath: `metadata.annotations['${PHASE_ANNOTATION}']` } }],
            },
          },
        ]
      : []),
    ...(hasTokens(world) ? [{ name: 'tokens', secret: { secretName: TOKENS_SECRET } }] : []),
  ];
  const image = clusterOf(world, workload.cluster).workloadImage;
  const probe: V1Container = {
    name: PROBE_CONTAINER,
    image,
    imagePullPolicy: 'IfNotPresent',
    env: variables(env),
    ...(volumes.length > 0 && {
      volumeMounts: volumes.map((volume) => ({
        name: volume.name,
        mountPath: volume.name === 'phase' ? PHASE_DIRECTORY : TOKENS_DIRECTORY,
        readOnly: true,
      })),
    }),
  };
  return {
    metadata: {
      name,
      namespace: workload.namespace,
      labels: { ...labelsOf(world), [WORKLOAD_LABEL]: workload.name },
      annotations: {
        [DO_NOT_DISRUPT]: 'true',
        ...world.names.expandAll(spec.podAnnotations ?? {}),
        [PHASE_ANNOTATION]: String(plan.heldBack ? NO_PHASE : (plan.phases[0]?.phase ?? 0)),
      },
    },
    spec: {
      serviceAccountName: workload.serviceAccount,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: spec.automountServiceAccountToken ?? apiToken,
      ...(spec.hostNetwork === true && { hostNetwork: true }),
      ...((spec.runAsUser !== undefined || spec.fsGroup !== undefined) && {
        securityContext: {
          ...(spec.runAsUser !== undefined && { runAsUser: spec.runAsUser, runAsNonRoot: spec.runAsUser !== 0 }),
          ...(spec.fsGroup !== undefined && { fsGroup: spec.fsGroup }),
        },
      }),
      ...containersOf(spec.container ?? 'main', probe),
      ...(volumes.length > 0 && { volumes }),
    },
  };
}

const variables = (env: Readonly<Record<string, string>>): { name: string; value: string }[] =>
  Object.entries(env).map(([name, value]) => ({ name, value }));

/** The probe's container where the workload wants it, with a main container that does nothing beside one that is not. */
function containersOf(kind: 'main' | 'init' | 'sidecar', probe: V1Container): ContainersOnly {
  if (kind === 'main') return { containers: [probe] };
  // A sidecar lives as long as the main containers do.
  const plan: ProbePlan = { phases: [], stays: kind === 'sidecar' };
  const { image = '', imagePullPolicy = '' } = probe;
  const main = { name: 'main', image, imagePullPolicy, env: variables({ PROBE_PLAN: JSON.stringify(plan) }) };
  return {
    initContainers: [kind === 'sidecar' ? { ...probe, restartPolicy: 'Always' } : probe],
    containers: [main],
  };
}

type ContainersOnly = Pick<V1PodSpec, 'containers' | 'initContainers'>;

/** Secret of a namespace with the tokens that the harness minted for its workloads. */
export const TOKENS_SECRET = 'conformance-tokens';
