import type { RunResults, Verdict } from '../../harness/results/results.ts';
import { counted } from '../../foundation/node/text.ts';
import { isNothing, type Left } from './left.ts';

/** Orders of consecutive runs. `random` gets a new seed each time. */
export const ORDERS = ['declared', 'reverse', 'random'] as const;

export interface SoakRun {
  readonly number: number;
  readonly order: (typeof ORDERS)[number];
  readonly seed: string | undefined;
  readonly busy: number;
  readonly exitCode: number | null;
  readonly seconds: number;
  /** Number of verdicts, or null if the run wrote no results. */
  readonly judged: number | null;
  readonly unexpected: readonly Unexpected[];
  readonly left: Left;
}

export interface Unexpected {
  readonly scenario: string;
  readonly verdict: Verdict;
  readonly reason: string;
}

export function verdictsIn({ scenarios }: RunResults): Pick<SoakRun, 'judged' | 'unexpected'> {
  const judged = scenarios.filter(({ verdict }) => verdict !== 'skipped');
  const unexpected = judged.filter(({ verdict }) => verdict !== 'passed');
  return {
    judged: judged.length,
    unexpected: unexpected.map(({ id, verdict, reason }) => ({ scenario: id, verdict, reason })),
  };
}

/** Returns order, seed and number of busy processes of a run. Every third run of each order is next to busy processes. */
export function planned(number: number, busy: number): Pick<SoakRun, 'number' | 'order' | 'seed' | 'busy'> {
  const order = ORDERS[(number - 1) % ORDERS.length] ?? 'declared';
  const isUnderLoad = Math.floor((number - 1) / ORDERS.length) % 3 === 2;
  return { number, order, seed: order === 'random' ? String(number) : undefined, busy: isUnderLoad ? busy : 0 };
}

/** Tolerated share of `error` and `inconclusive` verdicts next to busy processes. */
const TOLERATED_UNDER_LOAD = 0.02;

export interface Tally {
  readonly runs: number;
  readonly underLoad: number;
  readonly verdicts: number;
  readonly failed: number;
  readonly unclear: { readonly unloaded: number; readonly loaded: number };
  readonly withoutResults: number;
  readonly leaving: number;
  readonly isAsItShouldBe: boolean;
}

export function tallyOf(runs: readonly SoakRun[]): Tally {
  const isLoaded = ({ busy }: SoakRun): boolean => busy > 0;
  const count = (some: readonly SoakRun[], verdicts: readonly Verdict[]): number =>
    some.flatMap(({ unexpected }) => unexpected).filter(({ verdict }) => verdicts.includes(verdict)).length;
  const judgedIn = (some: readonly SoakRun[]): number => some.reduce((sum, { judged }) => sum + (judged ?? 0), 0);
  const loaded = runs.filter(isLoaded);
  const unloaded = runs.filter((run) => !isLoaded(run));
  const failed = count(runs, ['failed']);
  const unclear = {
    unloaded: count(unloaded, ['error', 'inconclusive']),
    loaded: count(loaded, ['error', 'inconclusive']),
  };
  const withoutResults = runs.filter(({ judged }) => judged === null).length;
  const leaving = runs.filter(({ left }) => !isNothing(left)).length;
  const isTolerable = unclear.loaded <= judgedIn(loaded) * TOLERATED_UNDER_LOAD && unclear.unloaded === 0;
  return {
    runs: runs.length,
    underLoad: loaded.length,
    verdicts: judgedIn(runs),
    failed,
    unclear,
    withoutResults,
    leaving,
    isAsItShouldBe: failed + withoutResults + leaving === 0 && isTolerable,
  };
}

export function textOf(runs: readonly SoakRun[]): string {
  const { underLoad, verdicts, failed, unclear, withoutResults, leaving } = tallyOf(runs);
  const lines = [
    `${counted(runs.length, 'run')}, ${underLoad} of them next to busy processes: ${counted(verdicts, 'verdict')}`,
    `failed: ${failed}`,
    `error or inconclusive: ${unclear.unloaded} without and ${unclear.loaded} next to busy processes`,
    `runs without results: ${withoutResults}; with leftovers: ${leaving}`,
  ];
  const byScenario = new Map<string, string[]>();
  for (const { number, unexpected } of runs)
    for (const { scenario, verdict, reason } of unexpected)
      byScenario.set(scenario, [...(byScenario.get(scenario) ?? []), `  run ${number}: ${verdict}: ${reason}`]);
  for (const [scenario, times] of byScenario) lines.push(`${scenario}, ${counted(times.length, 'time')}`, ...times);
  for (const { number, left } of runs)
    for (const [kind, names] of Object.entries<readonly (string | number)[]>({ ...left }))
      if (names.length > 0) lines.push(`run ${number} left ${kind}: ${names.join(', ')}`);
  return `${lines.join('\n')}\n`;
}
