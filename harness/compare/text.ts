import type { Comparison, ComparedDifference, ScenarioComparison } from './compare.ts';
import { painter, wrap } from '../../foundation/node/text.ts';
import { medianTimes, notCompared, oneLine, sideLines, summaryWords, unlikeWords, valueWords } from './words.ts';

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
