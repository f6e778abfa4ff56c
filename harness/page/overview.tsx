import type { ComponentChildren } from 'preact';
import { judgedText } from '../results/judged.ts';
import type { RunResults, ScenarioResult } from '../results/results.ts';
import { hrefOf } from './route.ts';
import { register, type ViewProps } from './views.tsx';
import { Mark } from './mark.tsx';
import { counted, duration, findingsOf, instant, isBad } from './words.ts';

/** The most important information: unexpected results, findings and the judged subjects. */
const Overview = ({ data: { runs } }: ViewProps) => (
  <>
    {runs.map(
      (run, index) =>
        run && (
          <div class="overview" key={index}>
            {runs.length > 1 && <h2 class="side">{`Run ${index === 0 ? 'A' : 'B'}: ${run.run.id}`}</h2>}
            <div>
              {run.run.error !== null && <p class="callout error">{run.run.error}</p>}
              <NotAsExpected scenarios={run.scenarios.filter(isBad)} />
              <Findings scenarios={findingsOf(run)} />
            </div>
            <Judged results={run} />
          </div>
        ),
    )}
  </>
);

register({ id: 'overview', title: 'Overview', place: 1, component: Overview });

const NotAsExpected = ({ scenarios }: { readonly scenarios: readonly ScenarioResult[] }) => (
  <section aria-labelledby="wrong">
    <h2 id="wrong">Not as expected</h2>
    {scenarios.length === 0 ? (
      <p class="quiet">None. Every result is as expected.</p>
    ) : (
      <ul class="cards">
        {scenarios.map((scenario) => (
          <li key={scenario.id}>
            <a href={hrefOf(scenario.id)}>
              <Mark verdict={scenario.verdict} /> <b>{scenario.id}</b> {scenario.title}
            </a>
            <p class="clamped">{shortReason(scenario)}</p>
          </li>
        ))}
      </ul>
    )}
  </section>
);

/** Returns the cause of the first unexpected probe, if known; else the scenario's reason. */
const shortReason = ({ probes, reason }: ScenarioResult): string =>
  probes.find(({ why, verdict }) => verdict !== 'passed' && why !== undefined)?.why ?? reason;

const Findings = ({ scenarios }: { readonly scenarios: readonly ScenarioResult[] }) =>
  scenarios.length === 0 ? null : (
    <section aria-labelledby="findings">
      <h2 id="findings">{counted(scenarios.length, 'finding')}</h2>
      <p class="quiet">Documented behavior that is a risk.</p>
      <ul class="findings">
        {scenarios.map(({ id, finding }) => (
          <li key={id}>
            <a href={hrefOf(id)}>{id}</a> <span>{finding}</span>
          </li>
        ))}
      </ul>
    </section>
  );

const Judged = ({ results }: { readonly results: RunResults }) => {
  const { run, environment, phases, configuration } = results;
  const facts = new Map<string, Set<string>>();
  for (const cluster of environment.clusters)
    for (const [name, value] of Object.entries(cluster.facts))
      facts.set(name, (facts.get(name) ?? new Set()).add(value));
  const settings = Object.entries(configuration).filter(([, { origin }]) => origin !== 'default');
  const { name, version, scopes, narrowed } = run.profile ?? { name: 'none', version: 0, narrowed: false };
  return (
    <aside aria-label="Judged">
      <h2>Judged</h2>
      <p>{judgedText(results)}</p>
      <dl>
        <Row name="Cluster">{environment.cluster}</Row>
        {[...facts].map(([fact, values]) => (
          <Row name={spaced(fact)} key={fact}>
            {[...values].join(', ')}
          </Row>
        ))}
        <Row name="AWS">{[environment.aws, environment.region].filter(Boolean).join(', ')}</Row>
        {Object.entries(environment.endpoints).map(([service, url]) => (
          <Row name={`${service} at`} key={service}>
            {url}
          </Row>
        ))}
        {environment.faults.length > 0 && <Row name="Faults enabled">{environment.faults.join(', ')}</Row>}
        <Row name="Harness">{`${environment.harness}, Node ${environment.node}, ${environment.platform}`}</Row>
        {run.profile && (
          <Row name="Profile">{`${name}, version ${version}${scopes ? `, scope ${scopes.join(', ')}` : ''}${narrowed ? ', selected scenarios only' : ''}`}</Row>
        )}
        <Row name="Run">{run.id}</Row>
        <Row name="Started">{instant(run.startedAt)}</Row>
        <Row name="Took">
          {`${duration(run.milliseconds)}: provisioning ${duration(phases.provisioning)}, scenarios ${duration(phases.scenarios)}, teardown ${duration(phases.teardown)}`}
        </Row>
      </dl>
      <Folded title={counted(Object.keys(environment.digests).length, 'digest')}>
        <dl class="digests">
          {Object.entries(environment.digests).map(([program, digest]) => (
            <Row name={program} key={program}>
              <code>{digest}</code>
            </Row>
          ))}
        </dl>
      </Folded>
      <Folded title={`${counted(settings.length, 'setting')} of the run`}>
        <dl>
          {settings.map(([setting, { value, origin }]) => (
            <Row name={setting} key={setting}>{`${JSON.stringify(value)} (${origin})`}</Row>
          ))}
        </dl>
      </Folded>
      <Folded title={`${counted(environment.translations.length, 'difference')} from a real cluster`}>
        <ul>
          {environment.translations.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      </Folded>
    </aside>
  );
};

const Row = ({ name, children }: { readonly name: string; readonly children: ComponentChildren }) => (
  <>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </>
);

const Folded = ({ title, children }: { readonly title: string; readonly children: ComponentChildren }) =>
  title.startsWith('0 ') ? null : (
    <details>
      <summary>{title}</summary>
      {children}
    </details>
  );

/** Turns `kubernetesVersion` into `Kubernetes version`. */
const spaced = (name: string): string => {
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
};
