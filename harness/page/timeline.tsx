import type { RunResults } from '../results/results.ts';
import { lanesOf } from './lanes.ts';
import { hrefOf } from './route.ts';
import { register, type ViewProps } from './views.tsx';
import { Mark } from './mark.tsx';
import { DataTable } from './table.tsx';
import { duration, ownTime } from './words.ts';

const PHASES = ['provisioning', 'arranging', 'waiting', 'probing', 'diagnosing', 'teardown'] as const;
const MOST_SLOW = 20;

/** The phases of a run over time, with a lane for each concurrent scenario, and the slowest scenarios below. */
const Timeline = ({ data: { runs } }: ViewProps) => (
  <>{runs.map((run, index) => run && <OneTimeline key={index} results={run} named={runs.length > 1} />)}</>
);

register({ id: 'timeline', title: 'Timeline', place: 3, component: Timeline });

const OneTimeline = ({ results, named }: { readonly results: RunResults; readonly named: boolean }) => {
  const { run, phases, scenarios } = results;
  const start = Date.parse(run.startedAt);
  const total = Math.max(run.milliseconds, 1);
  const style = (from: number, milliseconds: number) => ({
    left: `${(100 * (from - start)) / total}%`,
    width: `${Math.max((100 * milliseconds) / total, 0.05)}%`,
  });
  const lanes = lanesOf(scenarios);
  const whole = [
    ['provisioning', start, phases.provisioning],
    ['teardown', start + run.milliseconds - phases.teardown, phases.teardown],
  ] as const;
  const marks = Array.from({ length: 5 }, (_, index) => index / 4);
  return (
    <section class="timeline" aria-label={`Timeline of run ${run.id}`}>
      {named && <h2 class="side">{`Run ${run.id}`}</h2>}
      <p>
        {`${duration(run.milliseconds)} in total, at most ${lanes.length} concurrent scenarios. Summed over scenarios: arranging ${duration(phases.arranging)}, probing ${duration(phases.probing)}.`}
      </p>
      <ul class="legend">
        {PHASES.map((phase) => (
          <li key={phase}>
            <span class={`swatch ${phase}`} aria-hidden="true" /> {phase}
          </li>
        ))}
      </ul>
      {/* The table below gives screen readers the same information. */}
      <div class="lanes" aria-hidden="true" onClick={(event) => follow(event.target as Element)}>
        <div class="lane">
          {whole.map(([phase, from, milliseconds]) => (
            <span
              key={phase}
              class={`bar ${phase}`}
              style={style(from, milliseconds)}
              title={`${phase} ${duration(milliseconds)}`}
            />
          ))}
        </div>
        {lanes.map((lane, index) => (
          <div class="lane" key={index}>
            {lane.flatMap(({ id, title, verdict, timeline }) =>
              timeline.map(({ phase, startedAt, milliseconds }) => (
                <span
                  key={`${id} ${startedAt} ${phase}`}
                  class={`bar ${phase} ${verdict === 'passed' ? '' : 'bad'}`}
                  data-id={id}
                  style={style(startedAt, milliseconds)}
                  title={`${id} ${title}: ${phase} ${duration(milliseconds)}`}
                />
              )),
            )}
          </div>
        ))}
        <div class="axis">
          {marks.map((mark) => (
            <span key={mark} style={{ left: `${mark * 100}%` }}>
              {duration(mark * total)}
            </span>
          ))}
        </div>
      </div>
      <Slowest results={results} />
    </section>
  );
};

/** Opens the scenario of a clicked bar. */
function follow(target: Element): void {
  const id = target.getAttribute('data-id');
  if (id !== null) location.hash = hrefOf(id);
}

const Slowest = ({ results: { scenarios } }: { readonly results: RunResults }) => {
  const slow = [...scenarios].sort((a, b) => ownTime(b) - ownTime(a)).slice(0, MOST_SLOW);
  const longest = Math.max(...slow.map(ownTime), 1);
  return (
    <DataTable
      caption="Slowest scenarios"
      columns={['scenario', 'time', <span class="unseen">share</span>, 'arranging', 'probing', 'teardown']}
    >
      {slow.map((scenario) => (
        <tr key={scenario.id}>
          <th scope="row">
            <Mark verdict={scenario.verdict} /> <a href={hrefOf(scenario.id)}>{scenario.id}</a> {scenario.title}
          </th>
          <td>{duration(ownTime(scenario))}</td>
          <td class="share">
            {(['arranging', 'probing', 'teardown'] as const).map((phase) => (
              <span
                key={phase}
                class={`swatch ${phase}`}
                style={{ width: `${(100 * scenario.durations[phase]) / longest}%` }}
              />
            ))}
          </td>
          <td>{duration(scenario.durations.arranging)}</td>
          <td>{duration(scenario.durations.probing)}</td>
          <td>{duration(scenario.durations.teardown)}</td>
        </tr>
      ))}
    </DataTable>
  );
};
