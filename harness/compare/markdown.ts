import type { Comparison, ScenarioComparison } from './compare.ts';
import { plain, table } from '../results/markdown.ts';
import { medianTimes, notCompared, sideLines, summaryWords, unlikeWords, valueWords } from './words.ts';

export function comparisonMarkdown(comparison: Comparison): string {
  const { scenarios, stale } = comparison;
  const blocks: string[] = [
    '# Comparison of two conformance runs',
    `${summaryWords(comparison)}.`,
    (['a', 'b'] as const)
      .map((name) => `- **${name.toUpperCase()}**: ${sideLines(comparison[name]).map(plain).join('<br>')}`)
      .join('\n'),
  ];
  const unlike = unlikeWords(comparison);
  if (unlike !== undefined) blocks.push(plain(unlike));
  const section = (title: string, content: readonly string[]): void => {
    if (content.length > 0) blocks.push(`## ${title}`, ...content);
  };
  const blocksFor = (status: ScenarioComparison['status']): string[] =>
    scenarios.filter((scenario) => scenario.status === status).flatMap(scenarioBlocks);
  section('Differences', blocksFor('differs'));
  section('Known differences', blocksFor('known'));
  const tableOf = (title: string, head: readonly string[], rows: readonly (readonly string[])[]): void =>
    section(title, rows.length === 0 ? [] : [table(head, rows)]);
  tableOf(
    'Not compared',
    ['scenarios', 'why'],
    notCompared(comparison).map(({ why, ids }) => [ids.join(', '), why]),
  );
  tableOf(
    'Known deviations that no longer occur',
    ['scenario', 'probe', 'fields', 'listed in'],
    stale.map(({ scenario, probe, fields, listed }) => [scenario, numberWords(probe), fields.join(', '), listed]),
  );
  tableOf('Median times of a scenario', ['', 'A', 'B'], medianTimes(comparison));
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
