import { forbiddenValue, invalidValue, requiredValue, type FieldError } from '../errors.ts';
import { isObject, type JsonObject } from '../patch/merge-patch.ts';
import type { KubeObject } from '../types.ts';
import { checkObjects, isStringList, LABEL, LABEL_RULE } from './checks.ts';

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];
const STATUS_LISTS = ['conditions', 'containerStatuses', 'initContainerStatuses', 'podIPs', 'hostIPs'];

function label(field: string, value: unknown): FieldError[] {
  if (!value) return [requiredValue(field)];
  return typeof value === 'string' && LABEL.test(value) ? [] : [invalidValue(field, value, LABEL_RULE)];
}

/** A name as Kubernetes wants it, and unlike the others of its list. */
function uniqueName(at: string, name: unknown, seen: Set<unknown>): FieldError[] {
  const errors = label(`${at}.name`, name);
  if (errors.length === 0 && seen.has(name)) errors.push(invalidValue(`${at}.name`, name, 'Duplicate value'));
  seen.add(name);
  return errors;
}

function checkMount(mount: JsonObject, at: string, volumes: ReadonlySet<unknown>): FieldError[] {
  const { name, mountPath, subPath } = mount;
  const errors: FieldError[] = [];
  if (!mountPath) errors.push(requiredValue(`${at}.mountPath`));
  else if (typeof mountPath !== 'string' || mountPath.includes('\0'))
    errors.push(invalidValue(`${at}.mountPath`, mountPath, 'must be a path'));
  if (subPath !== undefined) {
    const field = `${at}.subPath`;
    if (typeof subPath !== 'string' || subPath.includes('\0'))
      errors.push(invalidValue(field, subPath, 'must be a path'));
    else if (subPath.startsWith('/')) errors.push(invalidValue(field, subPath, 'must be a relative path'));
    else if (subPath.split('/').includes('..')) errors.push(invalidValue(field, subPath, "must not contain '..'"));
  }
  if (!volumes.has(name)) {
    errors.push({ ...invalidValue(`${at}.name`, name, ''), message: `Not found: ${JSON.stringify(name)}` });
  }
  return errors;
}

function checkContainers(path: string, containers: unknown, volumes: ReadonlySet<unknown>): FieldError[] {
  const seen = new Set<unknown>();
  return checkObjects(path, containers, (container, at) => [
    ...uniqueName(at, container['name'], seen),
    ...(container['image'] ? [] : [requiredValue(`${at}.image`)]),
    ...['command', 'args']
      .filter((list) => container[list] !== null && !isStringList(container[list]))
      .map((list) => invalidValue(`${at}.${list}`, container[list], 'must be a list of strings')),
    ...['env', 'envFrom', 'ports'].flatMap((list) => checkObjects(`${at}.${list}`, container[list], () => [])),
    ...checkObjects(`${at}.volumeMounts`, container['volumeMounts'], (mount, where) =>
      checkMount(mount, where, volumes),
    ),
  ]);
}

/** Gates have names, and hold a pod back that has no node (Kubernetes, "Pod Scheduling Readiness"). */
function checkGates({ schedulingGates: gates, nodeName }: JsonObject): FieldError[] {
  const errors = checkObjects('spec.schedulingGates', gates, ({ name }, at) =>
    name ? [] : [requiredValue(`${at}.name`)],
  );
  if (nodeName && Array.isArray(gates) && gates.length > 0)
    errors.push(forbiddenValue('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'));
  return errors;
}

/**
 * Checks what users commonly get wrong, and all of a pod's form that kubelet and scheduler rely on: what is of another
 * form, Kubernetes refuses as well, when it decodes it.
 */
export function checkPod(pod: KubeObject): FieldError[] {
  const spec = (pod['spec'] ?? {}) as JsonObject;
  const status = (pod['status'] ?? {}) as JsonObject;
  const { containers, restartPolicy } = spec;
  const errors = Array.isArray(containers) && containers.length > 0 ? [] : [requiredValue('spec.containers')];
  if (!RESTART_POLICIES.includes(String(restartPolicy))) {
    const message = `Unsupported value: ${JSON.stringify(restartPolicy)}: supported values: "Always", "OnFailure", "Never"`;
    errors.push({ reason: 'FieldValueNotSupported', field: 'spec.restartPolicy', message });
  }
  const names = new Set<unknown>();
  errors.push(...checkObjects('spec.volumes', spec['volumes'], ({ name }, at) => uniqueName(at, name, names)));
  const { securityContext: context } = spec;
  if (context !== undefined && context !== null && !isObject(context)) {
    errors.push(invalidValue('spec.securityContext', context, 'must be an object'));
  }
  return [
    ...errors,
    ...checkGates(spec),
    ...checkContainers('spec.containers', containers, names),
    ...checkContainers('spec.initContainers', spec['initContainers'], names),
    ...STATUS_LISTS.flatMap((list) => checkObjects(`status.${list}`, status[list], () => [])),
  ];
}
