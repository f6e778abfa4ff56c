import type { WorkloadProgram } from '../components/clients/workload-program.ts';
import type { Attachment, Journal } from '../foundation/node/journal.ts';
import type { OptionSpec, OptionValues } from '../foundation/node/options.ts';
import type { RunnerPlace } from './runner-place.ts';
import type { ClusterDriver, ClusterHost } from './driver.ts';

/** What clusters of a run are opened with. */
export interface OpenRequest {
  readonly options: OptionValues;
  readonly run: string;
  /** The report folder. */
  readonly directory: string;
  /** The program that makes probes in pods. */
  readonly workload: WorkloadProgram;
  /** URLs of AWS services that are elsewhere, by their endpoint ids. */
  readonly endpoints: Readonly<Partial<Record<string, string>>>;
  readonly journal: Journal;
  /** One line about what is being done. */
  readonly progress: (line: string) => void;
  /** Fires when the run is interrupted. */
  readonly signal: AbortSignal;
}

/** What a plan says of clusters, as far as scenarios tell. */
export interface PlanRequest {
  readonly options: OptionValues;
  /** How many clusters the scenarios need. */
  readonly clusters: number;
  /** The scenarios' own resources in words: `2 roles, 1 bucket`. */
  readonly fixtures: string;
  readonly today: Date;
}

interface Common {
  readonly name: string;
  /** Whether their Kubernetes is the one of this project. */
  readonly isOwnKubernetes?: boolean;
  /** Options of these clusters. Types that share one list the same object. */
  readonly options: readonly OptionSpec[];
  /** Defaults of options, where these clusters need others than the option's own. */
  readonly defaults?: Readonly<Record<string, number>>;
  /** Refuses options that have no effect together, before anything is made. Throws `HarnessError` BAD_FLAG_VALUE. */
  check?(options: OptionValues): void;
  /** What clusters by these options can do, by the harness' capability names, as far as it is known before there is one. */
  capabilities(options: OptionValues): ReadonlySet<string>;
  /** Names of the clusters that the run is to use instead of making some. */
  existing(options: OptionValues): readonly string[];
  /** Flags by which kubectl reaches an existing cluster. Undefined: by a kubeconfig that the run writes. */
  kubectlFlags?(options: OptionValues): string | undefined;
  /** Prepares a cluster that a runner can be put into (`--in-cluster`). Undefined: there is none. Throws `ClusterError` or `HarnessError`. */
  placeRunner?(request: OpenRequest): Promise<RunnerPlace>;
  /** Lines about what would be made, for how long, and what it costs. */
  plan?(request: PlanRequest): readonly string[];
}

/** The harness' emulator in this process makes the clusters, where a host has room for them. */
export interface HostedClusterType extends Common {
  readonly aws: 'emulator';
  /** Names of those of its options that an emulator takes which is served alone. Default: none. */
  readonly emulatorOptions?: readonly string[];
  /** Throws `ClusterError`; nothing is left then. */
  open(request: OpenRequest): Promise<ClusterHost>;
  /**
   * Leaves a cluster that existed before as it was, where the run that used it was killed. Undefined: clusters end with the
   * process. Throws `ClusterError`.
   */
  detach?(attachment: Attachment, run: string): Promise<void>;
}

/** EKS makes the clusters, in an AWS account or what stands for one. */
export interface AccountClusterType extends Common {
  readonly aws: 'account';
  /** Makes nothing yet, and asks AWS nothing. Throws `ClusterError` or `HarnessError`. */
  open(request: OpenRequest): Promise<ClusterDriver>;
}

/**
 * A kind of cluster that `--cluster` can name, and all that a run must know of it. One that is listed in a registry is
 * known to the command line, the plan and the run: nothing else names it.
 */
export type ClusterType = HostedClusterType | AccountClusterType;

/** Those of some types whose clusters an emulator makes. */
export const hostedAmong = (types: readonly ClusterType[]): readonly HostedClusterType[] =>
  types.filter((type) => type.aws === 'emulator');
