import { conditionHolds } from './conditions/condition.ts';
import { explain, nameOf, whatMatched, type Candidate } from './explain.ts';
import { KIND_NAMES, statementLabel } from './label.ts';
import { GRANT } from './principal-element.ts';
import type { EvaluationRequest } from './request.ts';
import { actionMatches, applies, principalMatches, resourceMatches } from './statement.ts';
import type { PolicyKind, Verdict } from './types.ts';

/** Explains a decision in one sentence: the deciding statements with their patterns and values. */
export function explainDecision(
  verdict: Verdict,
  candidates: readonly Candidate[],
  request: EvaluationRequest,
): string {
  const { action } = request.input;
  if (verdict.allowedBy === 'always') return `allowed: ${action} needs no permission`;
  if (verdict.allowedBy === 'root') return `allowed: ${nameOf(request)} may do everything`;
  if (verdict.value === 'implicitlyDenied') return nothingAllows(verdict, candidates, request);
  const effect = effectOf(verdict);
  const unknown =
    verdict.value === 'unknown'
      ? [`unknown without the policy of ${request.input.resource}, which must allow ${action}`]
      : [];
  const reasons = decidingStatements(verdict, candidates, request).map((candidate, index) => {
    const verb = index > 0 ? (LIMITS.has(candidate.kind) ? 'within' : 'also by') : `${PAST[effect]} by`;
    return `${verb} ${placeOf(candidate)}: ${whatMatched(candidate.statement, request)}`;
  });
  return [...unknown, ...reasons, ...(effect === 'Allow' ? missedDeny(candidates, request) : [])].join('; ');
}

/** Returns the deciding statements, most important first. If nothing allows the request, returns the nearest one. */
export function decidingStatements(
  verdict: Verdict,
  candidates: readonly Candidate[],
  request: EvaluationRequest,
): readonly Candidate[] {
  if (verdict.value === 'implicitlyDenied') {
    const near = nearestMiss('Allow', couldAllow(verdict, candidates, request), request);
    return near === undefined ? [] : [near];
  }
  const effect = effectOf(verdict);
  const decided = candidates.filter(
    ({ statement, kind }) =>
      statement.effect === effect &&
      applies(statement, request) !== GRANT.none &&
      (effect === 'Allow' || kind === verdict.deniedBy),
  );
  const isDecisive = ({ kind }: Candidate): boolean => kind === (verdict.allowedBy ?? verdict.deniedBy);
  return [...decided.filter(isDecisive), ...decided.filter((candidate) => !isDecisive(candidate))];
}

const effectOf = ({ value }: Verdict): 'Allow' | 'Deny' => (value === 'explicitlyDenied' ? 'Deny' : 'Allow');

const PAST = { Allow: 'allowed', Deny: 'denied' } as const;
/** Policies of these kinds only limit others. */
const LIMITS: ReadonlySet<PolicyKind> = new Set(['boundary', 'session', 'scp', 'rcp']);

const placeOf = ({ statement, policy }: Candidate): string => `${statementLabel(statement)} of ${policy}`;

/** Explains a missing Allow by the statement that comes nearest to matching. */
function nothingAllows(verdict: Verdict, candidates: readonly Candidate[], request: EvaluationRequest): string {
  const { action, resource } = request.input;
  const kind = KIND_NAMES[verdict.deniedBy ?? 'identity'] + (verdict.level === undefined ? '' : ` of ${verdict.level}`);
  const sentence = `no ${kind} allows ${action} on ${resource}`;
  const looked = couldAllow(verdict, candidates, request);
  const [near] = decidingStatements(verdict, candidates, request);
  if (near !== undefined) return `${sentence}; ${placeOf(near)} ${explain(near, request).reason}`;
  const names = [...new Set(looked.map(({ policy }) => policy))];
  return `${sentence} (${names.length === 0 ? 'no such policy exists' : `checked: ${names.join(', ')}`})`;
}

/** Within an account, a resource policy may also allow the request. */
function couldAllow(
  { deniedBy = 'identity', level }: Verdict,
  candidates: readonly Candidate[],
  { principalAccount, input: { resourceAccount } }: EvaluationRequest,
): readonly Candidate[] {
  const orResource = deniedBy === 'identity' && principalAccount === resourceAccount;
  return candidates.filter(
    ({ kind, level: at }) => (kind === deniedBy && at === level) || (orResource && kind === 'resource'),
  );
}

/** Finds a Deny whose action and resource match, but not its principal or conditions. */
function missedDeny(candidates: readonly Candidate[], request: EvaluationRequest): string[] {
  const meant = candidates.filter(
    ({ statement }) => actionMatches(statement, request) && resourceMatches(statement, request),
  );
  const near = nearestMiss('Deny', meant, request);
  return near === undefined ? [] : [`${placeOf(near)} (Deny) ${explain(near, request).reason}`];
}

/** Finds the statement of which most matches: the action counts more than resource, principal and conditions. */
function nearestMiss(
  effect: 'Allow' | 'Deny',
  candidates: readonly Candidate[],
  request: EvaluationRequest,
): Candidate | undefined {
  let best: Candidate | undefined;
  let most = 0;
  for (const candidate of candidates) {
    const { statement } = candidate;
    if (statement.effect !== effect || applies(statement, request) !== GRANT.none) continue;
    const { conditions } = statement;
    const held = conditions.filter((condition) => conditionHolds(condition, request)).length;
    const matched =
      (actionMatches(statement, request) ? 4 : 0) +
      (resourceMatches(statement, request) ? 2 : 0) +
      (principalMatches(statement, request) === GRANT.none ? 0 : 2) +
      (held + 1) / (conditions.length + 1);
    if (matched <= most) continue;
    best = candidate;
    most = matched;
  }
  return best;
}
