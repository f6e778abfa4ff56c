import { expect } from 'chai';
import { difference, type Comparison, type Difference, type PolicySet } from '../../identity/difference/index.ts';
import { brokenKeyRules } from '../../identity/policy/key-rules.ts';
import { authorize, compilePolicy, type AuthorizationInput, type PolicyKind } from '../../identity/policy/index.ts';
import { evaluate, type PolicyDocument } from '../cross-examination/policy-evaluation.ts';
import { principalName } from '../../identity/policy/principal.ts';
import { edits, requestsNear } from './edits.ts';
import { ACCOUNT, OTHER, pairOf, Random, requestsOf } from './generated.ts';

/** `DIFFERENCE_PAIRS` is the number of pairs. `DIFFERENCE_SEED` begins with other pairs, as a nightly workflow does. */
const PAIRS = Number(process.env['DIFFERENCE_PAIRS'] ?? 2_000);
const SEED = Number(process.env['DIFFERENCE_SEED'] ?? 1);

type Request = Omit<AuthorizationInput, 'identityPolicies'>;
const DEFAULT_KEY_POLICY = {
  Statement: { Effect: 'Allow', Principal: { AWS: [ACCOUNT, OTHER] }, Action: 'kms:*', Resource: '*' },
};
const DEFAULT_TRUST_POLICY = { Statement: { Effect: 'Allow', Principal: { AWS: [ACCOUNT, OTHER] }, Action: 'sts:*' } };

function engineOf(set: PolicySet): (request: Request) => boolean {
  const one = (kind: PolicyKind, document: string | object) => compilePolicy(document, { kind, name: kind });
  const policies = {
    identityPolicies: set.identityPolicies.map(({ document }) => one('identity', document)),
    sessionPolicies: set.sessionPolicies?.map(({ document }) => one('session', document)),
    permissionsBoundary: set.permissionsBoundary && one('boundary', set.permissionsBoundary.document),
    trustPolicy: one('trust', set.trustPolicy?.document ?? DEFAULT_TRUST_POLICY),
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
    const { permissionsBoundary, sessionPolicies, resourcePolicy, trustPolicy } = set;
    const isAssumption = /^sts:(Assume|Tag|Set)/.test(request.action);
    return (
      evaluate({
        request: {
          ...request,
          principal: principalName(principal),
          context: { ...('userId' in principal && { 'aws:userid': principal.userId }), ...request.context },
        },
        identityPolicies: documents(set.identityPolicies),
        ...(isAssumption
          ? { trustPolicy: (trustPolicy?.document ?? DEFAULT_TRUST_POLICY) as PolicyDocument }
          : { resourcePolicy: (resourcePolicy?.document ?? DEFAULT_KEY_POLICY) as PolicyDocument }),
        ...(sessionPolicies && { sessionPolicy: documents(sessionPolicies) }),
        ...(permissionsBoundary && { permissionsBoundary: permissionsBoundary.document as PolicyDocument }),
      }) === 'allowed'
    );
  };

/** Returns the first contradiction, or undefined. */
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
  const given = comparison.principals.map(({ principal }) => principal);
  for (const found of result.kind === 'differs' ? result.differences : []) {
    const { request, newly } = found;
    // The policies of other accounts are assumed, and are in the input.
    const isGiven = given.includes(request.principal) && request.resourceAccount === comparison.resourceAccount;
    const [was, is] = [found.before, found.after].map((one) => authorize(one.input).value === 'allowed');
    const isWrong = isGiven ? isNewly(request) !== newly : was === is || is !== (newly === 'allowed');
    const broken = brokenKeyRules(request);
    if (isWrong || broken.length > 0) return `does not differ: ${JSON.stringify({ request, newly, broken })}`;
  }
  if (result.kind !== 'equivalent' && result.limits.length > 0) return undefined;
  const known = new Set(result.kind === 'differs' ? result.differences.map(({ newly }) => newly as string) : []);
  for (const request of requests) {
    const newly = isNewly(request);
    if (newly !== undefined && !known.has(newly)) return `is newly ${newly}: ${JSON.stringify(request)}`;
  }
  return undefined;
}

/** Judges a comparison by requests, every fiftieth also with the second engine. */
function judge(index: number, comparison: Comparison, requests: () => Iterable<Request>): Difference['kind'] {
  const result = difference(comparison);
  const engines = index % 50 === 0 ? [engineOf, secondEngineOf] : [engineOf];
  for (const engine of engines) {
    const wrong = contradiction(comparison, result, requests(), engine);
    if (wrong !== undefined)
      expect.fail(`seed ${SEED}, pair ${index}: ${result.kind}, but ${wrong}\n${JSON.stringify(comparison)}`);
  }
  return result.kind;
}

describe(`difference, judged by requests (seed ${SEED})`, function () {
  this.timeout(0);

  it('is not contradicted by any request over a small alphabet, for random pairs', () => {
    const counts = { equivalent: 0, differs: 0, 'not decided': 0 };
    for (let index = 0; index < PAIRS / 2; index += 1) {
      const { comparison, names } = pairOf(new Random(SEED + index));
      const { principal } = comparison.principals[0]!;
      const text = JSON.stringify([comparison.before, comparison.after]);
      counts[judge(index, comparison, () => requestsOf(new Random(SEED + index), names, principal, text))] += 1;
    }
    if (process.env['SHOW'] !== undefined) console.log(counts);
    expect(counts['not decided']).to.be.at.most(PAIRS / 40);
  });

  it('is not contradicted by requests near the policies, for single edits of realistic policies', () => {
    const all = edits();
    const random = new Random(SEED);
    const counts = { equivalent: 0, differs: 0, 'not decided': 0 };
    for (let index = 0; index < PAIRS / 2; index += 1) {
      const { comparison } = PAIRS / 2 < all.length ? random.pick(all) : all[index % all.length]!;
      counts[judge(index, comparison, () => requestsNear(new Random(SEED + index), comparison, 30))] += 1;
    }
    if (process.env['SHOW'] !== undefined) console.log(counts);
    expect(counts['not decided']).to.be.at.most(PAIRS / 40);
  });
});
