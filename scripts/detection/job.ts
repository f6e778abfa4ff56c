import type { Verdict } from '../../harness/results/results.ts';

export interface Job {
  /** Fault that is on. A mutant that is on from the start is passed in Stryker's environment variable. */
  readonly fault?: string;
  /** Mutant that is on only during probes. Requires `parallel` 1. */
  readonly mutantOfProbes?: string;
  readonly scenarios: readonly string[];
  readonly flags: readonly string[];
  readonly stopAtFirst: boolean;
  readonly parallel: number;
  /** Whether to record coverage. Requires `parallel` 1. */
  readonly covers: boolean;
}

/** A fault and the scenario that noticed it last. */
export interface Noticed {
  readonly fault: string;
  readonly scenario: string;
}

/** Faults with equal flags to try consecutively. */
export interface Again {
  readonly again: readonly Noticed[];
  readonly flags: readonly string[];
  readonly parallel: number;
}

export interface ScenarioEnd {
  readonly id: string;
  readonly verdict: Verdict;
  readonly reason?: string;
  readonly milliseconds: number;
  readonly reached: readonly string[];
  readonly reachedByProbes?: readonly string[];
  /** Set if the scenario was repeated alone after it failed in parallel with others. */
  readonly alone?: true;
}

export type FromWorker =
  | ScenarioEnd
  /** Faults whose scenarios fail with the fault and pass afterwards without it. */
  | { readonly noticed: readonly string[] }
  /** Sent twice a second (`beat`). */
  | { readonly alive: true }
  | {
      readonly over: true;
      /** Error of the whole run. */
      readonly error: string | null;
      /** Defects reached outside of scenarios. */
      readonly always: readonly string[];
    };

export const beat = (): void =>
  void setInterval(() => process.connected && process.send?.({ alive: true } satisfies FromWorker), 500).unref();
