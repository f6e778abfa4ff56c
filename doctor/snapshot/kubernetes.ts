/**
 * The parts of Kubernetes objects that checks use, with Kubernetes' names (Kubernetes API Reference). A snapshot has no
 * Secrets, no values of environment variables except harmless ones, and only the annotations of `eks.amazonaws.com` and of kube2iam.
 */
import type {
  V1Container,
  V1ContainerStatus,
  V1DaemonSet,
  V1MutatingWebhookConfiguration,
  V1NetworkPolicy,
  V1Node,
  V1ObjectMeta,
  V1Pod,
} from '@kubernetes/client-node';
import type { Frozen } from '../../foundation/node/validate.ts';
import { defined, pick } from './defined.ts';

/** Values of these variables are kept; of all others, only names. Proxy URLs may contain passwords. */
const HARMLESS_VARIABLES: ReadonlySet<string> = new Set([
  'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_DEFAULT_REGION',
  'AWS_EC2_METADATA_DISABLED',
  'AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE',
  'AWS_REGION',
  'AWS_ROLE_ARN',
  'AWS_STS_REGIONAL_ENDPOINTS',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'NO_PROXY',
  'no_proxy',
]);

export interface RawObject {
  readonly metadata?: V1ObjectMeta;
}

/** Names a role for kube2iam and kiam, which replaced the metadata service of pods before IRSA existed. */
export const KUBE2IAM = 'iam.amazonaws.com/role';

/** JSON has strings where the client's types have dates. ISO 8601. */
interface Times {
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
}

export type Metadata = Frozen<ReturnType<typeof metadataOf>>;
function metadataOf({ metadata = {} }: RawObject) {
  const annotations = Object.entries(metadata.annotations ?? {}).filter(
    ([key]) => key.startsWith('eks.amazonaws.com/') || key === KUBE2IAM,
  );
  const controller = metadata.ownerReferences?.find((owner) => owner.controller === true);
  return {
    name: metadata.name ?? '',
    ...pick(metadata, 'namespace', 'uid', 'labels'),
    ...pick(metadata as unknown as Times, 'creationTimestamp', 'deletionTimestamp'),
    ...defined({
      annotations: annotations.length > 0 ? Object.fromEntries(annotations) : undefined,
      owner: controller && { kind: controller.kind, name: controller.name },
    }),
  };
}

export type ServiceAccount = Frozen<ReturnType<typeof objectOf>>;
export const objectOf = (object: RawObject) => ({ metadata: metadataOf(object) });

export interface EnvVar {
  readonly name: string;
  /** Only for the names in `HARMLESS_VARIABLES`. */
  readonly value?: string;
}

const envOf = ({ env = [] }: V1Container): EnvVar[] =>
  env.map(({ name, value }) =>
    value !== undefined && HARMLESS_VARIABLES.has(name) ? { name, value } : nameOnly(name),
  );

/** Shared objects, because many pods have the same variables. */
const NAMES = new Map<string, EnvVar>();

function nameOnly(name: string): EnvVar {
  const envVariable = NAMES.get(name) ?? { name };
  NAMES.set(name, envVariable);
  return envVariable;
}

/** Why a container does not run, and how it ended last. */
interface ContainerTrouble {
  readonly reason?: string;
  readonly exitCode?: number;
  readonly message?: string;
}

/** Returns the last error of a container; undefined if it runs and never ended. */
function troubleOf({ state, lastState }: V1ContainerStatus): ContainerTrouble | undefined {
  const ended = state?.terminated ?? lastState?.terminated;
  const reason = state?.waiting?.reason ?? ended?.reason;
  const message = ended?.message ?? state?.waiting?.message;
  return ended === undefined && state?.waiting === undefined
    ? undefined
    : defined({ reason, exitCode: ended?.exitCode, message: message?.slice(-MESSAGE).trim() });
}

/** The most characters of a message, the end of which has the error. */
const MESSAGE = 300;

export type Container = Frozen<ReturnType<typeof containerOf>>;
const containerOf = (container: V1Container, statuses: readonly V1ContainerStatus[], onHost: boolean) => {
  const { env = [], envFrom = [], ports = [] } = container;
  const sources = envFrom.flatMap(({ configMapRef: map, secretRef: secret }) => [
    ...(map ? [`ConfigMap ${map.name}`] : []),
    ...(secret ? [`Secret ${secret.name}`] : []),
  ]);
  const hostPorts = ports.flatMap((port) => port.hostPort ?? (onHost ? port.containerPort : []));
  const status = statuses.find(({ name }) => name === container.name);
  return {
    name: container.name,
    image: container.image ?? '',
    env: envOf({ ...container, env }),
    volumeMounts: (container.volumeMounts ?? []).map(({ name, mountPath }) => ({ name, mountPath })),
    ...defined({
      /** Names of ConfigMaps and Secrets, which are not read. */
      envFrom: sources.length > 0 ? sources : undefined,
      hostPorts: hostPorts.length > 0 ? hostPorts : undefined,
      status: status && troubleOf(status),
    }),
  };
};

export const isTrue =
  (type: string) =>
  (condition: { readonly type: string; readonly status: string }): boolean =>
    condition.type === type && condition.status === 'True';

export type Pod = Frozen<ReturnType<typeof podOf>>;
export function podOf({ spec, status, ...pod }: V1Pod) {
  const sources = (spec?.volumes ?? []).flatMap(({ name, projected }) =>
    (projected?.sources ?? []).map((source) => ({ volume: name, token: source.serviceAccountToken })),
  );
  const containers = (list: readonly V1Container[] = [], statuses: readonly V1ContainerStatus[] = []) =>
    list.map((one) => containerOf(one, statuses, spec?.hostNetwork === true));
  const conditions = status?.conditions ?? [];
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return {
    metadata: metadataOf(pod),
    serviceAccountName: spec?.serviceAccountName ?? 'default',
    hostNetwork: spec?.hostNetwork ?? false,
    ...defined({ nodeName: spec?.nodeName }),
    containers: containers(spec?.containers, status?.containerStatuses),
    initContainers: containers(spec?.initContainers, status?.initContainerStatuses),
    tokenVolumes: sources.flatMap(({ volume, token }) =>
      token ? [{ volume, ...pick(token, 'audience', 'expirationSeconds') }] : [],
    ),
    phase: status?.phase ?? 'Unknown',
    ready: conditions.some(isTrue('Ready')),
    ...defined({
      /** ISO 8601. */
      readySince: conditions.find(isTrue('Ready'))?.lastTransitionTime as unknown as string | undefined,
      /** The scheduler's words. */
      unschedulable: conditions.find(({ type, status: value }) => type === 'PodScheduled' && value === 'False')
        ?.message,
      /** The only node that a DaemonSet's pod is for. */
      targetNode: terms?.flatMap(({ matchFields = [] }) => matchFields.flatMap(({ values = [] }) => values))[0],
    }),
  };
}

export type Node = Frozen<ReturnType<typeof nodeOf>>;
export const nodeOf = ({ spec, status, ...node }: V1Node) => ({
  metadata: metadataOf(node),
  taints: (spec?.taints ?? []).map((taint) => ({ key: taint.key, effect: taint.effect, ...pick(taint, 'value') })),
  ready: (status?.conditions ?? []).some(isTrue('Ready')),
  ...defined({ providerID: spec?.providerID, operatingSystem: status?.nodeInfo?.operatingSystem }),
});

export type DaemonSet = Frozen<ReturnType<typeof daemonSetOf>>;
export function daemonSetOf(set: V1DaemonSet) {
  const { spec } = set.spec?.template ?? {};
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return {
    metadata: metadataOf(set),
    images: containers.map(({ image = '' }) => image),
    tolerations: (spec?.tolerations ?? []).map((one) => pick(one, 'key', 'operator', 'value', 'effect')),
    ...defined({
      nodeSelector: spec?.nodeSelector,
      nodeAffinity: terms?.map(({ matchExpressions = [] }) => ({ matchExpressions })),
    }),
  };
}

export type MutatingWebhook = Frozen<ReturnType<typeof webhooksOf>[number]>;
export const webhooksOf = ({ metadata, webhooks = [] }: V1MutatingWebhookConfiguration) =>
  webhooks.map(({ clientConfig: { service, ...clientConfig }, rules = [], ...webhook }) => ({
    /** The name of the MutatingWebhookConfiguration. */
    configuration: metadata?.name ?? '',
    name: webhook.name,
    // Base64 of PEM. It is public.
    ...pick(clientConfig, 'url', 'caBundle'),
    ...defined({ service: service && `${service.namespace}/${service.name}` }),
    ...pick(webhook, 'namespaceSelector', 'objectSelector', 'failurePolicy'),
    /** Whether a rule includes the creation of pods. */
    createsPods: rules.some(
      ({ operations, apiGroups, resources }) =>
        hasAny(operations, 'CREATE', '*') && hasAny(apiGroups, '', '*') && hasAny(resources, 'pods', '*', '*/*'),
    ),
  }));

const hasAny = (list: readonly string[] = [], ...values: readonly string[]): boolean =>
  list.some((value) => values.includes(value));

/** The client's type renames `except`. */
interface Peer {
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

export type NetworkPolicy = Frozen<ReturnType<typeof networkPolicyOf>>;
/** Returns a network policy. The API server sets `policyTypes` and `protocol` (Kubernetes, "Network Policies"). */
export const networkPolicyOf = ({ spec, ...policy }: V1NetworkPolicy) => ({
  metadata: metadataOf(policy),
  podSelector: spec?.podSelector ?? {},
  policyTypes: spec?.policyTypes ?? [],
  egress: (spec?.egress ?? []).map(({ to, ports }) =>
    // Undefined: any destination, and any port.
    defined({
      to: to?.map((peer) => ({
        selects: peer.podSelector !== undefined || peer.namespaceSelector !== undefined,
        ...pick(peer as Peer, 'ipBlock'),
      })),
      ports: ports?.map(({ protocol = 'TCP', ...port }) => ({ protocol, ...pick(port, 'port', 'endPort') })),
    }),
  ),
});

/** A ReplicaSet, StatefulSet, DaemonSet or Job that cannot create its pods. */
export interface RefusedPods extends ServiceAccount {
  readonly kind: string;
  /** The message of a ReplicaSet's condition ReplicaFailure, or of the others' last event FailedCreate. */
  readonly message: string;
}

/** Undefined for what could not be read; a gap says why. */
export interface KubernetesObjects {
  /** For example `v1.34.1`. */
  readonly version?: string;
  /** The issuer of service account tokens, with `https://`. */
  readonly issuer?: string;
  readonly namespaces?: readonly ServiceAccount[];
  readonly pods?: readonly Pod[];
  readonly serviceAccounts?: readonly ServiceAccount[];
  readonly nodes?: readonly Node[];
  readonly daemonSets?: readonly DaemonSet[];
  readonly refusedPods?: readonly RefusedPods[];
  readonly mutatingWebhooks?: readonly MutatingWebhook[];
  readonly networkPolicies?: readonly NetworkPolicy[];
}
