import type { CallCounts } from '../../aws/call-counts.ts';
import { clientBlocks } from './client-summary.ts';
import { judgedText, notExercisedLines } from '../results/judged.ts';
import { isFine, isFlaky, type ProbeOutcome, type RunResults, type ScenarioResult } from '../results/results.ts';
import { grouped } from '../../foundation/node/grouped.ts';
import { counted, type Paint } from '../../foundation/node/text.ts';
import { allowedText, coverageProblem, findingLines, flakyLines, mark, verdictCounts } from '../results/text.ts';

export function summaryBlocks(
  results: RunResults,
  files: readonly string[],
  paint: Paint,
  quiet: boolean,
): readonly string[] {
  const { run, scenarios, gate } = results;
  const section = (title: string, about: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : [`\n${paint(title, 1)}${about}`, ...lines.map((line) => `  ${line}`)];
  const missed = run.error === null && !run.interrupted ? coverageProblem(results) : undefined;
  const error = [
    ...(run.error === null ? [] : [`\n${paint('ERROR', 35)} ${run.error}`]),
    ...(missed === undefined ? [] : [`\n${paint('FAILED', 31)} ${missed.message}`]),
  ];
  const problems = (gate?.problems ?? []).map((problem) => `${paint('FAILED', 31)} ${problem}`);
  const notAllowed = section('Not allowed by the gate', '', problems);
  if (quiet) return [...notAllowed, ...error, '', countsText(results), ...notJudged(scenarios)];
  return [
    ...section('Not as expected', '', notAsExpected(scenarios, paint)),
    ...section('Findings', ' (conforming, but worth knowing)', findingLines(scenarios)),
    ...section('Flaky', ' (verdicts differ between repetitions)', flakyLines(scenarios)),
    ...repeated(scenarios),
    ...clientBlocks(scenarios, paint),
    ...section('Gate', ` (${gate?.file})`, allowed(results, paint)),
    ...notAllowed,
    ...error,
    '',
    timesText(results),
    ...(results.aws === null ? [] : [callsText(results.aws.calls)]),
    ...coverageLines(results),
    ...files.map((file) => `Report: ${file}`),
    judgedText(results),
    ...notExercisedLines(results),
    countsText(results),
    ...notJudged(scenarios),
  ];
}

const MOST_NOT_TESTED = 20;

function coverageLines({ policyCoverage, environment, scenarios, configuration }: RunResults): readonly string[] {
  if (policyCoverage === undefined) {
    const isAsked =
      configuration['policy-coverage']?.value === true || scenarios.some(({ file }) => !file.startsWith('suites/'));
    return isAsked && environment.aws !== 'emulator'
      ? ['Policy coverage: unknown, because AWS does not show its decisions.']
      : [];
  }
  const { tested, total, percent, notTested } = policyCoverage;
  const rest = notTested.length - MOST_NOT_TESTED;
  return [
    `Policy coverage: ${percent} % (${tested} of ${total} statements and conditions)`,
    ...notTested.slice(0, MOST_NOT_TESTED).map((sentence) => `Not tested: ${sentence}`),
    ...(rest > 0 ? [`Not tested: ${rest} more, in policy-coverage.json`] : []),
  ];
}

/** Reports repetitions if no scenario is flaky. */
function repeated(scenarios: readonly ScenarioResult[]): readonly string[] {
  const times = Math.max(0, ...scenarios.map(({ repetitions = [] }) => repetitions.length));
  if (times < 2 || scenarios.some(isFlaky)) return [];
  return [`\nRepeated ${times} times: all repetitions have the same verdict.`];
}

function notAsExpected(scenarios: readonly ScenarioResult[], paint: Paint): string[] {
  const bad = scenarios.filter((scenario) => !isFine(scenario));
  return byDeniedAction(bad).map(({ action, scenarios: [first, ...others] }) => {
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    const why = action === undefined ? shortReason(first) : `missing permission ${action}`;
    return `${mark(first, paint)} ${first.id}${more}: ${why}`;
  });
}

/** Returns the numbers of unexpected probes. The full reason is printed with the scenario. */
function shortReason({ title, probes, errorCode }: ScenarioResult): string {
  const count = (verdict: ProbeOutcome['verdict']): number =>
    probes.filter((probe) => probe.verdict === verdict).length;
  const wrong = (['failed', 'inconclusive', 'error'] as const).filter((verdict) => count(verdict) > 0);
  const parts = [
    ...(errorCode === null ? [] : [errorCode]),
    ...wrong.map((verdict) => `${count(verdict)} of ${counted(probes.length, 'probe')} ${verdict}`),
  ];
  return parts.length === 0 ? title : `${title} (${parts.join(', ')})`;
}

/** Returns allowances of the gate, and warnings about superfluous ones. */
const allowed = ({ scenarios, gate }: RunResults, paint: Paint): string[] => [
  ...scenarios.flatMap((scenario) =>
    scenario.allowed ? [`${mark(scenario, paint)} ${scenario.id}: ${allowedText(scenario.allowed)}`] : [],
  ),
  ...(gate?.warnings ?? []).map((warning) => `${paint('warning', 33)} ${warning}`),
];

const timesText = ({ run, phases }: RunResults): string =>
  `Time: ${seconds(run.milliseconds)} in all; provisioning ${seconds(phases.provisioning)}, scenarios ${seconds(phases.scenarios)} (arranging ${seconds(phases.arranging)} and probing ${seconds(phases.probing)} summed over concurrent scenarios), teardown ${seconds(phases.teardown)}`;

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;

/** `AWS calls: 1,234 (12 retries, 3 throttled)` */
function callsText({ total, retries, throttled }: CallCounts): string {
  const number = (count: number): string => count.toLocaleString('en-US');
  const parts = [
    ...(retries > 0 ? [`${number(retries)} ${retries === 1 ? 'retry' : 'retries'}`] : []),
    ...(throttled > 0 ? [`${number(throttled)} throttled`] : []),
  ];
  return `AWS calls: ${number(total)}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`;
}

/** `3 scenarios: 2 passed, 1 failed; 7 probes: 6 passed, 1 failed` */
function countsText({ scenarios, run }: RunResults): string {
  const probes = scenarios.flatMap((scenario) => scenario.probes);
  const may = scenarios.filter((scenario) => scenario.allowed !== undefined).length;
  const parts = [
    `${counted(scenarios.length, 'scenario')}: ${verdictCounts(scenarios)}${may === 0 ? '' : ` (${may} allowed)`}`,
    `${counted(probes.length, 'probe')}: ${verdictCounts(probes)}`,
  ];
  return `${parts.join('; ')}${run.interrupted ? ' (interrupted)' : ''}`;
}

const MOST_REASONS = 3;

/** `Not judged: 3 scenarios. 2: Needs IRSA. 1: Not run: the run was interrupted.` */
function notJudged(scenarios: readonly ScenarioResult[]): readonly string[] {
  const skipped = scenarios.filter(({ verdict }) => verdict === 'skipped');
  if (skipped.length === 0) return [];
  const byReason = grouped(skipped, ({ reason }) => reason.split(/(?<=\.)\s/)[0] ?? reason);
  const counts = [...byReason].map(([reason, { length }]) => ({ reason, length }));
  const named = counts.sort((a, b) => b.length - a.length).slice(0, MOST_REASONS);
  const rest = skipped.length - named.reduce((sum, { length }) => sum + length, 0);
  const parts = [
    ...named.map(({ reason, length }) => `${length}: ${reason}`),
    ...(rest > 0 ? [`${rest}: other reasons.`] : []),
  ];
  return [`Not judged: ${counted(skipped.length, 'scenario')}. ${parts.join(' ')}`];
}

interface Group {
  /** The action whose permission is missing, such as `iam:CreateRole`. */
  readonly action?: string;
  readonly scenarios: [ScenarioResult, ...ScenarioResult[]];
}

/** Groups errors by missing permission. Each other scenario is a separate group. */
function byDeniedAction(bad: readonly ScenarioResult[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const scenario of bad) {
    const action = scenario.verdict === 'error' ? / may not ([a-z0-9-]+:\w+) /.exec(scenario.reason)?.[1] : undefined;
    const key = action ?? scenario.id;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { ...(action !== undefined && { action }), scenarios: [scenario] });
    else group.scenarios.push(scenario);
  }
  return [...groups.values()];
}
