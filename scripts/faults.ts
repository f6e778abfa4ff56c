/** Writes the table of docs/faults.md from the catalogue of faults (`npm run faults`). */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readDefinitions } from '../faults/definitions.ts';
import { defectOf } from '../faults/index.ts';
import { table, withTables } from './tables.ts';

export const PAGE = fileURLToPath(new URL('../docs/faults.md', import.meta.url));

/** The page as it must be. */
export function faultsPage(): Promise<string> {
  const faults = readDefinitions(fileURLToPath(new URL('../faults', import.meta.url)));
  const rows = faults.map((fault) => [`\`${fault.name}\``, fault.subject, defectOf(fault)]);
  return withTables(PAGE, [table(['fault', 'subject', 'defect'], rows)]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, await faultsPage());
