import type { WorkloadProgram } from '../../components/clients/workload-program.ts';
import type { Attachment, Journal } from '../../foundation/node/journal.ts';
import type { OptionSpec, OptionValues } from '../../foundation/node/options.ts';
import type { RunnerPlace } from './runner-place.ts';
import type { ClusterDriver, ClusterHost } from './driver.ts';

export interface OpenRequest {
  readonly options: OptionValues;
  readonly run: string;
  readonly directory: string;
  /** The program that runs probes in pods. */
  readonly workload: WorkloadProgram;
  /** URLs of external AWS services, by endpoint id. */
  readonly endpoints: Readonly<Partial<Record<string, string>>>;
  readonly journal: Journal;
  readonly progress: (line: string) => void;
  /** Fires when the run is interrupted. */
  readonly signal: AbortSignal;
}

export interface PlanRequest {
  readonly options: OptionValues;
  readonly clusters: number;
  /** A summary such as `2 roles, 1 bucket`. */
  readonly fixtures: string;
  readonly today: Date;
}

interface Common {
  readonly name: string;
  /** Whether the clusters run this project's own Kubernetes implementation. */
  readonly isOwnKubernetes?: boolean;
  /** Types with an option in common list the same object. */
  readonly options: readonly OptionSpec[];
  /** Defaults that differ from the options' own. */
  readonly defaults?: Readonly<Record<string, number>>;
  /** Rejects combinations of options without an effect. Throws `HarnessError` BAD_FLAG_VALUE. */
  check?(options: OptionValues): void;
  /** Returns the harness capabilities known before a cluster exists. */
  capabilities(options: OptionValues): ReadonlySet<string>;
  /** The same for clusters with another agent, on which scenarios run that need it (`ClusterHost.otherAgent`). Default: none. */
  otherCapabilities?(options: OptionValues): ReadonlySet<string> | undefined;
  /** Returns the names of existing clusters to use. */
  existing(options: OptionValues): readonly string[];
  /** Returns kubectl flags for an existing cluster. Default: a kubeconfig that the run writes. */
  kubectlFlags?(options: OptionValues): string | undefined;
  /** Prepares a cluster for a runner (`--in-cluster`), if supported. Throws `ClusterError` or `HarnessError`. */
  placeRunner?(request: OpenRequest): Promise<RunnerPlace>;
  /** Describes the resources that a run would create, their lifetime and their costs. */
  plan?(request: PlanRequest): readonly string[];
}

/** Clusters of the emulator that runs in this process. */
export interface HostedClusterType extends Common {
  readonly aws: 'emulator';
  /** Names of options that also apply to a standalone emulator. Default: none. */
  readonly emulatorOptions?: readonly string[];
  /** Returns the host. On failure, removes everything it created and throws `ClusterError`. */
  open(request: OpenRequest): Promise<ClusterHost>;
  /** Restores an existing cluster whose run was killed. Throws `ClusterError`. */
  detach?(attachment: Attachment, run: string): Promise<void>;
}

/** Clusters that EKS creates in an AWS account, real or emulated by others. */
export interface AccountClusterType extends Common {
  readonly aws: 'account';
  /** Returns the driver, without creating anything or calling AWS. Throws `ClusterError` or `HarnessError`. */
  open(request: OpenRequest): Promise<ClusterDriver>;
}

/** A value of `--cluster`. Only `clusters/registry.ts` refers to a particular one. */
export type ClusterType = HostedClusterType | AccountClusterType;

export const hostedAmong = (types: readonly ClusterType[]): readonly HostedClusterType[] =>
  types.filter((type) => type.aws === 'emulator');
