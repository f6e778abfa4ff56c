import { expect } from 'chai';
import { difference, type Comparison, type Difference, type PolicySet } from '../../identity/difference/index.ts';
import { brokenKeyRules } from '../../identity/policy/key-rules.ts';
import { authorize, compilePolicy, type AuthorizationInput, type PolicyKind } from '../../identity/policy/index.ts';
import { evaluate, type PolicyDocument, type Question } from '../cross-examination/policy-evaluation.ts';
import { principalName } from '../../identity/policy/principal.ts';
import { ACCOUNT, OTHER, pairOf, Random, requestsOf } from './generated.ts';

/** `DIFFERENCE_PAIRS` is the number of pairs, `DIFFERENCE_SEED` repeats a run. */
const PAIRS = Number(process.env['DIFFERENCE_PAIRS'] ?? 2_000);
const SEED = Number(process.env['DIFFERENCE_SEED'] ?? Date.now() % 1_000_000);

type Request = Omit<AuthorizationInput, 'identityPolicies'>;
const DEFAULT_KEY_POLICY = {
  Statement: { Effect: 'Allow', Principal: { AWS: [ACCOUNT, OTHER] }, Action: 'kms:*', Resource: '*' },
};

function engineOf(set: PolicySet): (request: Request) => boolean {
  const one = (kind: PolicyKind, document: string | object) => compilePolicy(document, { kind, name: kind });
  const policies = {
    identityPolicies: set.identityPolicies.map(({ document }) => one('identity', document)),
    sessionPolicies: set.sessionPolicies?.map(({ document }) => one('session', document)),
    permissionsBoundary: set.permissionsBoundary && one('boundary', set.permissionsBoundary.document),
    resourcePolicy: one('resource', set.resourcePolicy?.document ?? DEFAULT_KEY_POLICY),
  };
  return (request) => authorize({ ...request, ...policies }).value === 'allowed';
}

/** Decides with the second engine. */
const secondEngineOf =
  (set: PolicySet) =>
  ({ principal, ...request }: Request): boolean => {
    const documents = (all: readonly { readonly document: unknown }[]) =>
      all.map(({ document }) => document as PolicyDocument);
    const { permissionsBoundary, sessionPolicies, resourcePolicy } = set;
    return (
      evaluate({
        request: {
          ...request,
          principal: principalName(principal),
          context: request.context as Question['request']['context'],
        },
        identityPolicies: documents(set.identityPolicies),
        resourcePolicy: (resourcePolicy?.document ?? DEFAULT_KEY_POLICY) as PolicyDocument,
        ...(sessionPolicies && { sessionPolicy: documents(sessionPolicies) }),
        ...(permissionsBoundary && { permissionsBoundary: permissionsBoundary.document as PolicyDocument }),
      }) === 'allowed'
    );
  };

/** Returns what is wrong with an answer. */
function contradiction(
  comparison: Comparison,
  result: Difference,
  requests: Iterable<Request>,
  decide = engineOf,
): string | undefined {
  const [before, after] = [decide(comparison.before), decide(comparison.after)];
  const isNewly = (request: Request): string | undefined => {
    const [was, is] = [before(request), after(request)];
    return was === is ? undefined : is ? 'allowed' : 'denied';
  };
  if (result.kind === 'differs')
    for (const { request, newly } of result.differences) {
      const broken = brokenKeyRules(request);
      if (isNewly(request) !== newly || broken.length > 0)
        return `does not differ: ${JSON.stringify({ request, newly, broken })}`;
    }
  if (result.kind !== 'equivalent' && result.limits.length > 0) return undefined;
  const known = new Set(result.kind === 'differs' ? result.differences.map(({ newly }) => newly as string) : []);
  for (const request of requests) {
    const newly = isNewly(request);
    if (newly !== undefined && !known.has(newly)) return `is newly ${newly}: ${JSON.stringify(request)}`;
  }
  return undefined;
}

describe('difference of random pairs', () => {
  it(`is not contradicted by any request over a small alphabet (seed ${SEED})`, function () {
    this.timeout(0);
    const counts = { equivalent: 0, differs: 0, 'not decided': 0 };
    for (let index = 0; index < PAIRS / 2; index += 1) {
      const { comparison, names } = pairOf(new Random(SEED + index));
      const result = difference(comparison);
      counts[result.kind] += 1;
      const requests = () =>
        requestsOf(names, comparison.principals[0]!.principal, JSON.stringify([comparison.before, comparison.after]));
      const wrong =
        contradiction(comparison, result, requests()) ??
        (index % 50 === 0 ? contradiction(comparison, result, requests(), secondEngineOf) : undefined);
      if (wrong !== undefined)
        expect.fail(`seed ${SEED + index}: ${result.kind}, but ${wrong}\n${JSON.stringify(comparison)}`);
    }
    if (process.env['SHOW'] !== undefined) console.log(counts);
  });
});
