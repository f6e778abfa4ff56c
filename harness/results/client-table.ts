import type { ScenarioResult } from './results.ts';

/** A client at a version, as a column of a table. */
export interface ClientColumn {
  readonly name: string;
  readonly version: string;
}

/** A scenario, and what it came to with each client. */
export interface ClientRow {
  readonly id: string;
  readonly suite: string;
  readonly title: string;
  /** In the order of the columns; undefined where it was not run with a client. */
  readonly cells: readonly (ScenarioResult | undefined)[];
}

export interface ClientTable {
  readonly clients: readonly ClientColumn[];
  readonly rows: readonly ClientRow[];
}

const keyOf = ({ name, version }: ClientColumn): string => `${name}@${version}`;

/** The id that a suite gives a scenario: with several clients, a result's has the client's behind a dot. */
const declaredId = (id: string): string => id.split('.')[0] ?? id;

/** Clients by scenarios, of results of one or several runs; of two results about the same, the later. */
export function clientTable(scenarios: readonly ScenarioResult[]): ClientTable {
  const clients = new Map<string, ClientColumn>();
  const rows = new Map<string, Omit<ClientRow, 'cells'> & { readonly results: Map<string, ScenarioResult> }>();
  for (const result of scenarios) {
    const { client, suite, title } = result;
    if (client === undefined) continue;
    const id = declaredId(result.id);
    const row = rows.get(id) ?? { id, suite, title, results: new Map<string, ScenarioResult>() };
    rows.set(id, row);
    clients.set(keyOf(client), client);
    row.results.set(keyOf(client), result);
  }
  const keys = [...clients.keys()];
  return {
    clients: [...clients.values()],
    rows: [...rows.values()].map(({ results, ...row }) => ({ ...row, cells: keys.map((key) => results.get(key)) })),
  };
}

/** Whether clients did not all come to the same; one that was skipped or not run says nothing of the matter. */
export const isSplit = ({ cells }: ClientRow): boolean =>
  new Set(cells.flatMap((cell) => (cell === undefined || cell.verdict === 'skipped' ? [] : [cell.verdict]))).size > 1;
