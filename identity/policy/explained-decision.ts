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
    return policiesOf(this.#request).map(({ policy }) => policy);
  }

  get #considered(): readonly Candidate[] {
    return (this.#candidates ??= policiesOf(this.#request).flatMap(({ policy, ...place }) =>
      statementsOf(policy).map((statement) => ({ statement, ...place, policy: policy.name })),
    ));
  }

  /** Getters are not own properties, so JSON would omit them. */
  toJSON(): Omit<Decision, 'deciding' | 'input' | 'policies'> {
    return { value: this.value, deniedBy: this.deniedBy, reason: this.reason, statements: this.statements };
  }
}

/** Returns the policies with their roles, in the order of `decide`. */
function policiesOf(request: EvaluationRequest): readonly (Omit<Candidate, 'statement' | 'policy'> & {
  readonly policy: CompiledPolicy;
})[] {
  const { input, resourcePolicy, principal } = request;
  const all = (kind: PolicyKind, policies: readonly (CompiledPolicy | undefined)[] = [], level?: string) =>
    policies.flatMap((policy) => (policy ? { kind, policy, ...(level !== undefined && { level }) } : []));
  return [
    ...request.rcps.flatMap(({ name, policies }) => all('rcp', policies, name)),
    ...request.scps.flatMap(({ name, policies }) => all('scp', policies, name)),
    ...all(resourcePolicy === input.trustPolicy ? 'trust' : 'resource', [resourcePolicy]),
    ...(request.principalAccount === undefined
      ? []
      : [
          ...(principal.kind === 'root'
            ? []
            : [...all('identity', input.identityPolicies), ...all('boundary', [input.permissionsBoundary])]),
          ...all('session', input.sessionPolicies),
        ]),
  ];
}
