import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { table, withTables } from '../scripts/tables.ts';
import { figures, percent, type Matrix } from './report.ts';

const HEAD = ['area', 'noticed', 'timed out', 'survived', 'unreached', 'errors', 'share'];

/** Writes the tables of docs/detection.md: those of faults, or those of mutants. */
export async function writePage(root: string, matrix: Matrix, { seed }: { readonly seed: string }): Promise<void> {
  const page = join(root, 'docs', 'detection.md');
  const figuresTable = table(
    HEAD,
    figures(matrix).map(({ area, counts, share }) => [
      area,
      ...[counts.noticed, counts['timed out'], counts.survived, counts.unreached, counts.error].map(String),
      percent(share),
    ]),
  );
  const missed = matrix.detections.filter(({ state }) => state !== 'noticed' && state !== 'timed out');
  const missedTable = table(
    ['not noticed', 'area', 'how', 'what'],
    missed.length === 0
      ? [['none', '', '', '']]
      : missed.map(({ name, area, state, text }) => [`\`${name}\``, area, state, `\`${text}\``]),
  );
  const own = [figuresTable, missedTable];
  const tables =
    matrix.kind === 'faults'
      ? own
      : [undefined, undefined, ...own, table(['seed', 'mutants'], [[seed, String(matrix.detections.length)]])];
  const text = await withTables(page, tables);
  writeFileSync(page, await format(text, { filepath: page, printWidth: 120 }));
}
