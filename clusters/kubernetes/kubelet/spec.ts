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

/** The address of all pods and nodes, because processes have no network namespace. */
export const POD_IP = '127.0.0.1';

/** Returns whether an init container is a sidecar (Kubernetes, "Sidecar Containers"). */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

/** Returns user and group by the container's security context, or else the pod's. */
export function runAs(pod: PodSpec, container: Container) {
  return { ...pod.securityContext, ...container.securityContext };
}
