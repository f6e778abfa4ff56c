import type { KubeObject } from '../api-server/types.ts';

/** The fields of a pod that this kubelet reads (Kubernetes API reference, "Pod v1 core"). */
export interface Pod extends KubeObject {
  readonly spec: PodSpec;
  readonly status?: PodStatus;
}

export interface PodSpec {
  readonly nodeName?: string;
  readonly serviceAccountName?: string;
  readonly hostname?: string;
  readonly restartPolicy?: RestartPolicy;
  /** Seconds. */
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext?: SecurityContext & { readonly fsGroup?: number };
  readonly volumes?: readonly Volume[];
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
}

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

export interface SecurityContext {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly EnvFromSource[];
  readonly volumeMounts?: readonly VolumeMount[];
  readonly securityContext?: SecurityContext;
  /** Of init containers only: `Always` makes it a sidecar. */
  readonly restartPolicy?: RestartPolicy;
  readonly terminationMessagePath?: string;
  readonly terminationMessagePolicy?: 'File' | 'FallbackToLogsOnError';
}

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly fieldRef?: FieldRef;
    readonly configMapKeyRef?: KeyRef;
    readonly secretKeyRef?: KeyRef;
    readonly [further: string]: unknown;
  };
}

export interface EnvFromSource {
  readonly prefix?: string;
  readonly configMapRef?: { readonly name: string; readonly optional?: boolean };
  readonly secretRef?: { readonly name: string; readonly optional?: boolean };
}

export interface FieldRef {
  readonly fieldPath: string;
}

export interface KeyRef {
  readonly name: string;
  readonly key: string;
  readonly optional?: boolean;
}

export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
}

export interface KeyToPath {
  readonly key: string;
  readonly path: string;
  readonly mode?: number;
}

export interface ConfigMapSource {
  readonly name?: string;
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
  readonly defaultMode?: number;
}

export interface SecretSource extends ConfigMapSource {
  /** A secret volume's name of the secret; a projection's is `name`. */
  readonly secretName?: string;
}

export interface DownwardSource {
  readonly items?: readonly { readonly path: string; readonly fieldRef?: FieldRef; readonly mode?: number }[];
  readonly defaultMode?: number;
}

export interface TokenSource {
  readonly path: string;
  readonly audience?: string;
  /** Seconds. */
  readonly expirationSeconds?: number;
}

export interface ProjectedSource {
  readonly serviceAccountToken?: TokenSource;
  readonly configMap?: ConfigMapSource;
  readonly secret?: SecretSource;
  readonly downwardAPI?: DownwardSource;
  readonly [further: string]: unknown;
}

export interface Volume {
  readonly name: string;
  readonly emptyDir?: object;
  readonly projected?: { readonly sources?: readonly ProjectedSource[]; readonly defaultMode?: number };
  readonly configMap?: ConfigMapSource;
  readonly secret?: SecretSource;
  readonly downwardAPI?: DownwardSource;
  readonly [further: string]: unknown;
}

export type ContainerState =
  | { readonly waiting: { readonly reason: string; readonly message?: string } }
  | { readonly running: { readonly startedAt: string } }
  | { readonly terminated: TerminatedState };

export interface TerminatedState {
  readonly exitCode: number;
  readonly signal?: number;
  readonly reason: string;
  readonly message?: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly containerID: string;
}

export interface ContainerStatus {
  readonly name: string;
  readonly image: string;
  readonly imageID: string;
  readonly containerID?: string;
  readonly ready: boolean;
  readonly started: boolean;
  readonly restartCount: number;
  readonly state: ContainerState;
  readonly lastState: Partial<Record<'terminated', TerminatedState>>;
}

export interface PodCondition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
  readonly lastProbeTime: null;
  readonly lastTransitionTime: string;
}

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

export interface PodStatus {
  readonly phase?: PodPhase;
  readonly podIP?: string;
  readonly hostIP?: string;
  readonly conditions?: readonly PodCondition[];
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
  readonly [further: string]: unknown;
}

/** The address of every pod and node: a process has no network namespace of its own. */
export const POD_IP = '127.0.0.1';

/** An init container that runs beside the others (Kubernetes, "Sidecar Containers"). */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

/** The user a container shall run as: its own setting, else the pod's. */
export function runAs(pod: PodSpec, container: Container): SecurityContext {
  return { ...pod.securityContext, ...container.securityContext };
}
