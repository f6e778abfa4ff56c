import type { KubeConfig } from '@kubernetes/client-node';

/** A cluster that a runner is put into as a Job (docs/in-cluster.md). */
export interface RunnerPlace {
  /** What EKS calls it. */
  readonly clusterName: string;
  /** The way there for whoever puts the runner into it. */
  readonly kubeConfig: KubeConfig;
  /** Images as its nodes know them. */
  readonly runnerImage: string;
  readonly workloadImage: string;
  /** Flags of an emulator that plays AWS beside the runner, about the agent that it installs. Undefined: AWS is AWS. */
  readonly emulator?: { readonly flags: readonly string[] };
  /** Facts of the cluster for the report that the runner cannot know. */
  readonly facts: Readonly<Record<string, string>>;
  /** Removes what was made for it. */
  close(): Promise<void>;
}
