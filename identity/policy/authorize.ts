import { ExplainedDecision } from './explained-decision.ts';
import { GRANT, type Grant } from './principal-element.ts';
import { EvaluationRequest } from './request.ts';
import { applies, statementsOf } from './statement.ts';
import type { AuthorizationInput, CompiledPolicy, Decision, PolicyKind, Verdict } from './types.ts';

/** Allowed despite any Deny (AWS STS API Reference, GetCallerIdentity). */
const ALWAYS_ALLOWED = 'sts:getcalleridentity';

/**
 * Decides like IAM (IAM User Guide, "Policy evaluation logic"). Any Deny wins. Within an account an identity or
 * resource policy must allow, across accounts both. A KMS key's policy must always allow. Boundary and session policies limit identity policies and role
 * grants. Organization policies only limit: RCPs by a Deny, SCPs also if a level from the root to the account allows nothing.
 */
export function authorize(input: AuthorizationInput): Decision {
  const request = new EvaluationRequest(input);
  return new ExplainedDecision(request, decide(request));
}

export const DENIED = -1;
export type Outcome = Grant | typeof DENIED;

const allowed = (allowedBy: Verdict['allowedBy']): Verdict => ({ value: 'allowed', deniedBy: undefined, allowedBy });
const denied = (value: 'explicitlyDenied' | 'implicitlyDenied', deniedBy: PolicyKind): Verdict => ({
  value,
  deniedBy,
  allowedBy: undefined,
});
const explicitlyDenied = (by: PolicyKind): Verdict => denied('explicitlyDenied', by);
const UNKNOWN: Verdict = { value: 'unknown', deniedBy: undefined, allowedBy: undefined };
const implicitlyDenied = (by: PolicyKind): Verdict => denied('implicitlyDenied', by);

/** The strongest grant of policies of one kind, or a denial. */
type Evaluator = (policies: readonly CompiledPolicy[], request: EvaluationRequest) => Outcome;

/** Combines the answers of `evaluate` about the policies of each kind. */
export function decide(request: EvaluationRequest, evaluate: Evaluator = evaluatePolicies): Verdict {
  const { input } = request;
  const account = request.principalAccount;
  if (request.lowerCaseAction === ALWAYS_ALLOWED && account !== undefined) return allowed('always');

  if (request.rcps.some(({ policies }) => evaluate(policies, request) === DENIED)) return explicitlyDenied('rcp');
  const levels = request.scps.map(({ name, policies }) => ({ name, grant: evaluate(policies, request) }));
  if (levels.some(({ grant }) => grant === DENIED)) return explicitlyDenied('scp');
  const isTrust = request.isRoleAssumption;
  const resourceKind = isTrust ? 'trust' : 'resource';
  const { resourcePolicy } = request;
  const resource = resourcePolicy === undefined ? GRANT.none : evaluate([resourcePolicy], request);
  if (resource === DENIED) return explicitlyDenied(resourceKind);
  const isKey = request.isUseOfKey;
  const isUnknown = isKey && resourcePolicy === undefined;
  // Services, web identities and anonymous callers have no policies.
  if (account === undefined) {
    if (isUnknown) return UNKNOWN;
    return resource === GRANT.direct ? allowed(resourceKind) : implicitlyDenied(resourceKind);
  }

  const { identityPolicies, permissionsBoundary, sessionPolicies = [] } = input;
  const identity = evaluate(identityPolicies, request);
  if (identity === DENIED) return explicitlyDenied('identity');
  const boundary = permissionsBoundary === undefined ? GRANT.direct : evaluate([permissionsBoundary], request);
  if (boundary === DENIED) return explicitlyDenied('boundary');
  const session = sessionPolicies.length === 0 ? GRANT.direct : evaluate(sessionPolicies, request);
  if (session === DENIED) return explicitlyDenied('session');

  const closed = levels.find(({ grant }) => grant === GRANT.none);
  if (closed) return { ...implicitlyDenied('scp'), level: closed.name };
  const sameAccount = account === input.resourceAccount;
  const isRoot = request.principal.kind === 'root';
  if (isUnknown) {
    const isAllowed = (isRoot || identity !== GRANT.none) && boundary !== GRANT.none && session !== GRANT.none;
    if (isAllowed) return { ...UNKNOWN, allowedBy: 'identity' };
    // The key policy can allow callers of its own account alone.
    if (sameAccount) return UNKNOWN;
  } else if ((isTrust || isKey || !sameAccount) && resource === GRANT.none) return implicitlyDenied(resourceKind);
  if (sameAccount && resource === GRANT.direct) return allowed(resourceKind);
  const namesRole = sameAccount && resource === GRANT.role;
  if (!namesRole && !isRoot && identity === GRANT.none) return implicitlyDenied('identity');
  if (boundary === GRANT.none) return implicitlyDenied('boundary');
  if (session === GRANT.none) return implicitlyDenied('session');
  if (isRoot) return allowed('root');
  return allowed(namesRole ? resourceKind : 'identity');
}

function evaluatePolicies(policies: readonly CompiledPolicy[], request: EvaluationRequest): Outcome {
  let strongest: Grant = GRANT.none;
  for (const policy of policies) {
    for (const statement of statementsOf(policy)) {
      const grant = applies(statement, request);
      if (grant === GRANT.none) continue;
      if (statement.effect === 'Deny') return DENIED;
      strongest = Math.max(strongest, grant) as Grant;
    }
  }
  return strongest;
}
