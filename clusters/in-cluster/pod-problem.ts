import type { V1ContainerStateWaiting, V1ContainerStatus, V1Pod } from '@kubernetes/client-node';

/** Why a pod cannot become ready. */
export interface PodProblem {
  /** `image`: not on the node. `start`: cannot be started. `crash`: ended twice. */
  readonly kind: 'image' | 'start' | 'crash';
  readonly container: string;
  /** The kubelet's message. */
  readonly message: string;
  /** Milliseconds for the node to recover by itself, where images come from a registry. */
  readonly patience: number;
}

/** Waiting reasons (kubernetes `pkg/kubelet/images`, `pkg/kubelet/container`). */
const REASONS: Readonly<Record<string, PodProblem['kind']>> = {
  ErrImageNeverPull: 'image',
  ErrImagePull: 'image',
  ImagePullBackOff: 'image',
  ImageInspectError: 'image',
  InvalidImageName: 'image',
  CreateContainerConfigError: 'start',
  CreateContainerError: 'start',
  RunContainerError: 'start',
};
/** Milliseconds by waiting reason. */
const PATIENCE: Readonly<Record<string, number>> = {
  ErrImageNeverPull: 0,
  InvalidImageName: 0,
  // Busy nodes recover from these, and objects may still come.
  CreateContainerConfigError: 10_000,
  CreateContainerError: 10_000,
  // Nodes pull few images at once (registryPullQPS, registryBurst), and retry after 10 s, then 20 s.
  ErrImagePull: 60_000,
  ImagePullBackOff: 60_000,
};
/** Final messages of registries. */
const NO_SUCH_IMAGE =
  /not found|manifest unknown|does not exist|no match for platform|no basic auth|unauthorized|denied|forbidden/i;

/** Milliseconds; undefined for a normal start. */
export function patienceWith({ reason = '', message = '' }: V1ContainerStateWaiting): number | undefined {
  if (!Object.hasOwn(PATIENCE, reason)) return undefined;
  return NO_SUCH_IMAGE.test(message) && /Pull/.test(reason) ? 0 : PATIENCE[reason];
}

/** Termination reasons of the runtime, not the program. */
const NEVER_RAN: ReadonlySet<string> = new Set(['StartError', 'ContainerCannotRun']);

/** Returns the problem of the first container, in start order, that will not run. */
export function podProblem({ status }: V1Pod): PodProblem | undefined {
  for (const container of [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]) {
    const problem = containerProblem(container);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function containerProblem({ name, state, lastState }: V1ContainerStatus): PodProblem | undefined {
  const { waiting = {} } = state ?? {};
  const { reason = '', message } = waiting;
  if (reason === 'CrashLoopBackOff') {
    const ended = lastState?.terminated;
    return {
      kind: NEVER_RAN.has(ended?.reason ?? '') ? 'start' : 'crash',
      container: name,
      message: ended?.message?.trim() || `it ended with exit code ${ended?.exitCode ?? 'unknown'}`,
      patience: 0,
    };
  }
  const kind = REASONS[reason];
  // A busy runtime may exceed the kubelet's timeout, which then retries.
  if (kind === undefined || /deadline exceeded/i.test(message ?? '')) return undefined;
  return {
    kind,
    container: name,
    message: message === undefined ? reason : `${reason}: ${message}`,
    patience: patienceWith(waiting) ?? 0,
  };
}
