import type { KubeConfig } from '@kubernetes/client-node';

/** A cluster for a runner's Job (docs/in-cluster.md). */
export interface RunnerPlace {
  readonly clusterName: string;
  readonly kubeConfig: KubeConfig;
  readonly runnerImage: string;
  readonly workloadImage: string;
  /** Flags of an emulator beside the runner. Undefined: real AWS. */
  readonly emulator?: { readonly flags: readonly string[] };
  /** Facts that the runner cannot find out. */
  readonly facts: Readonly<Record<string, string>>;
  close(): Promise<void>;
}
