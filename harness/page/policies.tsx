import type { JudgedChangeOutput, Loosening } from '../results/loosening.ts';
import type { PolicyCoverage } from '../results/results.ts';
import { Mark } from './mark.tsx';
import { policyLines, type PolicyLine } from './policy-lines.ts';
import { hrefOf } from './route.ts';
import { register, type ViewProps } from './views.tsx';
import { counted } from './words.ts';

type Covered = PolicyCoverage['policies'][number];

/** Which parts of the policies the run tests, and which wrong versions no probe notices. */
const Policies = ({ data: { policyCoverage, loosening } }: ViewProps) => (
  <div class="policies">
    {loosening && <Survivors loosening={loosening} />}
    {policyCoverage && (
      <section aria-labelledby="coverage">
        <h2 id="coverage">{`Policy coverage: ${policyCoverage.percent} %`}</h2>
        <p class="quiet">
          {`The run tests ${policyCoverage.tested} of ${counted(policyCoverage.total, 'statement')} and conditions: removing one of them changes a decision.`}
        </p>
        {policyCoverage.policies.map((policy) => (
          <Policy key={`${policy.file} ${policy.address}`} policy={policy} />
        ))}
      </section>
    )}
  </div>
);

register({
  id: 'policies',
  title: 'Policies',
  place: 3,
  count: ({ policyCoverage }) => policyCoverage?.policies.length ?? 0,
  applies: ({ policyCoverage, loosening }) => policyCoverage !== undefined || loosening !== undefined,
  component: Policies,
});

const Policy = ({ policy: { file, address, kind, uses, statements, document } }: { readonly policy: Covered }) => {
  const parts = statements.flatMap((statement) => [statement, ...statement.conditions]);
  const untested = parts.filter(({ tested }) => !tested).length;
  const scenarios = [...new Set(uses.map(({ scenario }) => scenario))];
  // Marks each condition by whether it is tested.
  const marked = statements.map(({ index, conditions }) => ({
    index,
    applied: false,
    conditions: conditions.map(({ operator, key, tested }) => ({ operator, key, expected: [], matched: tested })),
  }));
  const lines = policyLines(document, marked, { action: '', resource: '' });
  return (
    <details class="policy" open={untested > 0}>
      <summary>
        <Mark verdict={untested === 0 ? 'passed' : 'inconclusive'} /> {[file, address].filter(Boolean).join(' ')}{' '}
        <span class="quiet">
          {`${kind} policy, ${untested === 0 ? 'all tested' : `${untested} of ${parts.length} not tested`}`}
        </span>
      </summary>
      <p class="quiet">
        {'Used by '}
        {scenarios.map((id, index) => (
          <span key={id}>
            {index > 0 && ', '}
            <a href={hrefOf(id)}>{id}</a>
          </span>
        ))}
      </p>
      <pre>
        {lines.map((line, index) => (
          <Line key={index} line={line} before={lines[index - 1]} statements={statements} />
        ))}
      </pre>
    </details>
  );
};

interface LineProps {
  readonly line: PolicyLine;
  readonly before: PolicyLine | undefined;
  readonly statements: Covered['statements'];
}

const Line = ({ line: { text, depth, statement, compared }, before, statements }: LineProps) => {
  const decidingStatement = statements.find(({ index }) => index === statement);
  const isFirst = decidingStatement !== undefined && before?.statement !== statement;
  const state = (tested: boolean): string => (tested ? 'passed' : 'inconclusive');
  return (
    <span class={`line ${decidingStatement ? `decided ${state(decidingStatement.tested)}` : ''}`}>
      {'  '.repeat(depth)}
      {text}
      {compared && (
        <span class={`compared ${state(compared.matched)}`}>{compared.matched ? ' ✓ tested' : ' ▲ not tested'}</span>
      )}
      {isFirst && (
        <span class="tag">
          {decidingStatement.tested
            ? `tested: ${counted(decidingStatement.grants, 'grant')}, ${counted(decidingStatement.denials, 'denial')}`
            : 'not tested: removing it changes no decision'}
        </span>
      )}
    </span>
  );
};

const Survivors = ({ loosening: { score, changes } }: { readonly loosening: Loosening }) => {
  const survivors = changes.filter(({ state }) => ['survived', 'unreachable', 'undecided'].includes(state));
  return (
    <section aria-labelledby="loosening">
      <h2 id="loosening">{`Loosened policies: score ${score} %`}</h2>
      <p class="quiet">
        {`The suites notice ${changes.filter(({ state }) => state === 'killed').length} of ${counted(changes.length, 'wrong version')}. ${counted(changes.filter(({ state }) => state === 'equivalent').length, 'version')} give no request another answer.`}
      </p>
      {survivors.length === 0 ? (
        <p>No wrong version survives.</p>
      ) : (
        <ul class="cards">
          {survivors.map((change, index) => (
            <Survivor key={index} change={change} />
          ))}
        </ul>
      )}
    </section>
  );
};

const Survivor = ({
  change: { file, address, line, change, state, sentence, reason, addTo, code },
}: {
  readonly change: JudgedChangeOutput;
}) => (
  <li>
    <Mark verdict={state === 'survived' ? 'failed' : 'inconclusive'} />{' '}
    <b>{[`${file}${line === undefined ? '' : `:${line}`}`, address].filter(Boolean).join(' ')}</b> {change}
    {sentence !== undefined && <p>{`${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`}</p>}
    {state === 'undecided' && <p>{`Not decided: ${reason}.`}</p>}
    {state === 'unreachable' && <p class="quiet">No pod of the suites can make this request.</p>}
    {addTo !== undefined && code !== undefined && (
      <>
        <p class="quiet">{`Add to ${addTo}:`}</p>
        <pre>
          {Object.entries(code)
            .flatMap(([member, entries]) => entries.map((entry) => `${member}: ${entry},`))
            .join('\n')}
        </pre>
      </>
    )}
  </li>
);
