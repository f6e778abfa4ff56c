import type { V1Pod } from '@kubernetes/client-node';
import {
  PHASE_ANNOTATION,
  REPORT_PREFIX,
  type PlannedProbe,
  type ProbeOperation,
  type ProbePlan,
  type ProbeReport,
} from '../../components/probe/protocol.ts';
import { HarnessError } from '../errors.ts';
import type { WorkloadOperation } from '../scenario/spec.ts';
import type { ProbeGroup } from './incarnations.ts';
import { RUN_LABEL } from './pods.ts';
import { site, type ScenarioWorld, type Workload } from './world.ts';

const CONTAINER = 'probe';
const TOKENS_DIRECTORY = '/var/run/secrets/conformance/tokens';
const PHASE_DIRECTORY = '/etc/conformance';

/** A pod of a workload that was created: gives its reports group by group. */
export interface WorkloadPod {
  readonly name: string;
  readonly uid: string;
  /** Opens the group for the pod and resolves with its reports. */
  reports(group: number, count: number): Promise<readonly ProbeReport[]>;
  delete(): Promise<void>;
}

/** Creates the pod with the plan of its groups. `incarnation` tells pods of one workload apart. */
export async function startWorkloadPod(
  world: ScenarioWorld,
  workload: Workload,
  groups: readonly ProbeGroup[],
  incarnation: number,
): Promise<WorkloadPod> {
  const here = site(world, workload.cluster);
  const name = `${workload.name}-${incarnation}`;
  world.names.learn(`pod:${workload.name}`, name);
  const plan: ProbePlan = {
    phases: groups.map((group) => ({
      phase: group.number,
      probes: group.probes.map(({ number, step }) => planned(world, number, step.operation as WorkloadOperation)),
    })),
  };
  const created = await here.kubernetes.createPod(workload.namespace, podManifest(world, workload, name, plan));
  const abort = new AbortController();
  const signal = AbortSignal.any([world.signal, abort.signal]);
  const inbox = makeInbox(plan.phases.reduce((sum, phase) => sum + phase.probes.length, 0));
  void collectReports(world, workload, name, inbox, signal);
  let opened = groups[0]?.number ?? 0;
  return {
    name,
    uid: created.metadata?.uid ?? '',
    reports: async (group, count) => {
      if (group > opened) {
        opened = group;
        await here.kubernetes.annotatePod(workload.namespace, name, { [PHASE_ANNOTATION]: String(group) });
      }
      return inbox.take(count);
    },
    delete: async () => {
      await here.kubernetes.deletePod(workload.namespace, name, 1);
      await here.pods.gone(workload.namespace, name, world.signal);
      abort.abort(new Error('the pod was deleted'));
    },
  };
}

interface Inbox {
  put(report: ProbeReport): void;
  fail(error: unknown): void;
  readonly complete: boolean;
  take(count: number): Promise<readonly ProbeReport[]>;
}

/** Reports in the order they come; who takes waits until there are enough, or something failed. */
function makeInbox(expected: number): Inbox {
  const waiting: ProbeReport[] = [];
  let seen = 0;
  let failure: unknown;
  let wake: (() => void) | undefined;
  return {
    put: (report) => {
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

async function collectReports(
  world: ScenarioWorld,
  workload: Workload,
  name: string,
  inbox: Inbox,
  signal: AbortSignal,
): Promise<void> {
  const here = site(world, workload.cluster);
  const others: string[] = [];
  try {
    await here.pods.reached(workload.namespace, name, 'started', signal);
    await here.kubernetes.followLog(
      workload.namespace,
      name,
      CONTAINER,
      (line) => {
        if (line.startsWith(REPORT_PREFIX)) inbox.put(JSON.parse(line.slice(REPORT_PREFIX.length)) as ProbeReport);
        else if (others.length < 5) others.push(line);
      },
      signal,
    );
    if (inbox.complete) return;
    if (signal.aborted) throw signal.reason as Error;
    const pod = await here.pods.reached(workload.namespace, name, 'ended', signal);
    throw new HarnessError(
      'POD_FAILED',
      `Pod ${workload.namespace}/${name} ended (${describeEnd(pod)}) before all its probes had reported${others.length > 0 ? `; it said: ${others.join(' | ')}` : ''}.`,
    );
  } catch (error) {
    inbox.fail(error);
  }
}

function describeEnd(pod: V1Pod): string {
  const state = pod.status?.containerStatuses?.find((status) => status.name === CONTAINER)?.state?.terminated;
  return state ? `${state.reason ?? pod.status?.phase}, exit code ${state.exitCode}` : (pod.status?.phase ?? 'unknown');
}

function planned(world: ScenarioWorld, number: number, operation: WorkloadOperation): PlannedProbe {
  return { number, operation: realOperation(world, operation) };
}

/** The operation with real names in the place of the scenario's. */
function realOperation(world: ScenarioWorld, operation: WorkloadOperation): ProbeOperation {
  const { names } = world;
  if ('at' in operation) {
    const { at, ...rest } = operation;
    return { ...names.expandAll(rest), ...names.place(at) };
  }
  if ('bucket' in operation) return { ...names.expandAll(operation), bucket: names.bucket(operation.bucket) };
  return names.expandAll(operation);
}

/** Whether the scenario hands tokens to its workloads. Those bound to a pod are minted after the pod: it waits for them. */
const hasTokens = (world: ScenarioWorld): boolean => Object.keys(world.scenario.spec.tokens ?? {}).length > 0;

/** A workload needs no token of the Kubernetes API for AWS, so it gets one only where a probe presents it. */
const usesApiToken = (plan: ProbePlan): boolean => JSON.stringify(plan).includes('"from":"kubernetes-api"');

function podManifest(world: ScenarioWorld, workload: Workload, name: string, plan: ProbePlan): V1Pod {
  const { spec } = workload;
  const { aws } = world.environment;
  const env: Record<string, string> = {
    AWS_REGION: aws.region,
    ...aws.workloadEnvironment,
    AWS_SDK_UA_APP_ID: world.scenario.id,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...(spec.imds !== 'reachable' && { AWS_EC2_METADATA_DISABLED: 'true' }),
    PROBE_PLAN: JSON.stringify(plan),
    PROBE_AGENT_IPV6_URI: 'http://[fd00:ec2::23]/v1/credentials',
    PROBE_API_TOKEN_FILE: '/var/run/secrets/kubernetes.io/serviceaccount/token',
    ...(plan.phases.length > 1 && { PROBE_PHASE_FILE: `${PHASE_DIRECTORY}/phase` }),
    ...(hasTokens(world) && { PROBE_TOKENS_DIRECTORY: TOKENS_DIRECTORY }),
    ...world.names.expandAll(spec.env ?? {}),
  };
  const volumes = [
    ...(plan.phases.length > 1
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
  return {
    metadata: {
      name,
      namespace: workload.namespace,
      labels: { [RUN_LABEL]: world.environment.run, 'conformance.eks-pod-identity/scenario': world.scenario.id },
      annotations: {
        ...world.names.expandAll(spec.podAnnotations ?? {}),
        [PHASE_ANNOTATION]: String(plan.phases[0]?.phase ?? 0),
      },
    },
    spec: {
      serviceAccountName: workload.serviceAccount,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: spec.automountServiceAccountToken ?? usesApiToken(plan),
      ...(spec.runAsUser !== undefined && { securityContext: { runAsUser: spec.runAsUser, runAsNonRoot: true } }),
      containers: [
        {
          name: CONTAINER,
          image: site(world, workload.cluster).probeImage,
          imagePullPolicy: 'IfNotPresent',
          env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
          ...(volumes.length > 0 && {
            volumeMounts: volumes.map((volume) => ({
              name: volume.name,
              mountPath: volume.name === 'phase' ? PHASE_DIRECTORY : TOKENS_DIRECTORY,
              readOnly: true,
            })),
          }),
        },
      ],
      ...(volumes.length > 0 && { volumes }),
    },
  };
}

/** Secret of a namespace with the tokens that the harness minted for its workloads. */
export const TOKENS_SECRET = 'conformance-tokens';
