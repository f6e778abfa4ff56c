import { objectsIn } from '../admission/pod-defaults.ts';
import { invalid, invalidValue, requiredValue, type FieldError } from '../errors.ts';
import type { ResourceKind } from '../kinds.ts';
import { isObject, type JsonObject } from '../patch/merge-patch.ts';
import type { KubeObject } from '../types.ts';

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?$/;
const QUALIFIED_NAME = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/;

const LABEL_RULE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an " +
  "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end " +
  "with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

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

function checkContainers(path: string, containers: JsonObject[], volumes: ReadonlySet<unknown>): FieldError[] {
  const seen = new Set<unknown>();
  return containers.flatMap((container, i) => {
    const at = `${path}[${i}]`;
    const { name, image } = container;
    const errors: FieldError[] = [];
    if (!name) errors.push(requiredValue(`${at}.name`));
    else if (typeof name !== 'string' || !LABEL.test(name)) errors.push(invalidValue(`${at}.name`, name, LABEL_RULE));
    else if (seen.has(name)) errors.push(invalidValue(`${at}.name`, name, 'Duplicate value'));
    seen.add(name);
    if (!image) errors.push(requiredValue(`${at}.image`));
    for (const [j, mount] of objectsIn(container['volumeMounts']).entries()) {
      const where = `${at}.volumeMounts[${j}]`;
      if (!mount['mountPath']) errors.push(requiredValue(`${where}.mountPath`));
      if (!volumes.has(mount['name'])) {
        errors.push({
          ...invalidValue(`${where}.name`, mount['name'], ''),
          message: `Not found: ${JSON.stringify(mount['name'])}`,
        });
      }
    }
    return errors;
  });
}

function checkPod(pod: KubeObject): FieldError[] {
  const spec = pod['spec'] as JsonObject;
  const containers = objectsIn(spec['containers']);
  const volumes = new Set(objectsIn(spec['volumes']).map((volume) => volume['name']));
  const errors = containers.length === 0 ? [requiredValue('spec.containers')] : [];
  if (!['Always', 'OnFailure', 'Never'].includes(String(spec['restartPolicy']))) {
    const message = `Unsupported value: ${JSON.stringify(spec['restartPolicy'])}: supported values: "Always", "OnFailure", "Never"`;
    errors.push({ reason: 'FieldValueNotSupported', field: 'spec.restartPolicy', message });
  }
  return [
    ...errors,
    ...checkContainers('spec.containers', containers, volumes),
    ...checkContainers('spec.initContainers', objectsIn(spec['initContainers']), volumes),
  ];
}

function checkBinding(binding: KubeObject): FieldError[] {
  const { kind, name } = (binding['roleRef'] ?? {}) as { kind?: string; name?: string };
  const kinds = binding.kind === 'RoleBinding' ? ['Role', 'ClusterRole'] : ['ClusterRole'];
  const errors: FieldError[] = name ? [] : [requiredValue('roleRef.name')];
  if (!kinds.includes(kind ?? ''))
    errors.push(invalidValue('roleRef.kind', kind ?? '', `must be ${kinds.join(' or ')}`));
  const bySubject = checkObjects('subjects', binding['subjects'], (subject, at) => [
    ...(subject['name'] ? [] : [requiredValue(`${at}.name`)]),
    ...(subject['kind'] === 'ServiceAccount' && !subject['namespace'] ? [requiredValue(`${at}.namespace`)] : []),
  ]);
  return [...errors, ...bySubject];
}

const RULE_LISTS = ['verbs', 'apiGroups', 'resources', 'resourceNames', 'nonResourceURLs'];

function isStringList(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every((item) => typeof item === 'string'));
}

function checkRole(role: KubeObject): FieldError[] {
  return checkObjects('rules', role['rules'], (rule, at) => {
    const errors = RULE_LISTS.filter((list) => !isStringList(rule[list])).map((list) =>
      invalidValue(`${at}.${list}`, rule[list], 'must be a list of strings'),
    );
    const none = Array.isArray(rule['verbs']) && rule['verbs'].length > 0 ? [] : [requiredValue(`${at}.verbs`)];
    return [...errors, ...none];
  });
}

function checkWebhooks(configuration: KubeObject): FieldError[] {
  return checkObjects('webhooks', configuration['webhooks'], (webhook, at) => [
    ...(typeof webhook['name'] === 'string' ? [] : [requiredValue(`${at}.name`)]),
    ...(isObject(webhook['clientConfig']) ? [] : [requiredValue(`${at}.clientConfig`)]),
    ...(webhook['sideEffects'] ? [] : [requiredValue(`${at}.sideEffects`)]),
    ...(Array.isArray(webhook['admissionReviewVersions']) ? [] : [requiredValue(`${at}.admissionReviewVersions`)]),
    ...checkObjects(`${at}.rules`, webhook['rules'], (rule, where) =>
      ['apiGroups', 'apiVersions', 'operations', 'resources']
        .filter((list) => rule[list] === undefined || !isStringList(rule[list]))
        .map((list) => requiredValue(`${where}.${list}`)),
    ),
  ]);
}

/** Checks the elements of a list, which may be absent but must be a list of objects. */
function checkObjects(
  field: string,
  list: unknown,
  check: (element: JsonObject, at: string) => FieldError[],
): FieldError[] {
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) return [invalidValue(field, list, 'must be a list')];
  return list.flatMap((element: unknown, i) =>
    isObject(element)
      ? check(element, `${field}[${i}]`)
      : [invalidValue(`${field}[${i}]`, element, 'must be an object')],
  );
}

const BY_RESOURCE: Readonly<Record<string, (object: KubeObject) => FieldError[]>> = {
  pods: checkPod,
  roles: checkRole,
  clusterroles: checkRole,
  rolebindings: checkBinding,
  clusterrolebindings: checkBinding,
  mutatingwebhookconfigurations: checkWebhooks,
  validatingwebhookconfigurations: checkWebhooks,
};

/** Checks what users commonly get wrong; unknown fields are kept unlooked at. Throws `ApiError` 422. */
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
    ...(BY_RESOURCE[kind.resource]?.(object) ?? []),
  ];
  if (errors.length > 0) throw invalid(kind, name, errors);
}
