import type { RunResults } from '../results/results.ts';
import { allowedText } from '../results/text.ts';

/**
 * Returns workflow commands for annotations (GitHub Docs, "Workflow commands for GitHub Actions"): errors, warnings, and a
 * notice with the totals. GitHub only shows the first ten errors of a step, so the error of the run comes first.
 */
export function githubAnnotations(results: RunResults): string {
  const lines: string[] = [];
  if (results.run.error !== null) lines.push(command('error', { title: 'The run failed' }, results.run.error));
  for (const scenario of results.scenarios) {
    if (scenario.verdict === 'passed' || scenario.verdict === 'skipped') continue;
    const title = `${scenario.id} ${scenario.verdict}: ${scenario.title}`;
    if (scenario.allowed === undefined) lines.push(command('error', { file: scenario.file, title }, scenario.reason));
    else lines.push(command('warning', { file: scenario.file, title }, allowedText(scenario.allowed)));
  }
  for (const problem of results.gate?.problems ?? []) lines.push(command('error', { title: 'The gate' }, problem));
  for (const warning of results.gate?.warnings ?? []) lines.push(command('warning', { title: 'The gate' }, warning));
  const { passed, failed, inconclusive, skipped, error } = results.summary;
  const totals = `${passed} passed, ${failed} failed, ${inconclusive} inconclusive, ${error} errors, ${skipped} skipped`;
  lines.push(command('notice', { title: `Conformance run ${results.run.id}` }, totals));
  return lines.map((line) => `${line}\n`).join('');
}

function command(
  name: 'error' | 'warning' | 'notice',
  properties: Readonly<Record<string, string>>,
  message: string,
): string {
  const list = Object.entries(properties)
    .map(([key, value]) => `${key}=${escapeData(value).replaceAll(':', '%3A').replaceAll(',', '%2C')}`)
    .join(',');
  return `::${name} ${list}::${escapeData(message)}`;
}

const escapeData = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
