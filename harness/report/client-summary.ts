import { clientTable, isSplit, type ClientColumn, type ClientRow } from '../results/client-table.ts';
import type { ScenarioResult, Verdict } from '../results/results.ts';
import { clip, type Paint } from '../../foundation/node/text.ts';

const MARKS: Readonly<Record<Verdict, readonly [string, number]>> = {
  passed: ['.', 32],
  failed: ['X', 31],
  inconclusive: ['?', 33],
  error: ['!', 35],
  skipped: ['-', 36],
};

const COUNTED: readonly (readonly [string, readonly Verdict[]])[] = [
  ['passed', ['passed']],
  ['failed', ['failed']],
  ['not judged', ['inconclusive', 'error']],
  ['skipped', ['skipped']],
];

/** Columns for a client's name and version, of 80. */
const NAME_COLUMNS = 34;

/**
 * Returns a table of 80 columns: totals of each client, and the scenarios in which clients differ, with one character for each
 * client. With one client, lists only its failures.
 */
export function clientBlocks(scenarios: readonly ScenarioResult[], paint: Paint): readonly string[] {
  const { clients, rows } = clientTable(scenarios);
  const isOne = clients.length === 1;
  if (clients.length === 0 || (isOne && rows.every(({ suite }) => suite !== 'client'))) return [];
  const shown = rows.filter((row) => (isOne ? row.cells.some(isWrong) : isSplit(row)));
  const what = isOne ? 'not as expected' : 'differ between clients';
  return [
    `\n${paint('Clients', 1)} (${shown.length} of ${rows.length} scenarios ${what})`,
    ...countsOf(clients, rows),
    ...(shown.length === 0 ? [] : ['', ...marksOf(clients, shown, paint)]),
  ];
}

const isWrong = (cell: ScenarioResult | undefined): boolean =>
  cell?.verdict !== 'passed' && cell?.verdict !== 'skipped';

function countsOf(clients: readonly ClientColumn[], rows: readonly ClientRow[]): readonly string[] {
  const names = clients.map(({ name, version }) => clip(`${name} ${version}`, NAME_COLUMNS));
  const width = Math.max(...names.map((name) => name.length));
  const head = `     ${''.padEnd(width)}${COUNTED.map(([title]) => `  ${title}`).join('')}`;
  const lines = names.map((name, column) => {
    const counts = COUNTED.map(([title, verdicts]) => {
      const count = rows.filter(({ cells }) => verdicts.some((verdict) => verdict === cells[column]?.verdict)).length;
      return `  ${String(count).padStart(title.length)}`;
    });
    return `  ${letter(column)}  ${name.padEnd(width)}${counts.join('')}`;
  });
  return [head, ...lines];
}

function marksOf(clients: readonly ClientColumn[], rows: readonly ClientRow[], paint: Paint): readonly string[] {
  const letters = clients.map((_, column) => letter(column)).join('');
  const key = Object.entries(MARKS).map(([verdict, [character]]) => `${character} ${verdict}`);
  return [
    `  ${letters}  ${key.join(', ')}`,
    ...rows.map(({ id, title, cells }) => {
      const marks = cells.map((cell) => (cell === undefined ? ' ' : paint(...MARKS[cell.verdict])));
      return `  ${marks.join('')}  ${id} ${title}`;
    }),
  ];
}

const letter = (column: number): string => String.fromCharCode((column < 26 ? 65 : 71) + (column % 52));
