import type { StatementExplanation } from '../../identity/policy/types.ts';
import type { CallRecord } from '../../emulator/index.ts';
import type { Policy, ProbeOutcome, ReceivedCall } from '../results/results.ts';
import type { ScenarioContext } from '../scenario/scenario-context.ts';

/** Maximum of calls per probe. The last ones are kept. */
const MOST_CALLS = 20;
const OPENED = 'opened the session ';

/** The AWS calls of a scenario's probes, and the policies that decided them. */
export interface Received {
  /** Each with the indices of its calls in `calls`. */
  readonly probes: readonly ProbeOutcome[];
  readonly calls: readonly ReceivedCall[];
  readonly policies: readonly Policy[];
}

/**
 * Finds the calls of each probe in AWS's record, if any: the answered call, other calls of the workload, and earlier calls
 * that opened its session. `since`: start of the attempt, in milliseconds since the epoch.
 */
export function receivedCalls(
  { environment, scenario }: ScenarioContext,
  probes: readonly ProbeOutcome[],
  since: number,
): Received {
  const record = environment.aws.controls?.calls().filter(({ receivedAt }) => receivedAt >= since) ?? [];
  const openers = new Map(record.flatMap((call) => openedBy(call).map((session) => [session, call] as const)));
  const answers = new Set(probes.map(({ observed }) => observed?.requestId));
  const policies = new Map<string, { readonly place: number; readonly policy: Policy }>();
  const places = new Map<CallRecord, number>();
  const placeOf = (call: CallRecord): number => {
    const place = places.get(call) ?? places.size;
    places.set(call, place);
    return place;
  };
  const unexpected = new Set(
    probes.filter(({ verdict }) => verdict !== 'passed').map(({ decisiveCall }) => decisiveCall),
  );
  const withCalls = probes.map((probe) => {
    const calls = callsOf(probe, scenario.id, { record, openers, answers });
    return calls.length === 0 ? probe : { ...probe, calls: calls.map(placeOf) };
  });
  const calls = [...places.keys()].map((call) =>
    receivedCall(call, (policy) => intern(policies, policy), unexpected.has(call.requestId)),
  );
  return { probes: withCalls, calls, policies: [...policies.values()].map(({ policy }) => policy) };
}

export const openedBy = ({ notes }: CallRecord): readonly string[] =>
  notes.filter((note) => note.startsWith(OPENED)).map((note) => note.slice(OPENED.length));

interface Known {
  readonly record: readonly CallRecord[];
  readonly openers: ReadonlyMap<string, CallRecord>;
  /** Ids of requests that answered probes. Each belongs to one probe. */
  readonly answers: ReadonlySet<string | undefined>;
}

/** Returns the calls of a probe, in the order in which AWS received them. */
function callsOf(
  { observed, decisiveCall }: ProbeOutcome,
  id: string,
  { record, openers, answers }: Known,
): readonly CallRecord[] {
  if (observed === null) return [];
  // The harness's probes have no times, so only their answered call is known.
  const { requestId, identity, startedAt = Infinity, endedAt = Infinity } = observed;
  const answered = record.findLast((call) => call.requestId === requestId);
  const decisive = record.findLast((call) => call.requestId === decisiveCall);
  const relatedCalls = new Set([answered, decisive].filter((call) => call !== undefined));
  const sessions = new Set([identity?.arn ?? answered?.caller].filter((arn) => arn !== undefined));
  for (const session of sessions)
    for (let opener = openers.get(session); opener && !relatedCalls.has(opener); opener = openers.get(opener.caller))
      relatedCalls.add(opener);
  const meanwhile = record.filter(
    (call) =>
      call.applicationId === id &&
      call.receivedAt >= startedAt &&
      call.receivedAt <= endedAt &&
      (call === answered || !answers.has(call.requestId)),
  );
  for (const call of meanwhile) {
    const opened = openedBy(call);
    const isIts = sessions.has(call.caller) || (sessions.size === 0 && call.errorCode === observed.code);
    if (!isIts) continue;
    relatedCalls.add(call);
    for (const session of opened) sessions.add(session);
  }
  return [...relatedCalls].sort((a, b) => a.receivedAt - b.receivedAt).slice(-MOST_CALLS);
}

type Decided = CallRecord['authorizations'][number];

function receivedCall(
  call: CallRecord,
  placeOf: (policy: Decided['decision']['policies'][number]) => number,
  inFull: boolean,
): ReceivedCall {
  const { requestId, service, operation, caller, receivedAt, milliseconds, status, errorCode, notes } = call;
  return {
    requestId,
    service,
    operation,
    caller,
    receivedAt,
    status,
    milliseconds: Math.round(milliseconds * 10) / 10,
    ...(errorCode !== undefined && { code: errorCode }),
    notes,
    decisions: call.authorizations.map(({ action, resource, decision }) => {
      const { value, reason, deciding, policies } = decision;
      // Other policies do not matter to an expected grant.
      const decided = new Set(deciding.map(({ policy }) => policy));
      const onlyDecided = value === 'allowed' && (!inFull || decided.size === 0);
      const relevant = onlyDecided ? policies.filter(({ name }) => decided.has(name)) : policies;
      const places = new Map(relevant.map((policy) => [policy.name, placeOf(policy)]));
      const examined = ({ policy, kind: _kind, sid, reason: why, conditions, ...statement }: StatementExplanation) => ({
        policy: places.get(policy) ?? 0,
        ...(statement.applied && !inFull
          ? appliedStatement(statement, conditions)
          : { ...statement, ...(conditions.length > 0 && { conditions }) }),
        ...(sid !== undefined && { sid }),
        ...(inFull && { reason: why }),
      });
      const isOther = (one: StatementExplanation): boolean =>
        places.has(one.policy) && !deciding.some(({ policy, index }) => policy === one.policy && index === one.index);
      return {
        action,
        resource,
        decision: value,
        ...(!onlyDecided && { reason, policies: [...places.values()] }),
        deciding: deciding.map(examined),
        ...(inFull && { others: decision.statements.filter(isOther).map(examined) }),
      };
    }),
  };
}

/** Returns a statement that applied. Each element has matched, and the decision gives the effect. */
const appliedStatement = ({ index }: { readonly index: number }, conditions: StatementExplanation['conditions']) => ({
  index,
  applied: true,
  ...(conditions.length > 0 && { conditions: conditions.map(({ matched: _matched, ...condition }) => condition) }),
});

function intern(
  policies: Map<string, { readonly place: number; readonly policy: Policy }>,
  { name, kind, document }: Decided['decision']['policies'][number],
): number {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  const key = `${name}\n${text}`;
  const cachedPolicy = policies.get(key);
  if (cachedPolicy !== undefined) return cachedPolicy.place;
  const place = policies.size;
  policies.set(key, { place, policy: { name, kind, document: JSON.parse(text) as Policy['document'] } });
  return place;
}
