import { scenariosOf, type PageData } from './data.ts';
import { hrefOf } from './route.ts';
import { register, type ViewProps } from './views.tsx';

type Facts = Readonly<Record<string, string | number | boolean>>;

interface Row {
  readonly scenario: string;
  readonly operation: string;
  readonly facts: Facts;
}

/** Returns the facts of each load probe. */
const rowsOf = (data: PageData): readonly Row[] =>
  scenariosOf(data).flatMap(({ id, probes }) =>
    probes.flatMap(({ operation, observed }) => {
      const facts = observed?.facts;
      return facts !== undefined && 'wrongIdentities' in facts ? [{ scenario: id, operation, facts }] : [];
    }),
  );

const COLUMNS: readonly (readonly [title: string, ...facts: string[]])[] = [
  ['Pods', 'pods'],
  ['Lost', 'lost'],
  ['Wrong identities', 'wrongIdentities'],
  ['Answers', 'answers'],
  ['Errors', 'errors'],
  ['Credentials p50 / p99 / p99.9, ms', 'credentialsP50', 'credentialsP99', 'credentialsP99.9'],
  ['First object p50 / p99 / p99.9, ms', 'objectP50', 'objectP99', 'objectP99.9'],
  ['EKS Auth calls per pod', 'callsPerPod'],
  ['Recovery, s', 'recoverySeconds'],
  ['Agent CPU s / MiB', 'agentCpuSeconds', 'agentMemoryMiB'],
];

/** Figures of load scenarios. */
const Load = ({ data }: ViewProps) => (
  <div style={{ overflowX: 'auto' }}>
    <table>
      <thead>
        <tr>
          <th scope="col">Scenario</th>
          {COLUMNS.map(([title]) => (
            <th scope="col" key={title}>
              {title}
            </th>
          ))}
          <th scope="col">Errors by kind</th>
        </tr>
      </thead>
      <tbody>
        {rowsOf(data).map(({ scenario, operation, facts }) => (
          <tr key={`${scenario} ${operation}`}>
            <th scope="row">
              <a href={hrefOf(scenario)}>{scenario}</a> <span class="quiet">{operation}</span>
            </th>
            {COLUMNS.map(([title, ...names]) => (
              <td key={title}>{names.map((name) => facts[name] ?? '–').join(' / ')}</td>
            ))}
            <td>{kinds(facts)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

const kinds = (facts: Facts): string =>
  Object.entries(facts)
    .filter(([name]) => name.startsWith('errors.'))
    .map(([name, count]) => `${name.slice('errors.'.length)}: ${count}`)
    .join(', ');

register({
  id: 'load',
  title: 'Load',
  place: 6,
  count: (data) => rowsOf(data).length,
  applies: (data) => rowsOf(data).length > 0,
  component: Load,
});
