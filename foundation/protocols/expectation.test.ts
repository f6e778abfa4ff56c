import { expect } from 'chai';
import { factMatches, firstMismatch } from './expectation.ts';
import { isSessionOf } from '../aws/role-arn.ts';
import type { ExpectedResult, FactMatcher, ProbeResult } from './probe-protocol.ts';

describe('firstMismatch', () => {
  const result: ProbeResult = {
    outcome: 'denied',
    layer: 's3',
    code: 'AccessDenied',
    status: 403,
    message: 'no policy allows it',
    facts: { tries: 2 },
  };
  const cause = { policy: 'identity', explicit: false } as const;
  const whole: ExpectedResult = {
    outcome: 'denied',
    by: ['sts', 's3'],
    code: 'AccessDenied',
    status: 403,
    message: 'policy',
    policy: 'identity',
    explicit: false,
    facts: { tries: 2 },
  };
  const everything: ExpectedResult = {
    outcome: 'granted',
    by: 'sts',
    code: 'Other',
    status: 400,
    message: 'else',
    policy: 'session',
    explicit: true,
    facts: { tries: 1 },
  };

  it('returns undefined if all expected members match', () => {
    const observed = { result, cause, isExpectedIdentity: true };
    expect(firstMismatch(whole, observed)).to.equal(undefined);
    expect(firstMismatch({ outcome: 'denied' }, { ...observed, isExpectedIdentity: undefined })).to.equal(undefined);
  });

  it('checks outcome, identity, layer and details in that order', () => {
    const met: string[] = [];
    let expected = everything;
    let isExpectedIdentity = false;
    // One turn more than there are mismatches, so that a wrong result cannot loop forever.
    for (let turn = 0; turn < 10; turn += 1) {
      const mismatch = firstMismatch(expected, { result, cause, isExpectedIdentity });
      if (mismatch === undefined) break;
      met.push(mismatch.member);
      if (mismatch.member === 'identity') isExpectedIdentity = true;
      else {
        const member =
          ({ layer: 'by', fact: 'facts' } as Readonly<Record<string, string>>)[mismatch.member] ?? mismatch.member;
        expected = { ...expected, [member]: whole[member as keyof ExpectedResult] };
      }
    }
    expect(met).to.deep.equal([
      'outcome',
      'identity',
      'layer',
      'code',
      'status',
      'message',
      'policy',
      'explicit',
      'fact',
    ]);
  });

  it('reports an expected fact that is missing', () =>
    expect(
      firstMismatch(
        { outcome: 'refused', facts: { tries: 1 } },
        { result: { outcome: 'refused' }, cause: undefined, isExpectedIdentity: undefined },
      ),
    ).to.deep.equal({ member: 'fact', name: 'tries', matcher: 1 }));

  it('ignores the expected policy if the denying policy is unknown', () => {
    const observed = { result, cause: undefined, isExpectedIdentity: undefined };
    expect(firstMismatch({ ...whole, policy: 'boundary', explicit: true }, observed)).to.equal(undefined);
  });
});

describe('isSessionOf', () => {
  const session = 'arn:aws:sts::111122223333:assumed-role/app/s';
  for (const [role, is] of [
    ['arn:aws:iam::111122223333:role/app', true],
    ['arn:aws:iam::111122223333:role/some/path/app', true],
    ['arn:aws:iam::111122223333:role/app2', false],
    ['arn:aws:iam::444455556666:role/app', false],
    ['arn:aws:iam::111122223333:user/app', false],
  ] as const)
    it(`${is ? 'accepts' : 'rejects'} ${role}`, () => expect(isSessionOf(session, role)).to.equal(is));
});

describe('factMatches', () => {
  const table: readonly (readonly [string | number | boolean | undefined, FactMatcher, boolean])[] = [
    ['a', 'a', true],
    ['a', 'b', false],
    ['1', 1, false],
    [true, true, true],
    [undefined, 'a', false],
    [undefined, { absent: true }, true],
    ['', { absent: true }, false],
    [5, { between: [5, 6] }, true],
    [6, { between: [5, 6] }, true],
    [7, { between: [5, 6] }, false],
    [4, { between: [5, 6] }, false],
    ['5', { between: [5, 6] }, false],
    [undefined, { between: [5, 6] }, false],
    ['abc', { matches: '^a.c$' }, true],
    ['abcd', { matches: '^a.c$' }, false],
    [12, { matches: '^1' }, true],
    [undefined, { matches: '' }, false],
  ];
  for (const [actual, matcher, matches] of table)
    it(`${JSON.stringify(actual)} ${matches ? 'matches' : 'does not match'} ${JSON.stringify(matcher)}`, () =>
      expect(factMatches(actual, matcher)).to.equal(matches));
});
