import type { CallRecord } from '../../emulator/index.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import type { Explanation } from '../results/explanation.ts';
import type { Expectation } from '../scenario/spec.ts';
import type { ScenarioContext } from '../scenario/scenario-context.ts';

type Authorization = CallRecord['authorizations'][number];

/** Returns the call that gave unwanted credentials, or else the answered call of an unexpected result, if known. */
export function decisiveCall(
  { environment: { aws }, scenario }: ScenarioContext,
  { outcome }: Pick<Expectation, 'outcome'>,
  { requestId, identity, layer, code, ...result }: ProbeResult,
  isWrongIdentity: boolean,
): CallRecord | undefined {
  const { controls } = aws;
  if (controls === undefined) return undefined;
  const isUnwanted = outcome === 'refused' && result.outcome !== 'refused';
  // With credentials, STS's own denial of a further role counts.
  const isDeniedRole = result.outcome === 'denied' && layer === 'sts';
  if (identity !== undefined && (isWrongIdentity || (isUnwanted && !isDeniedRole)))
    return controls.calls().findLast(({ notes }) => notes.includes(`opened the session ${identity.arn}`));
  if (requestId !== undefined) return controls.findCall(requestId);
  // An SDK does not report the request of a failed provider.
  const isIt = (call: CallRecord): boolean =>
    call.applicationId === scenario.id && call.service === layer && call.errorCode === code;
  return result.outcome === 'refused' ? controls.calls().findLast(isIt) : undefined;
}

/** Formats the deciding statements and values of a call in one line; undefined if unknown. */
export function whyOf({ authorizations, notes, errorCode }: CallRecord): string | undefined {
  const denied = authorizations.findLast(({ decision }) => decision.value !== 'allowed');
  const missing = notes.filter((note) => /^(?:object|external id) /.test(note));
  if (denied !== undefined) return [...missing, sentenceOf(denied)].join('; ');
  if (errorCode !== undefined && notes.length > 0) return notes.at(-1);
  // The statement that allows sts:AssumeRole usually allows sts:TagSession too, and is given once.
  const assumed = authorizations.filter(
    (one, index, all) => one.action.startsWith('sts:') && placeIn(one) !== placeIn(all[index - 1]),
  );
  const decisive = assumed.length > 0 ? assumed : authorizations.slice(-1);
  const association = notes.filter((note) => note.startsWith('association '));
  return [...association, ...decisive.map(sentenceOf)].join('; ') || undefined;
}

/** `allowed by statement 1 of …`, without the match. */
const placeIn = (authorization: Authorization | undefined): string | undefined =>
  authorization?.decision.reason.split(': ')[0];

const sentenceOf = ({ action, decision: { reason } }: Authorization): string =>
  /^(?:allowed|denied)\b/.test(reason) ? `${action} ${reason}` : reason;

/** Returns AWS's decisions about a call, with every evaluated statement. */
export function explain(call: CallRecord): Explanation {
  return {
    requestId: call.requestId,
    service: call.service,
    operation: call.operation,
    notes: call.notes,
    authorizations: call.authorizations.map(({ action, resource, decision }) => ({
      action,
      resource,
      decision: decision.value,
      reason: decision.reason,
      statements: decision.statements,
    })),
  };
}
