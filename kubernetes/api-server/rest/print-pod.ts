import { objectsIn } from '../admission/pod-defaults.ts';
import { isObject, type JsonObject } from '../patch/merge-patch.ts';
import type { KubeObject } from '../types.ts';

function stateOf(status: JsonObject, state: string): JsonObject | undefined {
  const value = isObject(status['state']) ? status['state'][state] : undefined;
  return isObject(value) ? value : undefined;
}

function terminatedReason(terminated: JsonObject): string {
  if (typeof terminated['reason'] === 'string' && terminated['reason'] !== '') return terminated['reason'];
  return terminated['signal'] ? `Signal:${Number(terminated['signal'])}` : `ExitCode:${Number(terminated['exitCode'])}`;
}

/** `Init:…` while an init container has not succeeded; undefined when all have. */
function initReason(statuses: readonly JsonObject[], total: number): string | undefined {
  for (const [i, status] of statuses.entries()) {
    const terminated = stateOf(status, 'terminated');
    if (terminated?.['exitCode'] === 0 || status['started'] === true) continue;
    if (terminated !== undefined) return `Init:${terminatedReason(terminated)}`;
    const reason = stateOf(status, 'waiting')?.['reason'];
    if (typeof reason === 'string' && reason !== '' && reason !== 'PodInitializing') return `Init:${reason}`;
    return `Init:${i}/${total}`;
  }
  return undefined;
}

/** The one word that sums up a pod in kubectl's Status column. */
function reasonOf(pod: KubeObject, spec: JsonObject, status: JsonObject): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating';
  const init = initReason(objectsIn(status['initContainerStatuses']), objectsIn(spec['initContainers']).length);
  if (init !== undefined) return init;
  for (const container of objectsIn(status['containerStatuses'])) {
    const waiting = stateOf(container, 'waiting')?.['reason'];
    if (typeof waiting === 'string' && waiting !== '') return waiting;
    const terminated = stateOf(container, 'terminated');
    if (terminated !== undefined) return terminatedReason(terminated);
  }
  const reason = status['reason'] ?? status['phase'];
  return typeof reason === 'string' ? reason : 'Unknown';
}

export function podCells(pod: KubeObject, age: string): unknown[] {
  const spec = (pod['spec'] ?? {}) as JsonObject;
  const status = (pod['status'] ?? {}) as JsonObject;
  const statuses = objectsIn(status['containerStatuses']);
  const ready = statuses.filter((container) => container['ready'] === true).length;
  const restarts = statuses.reduce((sum, container) => sum + Number(container['restartCount'] ?? 0), 0);
  return [
    `${ready}/${objectsIn(spec['containers']).length}`,
    reasonOf(pod, spec, status),
    String(restarts),
    age,
    status['podIP'] ?? '<none>',
    spec['nodeName'] ?? '<none>',
    status['nominatedNodeName'] ?? '<none>',
    '<none>',
  ];
}
