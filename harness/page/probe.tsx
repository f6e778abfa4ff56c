import { Fragment } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { ProbeOutcome, ReceivedCall, ScenarioResult, Verdict } from '../results/results.ts';
import { Decision, policiesOf } from './decision.tsx';
import { pathOf, type Hop } from './path.ts';
import { Mark } from './mark.tsx';
import { DataTable } from './table.tsx';
import { duration } from './words.ts';

interface ProbeProps {
  readonly probe: ProbeOutcome;
  readonly scenario: ScenarioResult;
  readonly open: boolean;
  /** Whether the address selects the probe. */
  readonly wanted: boolean;
  readonly level: 'h3' | 'h4';
}

/** A probe: expected and observed result, path of the request, calls, and decisions of AWS. */
export const Probe = ({ probe, scenario, open, wanted, level: Heading }: ProbeProps) => {
  const { number, workload, operation, control, expected, observed, verdict, why, reason, milliseconds, tries } = probe;
  const calls = (probe.calls ?? []).flatMap((place) => scenario.calls[place] ?? []);
  const element = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    if (wanted) element.current?.scrollIntoView();
  }, [wanted]);
  return (
    <details class="probe" open={open || wanted} ref={element}>
      <summary>
        <Mark verdict={verdict} />
        <Heading>
          <span class="quiet">{number + 1}</span> {workload ?? 'harness'}: <span class="break">{operation}</span>
        </Heading>
        {control && <span class="chip">control</span>}
        <span class="time">{`${duration(milliseconds)}${tries === undefined ? '' : `, ${tries} tries`}`}</span>
      </summary>
      <dl class="expected">
        <dt>expected</dt>
        <dd class="break">{expected.text}</dd>
        <dt>observed</dt>
        <dd class="break">
          {observed === null ? 'nothing: the probe did not run' : observedText(observed)}
          {observed?.message !== undefined && <q>{observed.message}</q>}
        </dd>
      </dl>
      {verdict !== 'passed' && <p class={`callout break ${verdict}`}>{why === undefined ? reason : `Why: ${why}`}</p>}
      <Path hops={pathOf(probe, calls)} />
      {calls.length > 0 && <Calls calls={calls} from={observed?.startedAt} />}
      <Decisions calls={calls} scenario={scenario} isWrong={verdict !== 'passed'} />
      {observed?.facts !== undefined && Object.keys(observed.facts).length > 0 && (
        <details>
          <summary>Facts</summary>
          <dl class="facts">
            {Object.entries(observed.facts).map(([name, value]) => (
              <Fragment key={name}>
                <dt>{name}</dt>
                <dd class="break">{String(value)}</dd>
              </Fragment>
            ))}
          </dl>
        </details>
      )}
    </details>
  );
};

function observedText({ outcome, layer, code, status, identity }: NonNullable<ProbeOutcome['observed']>): string {
  const by = layer === undefined ? '' : ` by ${layer}`;
  const answer = [code, status].filter((part) => part !== undefined).join(', ');
  const who = identity === undefined ? '' : ` as ${identity.arn}`;
  return `${outcome}${by}${answer === '' ? '' : ` (${answer})`}${who}`;
}

const STATES: Readonly<Record<Hop['state'], string>> = {
  passed: '✓',
  stopped: '✕',
  'not reached': '',
  unknown: '?',
};

const VERDICTS: Readonly<Record<Hop['state'], Verdict>> = {
  passed: 'passed',
  stopped: 'failed',
  'not reached': 'skipped',
  unknown: 'skipped',
};

const Path = ({ hops }: { readonly hops: readonly Hop[] }) =>
  hops.length < 2 ? null : (
    <ol class="path" aria-label="Path of the request">
      {hops.map(({ name, state, details }) => (
        <li class={VERDICTS[state]} key={name}>
          <span class="hop">
            <span aria-hidden="true">{STATES[state]}</span> <b>{name}</b>
            <span class={state === 'passed' ? 'unseen' : 'state'}>{state === 'stopped' ? 'stopped here' : state}</span>
          </span>
          {details.map((detail) => (
            <small class="break" key={detail}>
              {detail}
            </small>
          ))}
        </li>
      ))}
    </ol>
  );

const Calls = ({ calls, from }: { readonly calls: readonly ReceivedCall[]; readonly from: number | undefined }) => (
  <DataTable class="calls" caption="Calls that AWS received" columns={['time', 'call', 'answer', 'duration', 'caller']}>
    {calls.map(({ requestId, service, operation, caller, receivedAt, milliseconds, status, code, notes }) => (
      <tr key={requestId}>
        <td>{from === undefined ? new Date(receivedAt).toISOString().slice(11, 23) : offset(receivedAt - from)}</td>
        <td>
          {service} <b>{operation}</b>
          {notes.map((note) => (
            <small class="break" key={note}>
              {note}
            </small>
          ))}
        </td>
        <td>{code === undefined ? status : `${status} ${code}`}</td>
        <td>{duration(milliseconds)}</td>
        <td class="break" title={caller}>
          {shortCaller(caller)}
        </td>
      </tr>
    ))}
  </DataTable>
);

/** Shortens the ARN of a session to its role and account, and other ARNs to name and account. */
const shortCaller = (arn: string): string =>
  arn.replace(/^arn:aws:\w+::(\d+):(?:assumed-role\/)?([^/]+)(?:\/.*)?$/, '$2 in $1');

const offset = (milliseconds: number): string =>
  milliseconds < 0 ? `${duration(-milliseconds)} before` : `after ${duration(milliseconds)}`;

interface DecisionsProps {
  readonly calls: readonly ReceivedCall[];
  readonly scenario: ScenarioResult;
  readonly isWrong: boolean;
}

/** Decisions with policies. The last denial, or else the last decision, is open. */
const Decisions = ({ calls, scenario, isWrong }: DecisionsProps) => {
  const all = calls.flatMap(({ decisions }) => decisions).filter((decision) => policiesOf(decision).length > 0);
  const last = all.findLast(({ decision }) => decision !== 'allowed') ?? all.at(-1);
  return all.length === 0 ? null : (
    <div class="decisions">
      {all.map((decision, index) => (
        <Decision
          key={index}
          decision={decision}
          policies={scenario.policies}
          open={decision === last || (isWrong && decision.decision !== 'allowed')}
        />
      ))}
    </div>
  );
};
