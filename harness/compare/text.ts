import { grouped } from '../../foundation/node/grouped.ts';
import { clip, counted, painter, wrap } from '../../foundation/node/text.ts';
import type { Side } from '../results/read-results.ts';
import { isCompared, type ComparedDifference, type Comparison, type ScenarioComparison } from './compare.ts';
import type { Value } from './differences.ts';

const [BOLD, RED, YELLOW, CYAN] = [1, 31, 33, 36];

export function comparisonText(comparison: Comparison, color: boolean, width?: number): string {
  const paint = painter(color);
  const lines: string[] = [];
  const section = (title: string, content: readonly string[]): void => {
    if (content.length > 0) lines.push('', paint(title, BOLD), ...content);
  };
  for (const name of ['a', 'b'] as const) {
    const [first = '', ...rest] = sideLines(comparison[name]);
    lines.push(`${paint(name.toUpperCase(), BOLD)}  ${first}`, ...rest.map((line) => `   ${line}`));
  }
  const unlike = unlikeWords(comparison);
  if (unlike !== undefined) lines.push(unlike);
  const { scenarios, stale } = comparison;
  const linesFor = (status: ScenarioComparison['status'], mark: string): string[] =>
    scenarios.filter((scenario) => scenario.status === status).flatMap((scenario) => scenarioLines(scenario, mark));
  section('Differences', linesFor('differs', paint('DIFFERS', RED)));
  section('Known differences', linesFor('known', paint('known', YELLOW)));
  section(
    'Not compared',
    notCompared(comparison).flatMap(({ why, ids }) => [`  ${paint(ids.join(', '), CYAN)}`, `      ${why}`]),
  );
  section(
    'Known deviations that no longer occur',
    stale.map(
      ({ scenario, probe, fields, listed }) =>
        `  ${paint('stale', YELLOW)} ${scenario}${probe === null ? '' : `, probe ${probe + 1}`}: ${fields.join(', ')} (${listed})`,
    ),
  );
  section(
    'Median times of a scenario',
    medianTimes(comparison).map(([what, a, b]) => `  ${what.padEnd(9)}  A ${a}, B ${b}`),
  );
  return `${[...lines, '', summaryWords(comparison)].map((line) => wrap(line, width, 2)).join('\n')}\n`;
}

function scenarioLines({ id, title, differences, probes, a, b }: ScenarioComparison, mark: string): string[] {
  const lines = [`  ${mark} ${id} ${oneLine(title)}`];
  const linesOfProbe = (number: number | null, indent: string): string[] =>
    differenceLines(
      differences.filter(({ probe }) => probe === number),
      indent,
    );
  lines.push(...linesOfProbe(null, '      '));
  // Reasons of differing probes are more precise than the scenario's reason.
  if (probes.length === 0) lines.push(`      A: ${oneLine(a?.reason ?? '')}`, `      B: ${oneLine(b?.reason ?? '')}`);
  for (const probe of probes)
    lines.push(
      `      probe ${probe.number + 1}, ${probe.workload ?? 'harness'}: ${oneLine(probe.operation)}`,
      ...linesOfProbe(probe.number, '        '),
      `        A: ${oneLine(probe.a.reason)}`,
      `        B: ${oneLine(probe.b.reason)}`,
    );
  return lines;
}

/** Returns a line for each difference, and a shared reason once after the last of them. */
function differenceLines(differences: readonly ComparedDifference[], indent: string): string[] {
  return differences.flatMap(({ field, a, b, known }, index) => {
    const line = `${indent}${field}: A ${valueWords(a)}, B ${valueWords(b)}`;
    if (known === null) return [line];
    const next = differences[index + 1]?.known;
    return next?.reason === known.reason && next.source === known.source
      ? [`${line} (known)`]
      : [`${line} (known)`, `${indent}  ${oneLine(known.reason)} (${oneLine(known.source)})`];
  });
}

const valueWords = (value: Value): string => (value === null ? 'none' : clip(oneLine(String(value))));

/** Puts a text on one line, without the control characters that servers' messages may have. */
const oneLine = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();

function sideLines({ file, run, facts, faults }: Side): readonly string[] {
  const { cluster = '', aws = '', region: _region, harness = '', node = '', platform = '', ...ofClusters } = facts;
  return [
    `${cluster} cluster, AWS: ${aws}, run ${run.id} of ${run.startedAt}`,
    ...Object.entries(ofClusters).map(([name, value]) => `${name} ${value}`),
    `harness ${harness}, Node ${node}, ${platform}`,
    ...(faults.length > 0 ? [`with faults: ${faults.join(', ')}`] : []),
    ...(run.interrupted ? ['The run was interrupted.'] : []),
    ...(run.error === null ? [] : [`The run failed: ${run.error}`]),
    file,
  ].map(oneLine);
}

function notCompared({ scenarios }: Comparison): readonly { readonly why: string; readonly ids: readonly string[] }[] {
  const groups = grouped(
    scenarios.filter(({ status }) => !isCompared(status)),
    whyNot,
  );
  return [...groups].map(([why, all]) => ({ why, ids: all.map(({ id }) => id) }));
}

function whyNot({ id, a, b }: ScenarioComparison): string {
  if (a === null || b === null) return `only in ${a === null ? 'B' : 'A'}`;
  const [ofA, ofB] = [a, b].map(({ reason }) => oneLine(reason).replace(new RegExp(`^${id} `), 'It '));
  if (a.verdict !== 'skipped' && b.verdict !== 'skipped') return `an error on both sides. A: ${ofA} B: ${ofB}`;
  if (a.verdict !== 'skipped') return `skipped in B (${a.verdict} in A): ${ofB}`;
  if (b.verdict !== 'skipped') return `skipped in A (${b.verdict} in B): ${ofA}`;
  return ofA === ofB ? `skipped on both sides: ${ofA}` : `skipped on both sides. A: ${ofA} B: ${ofB}`;
}

/** Names programs that differ between the runs, which may explain other differences. */
function unlikeWords({ unlike }: Comparison): string | undefined {
  if (unlike.length === 0) return undefined;
  const more = unlike.length > 5 ? ` and ${unlike.length - 5} more` : '';
  return `Built from different sources: ${unlike.slice(0, 5).join(', ')}${more}.`;
}

/** Returns the median times of a scenario: name, A's time and B's time. */
const medianTimes = ({ medians }: Comparison): readonly (readonly [what: string, a: string, b: string])[] =>
  (['arranging', 'probing'] as const).flatMap((what) => {
    const value = medians[what];
    return value === null ? [] : [[what, time(value.a), time(value.b)] as const];
  });

const time = (milliseconds: number): string =>
  milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(2)} s`;

function summaryWords({ summary }: Comparison): string {
  const { compared, same, differ, known, skipped, alone, undecided } = summary;
  return `${counted(compared, 'scenario')} compared: ${same} same, ${differ} differ (${known} known), ${skipped + alone} only on one side or skipped${undecided === 0 ? '' : `, ${undecided} undecided`}`;
}
