import type { Paint } from '../../foundation/node/text.ts';
import { EXIT, type ExitCode } from '../../foundation/node/errors.ts';
import { isFlaky, type RunResults, type ScenarioResult, type Verdict } from './results.ts';

export const VERDICTS = ['passed', 'failed', 'inconclusive', 'error', 'skipped'] as const satisfies readonly Verdict[];

/** Returns `2 passed, 0 failed, 1 skipped`. Only passed and failed are named if they are 0. */
export function verdictCounts(items: readonly { readonly verdict: Verdict }[]): string {
  const count = (verdict: Verdict): number => items.filter((item) => item.verdict === verdict).length;
  return VERDICTS.filter((verdict) => count(verdict) > 0 || verdict === 'passed' || verdict === 'failed')
    .map((verdict) => `${count(verdict)} ${verdict}`)
    .join(', ');
}

export const findingLines = (scenarios: readonly ScenarioResult[]): readonly string[] =>
  scenarios.flatMap(({ id, verdict, finding }) =>
    verdict === 'passed' && finding !== null ? [`${id}: ${finding}`] : [],
  );

export const flakyLines = (scenarios: readonly ScenarioResult[]): readonly string[] =>
  scenarios.filter(isFlaky).map(({ id, repetitions = [] }) => `${id}: ${verdictCounts(repetitions)}`);

export const allowedText = ({ until, reason, source }: NonNullable<ScenarioResult['allowed']>): string =>
  `Allowed until ${until}: ${reason}${source === undefined ? '' : ` (${source})`}`;

const MARKS: Readonly<Record<Verdict, readonly [string, number]>> = {
  passed: ['ok', 32],
  failed: ['FAILED', 31],
  inconclusive: ['INCONCLUSIVE', 33],
  skipped: ['skipped', 36],
  error: ['ERROR', 35],
};

export const mark = ({ verdict, allowed }: Pick<ScenarioResult, 'verdict' | 'allowed'>, paint: Paint): string =>
  allowed === undefined ? paint(...MARKS[verdict]) : paint(`${verdict}, allowed`, 33);

/** Says why a run misses `--min-policy-coverage`, with its exit code. `merge` checks shards. */
export function coverageProblem({
  policyCoverage,
  configuration,
  run,
  scenarios,
}: Pick<RunResults, 'policyCoverage' | 'configuration' | 'scenarios'> & {
  readonly run: { readonly shard?: unknown };
}): { readonly message: string; readonly exitCode: ExitCode } | undefined {
  const least = configuration['min-policy-coverage']?.value;
  if (typeof least !== 'number' || run.shard || scenarios.every(({ verdict }) => verdict === 'skipped'))
    return undefined;
  if (policyCoverage === undefined)
    return {
      message: `Policy coverage is unknown, because no decisions of AWS were recorded, so --min-policy-coverage ${least} was not checked.`,
      exitCode: EXIT.environment,
    };
  if (policyCoverage.percent >= least) return undefined;
  return {
    message: `Policy coverage is ${policyCoverage.percent} %, but --min-policy-coverage requires ${least} %. Add probes for the parts that are not tested.`,
    exitCode: EXIT.doesNotConform,
  };
}
