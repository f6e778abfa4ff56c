import type { CallCounts } from '../aws/call-counts.ts';
import { clientBlocks } from './client-summary.ts';
import { isFine, isFlaky, type ProbeOutcome, type RunResults, type ScenarioResult } from './results.ts';
import { allowedText, counted, mark, verdictCounts, type Paint } from './text.ts';

/** The end of a run for people, in blocks of lines: what is not as expected, findings, clients, times, reports and the counts. */
export function summaryBlocks(
  results: RunResults,
  files: readonly string[],
  paint: Paint,
  quiet: boolean,
): readonly string[] {
  const { run } = results;
  const error = run.error === null ? [] : [`\n${paint('ERROR', 35)} ${run.error}`];
  const problems = (results.gate?.problems ?? []).map((problem) => `  ${paint('FAILED', 31)} ${problem}`);
  const gate = problems.length === 0 ? [] : [`\n${paint('Not allowed by the gate', 1)}`, ...problems];
  if (quiet) return [...gate, ...error, '', countsText(results)];
  return [
    ...notAsExpected(results.scenarios, paint),
    ...findings(results.scenarios, paint),
    ...flaky(results.scenarios, paint),
    ...clientBlocks(results.scenarios, paint),
    ...allowed(results, paint),
    ...gate,
    ...error,
    '',
    timesText(results),
    ...(results.aws === null ? [] : [callsText(results.aws.calls)]),
    ...files.map((file) => `Report: ${file}`),
    countsText(results),
  ];
}

function notAsExpected(scenarios: readonly ScenarioResult[], paint: Paint): string[] {
  const bad = scenarios.filter((scenario) => !isFine(scenario));
  if (bad.length === 0) return [];
  const lines = byDeniedAction(bad).map(({ action, scenarios: [first, ...others] }) => {
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    const why = action === undefined ? shortReason(first) : `missing permission ${action}`;
    return `  ${mark(first, paint)} ${first.id}${more}: ${why}`;
  });
  return [`\n${paint('Not as expected', 1)}`, ...lines];
}

/** How many of a scenario's probes went wrong; in full, why stands where the scenario is shown. */
function shortReason({ title, probes, errorCode }: ScenarioResult): string {
  const of = (verdict: ProbeOutcome['verdict']): number => probes.filter((probe) => probe.verdict === verdict).length;
  const wrong = (['failed', 'inconclusive', 'error'] as const).filter((verdict) => of(verdict) > 0);
  const parts = [
    ...(errorCode === null ? [] : [errorCode]),
    ...wrong.map((verdict) => `${of(verdict)} of ${counted(probes.length, 'probe')} ${verdict}`),
  ];
  return parts.length === 0 ? title : `${title} (${parts.join(', ')})`;
}

function findings(scenarios: readonly ScenarioResult[], paint: Paint): string[] {
  const found = scenarios.filter(({ verdict, finding }) => verdict === 'passed' && finding !== null);
  if (found.length === 0) return [];
  return [
    `\n${paint('Findings', 1)} (conforming, and worth knowing)`,
    ...found.map(({ id, finding }) => `  ${id}: ${finding}`),
  ];
}

function flaky(scenarios: readonly ScenarioResult[], paint: Paint): string[] {
  const found = scenarios.filter(isFlaky);
  if (found.length === 0) return [];
  return [
    `\n${paint('Flaky', 1)} (verdicts differ from time to time)`,
    ...found.map(({ id, repetitions = [] }) => `  ${id}: ${verdictCounts(repetitions)}`),
  ];
}

/** What the gate of the run allowed, and what it could do without. */
function allowed({ scenarios, gate }: RunResults, paint: Paint): string[] {
  const lines = [
    ...scenarios.flatMap((scenario) =>
      scenario.allowed ? [`  ${mark(scenario, paint)} ${scenario.id}: ${allowedText(scenario.allowed)}`] : [],
    ),
    ...(gate?.warnings ?? []).map((warning) => `  ${paint('warning', 33)} ${warning}`),
  ];
  return lines.length === 0 ? [] : [`\n${paint('Gate', 1)} (${gate?.file})`, ...lines];
}

const timesText = ({ run, phases }: RunResults): string =>
  `Time: ${seconds(run.milliseconds)} in all; provisioning ${seconds(phases.provisioning)}, scenarios ${seconds(phases.scenarios)} (arranging ${seconds(phases.arranging)} and probing ${seconds(phases.probing)} summed over scenarios side by side), teardown ${seconds(phases.teardown)}`;

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

interface Group {
  /** The action whose permission is missing, such as `iam:CreateRole`. */
  readonly action?: string;
  readonly scenarios: [ScenarioResult, ...ScenarioResult[]];
}

/** One group for all errors that come of the same missing permission; each other scenario is one of its own. */
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
