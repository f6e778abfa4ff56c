import { useContext, useEffect, useRef } from 'preact/hooks';
import type { RunResults, ScenarioResult } from '../results/results.ts';
import { Again } from './context.tsx';
import { Differences } from './differences.tsx';
import type { PageData } from './data.ts';
import { Probe } from './probe.tsx';
import { hrefOf, type Route } from './route.ts';
import { Mark } from './mark.tsx';
import { counted, duration, isBad } from './words.ts';

/** Maximum number of probes of a passed scenario that are open initially. */
const MOST_OPEN = 2;

interface DetailProps {
  readonly data: PageData;
  readonly scenario: ScenarioResult;
  readonly route: Route;
}

/** The details of a scenario. Two runs have their differences first, and then each run. */
export const ScenarioDetail = ({ data, scenario: { id, title }, route }: DetailProps) => {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (route.probe === undefined) heading.current?.focus({ preventScroll: innerWidth > 900 });
  }, [id]);
  const sides = data.runs.flatMap((run) => run ?? []);
  const compared = data.comparison?.scenarios.find((one) => one.id === id);
  return (
    <article class="detail" aria-labelledby="chosen">
      <a class="back" href={hrefOf('scenarios', route.filter)}>
        ← All scenarios
      </a>
      <h2 id="chosen" tabIndex={-1} ref={heading}>
        <span class="id">{id}</span> {title}
      </h2>
      {compared && <Differences scenario={compared} />}
      <div class={sides.length > 1 ? 'sides' : ''}>
        {sides.map((results, index) => {
          const result = results.scenarios.find((one) => one.id === id);
          return (
            <div key={index}>
              {sides.length > 1 && <h3 class="side">{`Run ${index === 0 ? 'A' : 'B'}: ${results.run.id}`}</h3>}
              {result ? (
                <Side results={results} scenario={result} probe={route.probe} level={sides.length > 1 ? 'h4' : 'h3'} />
              ) : (
                <p class="quiet">This run does not have the scenario.</p>
              )}
            </div>
          );
        })}
      </div>
    </article>
  );
};

interface SideProps {
  readonly results: RunResults;
  readonly scenario: ScenarioResult;
  readonly probe?: number | undefined;
  readonly level: 'h3' | 'h4';
}

export const Side = ({ results, scenario, probe, level }: SideProps) => {
  const { verdict, reason, finding, source, suite, file, attempts, durations, probes, attachments, errorCode } =
    scenario;
  const waited = scenario.timeline.filter(({ phase }) => phase === 'waiting');
  const waiting = waited.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  // The probe below has this reason.
  const isOfProbe = probes.some((one) => one.verdict !== 'passed' && reason.endsWith(one.reason));
  return (
    <>
      <p class={`callout break ${verdict}`}>
        <Mark verdict={verdict} word /> {errorCode !== null && <code>{errorCode}</code>}{' '}
        {isOfProbe ? wrongWords(scenario) : reason}
      </p>
      {scenario.allowed && (
        <p class="callout finding">
          <b>{`Allowed until ${scenario.allowed.until}`}</b> {scenario.allowed.reason}
        </p>
      )}
      {finding !== null && (
        <p class="callout finding">
          <b>Finding</b> {finding}
        </p>
      )}
      <dl class="meta">
        <dt>suite</dt>
        <dd>
          {suite}, <code class="break">{file}</code>
        </dd>
        {source !== null && (
          <>
            <dt>source</dt>
            <dd>{source}</dd>
          </>
        )}
        <dt>time</dt>
        <dd>
          {`arranging ${duration(durations.arranging)}, ${waiting > 0 ? `waiting for others ${duration(waiting)}, ` : ''}probing ${duration(durations.probing)}, teardown ${duration(durations.teardown)}`}
          {attempts > 1 && `, attempt ${attempts}`}
        </dd>
        <dt>rerun</dt>
        <dd>
          <code class="break">{`${useContext(Again)} ${scenario.id}${flagsOf(results)}`}</code>
        </dd>
      </dl>
      {attachments.length > 0 && (
        <details>
          <summary>{`Diagnostics: ${attachments.length} files next to this page`}</summary>
          <ul>
            {attachments.map(({ path, name, description }) => (
              <li key={path}>
                <a href={path.split('/').map(encodeURIComponent).join('/')}>{name}</a> {description}
              </li>
            ))}
          </ul>
        </details>
      )}
      {probes.map((one, index) => (
        <Probe
          key={one.number}
          probe={one}
          scenario={scenario}
          open={isBad(one) || (verdict === 'passed' && index < MOST_OPEN)}
          wanted={one.number + 1 === probe}
          level={level}
        />
      ))}
    </>
  );
};

/** `2 of 3 probes failed, 1 is inconclusive` */
function wrongWords({ probes }: ScenarioResult): string {
  const wrong = (['failed', 'inconclusive', 'error'] as const).flatMap((verdict) => {
    const count = probes.filter((one) => one.verdict === verdict).length;
    return count === 0 ? [] : [`${count} ${verdict}`];
  });
  return `${counted(probes.length, 'probe')}: ${wrong.join(', ')}.`;
}

/** Flags that affect the scenario, and not only the output. */
const REPEATED = ['cluster', 'suites-dir', 'agent-chart', 'aws-endpoint', 'region', 'fault', 'config'];

/** Returns the flags that repeat a scenario as in this run. */
function flagsOf({ configuration }: RunResults): string {
  const flags = REPEATED.flatMap((name) => {
    const { value, origin } = configuration[name] ?? {};
    return origin !== 'flag' || value === null || value === undefined ? [] : [` --${name} ${[value].flat().join()}`];
  });
  return flags.join('');
}
