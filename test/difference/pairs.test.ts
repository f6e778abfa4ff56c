import { expect } from 'chai';
import { difference, type Comparison, type PolicySet } from '../../identity/difference/index.ts';
import type { Principal } from '../../identity/policy/principal.ts';
import { PAIRS, type Pair } from './pairs.ts';

const ACCOUNT = '111122223333';

export const SESSION: Principal = {
  ...{ kind: 'role-session', accountId: ACCOUNT, roleName: 'app', sessionName: 's', userId: 'AROAEXAMPLE:s' },
  ...{ arn: `arn:aws:sts::${ACCOUNT}:assumed-role/app/s`, roleArn: `arn:aws:iam::${ACCOUNT}:role/app` },
  ...{ tags: [], sessionPolicies: [], context: {}, issuedAt: 0, expiresAt: 0 },
};

function comparisonOf({ kind, before, after, identity = [] }: Pair): Comparison {
  const setOf = (statements: readonly object[]): PolicySet => {
    const changed = { name: 'changed', document: { Version: '2012-10-17', Statement: statements } };
    const own =
      identity.length === 0 ? [] : [{ name: 'role', document: { Version: '2012-10-17', Statement: identity } }];
    return {
      identityPolicies: kind === 'identity' ? [changed] : own,
      ...(kind === 'trust' && { trustPolicy: changed }),
      ...(kind === 'resource' && { resourcePolicy: changed }),
      ...(kind === 'boundary' && { permissionsBoundary: changed }),
      ...(kind === 'session' && { sessionPolicies: [changed] }),
    };
  };
  const principals = kind === 'trust' || kind === 'resource' ? [] : [{ principal: SESSION }];
  return { before: setOf(before), after: setOf(after), principals, resourceAccount: ACCOUNT };
}

describe('difference of pairs from AWS documentation and add-ons', () => {
  for (const pair of PAIRS)
    it(`${pair.expect}: ${pair.name}`, () => {
      const result = difference(comparisonOf(pair));
      if (process.env['SHOW'] !== undefined)
        console.log(
          JSON.stringify(
            result.kind === 'differs'
              ? result.differences.map(({ request, newly }) => ({
                  newly,
                  action: request.action,
                  resource: request.resource,
                  context: request.context,
                  who: request.principal.kind,
                }))
              : result,
          ),
        );
      expect(result.kind, JSON.stringify(result)).to.equal(pair.expect === 'equivalent' ? 'equivalent' : 'differs');
      if (result.kind === 'differs') expect(result.differences.map(({ newly }) => newly)).to.include(pair.expect);
    });
});
