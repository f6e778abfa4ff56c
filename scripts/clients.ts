/**
 * Writes the tables of docs/clients.md from the results of runs with clients (`npm run clients -- reports/<run id> ...`); of two
 * results about the same, the later run's count.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { CLIENTS } from '../clients/registry.ts';
import { readRun, type Run } from '../harness/compare/read-results.ts';
import type { ScenarioResult, Verdict } from '../harness/report/results.ts';
import { clientTable, isSplit, type ClientColumn } from '../page/client-table.ts';
import { table } from './tables.ts';

export const PAGE = fileURLToPath(new URL('../docs/clients.md', import.meta.url));
/** What stands between is written anew; the rest of the page stays. */
const [BEGIN, END] = ['<!-- tables: npm run clients -->', '<!-- end of tables -->'];

const MARKS: Readonly<Record<Verdict, string>> = {
  passed: '✓',
  failed: '**✗**',
  inconclusive: '?',
  error: '!',
  skipped: '–',
};

/** The page's text with the tables of these runs. Throws where a run was not with clients or did not come to its end. */
export function clientsPage(text: string, runs: readonly Run[]): Promise<string> {
  const scenarios = runs.flatMap(({ file, results: { run, environment, scenarios: all } }) => {
    const found = all.filter((one) => one.client !== undefined) as readonly ScenarioResult[];
    if (found.length === 0) throw new Error(`${file} has no scenarios with a client: run them with --client.`);
    if (run.error !== null || run.interrupted) throw new Error(`${file} is of a run that did not come to its end.`);
    if (environment.faults.length > 0) throw new Error(`${file} is of a run with faults.`);
    return found;
  });
  const [start, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (start === -1 || end === -1) throw new Error(`docs/clients.md lacks "${BEGIN}" or "${END}".`);
  const days = runs.map(({ results }) => results.run.startedAt.slice(0, 10)).sort();
  const [first = '', last = first] = [days[0], days.at(-1)];
  const date = first === last ? first : `${first} to ${last}`;
  const where = new Set(runs.map(({ results: { environment } }) => environment.cluster));
  const introduction = `Found on ${date}, on ${[...where].join(' and ')} clusters.`;
  const parts = [BEGIN, introduction, ...tablesOf(scenarios), ''].join('\n\n');
  return format(text.slice(0, start) + parts + text.slice(end), { filepath: PAGE, printWidth: 120 });
}

function tablesOf(scenarios: readonly ScenarioResult[]): readonly string[] {
  const { clients, rows } = clientTable(scenarios);
  const count = (column: number, ...verdicts: readonly Verdict[]): string =>
    String(rows.filter(({ cells }) => verdicts.some((one) => one === cells[column]?.verdict)).length);
  const summary = clients.map((client, column) => {
    const { title = client.name, chain, documentation } = CLIENTS.find(({ name }) => name === client.name) ?? {};
    const source = documentation === undefined ? title : `[${title}](${documentation.href})`;
    const counts = [count(column, 'passed'), count(column, 'failed'), count(column, 'inconclusive', 'error')];
    return [label(client), source, chain === 'own' ? 'its own' : "an SDK's", ...counts, count(column, 'skipped')];
  });
  const shown = (cell: ScenarioResult | undefined): string => (cell === undefined ? '' : MARKS[cell.verdict]);
  const remarks = rows.flatMap(({ id, title, cells }) =>
    cells.flatMap((cell, column) =>
      cell === undefined || cell.verdict === 'passed' || cell.verdict === 'skipped'
        ? []
        : [[`${id} ${title}`, label(clients[column]), cell.reason.replaceAll(/\s+/g, ' ')]],
    ),
  );
  return [
    table(['client', 'what it is', 'credential chain', 'passed', 'failed', 'not judged', 'skipped'], summary),
    '## What they do\n\n✓ as documented, **✗** not so, – not applicable to the client or not possible here, ? and ! not judged.',
    table(
      ['behaviour', ...clients.map(label)],
      rows.map(({ id, title, cells }) => [`${id} ${title}`, ...cells.map(shown)]),
    ),
    `They differ in ${rows.filter(isSplit).length} of ${rows.length}.`,
    '## What was not as documented',
    remarks.length === 0 ? 'Nothing.' : table(['behaviour', 'client', 'what was seen'], remarks),
  ];
}

const label = (client: ClientColumn | undefined): string => (client ? `${client.name} ${client.version}` : '');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const paths = process.argv.slice(2);
  if (paths.length === 0) throw new Error('Give the report folders of runs with --client.');
  writeFileSync(PAGE, await clientsPage(readFileSync(PAGE, 'utf8'), paths.map(readRun)));
}
