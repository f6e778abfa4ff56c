import { expect } from 'chai';
import fc from 'fast-check';
import { parsePrincipal } from '../../identity/evaluate/principal-text.ts';
import { authorize, compilePolicy, type AuthorizationInput, type PolicyKind } from '../../identity/policy/index.ts';
import { CONDITION_OPERATORS } from './condition-operators.ts';
import { evaluate, type PolicyDecision, type PolicyDocument } from './policy-evaluation.ts';
import { policiesAndRequests, questionOf, type Policies } from './questions.ts';
import { comparisons, sayFailure, seed } from './runs.ts';

const REQUESTS_OF_POLICIES = 25;
/** Questions that suffice to contain each element and operator. */
const ENOUGH_FOR_ALL = 100_000;

describe('policy engine compared with a second implementation', () => {
  const answers: Record<PolicyDecision, number> = { allowed: 0, implicitlyDenied: 0, explicitlyDenied: 0 };
  const elements = new Map<string, Set<boolean>>();
  const witness = (element: string, matched: boolean): void => {
    elements.set(element, (elements.get(element) ?? new Set()).add(matched));
  };
  const total = comparisons(20_000);

  const ask = (questions: number): void =>
    sayFailure(
      fc.check(
        fc.property(policiesAndRequests, ({ policies, requests }) => {
          const engine = engineWith(policies);
          for (const request of requests) {
            const question = questionOf(policies, request);
            const answer = evaluate(question, witness);
            answers[answer] += 1;
            const actual = engine(question);
            if (actual === answer) continue;
            const disagreement = { name: `the engine says ${actual}`, ...question, expect: answer };
            throw new Error(`Input for npm run evaluate:\n${JSON.stringify({ cases: [disagreement] })}`);
          }
        }),
        { numRuns: Math.ceil(questions / REQUESTS_OF_POLICIES), seed },
      ),
    );

  it(`agrees in ${total} questions, seed ${seed}`, function () {
    this.timeout(0);
    ask(total);
  });

  it('received at least 15 % each of allowed, implicitly denied and explicitly denied questions', () => {
    const asked = Object.values(answers).reduce((sum, count) => sum + count, 0);
    for (const [answer, count] of Object.entries(answers)) expect(count / asked, answer).to.be.at.least(0.15);
  });

  it('received questions in which each element and condition operator matches, and others in which it does not', () => {
    const operators = Object.keys(CONDITION_OPERATORS).flatMap((operator) =>
      ['', 'ForAllValues:', 'ForAnyValue:'].flatMap((set) => [`${set}${operator}`, `${set}${operator}IfExists`]),
    );
    const resourceBased = ['*', 'itself', 'role', 'account', 'nobody'].map(
      (one) => `a resource-based policy that allows ${one}`,
    );
    const steps = ['organization policies', 'session policy', 'permissions boundary', ...resourceBased];
    const all = [
      ...steps,
      'Principal',
      'NotPrincipal',
      'Action',
      'NotAction',
      'Resource',
      'NotResource',
      'Null',
      ...operators,
    ];
    const missing = (): readonly string[] => all.filter((element) => elements.get(element)?.size !== 2);
    // Fewer questions may miss rare operators.
    if (missing().length > 0 && total < ENOUGH_FOR_ALL) ask(ENOUGH_FOR_ALL);
    expect(missing()).to.deep.equal([]);
  });
});

/** Returns a function that asks the engine under test a question with some or all of the policies. */
function engineWith(policies: Policies): (question: ReturnType<typeof questionOf>) => PolicyDecision {
  const compiled = (document: PolicyDocument, kind: PolicyKind) => compilePolicy(document, { kind, name: kind });
  const { identityPolicies = [], resourcePolicy, trustPolicy, sessionPolicy, permissionsBoundary } = policies;
  const identity = identityPolicies.map((one) => compiled(one, 'identity'));
  const session = sessionPolicy?.map((one) => compiled(one, 'session'));
  const boundary = permissionsBoundary && compiled(permissionsBoundary, 'boundary');
  const resource = resourcePolicy && compiled(resourcePolicy, 'resource');
  const trust = trustPolicy && compiled(trustPolicy, 'trust');
  const levels = (kind: 'scp' | 'rcp') =>
    policies[`${kind}s`]?.map((level, index) => ({
      name: `level ${index}`,
      policies: level.map((one) => compiled(one, kind)),
    }));
  const [scps, rcps] = [levels('scp'), levels('rcp')];
  return (question) => {
    const { principal, ...request } = question.request;
    const parsed = parsePrincipal(principal, request.context);
    if (parsed === undefined) throw new Error(`${principal} is not a principal`);
    const input: AuthorizationInput = {
      ...request,
      principal: parsed,
      identityPolicies: question.identityPolicies === undefined ? [] : identity,
      resourcePolicy: resource,
      trustPolicy: trust,
      sessionPolicies: question.sessionPolicy && session,
      permissionsBoundary: question.permissionsBoundary && boundary,
      ...{ scps, rcps, managementAccount: question.managementAccount },
    };
    return authorize(input).value as PolicyDecision;
  };
}
