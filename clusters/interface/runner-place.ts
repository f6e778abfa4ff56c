import type { KubeConfig } from '@kubernetes/client-node';

/** A cluster in which the runner runs as a Job (docs/eks.md). */
export interface RunnerPlace {
  readonly clusterName: string;
  readonly kubeConfig: KubeConfig;
  readonly runnerImage: string;
  readonly workloadImage: string;
  /** Flags of the emulator next to the runner. Undefined: real AWS. */
  readonly emulator?: { readonly flags: readonly string[] };
  /** Facts that the runner cannot determine itself. */
  readonly facts: Readonly<Record<string, string>>;
  /** Leaves the cluster with agent and webhook, for a later `detach`. */
  leave?(): Promise<void>;
  close(): Promise<void>;
}
