import type { ContainerRunner } from './container.ts';
import { POD_IP, isSidecar } from './spec.ts';
import type { Pod, PodCondition, PodStatus } from './spec.ts';

interface PodProgress {
  readonly initContainers: readonly ContainerRunner[];
  readonly containers: readonly ContainerRunner[];
  /** Whether all init containers have succeeded and all sidecars have started. */
  readonly initialized: boolean;
  readonly result: 'Succeeded' | 'Failed' | undefined;
  /** ISO 8601. */
  readonly startTime: string;
}

/** Returns a pod's status. Unchanged conditions keep their transition time (Kubernetes, "Pod Lifecycle"). */
export function podStatus(pod: Pod, progress: PodProgress, now: string): PodStatus {
  const { initContainers, containers, initialized, result } = progress;
  const sidecars = initContainers.filter(({ spec }) => isSidecar(spec));
  const notReady = [...sidecars, ...containers].filter((runner) => !runner.isRunning).map(({ spec }) => spec.name);
  const ready = result === undefined && initialized && notReady.length === 0;
  const reason = result === 'Succeeded' ? { reason: 'PodCompleted' } : containersNotReady(notReady);
  const condition = (type: string, ok: boolean, why: Partial<PodCondition> = {}): PodCondition => {
    const before = pod.status?.conditions?.find((currentCondition) => currentCondition.type === type);
    const status = ok ? 'True' : 'False';
    return {
      type,
      status,
      ...(ok ? {} : why),
      lastProbeTime: null,
      lastTransitionTime: (before?.status === status && before.lastTransitionTime) || now,
    };
  };
  const waitingFor = initContainers
    .filter((r) => !isSidecar(r.spec) && r.result?.exitCode !== 0)
    .map((r) => r.spec.name);
  return {
    ...pod.status,
    phase: result ?? phase(containers, initialized),
    conditions: [
      condition('PodReadyToStartContainers', result === undefined),
      condition('Initialized', initialized, {
        reason: 'ContainersNotInitialized',
        message: `containers with incomplete status: [${waitingFor.join(' ')}]`,
      }),
      condition('Ready', ready, reason),
      condition('ContainersReady', ready, reason),
      condition('PodScheduled', true),
    ],
    hostIP: POD_IP,
    hostIPs: [{ ip: POD_IP }],
    podIP: POD_IP,
    podIPs: [{ ip: POD_IP }],
    startTime: progress.startTime,
    ...(initContainers.length === 0
      ? {}
      : { initContainerStatuses: initContainers.map((runner) => runner.status(!isSidecar(runner.spec))) }),
    containerStatuses: containers.map((runner) => runner.status(false)),
  };
}

function containersNotReady(names: readonly string[]): Partial<PodCondition> {
  return { reason: 'ContainersNotReady', message: `containers with unready status: [${names.join(' ')}]` };
}

/** Returns the phase: Running from the creation of all containers until all have ended. */
function phase(containers: readonly ContainerRunner[], initialized: boolean): string {
  return initialized && containers.every((runner) => runner.wasCreated) ? 'Running' : 'Pending';
}
