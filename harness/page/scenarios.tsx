import type { TargetedKeyboardEvent } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { RunResults, ScenarioResult } from '../results/results.ts';
import { scenariosOf } from './data.ts';
import { filtered, filterOf, searchable, type Searchable } from './filter.ts';
import { Choice, FilterForm, Search, Toggles, useSet } from './filter-form.tsx';
import { hrefOf } from './route.ts';
import { ScenarioDetail } from './scenario.tsx';
import { register, type ViewProps } from './views.tsx';
import { Mark } from './mark.tsx';
import { counted, duration, ownTime, VERDICTS } from './words.ts';

/** The list of scenarios with its filter, and the selected scenario next to it. */
const Scenarios = ({ data, route }: ViewProps) => {
  const scenarios = useMemo(() => scenariosOf(data), [data]);
  const all = useMemo(() => searchable(scenarios), [scenarios]);
  const filter = filterOf(route.filter);
  const shown = useMemo(() => filtered(all, filter), [all, route.filter.toString()]);
  const chosen = scenarios.find(({ id }) => id === route.scenario);
  return (
    <div class={`scenarios ${route.scenario === undefined ? 'choosing' : 'chosen'}`}>
      <nav class="list" aria-label="Scenarios" onKeyDown={moveFocus}>
        <Form all={all} parameters={route.filter} />
        <p class="quiet" role="status">
          {shown.length === all.length
            ? counted(all.length, 'scenario')
            : `${shown.length} of ${counted(all.length, 'scenario')}`}
        </p>
        <List
          scenarios={shown}
          parameters={route.filter}
          chosen={chosen?.id}
          grouped={filter.order === 'listed'}
          other={data.runs[1]}
        />
      </nav>
      {chosen !== undefined ? (
        <ScenarioDetail data={data} scenario={chosen} route={route} key={chosen.id} />
      ) : (
        <p class="detail quiet">
          {route.scenario === undefined
            ? 'Select a scenario with the arrow keys and open it with Enter.'
            : `Scenario ${route.scenario} is not in this run.`}
        </p>
      )}
    </div>
  );
};

register({
  id: 'scenarios',
  title: 'Scenarios',
  place: 2,
  count: (data) => scenariosOf(data).length,
  component: Scenarios,
});

interface FormProps {
  readonly all: readonly Searchable[];
  readonly parameters: URLSearchParams;
}

const Form = ({ all, parameters }: FormProps) => {
  const set = useSet(parameters);
  const { suite, layer, order } = filterOf(parameters);
  const suites = [...new Set(all.map(({ scenario }) => scenario.suite))];
  const layers = [...new Set(all.flatMap((item) => [...item.layers]))].sort();
  const verdicts = VERDICTS.flatMap((verdict) => {
    const count = all.filter(({ scenario }) => scenario.verdict === verdict).length;
    const face = [<Mark verdict={verdict} word key={verdict} />, ` ${count}`];
    return count === 0 ? [] : [[verdict, face] as const];
  });
  return (
    <FilterForm>
      <Search
        label="Search in ids, titles, operations, codes and reasons"
        value={parameters.get('q') ?? ''}
        onSearch={(value) => set('q', value)}
      />
      <Toggles
        label="Verdicts"
        options={verdicts}
        value={parameters.get('verdict') ?? ''}
        onToggle={(value) => set('verdict', value)}
      />
      <Choice label="Suite" value={suite} options={suites} any="all suites" onChoice={(value) => set('suite', value)} />
      <Choice
        label="Stopped at"
        value={layer}
        options={layers}
        any="any layer"
        onChoice={(value) => set('layer', value)}
      />
      <Choice
        label="Order"
        value={order === 'listed' ? '' : order}
        options={['worst', 'slowest']}
        any="as listed"
        onChoice={(value) => set('sort', value)}
      />
    </FilterForm>
  );
};

interface ListProps {
  readonly scenarios: readonly ScenarioResult[];
  readonly parameters: URLSearchParams;
  readonly chosen: string | undefined;
  readonly grouped: boolean;
  /** The run to compare with. */
  readonly other: RunResults | undefined;
}

const List = ({ scenarios, parameters, chosen, grouped, other }: ListProps) => {
  const current = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    const row = current.current;
    const rows = row?.closest('.rows');
    // Scrolls the list, but not the page.
    if (row && rows && row.offsetTop + row.offsetHeight > rows.scrollTop + rows.clientHeight)
      rows.scrollTop = row.offsetTop - rows.clientHeight / 3;
  }, [chosen]);
  // Tab reaches one item of the list; arrow keys move to others.
  const entry = scenarios.some(({ id }) => id === chosen) ? chosen : scenarios[0]?.id;
  const otherVerdicts = useMemo(() => new Map(other?.scenarios.map(({ id, verdict }) => [id, verdict])), [other]);
  const groups = new Map<string, ScenarioResult[]>();
  for (const scenario of scenarios) {
    const name = grouped ? scenario.suite : '';
    groups.set(name, [...(groups.get(name) ?? []), scenario]);
  }
  return (
    <div class="rows">
      {[...groups].map(([suite, suiteScenarios]) => (
        <section key={suite} aria-label={suite === '' ? 'Scenarios' : suite}>
          {suite !== '' && <h2>{suite}</h2>}
          <ul>
            {suiteScenarios.map((scenario) => (
              <li key={scenario.id}>
                <a
                  href={hrefOf(scenario.id, parameters)}
                  ref={scenario.id === chosen ? current : null}
                  tabIndex={scenario.id === entry ? 0 : -1}
                  aria-current={scenario.id === chosen ? 'true' : undefined}
                >
                  <Mark verdict={scenario.verdict} />
                  {other && <Mark verdict={otherVerdicts.get(scenario.id) ?? 'skipped'} />}
                  <b>{scenario.id}</b>
                  <span class="title">{scenario.title}</span>
                  <span class="time">{scenario.verdict === 'skipped' ? '' : duration(ownTime(scenario))}</span>
                </a>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
};

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

function moveFocus(event: TargetedKeyboardEvent<HTMLElement>): void {
  const step = STEPS[event.key];
  const links = [...event.currentTarget.querySelectorAll<HTMLAnchorElement>('.rows a')];
  const place = links.indexOf(document.activeElement as HTMLAnchorElement);
  const isSearch = document.activeElement instanceof HTMLInputElement && event.key === 'ArrowDown';
  if (step === undefined || (place === -1 && !isSearch)) return;
  event.preventDefault();
  links[Math.min(Math.max(place + step, 0), links.length - 1)]?.focus();
}
