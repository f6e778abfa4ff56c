import { explain, type Candidate } from './explain.ts';
import { explainDecision } from './explain-decision.ts';
import { GRANT, type Grant } from './principal-element.ts';
import { EvaluationRequest } from './request.ts';
import { applies, statementsOf } from './statement.ts';
import type {
  AuthorizationInput,
  CompiledPolicy,
  Decision,
  DecisionValue,
  PolicyKind,
  StatementExplanation,
  Verdict,
} from './types.ts';

/** Allowed to whoever has credentials, even against a Deny (AWS STS API Reference, GetCallerIdentity). */
const ALWAYS_ALLOWED = 'sts:getcalleridentity';

/**
 * Nobody assumes a role without a trust policy that lets them, so that a missing one denies. About other actions on a
 * role, such as `iam:PassRole`, its trust policy says nothing.
 */
const ROLE_ASSUMPTION = /^sts:(assumerole(withwebidentity|withsaml)?|tagsession|setsourceidentity|setcontext)$/;

/**
 * "The root user of the AWS account that owns a bucket can perform" these whatever the bucket policy denies, so that
 * nobody is locked out for good (S3 API Reference, PutBucketPolicy).
 */
const NEVER_LOCKED_OUT = /^s3:(get|put|delete)bucketpolicy$/;

/**
 * Decides a request as IAM does (IAM User Guide, "Policy evaluation logic"): a Deny in any policy wins; in one account
 * identity or resource policy may allow, across accounts both must; boundary and session policies limit what identity
 * policies, and resource policies that name the role, allow.
 */
export function authorize(input: AuthorizationInput): Decision {
  const request = new EvaluationRequest(input);
  return new LazyDecision(request, decide(request));
}

class LazyDecision implements Decision {
  readonly #request: EvaluationRequest;
  readonly #verdict: Verdict;
  #statements: readonly StatementExplanation[] | undefined;
  #reason: string | undefined;
  #candidates: readonly Candidate[] | undefined;

  constructor(request: EvaluationRequest, verdict: Verdict) {
    this.#request = request;
    this.#verdict = verdict;
  }

  get value(): DecisionValue {
    return this.#verdict.value;
  }

  get deniedBy(): PolicyKind | undefined {
    return this.#verdict.deniedBy;
  }

  get reason(): string {
    return (this.#reason ??= explainDecision(this.#verdict, this.#considered, this.#request));
  }

  get statements(): readonly StatementExplanation[] {
    return (this.#statements ??= this.#considered.map((candidate) => explain(candidate, this.#request)));
  }

  get #considered(): readonly Candidate[] {
    return (this.#candidates ??= policiesOf(this.#request).flatMap(([kind, policy]) =>
      statementsOf(policy).map((statement) => ({ statement, kind, policy: policy.name })),
    ));
  }

  /** Getters are no own properties: without this a record of the decision would be empty. */
  toJSON(): Decision {
    return { value: this.value, deniedBy: this.deniedBy, reason: this.reason, statements: this.statements };
  }
}

const DENIED = -1;
/** The strongest Allow that a set of policies gives, or that one of them denies. */
type Outcome = Grant | typeof DENIED;

const allowed = (allowedBy: Verdict['allowedBy']): Verdict => ({ value: 'allowed', deniedBy: undefined, allowedBy });
const denied = (value: 'explicitlyDenied' | 'implicitlyDenied', deniedBy: PolicyKind): Verdict => ({
  ...{ value, deniedBy, allowedBy: undefined },
});
const explicitlyDenied = (by: PolicyKind): Verdict => denied('explicitlyDenied', by);
const implicitlyDenied = (by: PolicyKind): Verdict => denied('implicitlyDenied', by);

function decide(request: EvaluationRequest): Verdict {
  const { input } = request;
  const account = request.principalAccount;
  if (request.lowerCaseAction === ALWAYS_ALLOWED && account !== undefined) return allowed('always');

  const isTrust = ROLE_ASSUMPTION.test(request.lowerCaseAction);
  const resourceKind = isTrust ? 'trust' : 'resource';
  const resourcePolicy = resourcePolicyOf(request);
  const resource = resourcePolicy === undefined ? GRANT.none : evaluate([resourcePolicy], request);
  if (resource === DENIED) return explicitlyDenied(resourceKind);
  // Services, web identities and the anonymous have no policies of their own.
  if (account === undefined) {
    return resource === GRANT.direct ? allowed(resourceKind) : implicitlyDenied(resourceKind);
  }

  const isRoot = request.principal.kind === 'root';
  const identity = isRoot ? GRANT.direct : evaluate(input.identityPolicies, request);
  if (identity === DENIED) return explicitlyDenied('identity');
  const { permissionsBoundary } = input;
  const boundary =
    permissionsBoundary === undefined || isRoot ? GRANT.direct : evaluate([permissionsBoundary], request);
  if (boundary === DENIED) return explicitlyDenied('boundary');
  const sessionPolicies = sessionPoliciesOf(request);
  const session = sessionPolicies === undefined ? GRANT.direct : evaluate(sessionPolicies, request);
  if (session === DENIED) return explicitlyDenied('session');

  const sameAccount = account === input.resourceAccount;
  if ((isTrust || !sameAccount) && resource === GRANT.none) return implicitlyDenied(resourceKind);
  if (sameAccount && resource === GRANT.direct) return allowed(resourceKind);
  const namesRole = sameAccount && resource === GRANT.role;
  if (!namesRole && identity === GRANT.none) return implicitlyDenied('identity');
  if (boundary === GRANT.none) return implicitlyDenied('boundary');
  if (session === GRANT.none) return implicitlyDenied('session');
  if (isRoot) return allowed('root');
  return allowed(namesRole ? resourceKind : 'identity');
}

function evaluate(policies: readonly CompiledPolicy[], request: EvaluationRequest): Outcome {
  let strongest: Grant = GRANT.none;
  for (const policy of policies) {
    for (const statement of statementsOf(policy)) {
      const grant = applies(statement, request);
      if (grant === GRANT.none) continue;
      if (statement.effect === 'Deny') return DENIED;
      if (grant > strongest) strongest = grant;
    }
  }
  return strongest;
}

/** The policy of the resource that has a say: for a role that is assumed, its trust policy. */
function resourcePolicyOf({ input, principal, lowerCaseAction }: EvaluationRequest): CompiledPolicy | undefined {
  if (input.trustPolicy !== undefined && ROLE_ASSUMPTION.test(lowerCaseAction)) return input.trustPolicy;
  const isOwner = principal.kind === 'root' && principal.accountId === input.resourceAccount;
  return isOwner && NEVER_LOCKED_OUT.test(lowerCaseAction) ? undefined : input.resourcePolicy;
}

/** A session without session policies is not narrowed. */
function sessionPoliciesOf({ input }: EvaluationRequest): readonly CompiledPolicy[] | undefined {
  const { sessionPolicies } = input;
  return sessionPolicies?.length === 0 ? undefined : sessionPolicies;
}

/** The policies in the order that `decide` looks at them, with the part that each plays. */
function policiesOf(request: EvaluationRequest): readonly (readonly [PolicyKind, CompiledPolicy])[] {
  const { input } = request;
  const policies: [PolicyKind, CompiledPolicy][] = [];
  const resourcePolicy = resourcePolicyOf(request);
  if (resourcePolicy) policies.push([resourcePolicy === input.trustPolicy ? 'trust' : 'resource', resourcePolicy]);
  if (request.principalAccount === undefined) return policies;
  if (request.principal.kind !== 'root') {
    for (const policy of input.identityPolicies) policies.push(['identity', policy]);
    if (input.permissionsBoundary) policies.push(['boundary', input.permissionsBoundary]);
  }
  for (const policy of sessionPoliciesOf(request) ?? []) policies.push(['session', policy]);
  return policies;
}
