import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';

/** Why a pod will not become ready as it is. */
export interface PodProblem {
  /** `image`: it is not on the node. `start`: its program cannot be started. `crash`: the program ends, twice by now. */
  readonly kind: 'image' | 'start' | 'crash';
  readonly container: string;
  /** What the kubelet says of it. */
  readonly message: string;
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
  const { reason = '', message } = state?.waiting ?? {};
  if (reason === 'CrashLoopBackOff') {
    const ended = lastState?.terminated;
    return {
      kind: NEVER_RAN.has(ended?.reason ?? '') ? 'start' : 'crash',
      container: name,
      message: ended?.message?.trim() || `it ended with exit code ${ended?.exitCode ?? 'unknown'}`,
    };
  }
  const kind = REASONS[reason];
  // A busy runtime may take longer than the kubelet waits for it, which then asks again.
  if (kind === undefined || /deadline exceeded/i.test(message ?? '')) return undefined;
  return { kind, container: name, message: message === undefined ? reason : `${reason}: ${message}` };
}
