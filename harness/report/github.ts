import { appendFileSync } from 'node:fs';
import { HarnessError, unreadable } from '../../foundation/node/errors.ts';
import { githubAnnotations } from './annotations.ts';
import { plain, table } from '../results/markdown.ts';
import type { Reporter, ReporterOptions } from './reporter.ts';
import { judgedText } from '../results/judged.ts';
import { isFine, type RunResults, type ScenarioResult, type Verdict } from '../results/results.ts';
import { counted } from '../../foundation/node/text.ts';
import { allowedText, findingLines, flakyLines, verdictCounts, VERDICTS } from '../results/text.ts';
import { wrongProbes } from './wrong-probes.ts';

/** Annotates unexpected scenarios, and appends the run to the job's summary, if there is one. */
export const githubReporter = ({ stdout, environment }: ReporterOptions): Reporter => ({
  runOver: (results) => {
    stdout.write(githubAnnotations(results));
    const file = environment['GITHUB_STEP_SUMMARY'] ?? '';
    if (file !== '') append(file, jobSummary(results));
  },
});

function append(file: string, text: string): void {
  try {
    appendFileSync(file, text);
  } catch (error) {
    throw new HarnessError(
      'REPORT_NOT_WRITTEN',
      `The job's summary ${file} could not be written (${unreadable(error)}): check GITHUB_STEP_SUMMARY.`,
      { cause: error },
    );
  }
}

/** Bytes for failures, within the limit of 1 MiB (GitHub Docs, "Workflow commands", "Step isolation and limits"). */
const FAILURE_BYTES = 800_000;
const LONGEST_REASON = 1500;

/** Returns a run in Markdown: verdicts by suite, failures with reasons, and notable results. */
export function jobSummary(results: RunResults): string {
  const { run, environment, scenarios, gate } = results;
  const bad = scenarios.filter((scenario) => !isFine(scenario));
  const failures = withinBytes(bad.map(failure), FAILURE_BYTES);
  const section = (title: string, blocks: readonly string[]): readonly string[] =>
    blocks.length === 0 ? [] : [`### ${title}`, ...blocks];
  const list = (items: readonly string[]): readonly string[] =>
    items.length === 0 ? [] : [items.map((item) => `- ${plain(item)}`).join('\n')];
  return `${[
    `## Conformance: ${bad.length === 0 ? 'all as expected' : `${bad.length} not as expected`}${run.interrupted ? ' (interrupted)' : ''}`,
    plain(
      `${counted(scenarios.length, 'scenario')}: ${verdictCounts(scenarios)}. ${environment.cluster} cluster, AWS: ${environment.aws}, harness ${environment.harness}, run ${run.id}, ${Math.round(run.milliseconds / 1000)} s.`,
    ),
    plain(judgedText(results)),
    ...(run.error === null ? [] : [`**${plain(run.error)}**`]),
    ...(scenarios.length === 0 ? [] : [suiteTable(scenarios)]),
    ...section('Not as expected', failures),
    ...(bad.length > failures.length ? [`And ${bad.length - failures.length} more.`] : []),
    ...section('Not allowed by the gate', list(gate?.problems ?? [])),
    ...section(
      'Allowed by the gate',
      list([
        ...scenarios.flatMap(({ id, allowed }) => (allowed ? [`${id}: ${allowedText(allowed)}`] : [])),
        ...(gate?.warnings ?? []),
      ]),
    ),
    ...section('Flaky', list(flakyLines(scenarios))),
    ...section('Findings', list(findingLines(scenarios))),
  ].join('\n\n')}\n\n`;
}

function suiteTable(scenarios: readonly ScenarioResult[]): string {
  const rows = [...new Set(scenarios.map(({ suite }) => suite))].map((suite) => {
    const suiteScenarios = scenarios.filter((scenario) => scenario.suite === suite);
    const count = (verdict: Verdict): number =>
      suiteScenarios.filter((scenario) => scenario.verdict === verdict).length;
    return [suite, ...VERDICTS.map((verdict) => String(count(verdict) || ''))];
  });
  return table(['suite', ...VERDICTS], rows);
}

function failure(scenario: ScenarioResult): string {
  const reasons = wrongProbes(scenario).map((reason) => `- ${plain(clip(reason))}`);
  const title = `<b>${scenario.verdict}</b> ${scenario.id} ${escapeHtml(scenario.title)}`;
  return `<details><summary>${title}</summary>\n\n${reasons.join('\n')}\n\n</details>`;
}

function withinBytes(texts: readonly string[], limit: number): readonly string[] {
  let left = limit;
  const beyond = texts.findIndex((text) => (left -= Buffer.byteLength(text)) < 0);
  return beyond === -1 ? texts : texts.slice(0, beyond);
}

const clip = (text: string): string => (text.length > LONGEST_REASON ? `${text.slice(0, LONGEST_REASON)}…` : text);

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
