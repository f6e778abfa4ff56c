import { defaultPod } from '../admission/pod-defaults.ts';
import { forbiddenValue, invalidValue, requiredValue, type FieldError } from '../errors.ts';
import type { ResourceKind } from '../kinds.ts';
import { isObject, type JsonObject } from '../patch/merge-patch.ts';
import { matchesLabels } from '../store/selectors.ts';
import type { KubeObject } from '../types.ts';
import { checkPod } from './pod-validation.ts';

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

/** What changes how a Job runs and is not offered: to take it silently would run it otherwise than asked. */
const NOT_OFFERED = ['podFailurePolicy', 'successPolicy', 'backoffLimitPerIndex', 'maxFailedIndexes', 'managedBy'];

/** Fills in the defaults of a workload and of its pods' template; safe to repeat. */
export function defaultWorkload(kind: ResourceKind, object: KubeObject): void {
  const spec = isObject(object['spec']) ? object['spec'] : {};
  // A Job that says neither is done with one completion.
  if (kind.resource === 'jobs' && spec['parallelism'] === undefined) spec['completions'] ??= 1;
  object['spec'] = { ...DEFAULTS[kind.resource], ...spec };
  const template = spec['template'];
  if (isObject(template)) defaultPod(template as unknown as KubeObject);
}

/** Checks a workload's selector and its template, which must be good for pods. */
export function checkWorkload(object: KubeObject): FieldError[] {
  const spec = (object['spec'] ?? {}) as JsonObject;
  const { template, replicas, parallelism, completions, minReadySeconds } = spec;
  if (!isObject(template)) return [requiredValue('spec.template')];
  const numbers = Object.entries({ replicas, parallelism, completions, minReadySeconds }).flatMap(([field, value]) =>
    value === undefined || (Number.isInteger(value) && Number(value) >= 0)
      ? []
      : [invalidValue(`spec.${field}`, value, 'must be greater than or equal to 0')],
  );
  const pod = checkPod(template as unknown as KubeObject).map((error) => ({
    ...error,
    field: `spec.template.${error.field}`,
  }));
  return [
    ...numbers,
    ...pod,
    ...(object.kind === 'Deployment' ? checkStrategy(spec['strategy']) : []),
    ...(object.kind === 'Job' ? checkJob(spec, template) : checkSelector(object.kind, spec, template)),
  ];
}

function checkStrategy(strategy: unknown): FieldError[] {
  const update = isObject(strategy) && isObject(strategy['rollingUpdate']) ? strategy['rollingUpdate'] : {};
  const at = 'spec.strategy.rollingUpdate';
  const errors = ['maxSurge', 'maxUnavailable'].flatMap((field) =>
    update[field] === undefined || /^(\d+|"\d+%")$/.test(JSON.stringify(update[field]))
      ? []
      : [invalidValue(`${at}.${field}`, update[field], 'must be a whole number of pods, or a percentage such as 25%')],
  );
  const none = [update['maxSurge'], update['maxUnavailable']].every((value) => /^0+%?$/.test(String(value)));
  return none
    ? [invalidValue(`${at}.maxUnavailable`, update['maxUnavailable'], 'may not be 0 when `maxSurge` is 0')]
    : errors;
}

function checkSelector(kind: string, { selector }: JsonObject, template: JsonObject): FieldError[] {
  if (!isObject(selector) || Object.keys(selector).length === 0) return [requiredValue('spec.selector')];
  const labels = (isObject(template['metadata']) ? template['metadata']['labels'] : undefined) ?? {};
  const errors = matchesLabels(selector, labels as Record<string, string>)
    ? []
    : [invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')];
  return [...errors, ...checkRestartPolicy(kind, template, ['Always'])];
}

function checkJob(spec: JsonObject, template: JsonObject): FieldError[] {
  const unknown = NOT_OFFERED.filter((field) => spec[field] !== undefined && spec[field] !== null);
  return [
    ...unknown.map((field) => forbiddenValue(`spec.${field}`, 'this cluster does not offer it; leave it out')),
    ...(spec['completionMode'] === 'Indexed' && spec['completions'] === undefined
      ? [requiredValue('spec.completions', 'when completion mode is Indexed')]
      : []),
    ...checkRestartPolicy('Job', template, ['OnFailure', 'Never']),
  ];
}

function checkRestartPolicy(kind: string, template: JsonObject, supported: readonly string[]): FieldError[] {
  const policy = isObject(template['spec']) ? template['spec']['restartPolicy'] : undefined;
  if (supported.includes(String(policy))) return [];
  const values = supported.map((value) => JSON.stringify(value)).join(', ');
  const message = `Unsupported value: ${JSON.stringify(policy)}: supported values: ${values}`;
  return [{ reason: 'FieldValueNotSupported', field: 'spec.template.spec.restartPolicy', message }];
}
