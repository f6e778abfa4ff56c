import type { Comparison, ScenarioComparison } from './compare.ts';
import { notCompared, oneLine, sideLines, summaryWords, time, unlikeWords, valueWords } from './words.ts';

/** A comparison as compare.md, for people who read it in a repository or a CI's summary. */
export function comparisonMarkdown(comparison: Comparison): string {
  const { a, b, scenarios, stale, medians } = comparison;
  const blocks: string[] = [
    '# Comparison of two conformance runs',
    `${summaryWords(comparison)}.`,
    (
      [
        ['A', a],
        ['B', b],
      ] as const
    )
      .map(([name, side]) => `- **${name}**: ${sideLines(side).map(plain).join('<br>')}`)
      .join('\n'),
  ];
  const unlike = unlikeWords(comparison);
  if (unlike !== undefined) blocks.push(plain(unlike));
  const section = (title: string, content: readonly string[]): void => {
    if (content.length > 0) blocks.push(`## ${title}`, ...content);
  };
  const of = (status: ScenarioComparison['status']): string[] =>
    scenarios.filter((scenario) => scenario.status === status).flatMap(scenarioBlocks);
  section('Differences', of('differs'));
  section('Known differences', of('known'));
  const groups = notCompared(comparison);
  if (groups.length > 0)
    section('Not compared', [
      table(
        ['scenarios', 'why'],
        groups.map(({ why, ids }) => [ids.join(', '), why]),
      ),
    ]);
  if (stale.length > 0)
    section('Known deviations that no longer occur', [
      table(
        ['scenario', 'probe', 'fields', 'listed in'],
        stale.map(({ scenario, probe, fields, listed }) => [scenario, numberWords(probe), fields.join(', '), listed]),
      ),
    ]);
  const times = (['arranging', 'probing'] as const).flatMap((what) => {
    const value = medians[what];
    return value === null ? [] : [[what, time(value.a), time(value.b)]];
  });
  if (times.length > 0) section('Median times of a scenario', [table(['', 'A', 'B'], times)]);
  return `${blocks.join('\n\n')}\n`;
}

function scenarioBlocks({ id, title, differences, probes, a, b }: ScenarioComparison): string[] {
  const reasons =
    probes.length === 0
      ? [`- A: ${plain(a?.reason ?? '')}\n- B: ${plain(b?.reason ?? '')}`]
      : probes.map(
          (probe) =>
            `Probe ${probe.number + 1}, ${plain(probe.workload ?? 'harness')}: ${plain(probe.operation)}\n\n- A: ${plain(probe.a.reason)}\n- B: ${plain(probe.b.reason)}`,
        );
  return [
    `### ${id} ${plain(title)}`,
    table(
      ['probe', 'field', 'A', 'B', 'known'],
      differences.map(({ probe, field, a: ofA, b: ofB, known }) => [
        numberWords(probe),
        field,
        valueWords(ofA),
        valueWords(ofB),
        known === null ? 'no' : `${known.reason} (${known.source})`,
      ]),
    ),
    ...reasons,
  ];
}

const numberWords = (probe: number | null): string => (probe === null ? '' : String(probe + 1));

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map((row) => line(row.map(plain)))].join('\n');
}

/** A text that Markdown shows as it is, on one line. */
const plain = (text: string): string => oneLine(text).replaceAll(/[\\`*_{}[\]<>#|~&]/g, '\\$&');
