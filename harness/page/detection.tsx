import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import type { DetectionContent } from '../results/detection-schema.ts';
import type { ScenarioResult } from '../results/results.ts';
import { scenariosOf } from './data.ts';
import { Choice, FilterForm, Search, Toggles, useSet } from './filter-form.tsx';
import { hrefOf } from './route.ts';
import { DataTable } from './table.tsx';
import { register, type ViewProps } from './views.tsx';
import { counted } from './words.ts';

type Defect = DetectionContent['detections'][number];

const STATES: Readonly<Record<Defect['state'], string>> = {
  survived: '✕',
  unreached: '○',
  error: '!',
  'no verdict': '▲',
  'timed out': '◷',
  noticed: '✓',
};
const CLASSES: Readonly<Record<Defect['state'], string>> = {
  survived: 'failed',
  unreached: 'failed',
  error: 'error',
  'no verdict': 'inconclusive',
  'timed out': 'passed',
  noticed: 'passed',
};
/** Maximum number of rows, and of names in a row. */
const MOST_ROWS = 300;
const MOST_NAMES = 12;

/** The kill matrix: which scenario detected which defect. */
const Detection = ({ data, route: { filter } }: ViewProps) => {
  const set = useSet(filter);
  const { detection } = data;
  const scenarios = useMemo(() => new Map(scenariosOf(data).map((one) => [one.id, one])), [data]);
  if (detection === undefined) return null;
  const { detections, figures } = detection;
  const [words, area] = [(filter.get('q') ?? '').toLowerCase().split(/\s+/), filter.get('area') ?? ''];
  const states = (filter.get('state') ?? '').split(',').filter(Boolean);
  const matches = detections.filter(
    ({ name, text, noticedBy, ...one }) =>
      (area === '' || one.area === area) &&
      (states.length === 0 || states.includes(one.state)) &&
      words.every((word) => [name, text, ...noticedBy].join('\n').toLowerCase().includes(word)),
  );
  const byScenario = filter.get('by') === 'scenario';
  const all = figures.find((figure) => figure.area === 'all');
  return (
    <section class="detection" aria-label="Kill matrix">
      <p>
        {`${counted(detections.length, 'defect')} injected, ${((all?.share ?? 0) * 100).toFixed(1)} % detected. `}
        {detection.scenarios === undefined &&
          'Each defect only shows the first scenario that detected it (detect without --all).'}
      </p>
      <FilterForm>
        <Search
          label="Search in names, defects and scenarios"
          value={filter.get('q') ?? ''}
          onSearch={(value) => set('q', value)}
        />
        <Toggles
          label="Results"
          options={(Object.keys(STATES) as Defect['state'][]).flatMap((state) => {
            const count = detections.filter((one) => one.state === state).length;
            return count === 0 ? [] : [[state, `${STATES[state]} ${state} ${count}`] as const];
          })}
          value={states.join()}
          onToggle={(value) => set('state', value)}
        />
        <Choice
          label="Area"
          value={area}
          options={[...new Set(detections.map((one) => one.area))]}
          any="all areas"
          onChoice={(value) => set('area', value)}
        />
        <Choice
          label="Rows"
          value={byScenario ? 'scenario' : ''}
          options={['scenario']}
          any="defect"
          onChoice={(value) => set('by', value)}
        />
      </FilterForm>
      <p class="quiet" role="status">{`${matches.length} of ${counted(detections.length, 'defect')}`}</p>
      {byScenario ? (
        <ByScenario defects={matches} detection={detection} scenarios={scenarios} />
      ) : (
        <ByDefect found={matches} scenarios={scenarios} />
      )}
    </section>
  );
};

register({
  id: 'detection',
  title: 'Kill matrix',
  place: 5,
  count: ({ detection }) => detection?.detections.length ?? 0,
  applies: ({ detection }) => detection !== undefined,
  component: Detection,
});

type Scenarios = ReadonlyMap<string, ScenarioResult>;

/** A scenario's id and flags, with a link if the run has the scenario. */
const Key = ({ name, scenarios }: { readonly name: string; readonly scenarios: Scenarios }) => {
  const [id = ''] = name.split(' ');
  return scenarios.has(id) ? <a href={hrefOf(id)}>{name}</a> : <span class="break">{name}</span>;
};

const ByDefect = ({ found, scenarios }: { readonly found: readonly Defect[]; readonly scenarios: Scenarios }) => (
  <Rows caption="Defects" columns={['defect', 'area', 'result', 'detected by']} count={found.length}>
    {found.slice(0, MOST_ROWS).map(({ name, text, area, state, noticedBy, reachedBy, reason }) => (
      <tr key={name}>
        <th scope="row">
          <code class="break">{name}</code>
          <small class="break">{text}</small>
        </th>
        <td>{area}</td>
        <td class={CLASSES[state]}>
          <b class="outcome">{`${STATES[state]} ${state}`}</b>
        </td>
        <td>
          <div class="ids">
            {noticedBy.slice(0, MOST_NAMES).map((key) => (
              <Key key={key} name={key} scenarios={scenarios} />
            ))}
            {noticedBy.length > MOST_NAMES && <span>{`and ${noticedBy.length - MOST_NAMES} more`}</span>}
            <span class="quiet">{noticedBy.length === 0 ? (reason ?? `reached by ${reachedBy}`) : ''}</span>
          </div>
        </td>
      </tr>
    ))}
  </Rows>
);

interface ByScenarioProps {
  readonly defects: readonly Defect[];
  readonly detection: DetectionContent;
  readonly scenarios: Scenarios;
}

/** Scenarios by number of detected defects. Those that detect nothing are listed if all scenarios were tried. */
const ByScenario = ({ defects, detection, scenarios }: ByScenarioProps) => {
  const noticed = new Map<string, Defect[]>();
  for (const defect of defects)
    for (const key of defect.noticedBy) noticed.set(key, [...(noticed.get(key) ?? []), defect]);
  const rows = [...noticed].sort(([, a], [, b]) => b.length - a.length);
  const nothing = detection.scenarios?.nothing ?? [];
  return (
    <>
      <Rows
        caption="Defects by scenario"
        columns={['scenario', 'defects', 'only by this', 'names']}
        count={rows.length}
      >
        {rows.slice(0, MOST_ROWS).map(([key, defects]) => (
          <tr key={key}>
            <th scope="row">
              <Key name={key} scenarios={scenarios} />
            </th>
            <td>{defects.length}</td>
            <td>{detection.scenarios && defects.filter(({ noticedBy }) => noticedBy.length === 1).length}</td>
            <td class="break">
              {defects
                .slice(0, MOST_NAMES)
                .map(({ name }) => name)
                .join(', ')}
              {defects.length > MOST_NAMES && `, and ${defects.length - MOST_NAMES} more`}
            </td>
          </tr>
        ))}
      </Rows>
      {nothing.length > 0 && (
        <section>
          <h2>{`Scenarios that detect nothing (${nothing.length})`}</h2>
          <p class="ids">
            {nothing.map((key) => (
              <Key key={key} name={key} scenarios={scenarios} />
            ))}
          </p>
        </section>
      )}
    </>
  );
};

interface RowsProps {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly count: number;
  readonly children: ComponentChildren;
}

const Rows = ({ caption, columns, count, children }: RowsProps) => (
  <>
    <DataTable caption={caption} columns={columns}>
      {children}
    </DataTable>
    {count > MOST_ROWS && <p class="quiet">{`Only the first ${MOST_ROWS} are shown. Use the filter to see others.`}</p>}
  </>
);
