import type { WorkloadProgram } from '../components/clients/workload-program.ts';
import type { Attachment, Journal } from '../foundation/node/journal.ts';
import type { OptionSpec, OptionValues } from '../foundation/node/options.ts';
import type { RunnerPlace } from './runner-place.ts';
import type { ClusterDriver, ClusterHost } from './driver.ts';

export interface OpenRequest {
  readonly options: OptionValues;
  readonly run: string;
  readonly directory: string;
  /** The program that makes probes in pods. */
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
  /** In words: `2 roles, 1 bucket`. */
  readonly fixtures: string;
  readonly today: Date;
}

interface Common {
  readonly name: string;
  /** Whether their Kubernetes is this project's. */
  readonly isOwnKubernetes?: boolean;
  /** Types that share an option list the same object. */
  readonly options: readonly OptionSpec[];
  /** Defaults that differ from the options' own. */
  readonly defaults?: Readonly<Record<string, number>>;
  /** Rejects options without joint effect. Throws `HarnessError` BAD_FLAG_VALUE. */
  check?(options: OptionValues): void;
  /** Harness capability names known before a cluster exists. */
  capabilities(options: OptionValues): ReadonlySet<string>;
  /** Names of existing clusters to use. */
  existing(options: OptionValues): readonly string[];
  /** kubectl flags for an existing cluster. Default: a kubeconfig that the run writes. */
  kubectlFlags?(options: OptionValues): string | undefined;
  /** Prepares a cluster for a runner (`--in-cluster`), if supported. Throws `ClusterError` or `HarnessError`. */
  placeRunner?(request: OpenRequest): Promise<RunnerPlace>;
  /** Describes what would be created, for how long, and its costs. */
  plan?(request: PlanRequest): readonly string[];
}

/** Clusters of the emulator in this process, on a host. */
export interface HostedClusterType extends Common {
  readonly aws: 'emulator';
  /** Names of options that also apply to an emulator served alone. Default: none. */
  readonly emulatorOptions?: readonly string[];
  /** Throws `ClusterError`, and then leaves nothing behind. */
  open(request: OpenRequest): Promise<ClusterHost>;
  /** Restores a previously existing cluster after its run was killed. Throws `ClusterError`. */
  detach?(attachment: Attachment, run: string): Promise<void>;
}

/** Clusters that EKS creates, in an AWS account or an equivalent. */
export interface AccountClusterType extends Common {
  readonly aws: 'account';
  /** Creates nothing and calls no AWS. Throws `ClusterError` or `HarnessError`. */
  open(request: OpenRequest): Promise<ClusterDriver>;
}

/** A cluster type of `--cluster`. Only the registry names it. */
export type ClusterType = HostedClusterType | AccountClusterType;

export const hostedAmong = (types: readonly ClusterType[]): readonly HostedClusterType[] =>
  types.filter((type) => type.aws === 'emulator');
