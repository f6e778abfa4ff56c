import type { V1ContainerStateWaiting, V1ContainerStatus, V1Pod } from '@kubernetes/client-node';

/** The reason why a pod cannot become ready. */
export interface PodProblem {
  /** `image`: the node lacks the image. `start`: the container cannot start. `crash`: it exited twice. */
  readonly kind: 'image' | 'start' | 'crash';
  readonly container: string;
  /** The kubelet's message. */
  readonly message: string;
  /** Milliseconds for a node to recover by itself if its images come from a registry. */
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
  // Busy nodes recover from these, and missing objects may still be created.
  CreateContainerConfigError: 10_000,
  CreateContainerError: 10_000,
  // Nodes limit image pulls (registryPullQPS, registryBurst), and retry after 10 s, then 20 s.
  ErrImagePull: 60_000,
  ImagePullBackOff: 60_000,
};
/** Registry messages after which a retry is useless. */
const NO_SUCH_IMAGE =
  /not found|manifest unknown|does not exist|no match for platform|no basic auth|unauthorized|denied|forbidden/i;

/** Returns milliseconds to wait before a failure is final; undefined for a normal start. */
export function patienceWith({ reason = '', message = '' }: V1ContainerStateWaiting): number | undefined {
  if (!Object.hasOwn(PATIENCE, reason)) return undefined;
  return NO_SUCH_IMAGE.test(message) && /Pull/.test(reason) ? 0 : PATIENCE[reason];
}

/** Termination reasons set by the runtime, not by the program. */
const NEVER_RAN: ReadonlySet<string> = new Set(['StartError', 'ContainerCannotRun']);

/** Returns the problem of the first container, in start order, that cannot run. */
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
      message: ended?.message?.trim() || `it exited with code ${ended?.exitCode ?? 'unknown'}`,
      patience: 0,
    };
  }
  const kind = REASONS[reason];
  // A busy runtime may exceed the kubelet's timeout; the kubelet then retries.
  if (kind === undefined || /deadline exceeded/i.test(message ?? '')) return undefined;
  return {
    kind,
    container: name,
    message: message === undefined ? reason : `${reason}: ${message}`,
    patience: patienceWith(waiting) ?? 0,
  };
}
