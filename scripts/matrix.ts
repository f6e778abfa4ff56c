/** The tables of docs/matrix.md (`npm run matrix -- --write`). */
import { join } from 'node:path';
import { AXES, AXIS_NAMES, IMPOSSIBLE } from '../harness/matrix/axes.ts';
import type { Matrix } from '../harness/matrix/matrix.ts';
import { countsOf, STATES, type Pair } from '../harness/matrix/pairs.ts';
import { table, withTables } from './tables.ts';

/** The page as it must be: the axes, the counts, what is impossible, and what is open. */
export function matrixPage(root: string, { tables }: Matrix): Promise<string> {
  const all = tables.flatMap(({ pairs }) => pairs);
  const rows = tables.map(({ axes, pairs }) => [
    axes.join(' × '),
    byFirst(pairs.filter(({ state }) => state === 'open')),
  ]);
  const open = rows.filter(([, pairs]) => pairs !== '');
  const words = (values: object): string =>
    Object.entries(values)
      .map(([axis, of]) => `${axis}: ${(of as string[]).join(', ')}`)
      .join('; ');
  return withTables(join(root, 'docs', 'matrix.md'), [
    table(
      ['axis', 'values'],
      AXIS_NAMES.map((axis) => [axis, AXES[axis].join(', ')]),
    ),
    table(
      ['axes', ...STATES],
      [
        ...tables.map(({ axes, pairs }) => [axes.join(' × '), ...countsOf(pairs).map(String)]),
        ['all', ...countsOf(all).map(String)],
      ],
    ),
    table(
      ['cannot meet', 'with', 'why'],
      IMPOSSIBLE.map(([reason, one, other]) => [words(one), words(other), reason]),
    ),
    table(['axes', 'open'], open.length > 0 ? open : [['none', 'each pair is asserted or cannot meet']]),
  ]);
}

/** `a with b, c; d with e`. */
function byFirst(pairs: readonly Pair[]): string {
  const groups = new Map<string, string[]>();
  for (const {
    values: [one, other],
  } of pairs)
    groups.set(one, [...(groups.get(one) ?? []), other]);
  return [...groups].map(([one, others]) => `${one} with ${others.join(', ')}`).join('; ');
}
