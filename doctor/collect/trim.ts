/** Reduces objects of Kubernetes to the types of snapshots. */
import type {
  CoreV1Event,
  V1Container,
  V1DaemonSet,
  V1Job,
  V1LabelSelector,
  V1MutatingWebhookConfiguration,
  V1NetworkPolicy,
  V1Node,
  V1ObjectMeta,
  V1Pod,
  V1ReplicaSet,
  V1StatefulSet,
} from '@kubernetes/client-node';
import {
  HARMLESS_VARIABLES,
  type Container,
  type DaemonSet,
  type EnvVar,
  type LabelSelector,
  type Metadata,
  type MutatingWebhook,
  type NetworkPolicy,
  type Node,
  type Pod,
  type RefusedPods,
} from '../snapshot/kubernetes.ts';
import { defined } from './defined.ts';

/** JSON has strings where the client's types have dates. */
export interface RawObject {
  readonly metadata?: V1ObjectMeta;
}

const nonEmpty = <T extends object>(object: T | undefined): T | undefined =>
  object !== undefined && Object.keys(object).length > 0 ? object : undefined;

export function metadataOf({ metadata = {} }: RawObject): Metadata {
  const { name = '', namespace, uid, creationTimestamp, deletionTimestamp, labels, annotations } = metadata;
  const ours = Object.entries(annotations ?? {}).filter(([key]) => key.startsWith('eks.amazonaws.com/'));
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  return {
    name,
    ...defined({
      namespace,
      uid,
      creationTimestamp: creationTimestamp as string | undefined,
      deletionTimestamp: deletionTimestamp as string | undefined,
      labels: nonEmpty(labels),
      annotations: nonEmpty(Object.fromEntries(ours)),
      owner: owner && { kind: owner.kind, name: owner.name },
    }),
  };
}

const envOf = ({ env = [] }: V1Container): EnvVar[] =>
  env.map(({ name, value }) => ({
    name,
    ...(value !== undefined && HARMLESS_VARIABLES.has(name) && { value }),
  }));

const containerOf = (container: V1Container): Container => ({
  name: container.name,
  image: container.image ?? '',
  env: envOf(container),
  envFrom: (container.envFrom ?? []).flatMap(({ secretRef, configMapRef }) => {
    const name = (secretRef ?? configMapRef)?.name;
    return name === undefined ? [] : [name];
  }),
  volumeMounts: (container.volumeMounts ?? []).map(({ name, mountPath }) => ({ name, mountPath })),
});

const isTrue =
  (type: string) =>
  (condition: { readonly type: string; readonly status: string }): boolean =>
    condition.type === type && condition.status === 'True';

export function podOf(pod: V1Pod): Pod {
  const { spec, status } = pod;
  return {
    metadata: metadataOf(pod),
    serviceAccountName: spec?.serviceAccountName ?? 'default',
    hostNetwork: spec?.hostNetwork ?? false,
    ...defined({ nodeName: spec?.nodeName, nodeSelector: nonEmpty(spec?.nodeSelector) }),
    containers: (spec?.containers ?? []).map(containerOf),
    initContainers: (spec?.initContainers ?? []).map(containerOf),
    tokenVolumes: (spec?.volumes ?? []).flatMap(({ name: volume, projected }) =>
      (projected?.sources ?? []).flatMap(({ serviceAccountToken: token }) =>
        token === undefined
          ? []
          : [
              {
                volume,
                path: token.path,
                ...defined({ audience: token.audience, expirationSeconds: token.expirationSeconds }),
              },
            ],
      ),
    ),
    phase: status?.phase ?? 'Unknown',
    ready: (status?.conditions ?? []).some(isTrue('Ready')),
  };
}

export function nodeOf(node: V1Node): Node {
  const { spec, status } = node;
  return {
    metadata: metadataOf(node),
    taints: (spec?.taints ?? []).map(({ key, value, effect }) => ({ key, effect, ...defined({ value }) })),
    ready: (status?.conditions ?? []).some(isTrue('Ready')),
    ...defined({ providerID: spec?.providerID, operatingSystem: status?.nodeInfo?.operatingSystem }),
  };
}

export function daemonSetOf(set: V1DaemonSet): DaemonSet {
  const { spec } = set.spec?.template ?? {};
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return {
    metadata: metadataOf(set),
    images: containers.map(({ image = '' }) => image),
    env: containers.flatMap(envOf),
    tolerations: (spec?.tolerations ?? []).map(({ key, operator, value, effect }) =>
      defined({ key, operator, value, effect }),
    ),
    ...defined({
      nodeSelector: nonEmpty(spec?.nodeSelector),
      nodeAffinity: terms?.map(({ matchExpressions = [] }) => ({ matchExpressions: expressionsOf(matchExpressions) })),
    }),
    desired: set.status?.desiredNumberScheduled ?? 0,
    ready: set.status?.numberReady ?? 0,
  };
}

interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values?: string[];
}

const expressionsOf = (expressions: readonly Expression[]) =>
  expressions.map(({ key, operator, values }) => ({ key, operator, ...defined({ values }) }));

const selectorOf = ({ matchLabels, matchExpressions }: V1LabelSelector = {}): LabelSelector =>
  defined({
    matchLabels: nonEmpty(matchLabels),
    matchExpressions: matchExpressions && expressionsOf(matchExpressions),
  });

export function webhooksOf(configuration: V1MutatingWebhookConfiguration): MutatingWebhook[] {
  return (configuration.webhooks ?? []).map(({ name, failurePolicy, clientConfig, rules = [], ...selectors }) => {
    const { url, caBundle, service } = clientConfig;
    return {
      configuration: configuration.metadata?.name ?? '',
      name,
      failurePolicy: failurePolicy ?? 'Fail',
      ...defined({
        url,
        caBundle,
        service: service && `${service.namespace}/${service.name}`,
        namespaceSelector: selectors.namespaceSelector && selectorOf(selectors.namespaceSelector),
        objectSelector: selectors.objectSelector && selectorOf(selectors.objectSelector),
      }),
      createsPods: rules.some(({ operations, apiGroups, resources }) => {
        const has = (list: readonly string[] | undefined, ...values: readonly string[]): boolean =>
          (list ?? []).some((value) => values.includes(value));
        return has(operations, 'CREATE', '*') && has(apiGroups, '', '*') && has(resources, 'pods', '*', '*/*');
      }),
    };
  });
}

/** The API server sets `policyTypes` (Kubernetes, "Network Policies"). */
export function networkPolicyOf(policy: V1NetworkPolicy): NetworkPolicy {
  const { spec } = policy;
  const egress = spec?.egress ?? [];
  return {
    metadata: metadataOf(policy),
    podSelector: selectorOf(spec?.podSelector),
    policyTypes: spec?.policyTypes ?? ['Ingress', ...(egress.length > 0 ? ['Egress'] : [])],
    egress: egress.map(({ to, ports }) =>
      defined({
        to: to?.map(({ ipBlock, podSelector, namespaceSelector }) => ({
          selects: podSelector !== undefined || namespaceSelector !== undefined,
          ...defined({ ipBlock: ipBlock && { cidr: ipBlock.cidr, ...defined({ except: ipBlock.except }) } }),
        })),
        ports: ports?.map(({ protocol = 'TCP', port, endPort }) => ({
          protocol,
          ...defined({ port: port, endPort }),
        })),
      }),
    ),
  };
}

/** A ReplicaSet whose controller reports refused pods; an empty list otherwise. */
export function refusedOf(set: V1ReplicaSet): RefusedPods[] {
  const failure = set.status?.conditions?.find(isTrue('ReplicaFailure'));
  return failure === undefined
    ? []
    : [{ metadata: metadataOf(set), kind: 'ReplicaSet', message: failure.message ?? '' }];
}

/** An object that has fewer pods than it needs. Its controller reports the reason in an event only. */
export interface ShortOfPods {
  readonly kind: 'StatefulSet' | 'DaemonSet' | 'Job';
  readonly metadata: Metadata;
}

const shortOf = (kind: ShortOfPods['kind'], object: RawObject, isShort: boolean): ShortOfPods[] =>
  isShort ? [{ kind, metadata: metadataOf(object) }] : [];

export const shortStatefulSet = (set: V1StatefulSet): ShortOfPods[] =>
  shortOf('StatefulSet', set, (set.status?.replicas ?? 0) < (set.spec?.replicas ?? 1));

export const shortDaemonSet = (set: V1DaemonSet): ShortOfPods[] =>
  shortOf('DaemonSet', set, (set.status?.currentNumberScheduled ?? 0) < (set.status?.desiredNumberScheduled ?? 0));

export function shortJob(job: V1Job): ShortOfPods[] {
  const { active = 0, succeeded = 0, failed = 0, completionTime } = job.status ?? {};
  const isShort = active + succeeded + failed === 0 && completionTime === undefined && job.spec?.suspend !== true;
  return shortOf('Job', job, isShort);
}

export interface FailedCreate {
  /** Kind, namespace and name. */
  readonly key: string;
  readonly message: string;
  readonly time: string;
}

export const keyOf = (kind = '', namespace = '', name = ''): string => `${kind} ${namespace}/${name}`;

export function failedCreateOf(event: CoreV1Event): FailedCreate {
  const { kind, namespace, name } = event.involvedObject;
  const time = event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp;
  return { key: keyOf(kind, namespace, name), message: event.message ?? '', time: String(time) };
}
