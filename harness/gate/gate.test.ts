import { expect } from 'chai';
import { aResult, anOutcome } from '../../test/support/scenarios.ts';
import { file } from '../../test/support/comparison.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { checkGate, readGate, type Gate } from './gate.ts';
import { applyGate, reportOf, type GatedRun } from './apply-gate.ts';

const entry = (values: object = {}): object => ({
  scenario: 'AB-01',
  until: '2026-12-31',
  reason: 'Known.',
  ...values,
});
const gateOf = (content: object): Gate => readGate(file(content, 'gate.yaml'));
const run: GatedRun = { id: 'cabcdef', today: '2026-12-31', facts: { cluster: 'kind', agentImage: 'agent:0.1.37' } };
const failing = anOutcome({
  verdict: 'failed',
  observed: { outcome: 'denied', layer: 's3', code: 'AccessDenied', status: 403, facts: { keys: 2 } },
});
const failed = aResult({ verdict: 'failed', probes: [failing, anOutcome({ number: 1 })] });

describe('a gate', () => {
  describe('allows a scenario', () => {
    const isAllowed = (gate: object, result = failed, as = run): boolean => {
      const { allowed } = applyGate(gateOf(gate), result, as);
      return allowed !== undefined;
    };
    const cases: readonly (readonly [string, readonly object[], boolean])[] = [
      ['that is listed', [entry()], true],
      ['on its last day in UTC, and not after', [entry({ until: '2026-12-30' })], false],
      ['and no other', [entry({ scenario: 'AB-02' })], false],
      ['on a run with these facts', [entry({ when: { cluster: 'kind', agentImage: 'agent:0.1.*' } })], true],
      ['on no other run', [entry({ when: { cluster: 'embedded' } })], false],
      ['by its verdict', [entry({ observed: { verdict: 'error' } })], false],
      ['by the probe that failed', [entry({ probe: 1 })], true],
      ['by no other probe', [entry({ probe: 2 })], false],
      [
        'by what the probe met',
        [entry({ probe: 1, observed: { outcome: 'denied', status: 403, 'facts.keys': 2 } })],
        true,
      ],
      ['that met nothing else', [entry({ probe: 1, observed: { outcome: 'granted' } })], false],
      ['that met no other fact', [entry({ probe: 1, observed: { 'facts.keys': 3 } })], false],
      ['whose later allowance holds', [entry({ until: '2026-01-01' }), entry()], true],
    ];
    for (const [what, allowed, expected] of cases) it(what, () => expect(isAllowed({ allowed })).to.equal(expected));

    it('with each client, or with one alone', () => {
      const withGo = { ...failed, id: 'AB-01.go' };
      expect(isAllowed({ allowed: [entry()] }, withGo)).to.equal(true);
      expect(isAllowed({ allowed: [entry({ scenario: 'AB-01.go' })] }, withGo)).to.equal(true);
      expect(isAllowed({ allowed: [entry({ scenario: 'AB-01.python' })] }, withGo)).to.equal(false);
      expect(isAllowed({ allowed: [entry({ scenario: 'AB-01.go' })] })).to.equal(false);
      expect(() => checkGate(gateOf({ allowed: [entry({ scenario: 'AB-01.go' })] }), ['AB-01'])).not.to.throw();
    });

    it('by probes only when each that failed is listed', () => {
      const both = aResult({ verdict: 'failed', probes: [failing, { ...failing, number: 1 }] });
      expect(isAllowed({ allowed: [entry({ probe: 1 })] }, both)).to.equal(false);
      expect(isAllowed({ allowed: [entry({ probe: 1 }), entry({ probe: 2 })] }, both)).to.equal(true);
    });

    it('that could not be judged only where it says so', () => {
      const error = aResult({ verdict: 'error', errorCode: 'TIMED_OUT', probes: [failing] });
      expect(isAllowed({ allowed: [entry(), entry({ probe: 1 })] }, error)).to.equal(false);
      expect(isAllowed({ allowed: [entry({ observed: { verdict: 'error' } })] }, error)).to.equal(true);
    });

    it('and says of it until when and why', () => {
      const { allowed } = applyGate(gateOf({ allowed: [entry({ source: 'https://example.com/1' })] }), failed, run);
      expect(allowed).to.deep.equal({ until: '2026-12-31', reason: 'Known.', source: 'https://example.com/1' });
      expect(applyGate(gateOf({ allowed: [entry()] }), failed, run).allowed).to.deep.equal({
        until: '2026-12-31',
        reason: 'Known.',
      });
    });

    it('neither without a gate nor where there is nothing to allow', () => {
      expect(applyGate(undefined, failed, run)).to.equal(failed);
      for (const verdict of ['passed', 'skipped'] as const)
        expect(isAllowed({ allowed: [entry()] }, aResult({ verdict }))).to.equal(false);
    });
  });

  describe('tells', () => {
    const told = (content: object, result = failed, as = run) => {
      const gate = { ...gateOf(content), file: 'gate.yaml' };
      return reportOf(gate, [applyGate(gate, result, as)], as);
    };
    const expectTold = (gate: object, result: typeof failed, problems: string[], warnings: string[]): void => {
      expect(told(gate, result)).to.deep.equal({ file: 'gate.yaml', problems, warnings });
    };

    it('nothing where all is as it says', () => {
      expectTold({ allowed: [entry()] }, failed, [], []);
      expectTold({ allowed: [entry()] }, aResult({ verdict: 'skipped' }), [], []);
      expectTold({ allowed: [entry({ when: { cluster: 'eks' } })] }, aResult(), [], []);
    });

    it('of an allowance whose time is over', () =>
      expectTold(
        { allowed: [entry({ until: '2026-12-30' })] },
        failed,
        [
          'AB-01 was allowed to fail until 2026-12-30 (allowed[0] of gate.yaml: Known): mend what fails, or give a later date.',
        ],
        [],
      ));

    it('nothing of one whose time is over where another holds', () =>
      expectTold({ allowed: [entry({ until: '2026-12-30' }), entry()] }, failed, [], []));

    it('nothing of one that holds, of a probe beside which another fails', () => {
      const both = aResult({ verdict: 'failed', probes: [failing, { ...failing, number: 1 }] });
      expectTold({ allowed: [entry({ probe: 1 })] }, both, [], []);
    });

    it('of a probe that there is not', () =>
      expectTold(
        { allowed: [entry({ probe: 9 })] },
        failed,
        ['AB-01 is not as expected in another way than allowed[0] of gate.yaml allows.'],
        [],
      ));

    it('of a failure of another kind than it allows', () =>
      expectTold(
        { allowed: [entry({ probe: 2 })] },
        failed,
        ['AB-01 is not as expected in another way than allowed[0] of gate.yaml allows.'],
        [],
      ));

    it('of a scenario that passes though it may fail', () =>
      expectTold(
        { allowed: [entry({ until: '2020-01-01' })] },
        aResult(),
        [],
        ['AB-01 passed, though allowed[0] of gate.yaml allows it to fail: take that out.'],
      ));

    it('of an allowance beside the one that is needed', () =>
      expectTold(
        { allowed: [entry(), entry({ probe: 2 })] },
        failed,
        [],
        ['AB-01 does not fail as allowed[1] of gate.yaml allows: take that out.'],
      ));

    it('nothing of an allowance beside it where another repetition may have needed that', () => {
      const { verdict, reason, durations } = failed;
      const repetition = { verdict, reason, durations };
      const repeated = { ...failed, repetitions: [repetition, repetition] };
      expectTold({ allowed: [entry(), entry({ probe: 2 })] }, repeated, [], []);
    });

    it('of findings only where it lists some, or none', () => {
      const found = aResult({ finding: 'A risk.' });
      expectTold({}, found, [], []);
      expectTold({ findings: [{ scenario: 'AB-01', reason: 'Accepted.' }] }, found, [], []);
      expectTold({ findings: [] }, aResult({ ...found, verdict: 'failed' }), [], []);
      expectTold({ findings: [] }, aResult(), [], []);
      expectTold(
        { findings: [{ scenario: 'AB-02', reason: 'Accepted.' }] },
        found,
        ['AB-01 has a finding that gate.yaml does not list: A risk. List it under findings.'],
        [],
      );
      expectTold(
        { findings: [{ scenario: 'AB-01', reason: 'Accepted.' }] },
        aResult(),
        [],
        ['AB-01 has no finding, though gate.yaml lists one: take that out.'],
      );
    });
  });

  describe('refuses', () => {
    const wrong: readonly (readonly [string, object | string, string])[] = [
      ['what is no YAML', 'a: [', 'is neither YAML nor JSON'],
      ['an empty file', '', 'it must be an object, not null'],
      ['another key', { allow: [] }, 'it must not have "allow": did you mean "allowed"?'],
      [
        'no date',
        { allowed: [entry({ until: 'soon' })] },
        'allowed[0].until must be a date such as 2026-12-31, not "soon"',
      ],
      ['a day that there is not', { allowed: [entry({ until: '2026-02-30' })] }, 'must be a date such as 2026-12-31'],
      ['no reason', { allowed: [entry({ reason: '' })] }, 'allowed[0].reason must be a text that is not empty'],
      ['probe 0', { allowed: [entry({ probe: 0 })] }, 'allowed[0].probe must be a whole number of at least 1'],
      ['what needs no allowance', { allowed: [entry({ observed: { verdict: 'passed' } })] }, 'needs no allowance'],
      ['a layer of a whole scenario', { allowed: [entry({ observed: { layer: 's3' } })] }, 'layer needs a probe'],
      ['a finding without a reason', { findings: [{ scenario: 'AB-01' }] }, 'findings[0].reason must be a text'],
    ];
    for (const [what, content, message] of wrong)
      it(what, () => {
        const path = file(content, 'gate.yaml');
        expect(() => readGate(path))
          .to.throw(HarnessError, message)
          .with.property('code', 'BAD_FILE');
      });

    it('a scenario that there is not, with the nearest that there is', () => {
      const gate = { ...gateOf({ findings: [{ scenario: 'AB-11', reason: 'x' }] }), file: 'gate.yaml' };
      expect(() => checkGate(gate, ['AB-12', 'PI-01'])).to.throw(
        'gate.yaml names scenario AB-11, which there is not: did you mean "AB-12"?',
      );
      expect(() => checkGate(gate, Array(20).fill('XYZXYZ-99'))).to.throw(
        'which there is not: take it out, or add its folder with --suites-dir.',
      );
    });
  });
});
