import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { table } from '../tables.ts';
import { figures, percent, STATES, type Matrix } from './report.ts';

const HEAD = ['area', 'by scenarios', ...STATES.slice(1), 'share noticed', 'share by scenarios'];

const TITLES: Readonly<Record<Matrix['kind'], string>> = { faults: 'Faults', mutants: 'Mutants' };

const ABOUT_FAULTS = `[Faults](faults.md) imitate real incidents. People write them and the scenarios, so these shares say less than the
mutation score.`;

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
  return [
    matrix.kind === 'faults' ? ABOUT_FAULTS : `${matrix.detections.length} mutants, chosen by seed ${seed}.`,
    figuresTable,
    ...(missed.length === 0
      ? ['All were noticed.']
      : ['### Not noticed by scenarios', missed.map(({ name, state }) => `- ${code(name)}: ${state}`).join('\n')]),
  ].join('\n\n');
}
