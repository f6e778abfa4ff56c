/** The record of the last measurement, and its section on the site. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { table } from '../tables.ts';
import { figures, percent, STATES, type Figure, type Matrix } from './report.ts';

const HEAD = ['area', 'by scenarios', ...STATES.slice(1), 'share noticed', 'share by scenarios'];

interface Measured {
  readonly seed: string;
  readonly figures: readonly Figure[];
  /** Names and states of the defects that no scenario noticed. */
  readonly missed: readonly (readonly [name: string, state: string])[];
}
type Record = Readonly<Partial<{ [kind in Matrix['kind']]: Measured }>>;

const fileOf = (root: string): string => join(root, 'scripts', 'detection', 'measured.json');

const recordOf = (root: string): Record => JSON.parse(readFileSync(fileOf(root), 'utf8')) as Record;

/** Replaces the last measurement of faults or mutants in the record. */
export async function writeMeasured(root: string, matrix: Matrix, { seed }: { readonly seed: string }): Promise<void> {
  const missed = matrix.detections.filter(({ state }) => state !== 'noticed' && state !== 'timed out');
  const measured: Measured = {
    seed,
    figures: figures(matrix),
    missed: missed.map(({ name, state }) => [name, state]),
  };
  const text = JSON.stringify({ ...recordOf(root), [matrix.kind]: measured });
  writeFileSync(fileOf(root), await format(text, { parser: 'json', printWidth: 120 }));
}

/** Returns the table of the last measurement. */
export function measuredSection(root: string, kind: Matrix['kind']): string {
  const measured = recordOf(root)[kind];
  if (measured === undefined) return 'Not measured.';
  const rows = measured.figures.map(({ area, counts, share, byScenarios }) => [
    ...[area, ...STATES.map((state) => String(counts[state]))],
    ...[percent(share), percent(byScenarios)],
  ]);
  return `${kind === 'mutants' ? `Chosen by seed ${measured.seed}.\n\n` : ''}${table(HEAD, rows)}`;
}
