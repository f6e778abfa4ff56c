import { conditionHolds } from './conditions/condition.ts';
import { explain, nameOf, whatMatched, type Candidate } from './explain.ts';
import { KIND_NAMES, statementLabel } from './label.ts';
import { GRANT } from './principal-element.ts';
import type { EvaluationRequest } from './request.ts';
import { actionMatches, applies, principalMatches, resourceMatches } from './statement.ts';
import type { PolicyKind, Verdict } from './types.ts';

/** The one sentence for a whole decision: the statements that decided, and by which patterns and values. */
export function explainDecision(
  verdict: Verdict,
  candidates: readonly Candidate[],
  request: EvaluationRequest,
): string {
  const { action } = request.input;
  if (verdict.allowedBy === 'always') return `allowed: ${action} needs no permission`;
  if (verdict.allowedBy === 'root') return `allowed: ${nameOf(request)} may do everything`;
  if (verdict.value === 'implicitlyDenied') return nothingAllows(verdict, candidates, request);
  const effect = verdict.value === 'allowed' ? 'Allow' : 'Deny';
  const decided = candidates.filter(
    ({ statement, kind }) =>
      statement.effect === effect &&
      applies(statement, request) !== GRANT.none &&
      (effect === 'Allow' || kind === verdict.deniedBy),
  );
  const isDecisive = ({ kind }: Candidate): boolean => kind === (verdict.allowedBy ?? verdict.deniedBy);
  const told = [...decided.filter(isDecisive), ...decided.filter((candidate) => !isDecisive(candidate))].map(
    (candidate, index) => {
      const verb = index > 0 ? (LIMITS.has(candidate.kind) ? 'within' : 'also by') : `${PAST[effect]} by`;
      return `${verb} ${placeOf(candidate)}: ${whatMatched(candidate.statement, request)}`;
    },
  );
  return [...told, ...(effect === 'Allow' ? missedDeny(candidates, request) : [])].join('; ');
}

const PAST = { Allow: 'allowed', Deny: 'denied' } as const;
/** The kinds of which an Allow gives no access, but limits what others give. */
const LIMITS: ReadonlySet<PolicyKind> = new Set(['boundary', 'session']);

const placeOf = ({ statement, policy }: Candidate): string => `${statementLabel(statement)} of ${policy}`;

/** No Allow applies where one must. The one that comes nearest is told, as what was meant to allow it. */
function nothingAllows(verdict: Verdict, candidates: readonly Candidate[], request: EvaluationRequest): string {
  const { action, resource, resourceAccount } = request.input;
  const kind = verdict.deniedBy ?? 'identity';
  // In the resource's own account its policy could have allowed it as well.
  const couldAllow = (other: PolicyKind): boolean =>
    other === kind || (kind === 'identity' && other === 'resource' && request.principalAccount === resourceAccount);
  const looked = candidates.filter((candidate) => couldAllow(candidate.kind));
  const sentence = `no ${KIND_NAMES[kind]} allows ${action} on ${resource}`;
  const near = nearestMiss('Allow', looked, request);
  if (near !== undefined) return `${sentence}; ${placeOf(near)} ${explain(near, request).reason}`;
  const names = [...new Set(looked.map(({ policy }) => policy))];
  return `${sentence} (${names.length === 0 ? 'there is none' : `looked at: ${names.join(', ')}`})`;
}

/** A Deny for this action and resource that only its principal or its conditions kept from denying. */
function missedDeny(candidates: readonly Candidate[], request: EvaluationRequest): string[] {
  const meant = candidates.filter(
    ({ statement }) => actionMatches(statement, request) && resourceMatches(statement, request),
  );
  const near = nearestMiss('Deny', meant, request);
  return near === undefined ? [] : [`${placeOf(near)} (Deny) ${explain(near, request).reason}`];
}

/** The statement of which most matched, but not all: action before resource, principal and conditions. */
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
