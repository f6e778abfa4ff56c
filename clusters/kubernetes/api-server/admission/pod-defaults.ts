import { isObject, type JsonObject } from '../patch/merge-patch.ts';
import type { KubeObject } from '../model/types.ts';

function setDefaults(target: JsonObject, defaults: JsonObject): void {
  for (const [field, value] of Object.entries(defaults)) target[field] ??= value;
}

export function objectsIn(list: unknown): JsonObject[] {
  return Array.isArray(list) ? list.filter(isObject) : [];
}

/** Returns `Always` for the tag `latest` or no tag, otherwise `IfNotPresent`. */
function imagePullPolicy(image: unknown): string {
  const reference = typeof image === 'string' ? image : '';
  if (reference.includes('@')) return 'IfNotPresent';
  const tag = /:([^/:]+)$/.exec(reference)?.[1] ?? 'latest';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

/** Volume sources whose files have a mode. */
const SOURCES = ['projected', 'configMap', 'secret', 'downwardAPI'];

function defaultContainer(container: JsonObject): void {
  setDefaults(container, {
    imagePullPolicy: imagePullPolicy(container['image']),
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  });
  for (const port of objectsIn(container['ports'])) setDefaults(port, { protocol: 'TCP' });
  for (const { valueFrom } of objectsIn(container['env'])) {
    const fieldRef = isObject(valueFrom) ? valueFrom['fieldRef'] : undefined;
    if (isObject(fieldRef)) setDefaults(fieldRef, { apiVersion: 'v1' });
  }
}

function defaultVolume(volume: JsonObject): void {
  if (Object.keys(volume).length === 1) volume['emptyDir'] = {};
  for (const value of SOURCES.map((source) => volume[source])) {
    if (isObject(value)) setDefaults(value, { defaultMode: 420 });
  }
  const projected = volume['projected'];
  for (const source of objectsIn(isObject(projected) ? projected['sources'] : undefined)) {
    const token = source['serviceAccountToken'];
    if (isObject(token)) setDefaults(token, { expirationSeconds: 3600 });
  }
}

export function defaultPod(pod: KubeObject): void {
  const spec = (pod['spec'] ??= {}) as JsonObject;
  setDefaults(spec, {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
    enableServiceLinks: true,
  });
  const containers = [...objectsIn(spec['containers']), ...objectsIn(spec['initContainers'])];
  for (const container of containers) defaultContainer(container);
  for (const volume of objectsIn(spec['volumes'])) defaultVolume(volume);
}

const NOT_READY = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** Adds the default priority and the tolerations of the admission controller DefaultTolerationSeconds. */
export function admitPodDefaults(pod: KubeObject): void {
  const spec = pod['spec'] as JsonObject;
  const tolerations = objectsIn(spec['tolerations']);
  const missing = NOT_READY.filter(
    (key) => !tolerations.some((t) => (t['key'] === key || t['key'] === undefined) && t['effect'] !== 'NoSchedule'),
  );
  spec['tolerations'] = [
    ...tolerations,
    ...missing.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 })),
  ];
  setDefaults(spec, { priority: 0, preemptionPolicy: 'PreemptLowerPriority' });
}

export function qosClass(pod: KubeObject): string {
  const spec = pod['spec'] as JsonObject;
  const resources = [...objectsIn(spec['containers']), ...objectsIn(spec['initContainers'])].map((container) => {
    const { limits, requests } = (container['resources'] ?? {}) as { limits?: JsonObject; requests?: JsonObject };
    return { limits: limits ?? {}, requests: requests ?? limits ?? {} };
  });
  const none = resources.every((r) => Object.keys({ ...r.limits, ...r.requests }).length === 0);
  if (none) return 'BestEffort';
  const guaranteed = resources.every(({ limits, requests }) =>
    ['cpu', 'memory'].every((name) => limits[name] !== undefined && limits[name] === (requests[name] ?? limits[name])),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
