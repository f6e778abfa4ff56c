import type { OptionSpec, OptionValues } from '../foundation/options.ts';

/**
 * A kind of cluster that `--cluster` can name, and all that a run must know of it. One that is listed in a registry is
 * known to the command line, the plan and the run: nothing else names it.
 */
export interface ClusterType {
  readonly name: string;
  /** Options of these clusters. Types that share one list the same object. */
  readonly options: readonly OptionSpec[];
  /** Defaults of options, where these clusters need others than the option's own. */
  readonly defaults?: Readonly<Record<string, number>>;
  /** Where EKS is that makes the clusters: the harness' emulator in this process, or an AWS account or what stands for one. */
  readonly aws: 'emulator' | 'account';
  /** Refuses options that have no effect together, before anything is made. Throws `HarnessError` BAD_FLAG_VALUE. */
  check?(options: OptionValues): void;
}
