/** Writes the tables of docs/faults.md, one per source folder (`npm run faults`). */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { readDefinitions } from './faults/definitions.ts';
import { table } from './tables.ts';

export const PAGE = fileURLToPath(new URL('../docs/faults.md', import.meta.url));

export function faultsPage(): Promise<string> {
  const faults = readDefinitions(fileURLToPath(new URL('./faults', import.meta.url)));
  const [introduction = ''] = readFileSync(PAGE, 'utf8').split(/^## /m);
  const folders = [...new Set(faults.map(({ folder }) => folder))].sort();
  const sections = folders.map((folder) => {
    const rows = faults
      .filter((fault) => fault.folder === folder)
      .map(({ name, defect, incident, flags }) => [`\`${name}\``, defect, incident, flags]);
    return `## ${folder}\n\n${table(['fault', 'defect', 'incident', 'only with'], rows)}`;
  });
  return format([introduction.trimEnd(), ...sections].join('\n\n'), { filepath: PAGE, printWidth: 120 });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, await faultsPage());
