import { matchesLabels } from '../../../../foundation/protocols/scheduling.ts';
import { objectsIn } from '../admission/pod-defaults.ts';
import {
  forbiddenValue,
  invalid,
  invalidValue,
  notSupported,
  requiredValue,
  type FieldError,
} from '../model/errors.ts';
import { checkLifetime } from '../identity/token-lifetime.ts';
import type { ResourceKind } from '../model/kinds.ts';
import { isObject, type JsonObject } from '../patch/merge-patch.ts';
import type { KubeObject } from '../model/types.ts';
import { checkForm, LABEL, LABEL_RULE } from './schemas.ts';

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?$/;
const QUALIFIED_NAME = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/;

const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end " +
  "with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const KEY_RULE =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name', or 'KEY_NAME', or " +
  "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

function checkName(kind: ResourceKind, name: string): FieldError[] {
  const field = 'metadata.name';
  switch (kind.naming) {
    case 'label':
      return LABEL.test(name) ? [] : [invalidValue(field, name, LABEL_RULE)];
    case 'subdomain':
      return SUBDOMAIN.test(name) && name.length <= 253 ? [] : [invalidValue(field, name, SUBDOMAIN_RULE)];
    case 'path':
      return /[/%]/.test(name) || name === '.' || name === '..'
        ? [invalidValue(field, name, "may not contain '/' or '%', nor be '.' or '..'")]
        : [];
  }
}

function checkStrings(field: string, map: unknown, valid: (value: string) => boolean, rule: string): FieldError[] {
  if (map === undefined || map === null) return [];
  if (!isObject(map)) return [invalidValue(field, map, 'must be a map of strings')];
  return Object.entries(map).flatMap(([key, value]) => {
    if (!QUALIFIED_NAME.test(key)) return [invalidValue(field, key, 'name part must be a qualified name')];
    if (typeof value !== 'string' || !valid(value)) return [invalidValue(field, value, rule)];
    return [];
  });
}

const ANNOTATION_BYTES = 256 * 1024;

function checkSize(annotations: object | null | undefined): FieldError[] {
  const entries = Object.entries(annotations ?? {});
  const size = Buffer.byteLength(entries.flat().join(''));
  if (size <= ANNOTATION_BYTES) return [];
  const message = `Too long: may not be more than ${ANNOTATION_BYTES} bytes`;
  return [{ ...invalidValue('metadata.annotations', '', ''), message }];
}

const FIELDS = ['metadata.name', 'metadata.namespace', 'metadata.uid'];
/** Fields available to variables and to files (Kubernetes, "Downward API"). */
const VARIABLE_FIELDS = [
  ...[...FIELDS, 'spec.nodeName', 'spec.serviceAccountName'],
  ...['status.hostIP', 'status.hostIPs', 'status.podIP', 'status.podIPs'],
];
const FILE_FIELDS = [...FIELDS, 'metadata.annotations', 'metadata.labels'];

function checkField(reference: unknown, allowed: readonly string[], at: string): FieldError[] {
  if (!isObject(reference)) return [];
  const path = String(reference['fieldPath']);
  if (allowed.includes(path) || /^metadata\.(labels|annotations)\['.+'\]$/.test(path)) return [];
  return [notSupported(`${at}.fieldRef.fieldPath`, path, allowed)];
}

function checkRange(field: string, value: unknown, most: number): FieldError[] {
  const isWithin = typeof value === 'number' && value >= 1 && value <= most;
  return isWithin ? [] : [invalidValue(field, value, `must be between 1 and ${most}, inclusive`)];
}

const duplicateValue = (field: string, value: unknown): FieldError => ({
  ...invalidValue(field, value, ''),
  message: `Duplicate value: ${JSON.stringify(value)}`,
});

/** Checks that names are unique, mounts have volumes, and gated pods have no node. */
function checkPod(pod: KubeObject, at = ''): FieldError[] {
  const spec = (pod['spec'] ?? {}) as JsonObject;
  const volumes = objectsIn(spec['volumes']).map(({ name }) => name);
  const mains = objectsIn(spec['containers']).map(({ name }) => name);
  const lists = ['volumes', 'containers', 'initContainers'].map((list) => [list, objectsIn(spec[list])] as const);
  const errors = lists.flatMap(([list, elements]) =>
    elements.flatMap(({ name, volumeMounts, env, ports }, i) => [
      ...(elements.findIndex((other) => other['name'] === name) < i ||
      (list === 'initContainers' && mains.includes(name))
        ? [duplicateValue(`${at}spec.${list}[${i}].name`, name)]
        : []),
      ...objectsIn(env).flatMap(({ value, valueFrom }, j) => {
        const field = `${at}spec.${list}[${i}].env[${j}].valueFrom`;
        if (!isObject(valueFrom)) return [];
        if (value) return [invalidValue(field, '', 'may not be specified when `value` is not empty')];
        return checkField(valueFrom['fieldRef'], VARIABLE_FIELDS, field);
      }),
      ...objectsIn(ports).flatMap(({ containerPort }, j) =>
        checkRange(`${at}spec.${list}[${i}].ports[${j}].containerPort`, containerPort, 65_535),
      ),
      ...objectsIn(volumeMounts).flatMap((mount, j): FieldError[] => {
        const field = `${at}spec.${list}[${i}].volumeMounts[${j}]`;
        if (objectsIn(volumeMounts).findIndex((other) => other['mountPath'] === mount['mountPath']) < j)
          return [invalidValue(`${field}.mountPath`, mount['mountPath'], 'must be unique')];
        if (volumes.includes(mount['name'])) return [];
        return [{ ...invalidValue(`${field}.name`, '', ''), message: `Not found: ${JSON.stringify(mount['name'])}` }];
      }),
    ]),
  );
  const deadline = spec['activeDeadlineSeconds'];
  if (deadline !== undefined && deadline !== null)
    errors.push(...checkRange(`${at}spec.activeDeadlineSeconds`, deadline, 2_147_483_647));
  errors.push(...objectsIn(spec['volumes']).flatMap((volume, i) => checkVolume(volume, `${at}spec.volumes[${i}]`)));
  // Kubernetes, "Pod Scheduling Readiness".
  if (spec['nodeName'] && objectsIn(spec['schedulingGates']).length > 0)
    errors.push(forbiddenValue(`${at}spec.nodeName`, 'cannot be set until all schedulingGates have been cleared'));
  return errors;
}

/** Checks that files stay in their volume (Kubernetes API Reference, "KeyToPath" and "ServiceAccountTokenProjection"). */
function checkVolume(volume: JsonObject, at: string): FieldError[] {
  const { projected } = volume;
  const sources = isObject(projected)
    ? objectsIn(projected['sources']).map((source, i) => [source, `${at}.projected.sources[${i}]`] as const)
    : [[volume, at] as const];
  return sources.flatMap(([source, field]) =>
    Object.entries(source).flatMap(([kind, value]) => {
      if (!isObject(value)) return [];
      const items = objectsIn(value['items']).map(({ path }, i) => [path, `items[${i}].path`] as const);
      const fields = objectsIn(value['items']).flatMap(({ fieldRef }, i) =>
        checkField(fieldRef, FILE_FIELDS, `${field}.${kind}.items[${i}]`),
      );
      const isToken = kind === 'serviceAccountToken';
      const paths = isToken ? [[value['path'], 'path'] as const] : items;
      return [
        ...fields,
        ...paths.flatMap(([path, name]) => checkPath(path, `${field}.${kind}.${name}`)),
        ...(isToken ? checkLifetime(value['expirationSeconds'], `${field}.${kind}.expirationSeconds`) : []),
      ];
    }),
  );
}

function checkPath(path: unknown, field: string): FieldError[] {
  if (typeof path !== 'string' || path === '') return [requiredValue(field)];
  if (path.startsWith('/')) return [invalidValue(field, path, 'must be a relative path')];
  if (path.split('/').includes('..')) return [invalidValue(field, path, "must not contain '..'")];
  return path.startsWith('..') ? [invalidValue(field, path, "must not start with '..'")] : [];
}

/** Checks keys, which become file names (Kubernetes, "ConfigMaps" and "Secrets"). */
function checkKeys(object: KubeObject): FieldError[] {
  return ['data', 'binaryData', 'stringData'].flatMap((member) =>
    Object.keys((object[member] as object | null | undefined) ?? {})
      .filter((key) => !/^[-._a-zA-Z0-9]{1,253}$/.test(key) || key === '.' || key.startsWith('..'))
      .map((key) => invalidValue(`${member}[${key}]`, key, KEY_RULE)),
  );
}

function checkSubjects(binding: KubeObject): FieldError[] {
  return objectsIn(binding['subjects']).flatMap(({ kind, namespace }, i) =>
    kind === 'ServiceAccount' && !namespace ? [requiredValue(`subjects[${i}].namespace`)] : [],
  );
}

/** Unsupported Job fields that would change its behaviour. */
const NOT_OFFERED = ['podFailurePolicy', 'successPolicy', 'maxFailedIndexes', 'managedBy'];

function checkWorkload(object: KubeObject): FieldError[] {
  const spec = (object['spec'] ?? {}) as JsonObject;
  const template = isObject(spec['template']) ? spec['template'] : {};
  const pod = checkPod(template as unknown as KubeObject, 'spec.template.');
  if (object.kind === 'Job') {
    const unknown = NOT_OFFERED.filter((field) => spec[field] !== undefined && spec[field] !== null);
    const errors = unknown.map((field) =>
      forbiddenValue(`spec.${field}`, 'this cluster does not support it; leave it out'),
    );
    if ((spec['backoffLimitPerIndex'] ?? 0) !== 0)
      errors.push(forbiddenValue('spec.backoffLimitPerIndex', 'this cluster only supports 0'));
    if (spec['completionMode'] === 'Indexed' && spec['completions'] === undefined)
      errors.push(requiredValue('spec.completions', 'when completion mode is Indexed'));
    return [...pod, ...errors];
  }
  const { selector, strategy } = spec;
  const labels = ((isObject(template['metadata']) && template['metadata']['labels']) || {}) as Record<string, string>;
  const errors = !isObject(selector) || Object.keys(selector).length === 0 ? [requiredValue('spec.selector')] : [];
  if (errors.length === 0 && !matchesLabels(selector as object, labels)) {
    const why = '`selector` does not match template `labels`';
    errors.push(invalidValue('spec.template.metadata.labels', labels, why));
  }
  const { maxSurge, maxUnavailable } = ((isObject(strategy) && strategy['rollingUpdate']) || {}) as JsonObject;
  if ([maxSurge, maxUnavailable].every((value) => /^0+%?$/.test(String(value)))) {
    const field = 'spec.strategy.rollingUpdate.maxUnavailable';
    errors.push(invalidValue(field, maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  }
  return [...pod, ...errors];
}

const BY_RESOURCE: Readonly<Record<string, (object: KubeObject) => FieldError[]>> = {
  pods: (pod) => checkPod(pod),
  deployments: checkWorkload,
  replicasets: checkWorkload,
  daemonsets: checkWorkload,
  jobs: checkWorkload,
  clusterrolebindings: checkSubjects,
  configmaps: checkKeys,
  secrets: checkKeys,
};

/** Checks an object for common mistakes. Ignores unknown fields. Throws `ApiError` 422. */
export function validate(kind: ResourceKind, object: KubeObject): void {
  const { name, labels, annotations } = object.metadata;
  const errors = [
    ...checkName(kind, name),
    ...checkStrings(
      'metadata.labels',
      labels,
      (value) => LABEL_VALUE.test(value),
      'a valid label must be a string of at most 63 characters',
    ),
    ...checkStrings('metadata.annotations', annotations, () => true, 'must be a string'),
    ...checkSize(annotations),
    ...checkForm(kind.resource, object),
    ...(BY_RESOURCE[kind.resource]?.(object) ?? []),
  ];
  if (errors.length > 0) throw invalid(kind, name, errors);
}
