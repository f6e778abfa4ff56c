import type { V1ContainerStateWaiting, V1ContainerStatus, V1Pod } from '@kubernetes/client-node';

/** Why a pod will not become ready as it is. */
export interface PodProblem {
  /** `image`: it is not on the node. `start`: its program cannot be started. `crash`: the program ends, twice by now. */
  readonly kind: 'image' | 'start' | 'crash';
  readonly container: string;
  /** What the kubelet says of it. */
  readonly message: string;
  /** Milliseconds after which it is one where images come from a registry: until then a node may mend it by itself. */
  readonly patience: number;
}

/** Waiting reasons of the kubelet (kubernetes `pkg/kubelet/images`, `pkg/kubelet/container`). */
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
/** Milliseconds for which a container may wait for a reason, until it is taken not to start. */
const PATIENCE: Readonly<Record<string, number>> = {
  ErrImageNeverPull: 0,
  InvalidImageName: 0,
  // A busy node mends these by itself, or an object that is still to come.
  CreateContainerConfigError: 10_000,
  CreateContainerError: 10_000,
  // Nodes pull few images at once (KubeletConfiguration, registryPullQPS and registryBurst), and try again after 10 s, then 20 s.
  ErrImagePull: 60_000,
  ImagePullBackOff: 60_000,
};
/** What registries say of an image that they do not have or do not give: no other pull ends in another way. */
const NO_SUCH_IMAGE =
  /not found|manifest unknown|does not exist|no match for platform|no basic auth|unauthorized|denied|forbidden/i;

/** Milliseconds for which a container may wait so; undefined for what a container waits for as it starts. */
export function patienceWith({ reason = '', message = '' }: V1ContainerStateWaiting): number | undefined {
  if (!Object.hasOwn(PATIENCE, reason)) return undefined;
  return NO_SUCH_IMAGE.test(message) && /Pull/.test(reason) ? 0 : PATIENCE[reason];
}

/** Reasons of a termination that is the runtime's, not the program's. */
const NEVER_RAN: ReadonlySet<string> = new Set(['StartError', 'ContainerCannotRun']);

/** The first container of a pod, in the order that they are started, that will not come to run; undefined while all may. */
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
  // A busy runtime may take longer than the kubelet waits for it, which then asks again.
  if (kind === undefined || /deadline exceeded/i.test(message ?? '')) return undefined;
  return {
    kind,
    container: name,
    message: message === undefined ? reason : `${reason}: ${message}`,
    patience: patienceWith(waiting) ?? 0,
  };
}
