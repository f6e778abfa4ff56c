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
      'a denial in full',
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
      'any identity where none is told',
      { outcome: 'granted' },
      { outcome: 'granted', identity },
      { expectedIdentity: undefined, identityName: 'node' },
    ],
  ];
  for (const [what, expectation, result, more] of matching) {
    it(`takes ${what}`, () => {
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
      'A denial was expected, but the probe was granted',
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
      'The answer that the object is absent was expected, but the probe was stopped by an error',
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
      'an identity that is none of the scenario',
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
      'The identity policy denied, not the session policy',
    ],
    [
      'a missing Allow',
      { outcome: 'denied', explicit: true },
      denial,
      { cause: byPolicy },
      'Nothing allowed it, where an explicit Deny was expected',
    ],
    [
      'an explicit Deny',
      { outcome: 'denied', explicit: false },
      denial,
      { cause: { policy: 'identity', explicit: true } },
      'An explicit Deny matched, where a missing Allow was expected',
    ],
    ['another fact', { outcome: 'denied', facts: { attempts: 1 } }, denial, {}, 'attempts is 2, not 1'],
    ['a missing fact', { outcome: 'denied', facts: { x: 'y' } }, denial, {}, 'x is absent, not "y"'],
    [
      'a fact too many',
      { outcome: 'denied', facts: { attempts: { absent: true } } },
      denial,
      {},
      'attempts is 2, not absent',
    ],
  ];
  for (const [what, expectation, result, more, reason] of differing) {
    it(`notices ${what}, and says what was expected and what came`, () => {
      const judgement = judged(expectation, result, more);
      expect(judgement.matches).to.equal(false);
      expect(judgement.reason).to.contain(reason);
      expect(judgement.reason).to.contain('. Expected ').and.to.contain('; observed ');
    });
  }
});

describe('the reason of a fact that is long', () => {
  const metrics = `# HELP x what it is\npod_http 3\n${'up 1\n'.repeat(500)}pod_http{code="200"} 0\nlast 1\n${'z 2\n'.repeat(500)}`;
  const reasonFor = (pattern: string): string =>
    judged(
      { outcome: 'granted', facts: { body: { matches: pattern } } },
      { outcome: 'granted', facts: { body: metrics } },
    ).reason;

  it('quotes what is most like the pattern, and not more', () => {
    const reason = reasonFor('pod_http\\{code="200"\\} [1-9]');
    expect(reason).to.match(/^body is "pod_http\{code=\\"200\\"\} 0\\nlast 1\\nz 2/);
    expect(reason).to.contain(`(an excerpt of ${metrics.length} characters), not matching /pod_http`);
    expect(reason.length).to.be.lessThan(700);
  });

  it('quotes the nearest where the whole beginning is not there', () =>
    expect(reasonFor('pod_http\\{code="403"\\} [1-9]')).to.match(/^body is "pod_http\{code=\\"200/));

  it('quotes the beginning where another text was expected', () =>
    expect(
      judged({ outcome: 'granted', facts: { body: 'short' } }, { outcome: 'granted', facts: { body: metrics } }).reason,
    ).to.match(/^body is "# HELP x what it is.* \(an excerpt of \d+ characters\), not "short"/));

  it('quotes all of one that is short enough', () => {
    const quoted = (fact: string): string =>
      judged({ outcome: 'granted', facts: { body: 'short' } }, { outcome: 'granted', facts: { body: fact } }).reason;
    expect(quoted('x'.repeat(198))).to.contain(`body is "${'x'.repeat(198)}", not "short"`);
    expect(quoted('S'.padStart(250, 'x'))).to.contain(
      `body is "${'x'.repeat(200)}" (an excerpt of 250 characters), not`,
    );
  });

  it('quotes the beginning where a pattern begins with nothing plain', () =>
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

  it("is read from AWS' record of the last decision that did not allow", () => {
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

describe('words', () => {
  it('say an expectation in full', () => {
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
      'denied as role app by sts or s3 with A or B with status 403 (explicit Deny in the session policy) saying "no" where a is 1 and b is absent and c is between 1 and 2 and d is matching /x/',
    );
  });

  it('say explicitness without a policy, and no identity for a refusal', () => {
    expect(describeExpectation({ outcome: 'denied', explicit: true })).to.equal('denied (by an explicit Deny)');
    expect(describeExpectation({ outcome: 'denied', explicit: false })).to.equal('denied (since nothing allows it)');
    expect(describeExpectation({ outcome: 'refused', by: 'agent' }, 'app')).to.equal('refused by agent');
  });

  it('name who it was', () => {
    expect(describeResult({ outcome: 'granted', identity })).to.equal(`granted as ${arn}`);
    expect(describeResult({ outcome: 'granted', identity }, { identityName: 'app' })).to.equal('granted as role app');
    expect(describeResult({ outcome: 'granted', message: '' })).to.equal('granted');
  });

  it('begin a sentence', () => {
    expect(judged({ outcome: 'granted' }, { outcome: 'granted', identity }).reason).to.equal(
      'Granted as role app, as expected.',
    );
  });

  it('clip a long message', () => {
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
    it(`${given ?? 'no identity'} is ${name ?? 'nothing'}`, () =>
      expect(nameIdentity(given === undefined ? undefined : { arn: given, account: '' }, known, node)).to.equal(name));
});
