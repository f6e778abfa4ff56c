import type { V1Container, V1EnvVar, V1Pod, V1PodSpec, V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import { inImage } from '../../components/clients/in-image.ts';
import { PHASE_ANNOTATION, type PlannedProbe, type ProbePlan } from '../../foundation/protocols/probe-protocol.ts';
import { probingOrder, retryUntil } from './probe-retries.ts';
import { ofWorkload } from '../scenario/operation-registry.ts';
import type { Operation, ProbeStep, WorkloadSpec } from '../scenario/spec.ts';
import { WORKLOAD_LABEL } from '../kubernetes-client/pod-watcher.ts';
import type { PodGroups } from './stages.ts';
import {
  clusterOf,
  labelsOf,
  type ProvisionedCluster,
  type ScenarioContext,
  type Workload,
} from '../scenario/scenario-context.ts';

export const PROBE_CONTAINER = 'probe';
/** Secret of a namespace with the minted tokens of its workloads. */
export const TOKENS_SECRET = 'conformance-tokens';
const TOKENS_DIRECTORY = '/var/run/secrets/conformance/tokens';
const PHASE_DIRECTORY = '/etc/conformance';
const NO_PHASE = -1;
/** Keeps Karpenter, and so EKS Auto Mode, from evicting the pod (Karpenter, "Disruption", pod-level controls). */
const DO_NOT_DISRUPT = 'karpenter.sh/do-not-disrupt';

/** Returns the last phase that a new pod may start. */
export const firstPhase = ({ groups, deferred }: PodGroups): number => (deferred ? NO_PHASE : (groups[0]?.number ?? 0));

export function podManifest(context: ScenarioContext, workload: Workload, name: string, groups: PodGroups): V1Pod {
  const { spec, namespace } = workload;
  const { runAsUser, fsGroup } = spec;
  const cluster = clusterOf(context, workload.cluster);
  const plan = planOf(context, cluster, groups);
  const mounted = volumesOf(context, spec, plan);
  const volumes = mounted.map(({ volume }) => volume);
  const probe = probeContainer(cluster.workloadImage, variables(environmentOf(context, spec, plan)), mounted);
  return {
    metadata: {
      name,
      namespace,
      labels: { ...labelsOf(context), [WORKLOAD_LABEL]: workload.name },
      annotations: {
        [DO_NOT_DISRUPT]: 'true',
        ...context.names.expandAll(spec.podAnnotations ?? {}),
        [PHASE_ANNOTATION]: String(firstPhase(groups)),
      },
    },
    spec: {
      serviceAccountName: workload.serviceAccount,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: spec.automountServiceAccountToken ?? usesApiToken(groups),
      ...(spec.hostNetwork === true && { hostNetwork: true }),
      ...((runAsUser !== undefined || fsGroup !== undefined) && {
        securityContext: {
          ...(runAsUser !== undefined && { runAsUser, runAsNonRoot: runAsUser !== 0 }),
          ...(fsGroup !== undefined && { fsGroup }),
        },
      }),
      ...containersOf(spec, probe),
      ...(volumes.length > 0 && { volumes }),
    },
  };
}

const planOf = (context: ScenarioContext, cluster: ProvisionedCluster, { groups, deferred }: PodGroups): ProbePlan => ({
  ...(deferred && { deferred }),
  ...plannedClient(context, cluster),
  phases: groups.map((group) => ({
    phase: group.number,
    probes: probingOrder(context, group.probes).map(({ number, step }) => planned(context, number, step)),
  })),
});

function plannedClient(
  { scenario }: ScenarioContext,
  { onThisMachine }: ProvisionedCluster,
): Pick<ProbePlan, 'client'> {
  const { client: chosen } = scenario;
  const installed = onThisMachine ? chosen?.installed : chosen && inImage(chosen);
  if (chosen === undefined || installed === undefined) return {};
  const { command, environment } = installed;
  const { name, operations, stsOfAwsAlone: asksStsByTls } = chosen.client;
  const client = { name, command, operations: [...operations] };
  return { client: { ...client, ...(environment && { environment }), ...(asksStsByTls && { asksStsByTls }) } };
}

function planned(context: ScenarioContext, number: number, step: ProbeStep): PlannedProbe {
  const retry = retryUntil(context, step);
  return { number, operation: toProgram(context, step.operation), ...(retry && { retry }) };
}

const toProgram = (context: ScenarioContext, operation: Operation): Operation =>
  ofWorkload(operation)?.toProgram?.(operation, context) ?? context.names.expandAll(operation);

const hasPhaseFile = (plan: ProbePlan): boolean => plan.phases.length > 1 || plan.deferred === true;

/** Whether workloads get minted tokens. Those bound to a pod are minted after the pod, which waits for them. */
const hasTokens = (context: ScenarioContext): boolean => Object.keys(context.scenario.spec.tokens ?? {}).length > 0;

/** A workload gets a token of the Kubernetes API only if a probe presents it. */
const usesApiToken = ({ groups }: PodGroups): boolean =>
  groups.some(({ probes }) =>
    probes.some(({ step: { operation } }) => ofWorkload(operation)?.usesApiToken?.(operation) === true),
  );

const phaseField = { fieldPath: `metadata.annotations['${PHASE_ANNOTATION}']` };

interface Mounted {
  readonly volume: V1Volume;
  readonly mount: Pick<V1VolumeMount, 'mountPath' | 'subPath' | 'readOnly'>;
}

function volumesOf(context: ScenarioContext, spec: WorkloadSpec, plan: ProbePlan): readonly Mounted[] {
  const phase = { name: 'phase', downwardAPI: { items: [{ path: 'phase', fieldRef: phaseField }] } };
  const tokens = { name: 'tokens', secret: { secretName: TOKENS_SECRET } };
  const further = Object.entries(context.names.expandAll(spec.volumes ?? {}));
  return [
    ...(hasPhaseFile(plan) ? [{ volume: phase, mount: { mountPath: PHASE_DIRECTORY, readOnly: true } }] : []),
    ...(hasTokens(context) ? [{ volume: tokens, mount: { mountPath: TOKENS_DIRECTORY, readOnly: true } }] : []),
    ...further.map(([mountPath, { subPath, ...source }], index) => ({
      volume: { name: `further-${index}`, ...source },
      mount: { mountPath, ...(subPath !== undefined && { subPath }) },
    })),
  ];
}

const probeContainer = (image: string, env: V1EnvVar[], mounted: readonly Mounted[]): V1Container => ({
  name: PROBE_CONTAINER,
  image,
  imagePullPolicy: 'IfNotPresent',
  env,
  ...(mounted.length > 0 && {
    volumeMounts: mounted.map(({ volume: { name }, mount }) => ({ name, ...mount })),
  }),
});

const environmentOf = (context: ScenarioContext, spec: WorkloadSpec, plan: ProbePlan): Record<string, string> => ({
  // Not AWS_REGION: the webhook would add no AWS_DEFAULT_REGION, which some SDKs need.
  PROBE_REGION: context.environment.aws.region,
  ...context.environment.aws.workloadEnvironment,
  AWS_SDK_UA_APP_ID: context.scenario.id,
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  ...(spec.imds !== 'reachable' && { AWS_EC2_METADATA_DISABLED: 'true' }),
  PROBE_PLAN: JSON.stringify(spec.container === 'sidecar' ? { ...plan, stays: true } : plan),
  PROBE_AGENT_URI: 'http://169.254.170.23/v1/credentials',
  PROBE_AGENT_IPV6_URI: 'http://[fd00:ec2::23]/v1/credentials',
  PROBE_API_TOKEN_FILE: '/var/run/secrets/kubernetes.io/serviceaccount/token',
  ...(hasPhaseFile(plan) && { PROBE_PHASE_FILE: `${PHASE_DIRECTORY}/phase` }),
  ...(hasTokens(context) && { PROBE_TOKENS_DIRECTORY: TOKENS_DIRECTORY }),
  ...context.names.expandAll(spec.env ?? {}),
});

const variables = (env: Readonly<Record<string, string>>): V1EnvVar[] =>
  Object.entries(env).map(([name, value]) => ({ name, value }));

/** Returns the probe's container of the requested kind, with an idle main container if needed. */
function containersOf(
  { container: kind = 'main', mainRunAsUser: runAsUser }: WorkloadSpec,
  probe: V1Container,
): Pick<V1PodSpec, 'containers' | 'initContainers'> {
  if (kind === 'main') return { containers: [probe] };
  // A sidecar lives as long as the main containers do.
  const plan: ProbePlan = { phases: [], stays: kind === 'sidecar' };
  const { image = '', imagePullPolicy = '' } = probe;
  const main = { name: 'main', image, imagePullPolicy, env: variables({ PROBE_PLAN: JSON.stringify(plan) }) };
  return {
    initContainers: [kind === 'sidecar' ? { ...probe, restartPolicy: 'Always' } : probe],
    containers: [{ ...main, ...(runAsUser !== undefined && { securityContext: { runAsUser } }) }],
  };
}
