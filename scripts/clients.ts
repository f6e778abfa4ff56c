/**
 * Writes the tables of docs/clients.md (`npm run clients`) from a run of suite `client` with all versions, or from the given
 * report folders. If a scenario has several results, the last one with a verdict counts.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Client } from '../components/clients/client.ts';
import { CLIENTS } from '../components/clients/registry.ts';
import { readRun, type Run } from '../harness/results/read-results.ts';
import type { ScenarioResult, Verdict } from '../harness/results/results.ts';
import { clientTable, isSplit, type ClientColumn, type ClientRow } from '../harness/results/client-table.ts';
import { table } from './tables.ts';

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
export const PAGE = at('docs/clients.md');
/** The text between these lines is generated. */
const [BEGIN, END] = ['<!-- tables: npm run clients -->', '<!-- end of tables -->'];

const MARKS: Readonly<Record<Verdict, string>> = {
  passed: '✓',
  failed: '**✗**',
  inconclusive: '?',
  error: '!',
  skipped: '–',
};

/** Returns the page with new tables. Throws if a run is incomplete, or has faults or no clients. */
export function clientsPage(text: string, runs: readonly Run[], noticed: Noticed = lastNoticed()): string {
  const scenarios = runs.flatMap(({ file, results: { run, environment, scenarios: all } }) => {
    const clientResults = all.filter((one) => one.client !== undefined) as readonly ScenarioResult[];
    if (clientResults.length === 0) throw new Error(`${file} has no scenarios with a client. Run them with --client.`);
    if (run.error !== null || run.interrupted) throw new Error(`${file} is the result of an incomplete run.`);
    if (environment.faults.length > 0) throw new Error(`${file} is the result of a run with faults.`);
    return clientResults;
  });
  const [start, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (start === -1 || end === -1) throw new Error(`docs/clients.md lacks "${BEGIN}" or "${END}".`);
  const days = runs.map(({ results }) => results.run.startedAt.slice(0, 10)).sort();
  const [first = '', last = first] = [days[0], days.at(-1)];
  const date = first === last ? first : `${first} to ${last}`;
  const where = new Set(runs.map(({ results: { environment } }) => environment.cluster));
  const introduction = `Found on ${date}, on ${[...where].join(' and ')} clusters.`;
  const parts = [BEGIN, introduction, ...tablesOf(scenarios.toSorted(inOrder), noticed)].map((part) => part.trim());
  return `${text.slice(0, start)}${parts.join('\n\n')}\n\n${text.slice(end)}`;
}

const placeOf = ({ client }: ScenarioResult): number => CLIENTS.findIndex(({ name }) => name === client?.name);
const isJudged = ({ verdict }: ScenarioResult): number => (verdict === 'error' ? 0 : 1);
const versionOf = ({ client }: ScenarioResult): string => client?.version ?? '';
/** Orders by client, then newest version first, then errors first, since the last result counts. */
const inOrder = (one: ScenarioResult, other: ScenarioResult): number =>
  placeOf(one) - placeOf(other) ||
  versionOf(other).localeCompare(versionOf(one), 'en', { numeric: true }) ||
  isJudged(one) - isJudged(other);

/** Scenario ids by fault. */
type Noticed = Readonly<Record<string, string>>;
const lastNoticed = (): Noticed => JSON.parse(readFileSync(at('scripts/detection/noticed.json'), 'utf8')) as Noticed;

/** Links to reports in trackers, by client and version, then by scenario. */
const REPORTS = JSON.parse(readFileSync(at('scripts/client-bugs.json'), 'utf8')) as Readonly<
  Record<string, Readonly<Record<string, string>>>
>;

/** Returns a link to the known report of a deviation, or `not reported`. */
export const reportOf = (client: string, id: string): string =>
  REPORTS[client]?.[id]?.replace(/^https:\/\/[^/]+\/(.+)\/issues\/(\d+)$/, '[$1#$2]($&)') ?? 'not reported';

const whichOf = ({ newest, minimum, below }: Client['versions'], version: string): string =>
  ({ [below ?? '']: 'below the minimum', [minimum ?? '']: 'documented minimum', [newest]: 'newest' })[version] ?? '';

function tablesOf(scenarios: readonly ScenarioResult[], noticed: Noticed): readonly string[] {
  const { clients, rows: rowsByScenario } = clientTable(scenarios);
  const rows = rowsByScenario.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  const count = (column: number, ...verdicts: readonly Verdict[]): string =>
    String(rows.filter(({ cells }) => verdicts.some((one) => one === cells[column]?.verdict)).length);
  const summary = clients.map((client, column) => {
    const {
      title = client.name,
      chain,
      documentation,
      versions,
    } = CLIENTS.find(({ name }) => name === client.name) ?? {};
    const source = documentation === undefined ? title : `[${title}](${documentation.href})`;
    const counts = [count(column, 'passed'), count(column, 'failed'), count(column, 'inconclusive', 'error')];
    const which = versions === undefined ? '' : whichOf(versions, client.version);
    return [
      label(client),
      source,
      which,
      chain === 'own' ? 'its own' : "an SDK's",
      ...counts,
      count(column, 'skipped'),
    ];
  });
  const shown = (cell: ScenarioResult | undefined): string => (cell === undefined ? '' : MARKS[cell.verdict]);
  const remarks = rows.flatMap(({ id, title, cells }) =>
    cells.flatMap((cell, column) =>
      cell === undefined || cell.verdict === 'passed' || cell.verdict === 'skipped'
        ? []
        : [
            [
              ...[`${id} ${title}`, label(clients[column]), cell.reason.replaceAll(/\s+/g, ' ')],
              cell.verdict === 'failed' ? reportOf(label(clients[column]), id) : '',
            ],
          ],
    ),
  );
  return [
    table(
      ['client', 'what it is', 'version', 'credential chain', 'passed', 'failed', 'not judged', 'skipped'],
      summary,
    ),
    '## Behaviour of each client\n\n✓ as documented, **✗** not as documented, – not applicable to the client or not possible here, ? and ! not judged.',
    table(
      ['behaviour', ...clients.map(label)],
      rows.map(({ id, title, cells }) => [`${id} ${title}`, ...cells.map(shown)]),
    ),
    `Clients differ in ${rows.filter(isSplit).length} of ${rows.length} behaviours.`,
    ...distinctions(clients, rows, noticed),
    '## Deviations from the documentation\n\n`not reported`: this project knows of no report.',
    remarks.length === 0 ? 'None.' : table(['behaviour', 'client', 'observation', 'report'], remarks),
  ];
}

/** Facts that expectations leave open. */
const SHOWN: Readonly<Record<string, string>> = {
  outcomes: 'outcome of each operation',
  'credentials.requests': 'requests to the agent',
  quotesError: 'shows the message of the agent or STS',
  'proxy.tokens': 'token sent to the proxy',
  'elsewhere.requests': 'requests to the target of a redirect',
};

/** A difference between clients in a scenario's last probe, the one that the scenario is about. */
interface Differing {
  readonly row: ClientRow;
  readonly words: string;
  /** Clients by observed value. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
}

function differencesOf(clients: readonly ClientColumn[], rows: readonly ClientRow[]): readonly Differing[] {
  return rows.flatMap((row) =>
    Object.entries(SHOWN).flatMap(([fact, words]) => {
      const groups = new Map<string, string[]>();
      row.cells.forEach((cell, column) => {
        if (cell === undefined || cell.verdict === 'skipped' || cell.verdict === 'error') return;
        const seen = String(cell.probes.at(-1)?.observed?.facts?.[fact] ?? 'nothing').replaceAll(',', ', ');
        groups.set(seen, [...(groups.get(seen) ?? []), label(clients[column])]);
      });
      return groups.size > 1 ? [{ row, words, groups }] : [];
    }),
  );
}

/** Lists the clients, versions and faults that each behaviour distinguishes. */
function distinctions(
  clients: readonly ClientColumn[],
  rows: readonly ClientRow[],
  noticed: Noticed,
): readonly string[] {
  const differing = differencesOf(clients, rows);
  const apart = rows.map((row) => {
    const failed = row.cells.flatMap((cell, column) => (cell?.verdict === 'failed' ? [label(clients[column])] : []));
    const seen = differing.filter((one) => one.row === row).map(({ words }) => words);
    const faults = Object.keys(noticed).filter((fault) => noticed[fault] === row.id);
    return [`${row.id} ${row.title}`, failed.join(', '), seen.join('; '), faults.map((one) => `\`${one}\``).join(', ')];
  });
  const distinguishing = apart.filter(([, ...cells]) => cells.some((cell) => cell !== ''));
  return [
    `## What each behaviour distinguishes

${distinguishing.length} of ${rows.length} behaviours distinguish at least two clients, versions or faults. Faults are defects of the project's own client
(\`raw\`) that \`npm run detect\` reports as noticed.`,
    table(['behaviour', 'fails with', 'other differences', 'noticed faults'], apart),
    '## Behaviour that the documentation leaves open',
    table(
      ['behaviour', 'fact', 'clients by value'],
      differing.map(({ row, words, groups }) => [
        `${row.id} ${row.title}`,
        words,
        [...groups].map(([seen, names]) => `**${seen}**: ${names.join(', ')}`).join('<br>'),
      ]),
    ),
  ];
}

const label = (client: ClientColumn | undefined): string => (client ? `${client.name} ${client.version}` : '');

const WITH_OLDER = ['javascript', 'python', 'go'];
const everyVersion = (): readonly string[] =>
  CLIENTS.flatMap(({ name }) => [name, ...(WITH_OLDER.includes(name) ? [`${name}@minimum`, `${name}@below`] : [])]);

/** Runs the suite with all clients and returns the report folder. Throws if the run did not complete. */
function runAll(): string {
  const folder = at('reports/clients');
  const args = ['--quiet', '--suite', 'client', '--client', everyVersion().join(), '--report-dir', folder];
  const { status } = spawnSync(process.execPath, [at('bin/conformance.js'), ...args], { stdio: 'inherit' });
  if (status !== 0 && status !== 1) throw new Error(`npm run conformance -- ${args.join(' ')} exited with ${status}.`);
  return folder;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const given = process.argv.slice(2);
  const runs = (given.length === 0 ? [runAll()] : given).map(readRun);
  writeFileSync(PAGE, clientsPage(readFileSync(PAGE, 'utf8'), runs));
}
