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
import { clientTable, isSplit, type ClientColumn, type ClientRow } from '../harness/report/client-table.ts';
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
    ...toldApart(clients, rows),
    '## What was not as documented',
    remarks.length === 0 ? 'Nothing.' : table(['behaviour', 'client', 'what was seen'], remarks),
  ];
}

/** What runs of a client show that expectations leave open, and what it says. */
const SHOWN: Readonly<Record<string, string>> = {
  outcomes: 'outcome of each operation',
  'credentials.requests': 'requests to the agent',
  told: "tells the agent's or STS's own message",
  'proxy.tokens': 'token that the proxy saw',
  'elsewhere.requests': 'requests where a redirect led',
};

/** In what clients differ though each is as documented: of the last probe of a scenario, since that is its subject. */
function toldApart(clients: readonly ClientColumn[], rows: readonly ClientRow[]): readonly string[] {
  const differing = rows.flatMap(({ id, title, cells }) =>
    Object.entries(SHOWN).flatMap(([fact, words]) => {
      const values = cells.map((cell) => {
        if (cell === undefined || cell.verdict === 'skipped') return undefined;
        const value = cell.probes.at(-1)?.observed?.facts?.[fact];
        return value === undefined ? '–' : String(value).replaceAll(',', ', ');
      });
      return new Set(values.filter((value) => value !== undefined)).size > 1
        ? [[`${id} ${title}`, words, ...values.map((value) => value ?? '')]]
        : [];
    }),
  );
  if (differing.length === 0) return [];
  return [
    '## What the documentation leaves to them',
    table(['behaviour', 'what was seen', ...clients.map(label)], differing),
  ];
}

const label = (client: ClientColumn | undefined): string => (client ? `${client.name} ${client.version}` : '');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const paths = process.argv.slice(2);
  if (paths.length === 0) throw new Error('Give the report folders of runs with --client.');
  writeFileSync(PAGE, await clientsPage(readFileSync(PAGE, 'utf8'), paths.map(readRun)));
}
