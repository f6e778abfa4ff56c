import type { ComparisonContent } from '../compare/comparison-schema.ts';
import { hrefOf } from './route.ts';
import { DataTable } from './table.tsx';
import { register, type ViewProps } from './views.tsx';
import { counted, duration } from './words.ts';

type Compared = ComparisonContent['scenarios'][number];

/** The fields of a scenario that differ between two runs. */
export const Differences = ({ scenario: { id, differences, status } }: { readonly scenario: Compared }) =>
  differences.length === 0 ? (
    <p class="quiet">{STATUS[status]}</p>
  ) : (
    <DataTable caption={`Differences of ${id}`} columns={['field', 'A', 'B', 'known']}>
      {differences.map(({ probe, field, a, b, known }) => (
        <tr key={`${probe} ${field}`}>
          <th scope="row">{probe === null ? field : `probe ${probe + 1}: ${field}`}</th>
          <td class="break">{String(a ?? 'none')}</td>
          <td class="break">{String(b ?? 'none')}</td>
          <td>{known?.reason ?? 'no'}</td>
        </tr>
      ))}
    </DataTable>
  );

const STATUS: Readonly<Record<Compared['status'], string>> = {
  same: 'Same in both runs.',
  differs: 'Different.',
  known: 'Differs for a known reason.',
  skipped: 'Skipped in one or both runs.',
  alone: 'In only one of the runs.',
  undecided: 'An error in both runs.',
};

/** Two runs side by side. */
const Comparison = ({ data: { comparison } }: ViewProps) => {
  if (comparison === undefined) return null;
  const { scenarios, summary, unlike, medians, stale } = comparison;
  const scenariosWith = (...statuses: readonly Compared['status'][]): readonly Compared[] =>
    scenarios.filter(({ status }) => statuses.includes(status));
  return (
    <div class="comparison">
      <p>
        {`${counted(summary.compared, 'scenario')} compared: ${summary.same} same, ${summary.differ} differ (${summary.known} known).`}
      </p>
      {(['arranging', 'probing'] as const).map((what) => {
        const times = medians[what];
        const text = times && `Median time for ${what}: A ${duration(times.a)}, B ${duration(times.b)}.`;
        return text && <p key={what}>{text}</p>;
      })}
      {unlike.length > 0 && <p class="callout inconclusive">{`Built from different sources: ${unlike.join(', ')}.`}</p>}
      {scenariosWith('differs', 'known').map((scenario) => (
        <section key={scenario.id}>
          <h2>
            <a href={hrefOf(scenario.id)}>{scenario.id}</a> {scenario.title}
          </h2>
          <Differences scenario={scenario} />
        </section>
      ))}
      {stale.map(({ scenario, listed, fields }) => (
        <p key={listed}>{`Known deviation that did not occur: ${scenario}, ${fields.join(', ')} (${listed}).`}</p>
      ))}
      {(['skipped', 'alone', 'undecided'] as const).map((status) =>
        scenariosWith(status).length === 0 ? null : (
          <section key={status}>
            <h2>{`${STATUS[status]} (${scenariosWith(status).length})`}</h2>
            <p class="ids">
              {scenariosWith(status).map(({ id }) => (
                <a href={hrefOf(id)} key={id}>
                  {id}
                </a>
              ))}
            </p>
          </section>
        ),
      )}
    </div>
  );
};

register({
  id: 'comparison',
  title: 'Comparison',
  place: 0,
  count: ({ comparison }) => comparison?.summary.differ ?? 0,
  applies: ({ comparison }) => comparison !== undefined,
  component: Comparison,
});
