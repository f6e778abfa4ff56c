import type { V1PodSpec } from '@kubernetes/client-node';
import { objectsIn } from '../admission/pod-defaults.ts';
import type { JsonObject } from '../patch/merge-patch.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import { timestamp } from '../model/types.ts';
import type { Clock, KubeObject, Stored } from '../model/types.ts';
import { fits } from './placement.ts';

function specOf(object: KubeObject): JsonObject {
  return (object['spec'] ?? {}) as JsonObject;
}

function isReady(node: KubeObject): boolean {
  const conditions = objectsIn(((node['status'] ?? {}) as JsonObject)['conditions']);
  const ready = conditions.some((condition) => condition['type'] === 'Ready' && condition['status'] === 'True');
  return ready && specOf(node)['unschedulable'] !== true && node.metadata.deletionTimestamp === undefined;
}

function withCondition(pod: KubeObject, condition: JsonObject): KubeObject {
  const status = (pod['status'] ?? {}) as JsonObject;
  const others = objectsIn(status['conditions']).filter((existing) => existing['type'] !== condition['type']);
  return { ...pod, status: { ...status, conditions: [...others, condition] } };
}

/** Whether a pod has scheduling gates (Kubernetes, "Pod Scheduling Readiness"). */
const isGated = (pod: KubeObject): boolean => objectsIn(specOf(pod)['schedulingGates']).length > 0;

const isUnscheduled = (pod: KubeObject): boolean =>
  !specOf(pod)['nodeName'] && pod.metadata.deletionTimestamp === undefined;

/** Assigns pods to the matching ready node with the fewest pods. Ignores preferences and resource requests. */
export function startScheduler(store: MemoryStore, clock: Clock): void {
  let planned = false;

  const base = { type: 'PodScheduled', lastProbeTime: null };

  function holdBack(pod: KubeObject, reason: string, message: string): void {
    const { conditions } = (pod['status'] ?? {}) as JsonObject;
    const existing = objectsIn(conditions).find((condition) => condition['type'] === base.type);
    if (existing?.['reason'] === reason) return;
    const lastTransitionTime = timestamp(clock.now());
    store.update('pods', withCondition(pod, { ...base, status: 'False', reason, message, lastTransitionTime }));
  }

  function schedule(pod: KubeObject, nodes: readonly KubeObject[], load: Map<string, number>): void {
    if (isGated(pod))
      return holdBack(pod, 'SchedulingGated', 'Scheduling is blocked due to non-empty scheduling gates');
    const fitting = nodes
      .filter((node) => fits(specOf(pod) as unknown as Stored<V1PodSpec>, node))
      .map((node) => node.metadata.name)
      .sort((a, b) => (load.get(a) ?? 0) - (load.get(b) ?? 0));
    const nodeName = fitting[0];
    if (nodeName === undefined) return holdBack(pod, 'Unschedulable', `0/${nodes.length} nodes are available.`);
    load.set(nodeName, (load.get(nodeName) ?? 0) + 1);
    const condition = { ...base, status: 'True', lastTransitionTime: timestamp(clock.now()) };
    store.update('pods', withCondition({ ...pod, spec: { ...specOf(pod), nodeName } }, condition));
  }

  function pass(): void {
    planned = false;
    const pods = store.list('pods');
    const waiting = pods.filter(isUnscheduled);
    if (waiting.length === 0) return;
    const nodes = store.list('nodes').filter(isReady);
    const load = new Map<string, number>();
    for (const pod of pods) {
      const nodeName = specOf(pod)['nodeName'];
      if (typeof nodeName === 'string') load.set(nodeName, (load.get(nodeName) ?? 0) + 1);
    }
    for (const pod of waiting) schedule(pod, nodes, load);
  }

  // Deferred, so that the response to a creation shows no node yet.
  function plan(): void {
    if (planned) return;
    planned = true;
    setImmediate(pass);
  }
  store.onChange('pods', ({ type, object }) => {
    // A changed pod may have lost its last gate.
    if (type === 'ADDED' || (type === 'MODIFIED' && isUnscheduled(object) && !isGated(object))) plan();
  });
  store.onChange('nodes', plan);
}
