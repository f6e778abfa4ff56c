import type { Verdict } from '../../harness/results/results.ts';

/** What a process of `detect` is to run. */
export interface Job {
  /** Name of the fault that is on. A mutant that is on from the start is named by Stryker's environment variable. */
  readonly fault?: string;
  /** Id of the mutant that is on while a scenario makes its probes, and at no other time; with `parallel` 1. */
  readonly mutantOfProbes?: string;
  /** Ids of scenarios. */
  readonly scenarios: readonly string[];
  readonly flags: readonly string[];
  readonly stopAtFirst: boolean;
  readonly parallel: number;
  /** Whether it is noted what each scenario reaches; with `parallel` 1. */
  readonly covers: boolean;
}

/** A fault, and the scenario that noticed it the last time. */
export interface Noticed {
  readonly fault: string;
  readonly scenario: string;
}

/** Faults that a process is to switch on one after another, each for a run of its scenario, all with the same flags. */
export interface Again {
  readonly again: readonly Noticed[];
  readonly flags: readonly string[];
  readonly parallel: number;
}

export interface ScenarioEnd {
  readonly id: string;
  readonly verdict: Verdict;
  /** Why there is none, of an error. */
  readonly reason?: string;
  readonly milliseconds: number;
  /** Defects whose place the scenario reached. */
  readonly reached: readonly string[];
  /** Mutants among them that it reached while it made its probes. */
  readonly reachedByProbes?: readonly string[];
  /** Whether it ran once more, alone, since it failed beside others. */
  readonly alone?: true;
}

export type FromWorker =
  | ScenarioEnd
  /** Faults that are noticed: with each its scenario is `failed`, and all these scenarios are `passed` without one after that. */
  | { readonly noticed: readonly string[] }
  /** That the process goes on, twice a second (`beat`). */
  | { readonly alive: true }
  | {
      readonly over: true;
      /** Why the run as a whole could not do its work. */
      readonly error: string | null;
      /** Defects whose place is reached outside of scenarios. */
      readonly always: readonly string[];
    };

/** Tells that this process goes on, as long as it does. */
export const beat = (): void =>
  void setInterval(() => process.connected && process.send?.({ alive: true } satisfies FromWorker), 500).unref();
