import { readFileSync } from 'node:fs';
import { NOT_JUDGED, PAGE, type Column } from './fidelity.ts';
import { SUBJECTS, type SubjectName } from './subjects.ts';

/** Returns an emulator's column in docs/fidelity.md. */
export function publishedColumn(name: SubjectName): Column {
  const lines = readFileSync(PAGE, 'utf8').split('## Scenario by scenario')[1]?.split('\n') ?? [];
  const rows = lines
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));
  const at = rows[0]?.indexOf(SUBJECTS[name].title) ?? -1;
  const cells = rows.slice(2).map((row): [string, string] => [row[1]!.split(' ')[0]!, row[at]!.replaceAll('\\|', '|')]);
  return new Map(cells.filter(([, cell]) => cell !== NOT_JUDGED));
}
