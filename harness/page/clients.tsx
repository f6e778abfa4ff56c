import type { PageData } from './data.ts';
import { clientTable, isSplit, type ClientRow, type ClientTable } from '../results/client-table.ts';
import { Mark } from './mark.tsx';
import { hrefOf } from './route.ts';
import { register, type ViewProps } from './views.tsx';
import { counted } from './words.ts';

const tableOf = ({ runs: [run, other] }: PageData): ClientTable =>
  clientTable([...run.scenarios, ...(other?.scenarios ?? [])]);

/** The verdicts of each client by scenario. Scenarios in which clients differ come first. */
const Clients = ({ data }: ViewProps) => {
  const { clients, rows } = tableOf(data);
  const split = rows.filter(isSplit);
  return (
    <div class="differences">
      <Part title={`Clients differ in ${counted(split.length, 'scenario')}`} clients={clients} rows={split} />
      <Part title="Same verdict with every client" clients={clients} rows={rows.filter((row) => !isSplit(row))} />
    </div>
  );
};

register({
  id: 'clients',
  title: 'Clients',
  place: 4,
  count: (data) => tableOf(data).clients.length,
  applies: (data) => tableOf(data).clients.length > 1,
  component: Clients,
});

const Part = ({ title, clients, rows }: ClientTable & { readonly title: string }) =>
  rows.length === 0 ? null : (
    <section>
      <h2>{title}</h2>
      <div style={{ overflowX: 'auto' }}>
        <table>
          <thead>
            <tr>
              <th scope="col">Scenario</th>
              {clients.map(({ name, version }) => (
                <th scope="col" key={`${name}@${version}`}>
                  {name} <span class="quiet">{version}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row row={row} key={row.id} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );

const Row = ({ row: { id, title, cells } }: { readonly row: ClientRow }) => (
  <tr>
    <th scope="row">
      {id} <span class="quiet">{title}</span>
    </th>
    {cells.map((cell, index) => (
      <td key={index}>
        {cell && (
          <a href={hrefOf(cell.id)} title={cell.reason}>
            <Mark verdict={cell.verdict} />
          </a>
        )}
      </td>
    ))}
  </tr>
);
