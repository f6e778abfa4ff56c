/** Reduces objects of Kubernetes to the types of snapshots. */
import type {
  CoreV1Event,
  V1Container,
  V1DaemonSet,
  V1Job,
  V1MutatingWebhookConfiguration,
  V1NetworkPolicy,
  V1Node,
  V1ObjectMeta,
  V1Pod,
  V1ReplicaSet,
  V1StatefulSet,
} from '@kubernetes/client-node';
import * as snapshot from '../snapshot/kubernetes.ts';
import { defined, pick } from './defined.ts';

export interface RawObject {
  readonly metadata?: V1ObjectMeta;
}

/** JSON has strings where the client's types have dates. */
interface Times {
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
}

export function metadataOf({ metadata = {} }: RawObject): snapshot.Metadata {
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([key]) =>
    key.startsWith('eks.amazonaws.com/'),
  );
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  return {
    name: metadata.name ?? '',
    ...pick(metadata, 'namespace', 'uid', 'labels'),
    ...pick(metadata as unknown as Times, 'creationTimestamp', 'deletionTimestamp'),
    ...(annotations.length > 0 && { annotations: Object.fromEntries(annotations) }),
    ...(owner && { owner: { kind: owner.kind, name: owner.name } }),
  };
}

export const objectOf = (object: RawObject) => ({ metadata: metadataOf(object) });

const envOf = ({ env = [] }: V1Container): snapshot.EnvVar[] =>
  env.map(({ name, value }) =>
    value !== undefined && snapshot.HARMLESS_VARIABLES.has(name) ? { name, value } : nameOnly(name),
  );

/** Shared objects, because many pods have the same variables. */
const NAMES = new Map<string, snapshot.EnvVar>();

function nameOnly(name: string): snapshot.EnvVar {
  const known = NAMES.get(name) ?? { name };
  NAMES.set(name, known);
  return known;
}

const containerOf = (container: V1Container): snapshot.Container => ({
  name: container.name,
  image: container.image ?? '',
  env: envOf(container),
  envFrom: (container.envFrom ?? []).flatMap(({ secretRef, configMapRef }) => (secretRef ?? configMapRef)?.name ?? []),
  volumeMounts: (container.volumeMounts ?? []).map(({ name, mountPath }) => ({ name, mountPath })),
});

const isTrue =
  (type: string) =>
  (condition: { readonly type: string; readonly status: string }): boolean =>
    condition.type === type && condition.status === 'True';

export function podOf({ spec, status, ...pod }: V1Pod): snapshot.Pod {
  const sources = (spec?.volumes ?? []).flatMap(({ name, projected }) =>
    (projected?.sources ?? []).map((source) => ({ volume: name, token: source.serviceAccountToken })),
  );
  return {
    metadata: metadataOf(pod),
    serviceAccountName: spec?.serviceAccountName ?? 'default',
    hostNetwork: spec?.hostNetwork ?? false,
    ...defined({ nodeName: spec?.nodeName, nodeSelector: spec?.nodeSelector }),
    containers: (spec?.containers ?? []).map(containerOf),
    initContainers: (spec?.initContainers ?? []).map(containerOf),
    tokenVolumes: sources.flatMap(({ volume, token }) =>
      token ? [{ volume, path: token.path, ...pick(token, 'audience', 'expirationSeconds') }] : [],
    ),
    phase: status?.phase ?? 'Unknown',
    ready: (status?.conditions ?? []).some(isTrue('Ready')),
  };
}

export const nodeOf = ({ spec, status, ...node }: V1Node): snapshot.Node => ({
  metadata: metadataOf(node),
  taints: (spec?.taints ?? []).map((taint) => ({ key: taint.key, effect: taint.effect, ...pick(taint, 'value') })),
  ready: (status?.conditions ?? []).some(isTrue('Ready')),
  ...defined({ providerID: spec?.providerID, operatingSystem: status?.nodeInfo?.operatingSystem }),
});

export function daemonSetOf(set: V1DaemonSet): snapshot.DaemonSet {
  const { spec } = set.spec?.template ?? {};
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return {
    metadata: metadataOf(set),
    images: containers.map(({ image = '' }) => image),
    env: containers.flatMap(envOf),
    tolerations: (spec?.tolerations ?? []).map((one) => pick(one, 'key', 'operator', 'value', 'effect')),
    ...defined({
      nodeSelector: spec?.nodeSelector,
      nodeAffinity: terms?.map(({ matchExpressions = [] }) => ({ matchExpressions })),
    }),
    desired: set.status?.desiredNumberScheduled ?? 0,
    ready: set.status?.numberReady ?? 0,
  };
}

export const webhooksOf = ({ metadata, webhooks = [] }: V1MutatingWebhookConfiguration): snapshot.MutatingWebhook[] =>
  webhooks.map(({ clientConfig: { service, ...clientConfig }, rules = [], ...webhook }) => ({
    configuration: metadata?.name ?? '',
    name: webhook.name,
    failurePolicy: webhook.failurePolicy ?? 'Fail',
    ...pick(clientConfig, 'url', 'caBundle'),
    ...(service && { service: `${service.namespace}/${service.name}` }),
    ...pick(webhook, 'namespaceSelector', 'objectSelector'),
    createsPods: rules.some(
      ({ operations, apiGroups, resources }) =>
        hasAny(operations, 'CREATE', '*') && hasAny(apiGroups, '', '*') && hasAny(resources, 'pods', '*', '*/*'),
    ),
  }));

const hasAny = (list: readonly string[] = [], ...values: readonly string[]): boolean =>
  list.some((value) => values.includes(value));

/** The API server sets `policyTypes` and `protocol` (Kubernetes, "Network Policies"). */
export const networkPolicyOf = ({ spec, ...policy }: V1NetworkPolicy): snapshot.NetworkPolicy => ({
  metadata: metadataOf(policy),
  podSelector: spec?.podSelector ?? {},
  policyTypes: spec?.policyTypes ?? [],
  egress: (spec?.egress ?? []).map(({ to, ports }) =>
    defined({
      to: to?.map((peer) => ({
        selects: peer.podSelector !== undefined || peer.namespaceSelector !== undefined,
        ...pick(peer, 'ipBlock'),
      })),
      ports: ports?.map(({ protocol = 'TCP', ...port }) => ({
        protocol,
        ...(pick(port, 'port', 'endPort') as { readonly port?: number | string; readonly endPort?: number }),
      })),
    }),
  ),
});

/** A ReplicaSet whose controller reports refused pods; an empty list otherwise. */
export function refusedOf(set: V1ReplicaSet): snapshot.RefusedPods[] {
  const failure = set.status?.conditions?.find(isTrue('ReplicaFailure'));
  return failure ? [{ ...objectOf(set), kind: 'ReplicaSet', message: failure.message ?? '' }] : [];
}

/** An object that has fewer pods than it needs. Its controller reports the reason in an event only. */
export type ShortOfPods = Omit<snapshot.RefusedPods, 'message'>;

const shortOf = (kind: string, object: RawObject, pods = 0, wanted = 0): ShortOfPods[] =>
  pods < wanted ? [{ ...objectOf(object), kind }] : [];

export const shortStatefulSet = (set: V1StatefulSet): ShortOfPods[] =>
  shortOf('StatefulSet', set, set.status?.replicas, set.spec?.replicas ?? 1);

export const shortDaemonSet = (set: V1DaemonSet): ShortOfPods[] =>
  shortOf('DaemonSet', set, set.status?.currentNumberScheduled, set.status?.desiredNumberScheduled);

export function shortJob({ spec, status, ...job }: V1Job): ShortOfPods[] {
  const { active = 0, succeeded = 0, failed = 0 } = status ?? {};
  return shortOf('Job', job, active + succeeded + failed, spec?.suspend === true ? 0 : 1);
}

/** The object of an event FailedCreate. */
export function failedCreateOf({ involvedObject, metadata, ...event }: CoreV1Event) {
  const time = String(event.lastTimestamp ?? event.eventTime ?? metadata.creationTimestamp);
  return { object: involvedObject, message: event.message ?? '', time };
}
