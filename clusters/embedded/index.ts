import type { Clock, ClusterProvider } from '../../emulator/index.ts';

/** A container image of the embedded cluster: a program of this machine that a container of it runs. */
export interface ProcessImage {
  /** Entry point with its arguments, used when the container has no `command`. */
  readonly entrypoint: readonly string[];
}

export interface EmbeddedOptions {
  /** Image reference as pods name it -> the program it stands for. A pod with another image gets ImagePullBackOff. */
  readonly images: ReadonlyMap<string, ProcessImage>;
  /** Where pods' directories (volumes, logs) live; made when missing, pods' directories are removed with the pod. */
  readonly directory: string;
  /** The time for API server, kubelet and agent: the emulator's clock, so that moving it moves the cluster. Default: real time. */
  readonly clock?: Clock;
  readonly agentFaults?: Iterable<string>;
  readonly webhookFaults?: Iterable<string>;
  /** Where the agent's and the webhook's log lines go: one JSON text each. */
  readonly log?: (component: 'agent' | 'webhook' | 'kubelet', cluster: string, line: string) => void;
}

/** Makes embedded clusters for an emulated EKS: API server, kubelet, webhook, and the agent once its add-on is installed. */
export function embeddedClusterProvider(_options: EmbeddedOptions): ClusterProvider {
  return { createCluster: () => Promise.reject(new Error('not built yet')) };
}
