import { expect } from 'chai';
import { compareAccess } from '../../identity/new-access/compare.ts';
import { sideOf, type AccessSide } from '../../identity/new-access/files.ts';
import type { Decision } from '../../identity/policy/index.ts';
import { principalName } from '../../identity/policy/principal.ts';
import { evaluate, type PolicyDocument } from '../cross-examination/policy-evaluation.ts';
import { PAIRS, type Pair } from './pairs.ts';
import { ACCOUNT, folder, template, terraformPlan, terraformState } from './worlds.ts';

const GIVEN = { accountId: ACCOUNT, region: 'us-west-2' };
const json = (content: object) => [{ path: 'a.json', text: JSON.stringify(content, undefined, 1) }];

/** Reads a pair as the command reads its files. */
export function sidesOf({ form, before, after }: Pair): readonly [AccessSide, AccessSide] {
  if (form === 'plan') {
    const files = json(terraformPlan(before, after));
    return [sideOf(files, GIVEN, 'before'), sideOf(files, GIVEN)];
  }
  const [was, is] = [before, after].map((world) =>
    form === 'state'
      ? json(terraformState(world))
      : form === 'template'
        ? json(template(world))
        : Object.entries(folder(world)).map(([path, text]) => ({ path, text })),
  );
  return [sideOf(was!, GIVEN), sideOf(is!, GIVEN)];
}

/** Asks the second engine the question of a decision. */
function secondOpinion({ input }: Decision): boolean {
  const { principal, action, resource, resourceAccount, context, ...policies } = input;
  const parsed = (one: { readonly document: string | object }): PolicyDocument =>
    (typeof one.document === 'string' ? JSON.parse(one.document) : one.document) as PolicyDocument;
  const name = principal.kind === 'anonymous' ? '*' : principalName(principal);
  const { resourcePolicy, trustPolicy, sessionPolicies, permissionsBoundary } = policies;
  const isTrust = /^sts:/.test(action);
  return (
    evaluate({
      request: { ...{ action, resource, resourceAccount, context }, principal: name },
      identityPolicies: policies.identityPolicies.map(parsed),
      ...(!isTrust && resourcePolicy && { resourcePolicy: parsed(resourcePolicy) }),
      ...(isTrust && trustPolicy && { trustPolicy: parsed(trustPolicy) }),
      ...(sessionPolicies?.length && { sessionPolicy: sessionPolicies.map(parsed) }),
      ...(permissionsBoundary && { permissionsBoundary: parsed(permissionsBoundary) }),
    }) === 'allowed'
  );
}

describe('new access of 60 pairs of deployments', () => {
  for (const pair of PAIRS)
    it(`${pair.widens ? 'is there' : 'is not there'}: ${pair.name}`, () => {
      const { changes, undecided } = compareAccess(...sidesOf(pair));
      const shown = JSON.stringify({ changes: changes.map(({ difference: _difference, ...one }) => one), undecided });
      expect(undecided, shown).to.deep.equal([]);
      expect(
        changes.some(({ newly }) => newly === 'allowed'),
        shown,
      ).to.equal(pair.widens);
      for (const { newly, difference } of changes) {
        if (difference === undefined) continue;
        const expected = [newly === 'denied', newly === 'allowed'];
        expect([difference.before, difference.after].map(({ value }) => value === 'allowed')).to.deep.equal(expected);
        expect([difference.before, difference.after].map(secondOpinion), shown).to.deep.equal(expected);
      }
    });
});
