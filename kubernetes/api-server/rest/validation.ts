import { invalid, invalidValue, requiredValue, type FieldError } from '../errors.ts';
import type { ResourceKind } from '../kinds.ts';
import { isObject } from '../patch/merge-patch.ts';
import type { KubeObject } from '../types.ts';
import { checkObjects, isStringList, LABEL, LABEL_RULE } from './checks.ts';
import { checkPod } from './pod-validation.ts';
import { checkWorkload } from './workload-defaults.ts';

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?$/;
const QUALIFIED_NAME = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/;

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

const BY_RESOURCE: Readonly<Record<string, (object: KubeObject) => FieldError[]>> = {
  pods: checkPod,
  deployments: checkWorkload,
  replicasets: checkWorkload,
  daemonsets: checkWorkload,
  jobs: checkWorkload,
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
