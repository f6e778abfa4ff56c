import type {
  V1Container,
  V1ContainerState,
  V1ContainerStateTerminated,
  V1ContainerStatus,
  V1PodCondition,
  V1PodSpec,
  V1PodStatus,
  V1Volume,
} from '@kubernetes/client-node';
import type { KubeObject, Stored } from '../api-server/model/types.ts';

export type PodSpec = Stored<V1PodSpec>;
export type PodStatus = Stored<V1PodStatus>;
export type PodCondition = Stored<V1PodCondition>;
export type Container = Stored<V1Container>;
export type ContainerState = Stored<V1ContainerState>;
export type ContainerStatus = Stored<V1ContainerStatus>;
export type TerminatedState = Stored<V1ContainerStateTerminated>;
export type Volume = Stored<V1Volume>;

export interface Pod extends KubeObject {
  readonly spec: PodSpec;
  readonly status?: PodStatus;
}

/** The address of every pod and node: a process has no network namespace of its own. */
export const POD_IP = '127.0.0.1';

/** An init container that runs beside the others (Kubernetes, "Sidecar Containers"). */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

/** The user a container shall run as: its own setting, else the pod's. */
export function runAs(pod: PodSpec, container: Container) {
  return { ...pod.securityContext, ...container.securityContext };
}
