import { expect } from 'chai';
import { causeFromMessage } from '../../foundation/protocols/denial-cause.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import type { CallRecord } from '../../emulator/index.ts';
import type { Expectation } from '../scenario/spec.ts';
import { causeFromCall, describeExpectation, describeResult, judge, nameIdentity, type Observation } from './judge.ts';

const arn = 'arn:aws:sts::111122223333:assumed-role/run-app/session';
const identity = { arn, account: '111122223333' };
const byPolicy = { policy: 'identity', explicit: false } as const;
const denial: ProbeResult = {
  outcome: 'denied',
  layer: 's3',
  code: 'AccessDenied',
  status: 403,
  message: 'no identity-based policy allows it',
  identity,
  facts: { attempts: 2 },
};

function judged(expectation: Expectation, result: ProbeResult, more: Partial<Observation> = {}) {
  return judge(expectation, {
    result,
    cause: undefined,
    identityName: result.identity && 'app',
    expectedIdentity: 'app',
    ...more,
  });
}

describe('the judge', () => {
  const matching: readonly (readonly [string, Expectation, ProbeResult, Partial<Observation>])[] = [
    ['a grant', { outcome: 'granted' }, { outcome: 'granted', identity }, {}],
    ['an absence', { outcome: 'absent' }, { outcome: 'absent', identity }, {}],
    ['a refusal without an identity', { outcome: 'refused', by: 'agent' }, { outcome: 'refused', layer: 'agent' }, {}],
    [
      'a denial with all details',
      {
        outcome: 'denied',
        by: 's3',
        code: 'AccessDenied',
        status: 403,
        policy: 'identity',
        explicit: false,
        message: 'identity-based',
        facts: { attempts: 2 },
      },
      denial,
      { cause: byPolicy },
    ],
    [
      'one of several layers and codes',
      { outcome: 'denied', by: ['sts', 's3'], code: ['X', 'AccessDenied'] },
      denial,
      {},
    ],
    ['an unknown cause', { outcome: 'denied', policy: 'session', explicit: true }, denial, {}],
    [
      'any identity if none is expected',
      { outcome: 'granted' },
      { outcome: 'granted', identity },
      { expectedIdentity: undefined, identityName: 'node' },
    ],
  ];
  for (const [what, expectation, result, more] of matching) {
    it(`accepts ${what}`, () => {
      const { matches, reason } = judged(expectation, result, more);
      expect(reason).to.match(/, as expected\.$/);
      expect(matches).to.equal(true);
    });
  }

  const differing: readonly (readonly [string, Expectation, ProbeResult, Partial<Observation>, string])[] = [
    ['a denial for a grant', { outcome: 'granted' }, denial, {}, 'Access was expected, but the probe was denied'],
    [
      'a grant for a denial',
      { outcome: 'denied', by: 's3' },
      { outcome: 'granted', identity },
      {},
      'A denial was expected, but the probe was granted access',
    ],
    [
      'a denial for a refusal',
      { outcome: 'refused', by: 'agent' },
      denial,
      {},
      'A refusal of credentials was expected, but the probe was denied',
    ],
    [
      'an error',
      { outcome: 'absent' },
      { outcome: 'error' },
      {},
      'A missing object was expected, but the probe was stopped by an error',
    ],
    [
      "success as the node's role",
      { outcome: 'granted' },
      { outcome: 'granted', identity },
      { identityName: 'node' },
      `The identity is wrong: ${arn} is not role app`,
    ],
    [
      'a denial of another identity',
      { outcome: 'denied' },
      denial,
      { identityName: 'app', expectedIdentity: 'node' },
      "is not the node's role",
    ],
    [
      'an identity outside the scenario',
      { outcome: 'granted' },
      { outcome: 'granted', identity },
      { identityName: arn, expectedIdentity: 'static' },
      'is not the static keys',
    ],
    ['another layer', { outcome: 'denied', by: 'sts' }, denial, {}, 'The wrong layer answered: s3, not sts'],
    [
      'no layer',
      { outcome: 'refused', by: ['agent', 'eks-auth'] },
      { outcome: 'refused' },
      {},
      'answered: none, not agent or eks-auth',
    ],
    ['another code', { outcome: 'denied', code: ['A', 'B'] }, denial, {}, 'The code is AccessDenied, not A or B'],
    ['no code', { outcome: 'refused', code: '400' }, { outcome: 'refused' }, {}, 'The code is missing, not 400'],
    ['another status', { outcome: 'denied', status: 401 }, denial, {}, 'The status is 403, not 401'],
    ['no status', { outcome: 'refused', status: 401 }, { outcome: 'refused' }, {}, 'The status is missing, not 401'],
    [
      'another message',
      { outcome: 'denied', message: 'boundary' },
      denial,
      {},
      'The message does not contain "boundary"',
    ],
    [
      'no message',
      { outcome: 'refused', message: 'x' },
      { outcome: 'refused' },
      {},
      'The message does not contain "x"',
    ],
    [
      'another policy',
      { outcome: 'denied', policy: 'session' },
      denial,
      { cause: byPolicy },
      'The identity policy denied access, not the session policy',
    ],
    [
      'a missing Allow',
      { outcome: 'denied', explicit: true },
      denial,
      { cause: byPolicy },
      'An explicit Deny was expected, but access was denied implicitly',
    ],
    [
      'an explicit Deny',
      { outcome: 'denied', explicit: false },
      denial,
      { cause: { policy: 'identity', explicit: true } },
      'An implicit denial was expected, but an explicit Deny matched',
    ],
    ['another fact', { outcome: 'denied', facts: { attempts: 1 } }, denial, {}, 'attempts is 2, not 1'],
    ['a missing fact', { outcome: 'denied', facts: { x: 'y' } }, denial, {}, 'x is absent, not "y"'],
    [
      'an unexpected fact',
      { outcome: 'denied', facts: { attempts: { absent: true } } },
      denial,
      {},
      'attempts is 2, not absent',
    ],
  ];
  for (const [what, expectation, result, more, reason] of differing) {
    it(`rejects ${what}, with expectation and observation`, () => {
      const judgement = judged(expectation, result, more);
      expect(judgement.matches).to.equal(false);
      expect(judgement.reason).to.contain(reason);
      expect(judgement.reason).to.contain('. Expected ').and.to.contain('; observed ');
    });
  }
});

describe('the reason for a long fact', () => {
  const metrics = `# HELP x what it is\npod_http 3\n${'up 1\n'.repeat(500)}pod_http{code="200"} 0\nlast 1\n${'z 2\n'.repeat(500)}`;
  const reasonFor = (pattern: string): string =>
    judged(
      { outcome: 'granted', facts: { body: { matches: pattern } } },
      { outcome: 'granted', facts: { body: metrics } },
    ).reason;

  it('says that a pod with credentials is denied a further role, not refused', () =>
    expect(judged({ outcome: 'refused', by: 'sts' }, { ...denial, layer: 'sts' }).reason).to.contain('use denied()'));

  it('quotes only the part that best matches the pattern', () => {
    const reason = reasonFor('pod_http\\{code="200"\\} [1-9]');
    expect(reason).to.match(/^body is "pod_http\{code=\\"200\\"\} 0\\nlast 1\\nz 2/);
    expect(reason).to.contain(`(excerpt from ${metrics.length} characters), not matching /pod_http`);
    expect(reason.length).to.be.lessThan(700);
  });

  it('quotes the nearest part if the literal start of the pattern is missing', () =>
    expect(reasonFor('pod_http\\{code="403"\\} [1-9]')).to.match(/^body is "pod_http\{code=\\"200/));

  it('quotes the beginning if another text was expected', () =>
    expect(
      judged({ outcome: 'granted', facts: { body: 'short' } }, { outcome: 'granted', facts: { body: metrics } }).reason,
    ).to.match(/^body is "# HELP x what it is.* \(excerpt from \d+ characters\), not "short"/));

  it('quotes a short fact in full', () => {
    const quoted = (fact: string): string =>
      judged({ outcome: 'granted', facts: { body: 'short' } }, { outcome: 'granted', facts: { body: fact } }).reason;
    expect(quoted('x'.repeat(198))).to.contain(`body is "${'x'.repeat(198)}", not "short"`);
    expect(quoted('S'.padStart(250, 'x'))).to.contain(
      `body is "${'x'.repeat(200)}" (excerpt from 250 characters), not`,
    );
  });

  it('quotes the beginning if the pattern has no literal start', () =>
    expect(reasonFor('^[0-9]+$')).to.match(/^body is "# HELP x what it is/));
});

describe('the cause of a denial', () => {
  const table: readonly (readonly [string | undefined, ReturnType<typeof causeFromMessage>])[] = [
    ['because no identity-based policy allows the s3:GetObject action', byPolicy],
    ['because no session policy allows it', { policy: 'session', explicit: false }],
    ['because no permissions boundary allows it', { policy: 'boundary', explicit: false }],
    ['because no resource-based policy allows it', { policy: 'resource', explicit: false }],
    ['with an explicit deny in a resource-based policy', { policy: 'resource', explicit: true }],
    ['with an explicit deny in an identity-based policy', { policy: 'identity', explicit: true }],
    ['with an explicit deny in a permissions boundary', { policy: 'boundary', explicit: true }],
    ['Access Denied', undefined],
    ['', undefined],
    [undefined, undefined],
  ];
  for (const [message, cause] of table)
    it(`of "${message}" is ${JSON.stringify(cause)}`, () => expect(causeFromMessage(message)).to.deep.equal(cause));

  const call = (...decisions: object[]): CallRecord =>
    ({ authorizations: decisions.map((decision) => ({ decision })) }) as unknown as CallRecord;

  it("is read from AWS's record of the last decision other than an allow", () => {
    const record = call(
      { value: 'implicitlyDenied', deniedBy: 'identity' },
      { value: 'explicitlyDenied', deniedBy: 'trust' },
      { value: 'allowed' },
    );
    expect(causeFromCall(record)).to.deep.equal({ policy: 'trust', explicit: true });
    expect(causeFromCall(call({ value: 'implicitlyDenied', deniedBy: 'identity' }))).to.deep.equal(byPolicy);
  });

  it('is unknown without a record, a denial or a policy', () => {
    expect(causeFromCall(undefined)).to.equal(undefined);
    expect(causeFromCall(call({ value: 'allowed' }))).to.equal(undefined);
    expect(causeFromCall(call({ value: 'implicitlyDenied' }))).to.equal(undefined);
  });
});

describe('descriptions', () => {
  it('contain all parts of an expectation', () => {
    const expectation: Expectation = {
      outcome: 'denied',
      by: ['sts', 's3'],
      code: ['A', 'B'],
      status: 403,
      policy: 'session',
      explicit: true,
      message: 'no',
      facts: { a: 1, b: { absent: true }, c: { between: [1, 2] }, d: { matches: 'x' } },
    };
    expect(describeExpectation(expectation, 'app')).to.equal(
      'denied as role app by sts or s3 with A or B with status 403 (explicit Deny in the session policy) ' +
        'saying "no" where a is 1 and b is absent and c is between 1 and 2 and d is matching /x/',
    );
  });

  it('contain the kind of denial without a policy, and no identity for a refusal', () => {
    expect(describeExpectation({ outcome: 'denied', explicit: true })).to.equal('denied (explicitly)');
    expect(describeExpectation({ outcome: 'denied', explicit: false })).to.equal('denied (implicitly)');
    expect(describeExpectation({ outcome: 'refused', by: 'agent' }, 'app')).to.equal('refused by agent');
  });

  it('name the identity', () => {
    expect(describeResult({ outcome: 'granted', identity })).to.equal(`granted as ${arn}`);
    expect(describeResult({ outcome: 'granted', identity }, { identityName: 'app' })).to.equal('granted as role app');
    expect(describeResult({ outcome: 'granted', message: '' })).to.equal('granted');
  });

  it('begin a reason', () => {
    expect(judged({ outcome: 'granted' }, { outcome: 'granted', identity }).reason).to.equal(
      'Granted as role app, as expected.',
    );
  });

  it('shorten a long message', () => {
    const longest = 'x'.repeat(300);
    expect(describeResult({ outcome: 'denied', message: longest })).to.equal(`denied ("${longest}")`);
    const text = describeResult({ outcome: 'denied', message: 'x'.repeat(400) });
    expect(text).to.equal(`denied ("${'x'.repeat(297)}...")`);
  });
});

describe('the name of an identity', () => {
  const known = new Map([['arn:aws:iam::111122223333:role/run-app', 'app']]);
  const node = 'arn:aws:iam::111122223333:role/run-node';
  const table: readonly (readonly [string | undefined, string | undefined])[] = [
    [undefined, undefined],
    [arn, 'app'],
    ['arn:aws:sts::111122223333:assumed-role/run-node/i-0', 'node'],
    ['arn:aws:sts::111122223333:assumed-role/other/x', 'arn:aws:sts::111122223333:assumed-role/other/x'],
    ['arn:aws:sts::444455556666:assumed-role/run-app/x', 'arn:aws:sts::444455556666:assumed-role/run-app/x'],
    ['arn:aws:iam::111122223333:user/someone', 'static'],
    ['arn:aws:iam::111122223333:root', 'static'],
    ['arn:aws:iam::111122223333:role/run-app', 'arn:aws:iam::111122223333:role/run-app'],
  ];
  for (const [given, name] of table)
    it(`of ${given ?? 'no identity'} is ${name ?? 'undefined'}`, () =>
      expect(nameIdentity(given === undefined ? undefined : { arn: given, account: '' }, known, node)).to.equal(name));
});
