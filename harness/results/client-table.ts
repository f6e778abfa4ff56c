import type { ScenarioResult } from './results.ts';

export interface ClientColumn {
  readonly name: string;
  readonly version: string;
}

export interface ClientRow {
  readonly id: string;
  readonly suite: string;
  readonly title: string;
  /** In the order of the columns; undefined for a client that did not run the scenario. */
  readonly cells: readonly (ScenarioResult | undefined)[];
}

export interface ClientTable {
  readonly clients: readonly ClientColumn[];
  readonly rows: readonly ClientRow[];
}

const keyOf = ({ name, version }: ClientColumn): string => `${name}@${version}`;

/** Returns the declared id. With several clients, a result's id ends in a dot and the client. */
const declaredId = (id: string): string => id.split('.')[0] ?? id;

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

/** Whether clients differ. Skipped and missing results do not count. */
export const isSplit = ({ cells }: ClientRow): boolean =>
  new Set(cells.flatMap((cell) => (cell === undefined || cell.verdict === 'skipped' ? [] : [cell.verdict]))).size > 1;
