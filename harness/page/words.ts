export { ownTime } from '../results/results.ts';
import { judgedParts, listed } from '../results/judged.ts';
import type { RunResults, ScenarioResult, Verdict } from '../results/results.ts';

export const VERDICTS = ['failed', 'inconclusive', 'error', 'skipped', 'passed'] as const satisfies readonly Verdict[];

/** Returns a run's conclusion, and the verdict whose color it has. */
export function conclusion(results: RunResults): { readonly words: string; readonly verdict: Verdict } {
  const { run, summary } = results;
  if (run.interrupted) return { words: 'Interrupted', verdict: 'skipped' };
  if (run.exitCode === 0 && summary.passed < summary.total - summary.skipped)
    return { words: 'Conforms, except for known failures', verdict: 'inconclusive' };
  if (summary.failed > 0 || run.exitCode === 1) return { words: 'Does not conform', verdict: 'failed' };
  if (run.error !== null) return { words: 'The run failed', verdict: 'error' };
  if (run.exitCode !== 0) return { words: 'Some scenarios could not be judged', verdict: 'inconclusive' };
  const [yours] = judgedParts(results);
  return summary.passed > 0
    ? { words: `Conforms: ${yours.length === 0 ? 'this package' : listed(yours)}`, verdict: 'passed' }
    : { words: 'Nothing was judged', verdict: 'skipped' };
}

export function duration(milliseconds: number): string {
  if (milliseconds < 10) return `${Math.round(milliseconds * 10) / 10}\u00a0ms`;
  if (milliseconds < 1000) return `${Math.round(milliseconds)}\u00a0ms`;
  if (milliseconds < 100_000) return `${(milliseconds / 1000).toFixed(2)}\u00a0s`;
  return `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1000)} s`;
}

export const instant = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')} UTC`;

export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

export const isBad = ({ verdict }: { readonly verdict: Verdict }): boolean =>
  verdict === 'failed' || verdict === 'inconclusive' || verdict === 'error';

export const findingsOf = ({ scenarios }: RunResults): readonly ScenarioResult[] =>
  scenarios.filter(({ verdict, finding }) => verdict === 'passed' && finding !== null);
