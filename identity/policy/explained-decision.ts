import { explain, type Candidate } from './explain.ts';
import { decidingStatements, explainDecision } from './explain-decision.ts';
import type { EvaluationRequest } from './request.ts';
import { statementsOf } from './statement.ts';
import type {
  AuthorizationInput,
  CompiledPolicy,
  Decision,
  DecisionValue,
  PolicyKind,
  StatementExplanation,
  Verdict,
} from './types.ts';

/** A decision with an explanation on demand. */
export class ExplainedDecision implements Decision {
  readonly #request: EvaluationRequest;
  readonly #verdict: Verdict;
  #statements: readonly StatementExplanation[] | undefined;
  #reason: string | undefined;
  #candidates: readonly Candidate[] | undefined;

  constructor(request: EvaluationRequest, verdict: Verdict) {
    this.#request = request;
    this.#verdict = verdict;
  }

  get input(): AuthorizationInput {
    return this.#request.input;
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

  get deciding(): readonly StatementExplanation[] {
    const deciding = decidingStatements(this.#verdict, this.#considered, this.#request);
    return deciding.map((candidate) => explain(candidate, this.#request));
  }

  get policies(): readonly CompiledPolicy[] {
    return policiesOf(this.#request).map(([, policy]) => policy);
  }

  get #considered(): readonly Candidate[] {
    return (this.#candidates ??= policiesOf(this.#request).flatMap(([kind, policy]) =>
      statementsOf(policy).map((statement) => ({ statement, kind, policy: policy.name })),
    ));
  }

  /** Getters are not own properties, so JSON would omit them. */
  toJSON(): Omit<Decision, 'deciding' | 'input' | 'policies'> {
    return { value: this.value, deniedBy: this.deniedBy, reason: this.reason, statements: this.statements };
  }
}

/** Returns the policies with their roles, in the order of `decide`. */
function policiesOf(request: EvaluationRequest): readonly (readonly [PolicyKind, CompiledPolicy])[] {
  const { input } = request;
  const policies: [PolicyKind, CompiledPolicy][] = [];
  const { resourcePolicy } = request;
  if (resourcePolicy) policies.push([resourcePolicy === input.trustPolicy ? 'trust' : 'resource', resourcePolicy]);
  if (request.principalAccount === undefined) return policies;
  if (request.principal.kind !== 'root') {
    for (const policy of input.identityPolicies) policies.push(['identity', policy]);
    if (input.permissionsBoundary) policies.push(['boundary', input.permissionsBoundary]);
  }
  for (const policy of input.sessionPolicies ?? []) policies.push(['session', policy]);
  return policies;
}
