import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { table } from '../tables.ts';
import { figures, percent, STATES, type Matrix } from './report.ts';

const HEAD = ['area', 'by scenarios', ...STATES.slice(1), 'share noticed', 'share by scenarios'];

const TITLES: Readonly<Record<Matrix['kind'], string>> = { faults: 'Faults', mutants: 'Mutants' };

const ABOUT_FAULTS =
  'Faults imitate real incidents ([faults.md](faults.md)). Their authors also write the scenarios and share their blind spots, so these shares say less than the mutation score.';

/** Writes the section of docs/detection.md for faults or mutants. */
export async function writePage(root: string, matrix: Matrix, { seed }: { readonly seed: string }): Promise<void> {
  const page = join(root, 'docs', 'detection.md');
  const text = withSection(readFileSync(page, 'utf8'), TITLES[matrix.kind], section(matrix, seed));
  writeFileSync(page, await format(text, { filepath: page, printWidth: 120 }));
}

/** Replaces the section, or appends it. */
export function withSection(page: string, title: string, text: string): string {
  const parts = page.split(/^(?=## )/m).map((part) => part.trimEnd());
  const at = parts.findIndex((part) => part.startsWith(`## ${title}\n`));
  parts[at === -1 ? parts.length : at] = `## ${title}\n\n${text.trimEnd()}`;
  return `${parts.join('\n\n')}\n`;
}

function section(matrix: Matrix, seed: string): string {
  const figuresTable = table(
    HEAD,
    figures(matrix).map(({ area, counts, share, byScenarios }) => [
      ...[area, ...STATES.map((state) => String(counts[state]))],
      ...[percent(share), percent(byScenarios)],
    ]),
  );
  const missed = matrix.detections.filter(({ state }) => state !== 'noticed' && state !== 'timed out');
  const code = (text: string): string => `\`${text.replaceAll('`', "'")}\``;
  const rows = missed.map(({ name, area, state, reason, text }) => [
    ...[
      code(name),
      area,
      [state, reason === undefined ? [] : code(reason.slice(0, 120))].flat().join(': '),
      code(text),
    ],
  ]);
  return [
    matrix.kind === 'faults' ? ABOUT_FAULTS : `${matrix.detections.length} mutants, chosen by seed ${seed}.`,
    figuresTable,
    ...(rows.length === 0
      ? ['All were noticed.']
      : [table(['not noticed by scenarios', 'area', 'result', 'change'], rows)]),
  ].join('\n\n');
}
