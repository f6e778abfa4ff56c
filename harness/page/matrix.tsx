import { useEffect, useMemo, useRef } from 'preact/hooks';
import { matrixOfRun, STATES, type Pair, type Table } from '../matrix/pairs.ts';
import type { RunResults, ScenarioResult } from '../results/results.ts';
import { Choice, FilterForm, Toggles, useSet } from './filter-form.tsx';
import { Grid, type Cell } from './grid.tsx';
import { Mark } from './mark.tsx';
import { hrefOf } from './route.ts';
import { register, type ViewProps } from './views.tsx';
import { counted, VERDICTS } from './words.ts';

/** Which pairs of what decides about access the run asserted, and by which scenarios. */
const Matrix = ({ data: { runs }, route }: ViewProps) => (
  <>
    {runs.map((run, index) => run && <OneMatrix key={index} run={run} filter={route.filter} named={runs.length > 1} />)}
  </>
);

register({
  id: 'matrix',
  title: 'Decision matrix',
  place: 4,
  applies: ({ runs }) => runs.some((run) => run?.scenarios.some(({ points = [] }) => points.length > 0)),
  component: Matrix,
});

interface MatrixProps {
  readonly run: RunResults;
  readonly filter: URLSearchParams;
  readonly named: boolean;
}

const OneMatrix = ({ run, filter, named }: MatrixProps) => {
  const set = useSet(filter);
  const tables = useMemo(() => matrixOfRun(run), [run]);
  const axes = Object.keys(run.matrix?.axes ?? {});
  const [one = '', other = ''] = [filter.get('axis') ?? '', filter.get('with') ?? ''];
  const wanted = filter.get('state') ?? '';
  const isShown = (pair: Pair): boolean => wanted === '' || wanted.split(',').includes(pair.state);
  const table = tables.find((each) => each.axes.includes(one) && each.axes.includes(other) && one !== other);
  const pairs = table?.pairs ?? tables.flatMap((each) => each.pairs);
  const states = STATES.map((state) => {
    const count = pairs.filter((pair) => pair.state === state).length;
    return [state, `${SYMBOLS[state]} ${state} ${count}`] as const;
  });
  return (
    <section class="matrix" aria-label={`Decision matrix of run ${run.run.id}`}>
      {named && <h2 class="side">{`Run ${run.run.id}`}</h2>}
      <p class="quiet">
        What an access decision is made of are axes. A pair of values of two of them is asserted by a scenario with a
        probe that has both, skipped where those scenarios were, impossible where the two cannot meet, or else open.
      </p>
      <FilterForm label={`Pairs of run ${run.run.id}`}>
        <Choice label="Axis" value={one} options={axes} any="all axes" onChoice={(value) => set('axis', value)} />
        <Choice label="with" value={other} options={axes} any="all axes" onChoice={(value) => set('with', value)} />
        <Toggles
          label="What became of pairs"
          options={states}
          value={wanted}
          onToggle={(value) => set('state', value)}
        />
      </FilterForm>
      {table === undefined ? (
        <AllAxes tables={tables} axes={axes} filter={filter} isShown={isShown} />
      ) : (
        <TwoAxes table={table} run={run} filter={filter} isShown={isShown} />
      )}
    </section>
  );
};

const SYMBOLS: Readonly<Record<Pair['state'], string>> = { asserted: '✓', skipped: '–', impossible: '×', open: '○' };

interface AllAxesProps {
  readonly tables: readonly Table[];
  readonly axes: readonly string[];
  readonly filter: URLSearchParams;
  readonly isShown: (pair: Pair) => boolean;
}

/** How many pairs of each two axes are asserted, of those that can be, or are in the state that is asked for. */
const AllAxes = ({ tables, axes, filter, isShown }: AllAxesProps) => {
  const isCounted = filter.has('state') ? isShown : (pair: Pair) => pair.state === 'asserted';
  const cell = (row: string, column: string): Cell | undefined => {
    const table = tables.find((each) => each.axes[0] === row && each.axes[1] === column);
    if (table === undefined) return undefined;
    const count = table.pairs.filter(isCounted).length;
    const all = table.pairs.filter(({ state }) => state !== 'impossible' || filter.has('state')).length;
    return {
      href: hrefOf('matrix', changed(filter, { axis: row, with: column })),
      text: `${count}/${all}`,
      spoken: 'pairs',
      verdict: count === 0 ? undefined : filter.has('state') ? 'skipped' : 'passed',
    };
  };
  const what = filter.get('state')?.replaceAll(',', ' or ') ?? 'asserted, of those that can meet';
  return <Grid caption={`Pairs that are ${what}`} rows={axes.slice(0, -1)} columns={axes.slice(1)} cell={cell} />;
};

interface TwoAxesProps {
  readonly table: Table;
  readonly run: RunResults;
  readonly filter: URLSearchParams;
  readonly isShown: (pair: Pair) => boolean;
}

/** The values of two axes, the longer one downwards. */
const TwoAxes = ({ table, run, filter, isShown }: TwoAxesProps) => {
  const valuesOf = (axis: string): readonly string[] => run.matrix?.axes[axis] ?? [];
  const scenarios = useMemo(() => new Map(run.scenarios.map((scenario) => [scenario.id, scenario])), [run]);
  const isTurned = valuesOf(table.axes[1]).length > valuesOf(table.axes[0]).length;
  const [down, across] = isTurned ? table.axes.toReversed() : table.axes;
  const pairAt = (row: string, column: string): Pair | undefined => {
    const [value, otherValue] = isTurned ? [column, row] : [row, column];
    return table.pairs.find(({ values }) => values[0] === value && values[1] === otherValue);
  };
  const chosen = filter.get('pair');
  const cell = (row: string, column: string): Cell | undefined => {
    const pair = pairAt(row, column);
    if (pair === undefined || !isShown(pair)) return undefined;
    const own = pair.values.join();
    return {
      href: hrefOf('matrix', changed(filter, { pair: own })),
      text: pair.state === 'asserted' ? String(pair.scenarios.length) : SYMBOLS[pair.state],
      spoken: pair.state,
      verdict: pair.state === 'asserted' ? worstOf(pair, scenarios) : undefined,
      current: own === chosen,
    };
  };
  const rows = valuesOf(down ?? '').filter((row) => valuesOf(across ?? '').some((column) => cell(row, column)));
  const pair = table.pairs.find(({ values }) => values.join() === chosen);
  return (
    <div class={pair ? 'sides' : ''}>
      <Grid
        caption={`Scenarios that assert ${down}, downwards, with ${across}`}
        rows={rows}
        columns={valuesOf(across ?? '')}
        cell={cell}
      />
      {pair && <ChosenPair pair={pair} axes={table.axes} scenarios={scenarios} />}
    </div>
  );
};

const changed = (filter: URLSearchParams, values: Readonly<Record<string, string>>): URLSearchParams =>
  new URLSearchParams({ ...Object.fromEntries(filter), ...values });

type Scenarios = ReadonlyMap<string, ScenarioResult>;

const worstOf = ({ scenarios: ids }: Pair, scenarios: Scenarios): ScenarioResult['verdict'] | undefined =>
  VERDICTS.find((verdict) => verdict !== 'skipped' && ids.some((id) => scenarios.get(id)?.verdict === verdict));

interface ChosenProps {
  readonly pair: Pair;
  readonly axes: readonly [string, string];
  readonly scenarios: Scenarios;
}

/** The scenarios behind a cell, or why there are none. */
const ChosenPair = ({ pair, axes, scenarios }: ChosenProps) => {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [pair]);
  const { values, state, reason, scenarios: ids } = pair;
  return (
    <section class="pair">
      <h2 tabIndex={-1} ref={heading}>{`${axes[0]} ${values[0]} with ${axes[1]} ${values[1]}`}</h2>
      <p>{`${state}${ids.length > 0 ? ` by ${counted(ids.length, 'scenario')}` : ''}${reason === undefined ? '' : `: ${reason}`}`}</p>
      <ul class="cards">
        {ids.map((id) => (
          <li key={id}>
            <a href={hrefOf(id)}>
              <Mark verdict={scenarios.get(id)?.verdict ?? 'skipped'} /> <b>{id}</b> {scenarios.get(id)?.title}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
};
