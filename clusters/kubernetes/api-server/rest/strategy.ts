import { isDeepStrictEqual } from 'node:util';
import { admitPodDefaults, defaultPod, objectsIn, qosClass } from '../admission/pod-defaults.ts';
import { forbiddenValue, invalid, invalidValue } from '../model/errors.ts';
import type { ResourceKind } from '../model/kinds.ts';
import { isObject, type JsonObject } from '../patch/merge-patch.ts';
import { copyOf } from '../store/copy.ts';
import type { KubeObject } from '../model/types.ts';

/** Moves `stringData` to `data` as base64. */
function encodeStringData(secret: KubeObject): void {
  const text = secret['stringData'] as Record<string, string> | null | undefined;
  const encoded = Object.entries(text ?? {}).map(([key, value]) => [
    key,
    Buffer.from(String(value)).toString('base64'),
  ]);
  if (encoded.length > 0) {
    secret['data'] = { ...(secret['data'] as JsonObject | undefined), ...(Object.fromEntries(encoded) as JsonObject) };
  }
  delete secret['stringData'];
  secret['type'] ??= 'Opaque';
}

function defaultBinding(binding: KubeObject): void {
  const group = 'rbac.authorization.k8s.io';
  const roleRef = binding['roleRef'] as JsonObject | undefined;
  if (roleRef !== undefined) roleRef['apiGroup'] ||= group;
  for (const subject of objectsIn(binding['subjects'])) {
    if (subject['kind'] === 'User' || subject['kind'] === 'Group') subject['apiGroup'] ??= group;
  }
}

function defaultWebhooks(configuration: KubeObject): void {
  for (const webhook of objectsIn(configuration['webhooks'])) {
    webhook['failurePolicy'] ??= 'Fail';
    webhook['matchPolicy'] ??= 'Equivalent';
    webhook['timeoutSeconds'] ??= 10;
    webhook['namespaceSelector'] ??= {};
    webhook['objectSelector'] ??= {};
    if (configuration.kind === 'MutatingWebhookConfiguration') webhook['reinvocationPolicy'] ??= 'Never';
    for (const rule of objectsIn(webhook['rules'])) rule['scope'] ??= '*';
  }
}

const DEFAULTS: Readonly<Record<string, JsonObject>> = {
  deployments: {
    replicas: 1,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    revisionHistoryLimit: 10,
  },
  replicasets: { replicas: 1 },
  daemonsets: { updateStrategy: { type: 'RollingUpdate' } },
  jobs: { parallelism: 1, backoffLimit: 6, completionMode: 'NonIndexed', suspend: false },
};

/** Sets a workload's defaults; idempotent. */
function defaultWorkload(kind: ResourceKind, object: KubeObject): void {
  const spec = isObject(object['spec']) ? object['spec'] : {};
  // Kubernetes's default for a Job without completions and parallelism.
  if (kind.resource === 'jobs' && spec['parallelism'] === undefined) spec['completions'] ??= 1;
  object['spec'] = { ...DEFAULTS[kind.resource], ...spec };
  const template = spec['template'];
  if (isObject(template)) defaultPod(template as unknown as KubeObject);
}

/** Sets an object's defaults; idempotent. */
export function applyDefaults(kind: ResourceKind, object: KubeObject): void {
  switch (kind.resource) {
    case 'pods':
      return defaultPod(object);
    case 'secrets':
      return encodeStringData(object);
    case 'rolebindings':
    case 'clusterrolebindings':
      return defaultBinding(object);
    case 'mutatingwebhookconfigurations':
    case 'validatingwebhookconfigurations':
      return defaultWebhooks(object);
    case 'namespaces':
      object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name };
      object['spec'] ??= { finalizers: ['kubernetes'] };
      return;
    case 'services':
      object['spec'] = { type: 'ClusterIP', sessionAffinity: 'None', ...(object['spec'] as JsonObject | undefined) };
      return;
    case 'deployments':
    case 'replicasets':
    case 'daemonsets':
    case 'jobs':
      return defaultWorkload(kind, object);
    default:
  }
}

/** Clears system metadata and sets the initial status. */
export function prepareForCreate(kind: ResourceKind, object: KubeObject): void {
  for (const field of ['uid', 'resourceVersion', 'creationTimestamp', 'deletionTimestamp', 'selfLink']) {
    Reflect.deleteProperty(object.metadata, field);
  }
  delete object.metadata.deletionGracePeriodSeconds;
  applyDefaults(kind, object);
  if (kind.resource === 'pods') {
    admitPodDefaults(object);
    object['status'] = { phase: 'Pending', qosClass: qosClass(object) };
  } else if (kind.resource === 'namespaces') object['status'] = { phase: 'Active' };
  // Nodes register with a status.
  else if (kind.status && kind.resource !== 'nodes') object['status'] = {};
  if (hasGeneration(kind)) object.metadata['generation'] = 1;
}

/** Whether a kind has `metadata.generation`. */
const hasGeneration = (kind: ResourceKind): boolean => kind.group === 'apps' || kind.group === 'batch';

/** Returns the immutable part of a pod's spec. */
function fixedPartOf(pod: KubeObject): JsonObject {
  const spec = copyOf(pod['spec']) as JsonObject;
  for (const field of ['activeDeadlineSeconds', 'schedulingGates', 'tolerations']) {
    Reflect.deleteProperty(spec, field);
  }
  for (const container of [...objectsIn(spec['containers']), ...objectsIn(spec['initContainers'])]) {
    Reflect.deleteProperty(container, 'image');
  }
  return spec;
}

function addedGate(pod: KubeObject, previous: KubeObject): string | undefined {
  const [now = [], before = []] = [pod, previous].map(({ spec }) =>
    objectsIn((spec as JsonObject)['schedulingGates']).map(({ name }) => String(name)),
  );
  return now.find((name) => !before.includes(name));
}

/** Returns tolerations without tolerationSeconds, which may change. */
const tolerationsOf = ({ spec }: KubeObject): JsonObject[] =>
  objectsIn((spec as JsonObject)['tolerations']).map(({ tolerationSeconds: _, ...rest }) => rest);

const IMMUTABLE: Readonly<Record<string, readonly string[]>> = {
  deployments: ['selector'],
  replicasets: ['selector'],
  daemonsets: ['selector'],
  jobs: ['template', 'selector', 'completionMode'],
};

const fieldOf = (object: KubeObject, field: string): unknown => (object['spec'] as JsonObject | undefined)?.[field];

/** Throws `ApiError` 422 if an update changes immutable fields. */
export function checkImmutable(kind: ResourceKind, object: KubeObject, previous: KubeObject): void {
  const { name } = object.metadata;
  if (kind.resource === 'pods' && !isDeepStrictEqual(fixedPartOf(object), fixedPartOf(previous))) {
    const fields =
      '`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` ' +
      '(only additions to existing tolerations),`spec.terminationGracePeriodSeconds`';
    throw invalid(kind, name, [forbiddenValue('spec', `pod updates may not change fields other than ${fields}`)]);
  }
  const [tolerations, former] = kind.resource === 'pods' ? [object, previous].map(tolerationsOf) : [];
  if (former?.some((formerToleration) => !tolerations?.some((other) => isDeepStrictEqual(formerToleration, other)))) {
    const why = 'existing toleration can not be modified except its tolerationSeconds';
    throw invalid(kind, name, [forbiddenValue('spec.tolerations', why)]);
  }
  const fixed = IMMUTABLE[kind.resource]?.find(
    (field) => !isDeepStrictEqual(fieldOf(object, field), fieldOf(previous, field)),
  );
  if (fixed !== undefined) throw invalid(kind, name, [invalidValue(`spec.${fixed}`, '', 'field is immutable')]);
  const added = kind.resource === 'pods' ? addedGate(object, previous) : undefined;
  if (added !== undefined) {
    const why = `only deletion is allowed, but found new scheduling gate '${added}'`;
    throw invalid(kind, name, [forbiddenValue('spec.schedulingGates', why)]);
  }
  if (kind.resource.endsWith('bindings') && !isDeepStrictEqual(object['roleRef'], previous['roleRef'])) {
    throw invalid(kind, name, [invalidValue('roleRef', object['roleRef'], 'cannot change roleRef')]);
  }
  if (kind.resource === 'secrets' && object['type'] !== previous['type'])
    throw invalid(kind, name, [invalidValue('type', object['type'], 'field is immutable')]);
  if (previous['immutable'] === true && ['secrets', 'configmaps'].includes(kind.resource)) {
    const changed = ['immutable', 'data', 'binaryData'].find(
      (field) => !isDeepStrictEqual(object[field], previous[field]),
    );
    if (changed !== undefined)
      throw invalid(kind, name, [forbiddenValue(changed, 'field is immutable when `immutable` is set')]);
  }
}

/** Prepares an update: a write to the object keeps the status, a write to the status keeps the rest. */
export function prepareForUpdate(
  kind: ResourceKind,
  subresource: string,
  object: KubeObject,
  previous: KubeObject,
): KubeObject {
  if (subresource === 'status') {
    const { resourceVersion } = object.metadata;
    const metadata = { ...previous.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    return { ...previous, metadata, status: object['status'] };
  }
  applyDefaults(kind, object);
  const { deletionTimestamp, deletionGracePeriodSeconds, generateName, managedFields } = previous.metadata;
  if (managedFields !== undefined) object.metadata['managedFields'] ??= managedFields;
  for (const [field, value] of Object.entries({ deletionTimestamp, deletionGracePeriodSeconds, generateName })) {
    if (value === undefined) Reflect.deleteProperty(object.metadata, field);
    else object.metadata[field] = value;
  }
  if (kind.status) {
    if (previous['status'] === undefined) delete object['status'];
    else object['status'] = previous['status'];
  }
  if (hasGeneration(kind)) {
    const generation = Number(previous.metadata['generation'] ?? 1);
    object.metadata['generation'] = isDeepStrictEqual(object['spec'], previous['spec']) ? generation : generation + 1;
  }
  return object;
}
