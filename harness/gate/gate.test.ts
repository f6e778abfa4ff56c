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
      ['only until its last day in UTC', [entry({ until: '2026-12-30' })], false],
      ['only by its id', [entry({ scenario: 'AB-02' })], false],
      ['on a run with these facts', [entry({ when: { cluster: 'kind', agentImage: 'agent:0.1.*' } })], true],
      ['only on a run with these facts', [entry({ when: { cluster: 'embedded' } })], false],
      ['only with the listed verdict', [entry({ observed: { verdict: 'error' } })], false],
      ['by its failed probe', [entry({ probe: 1 })], true],
      ['only by its failed probe', [entry({ probe: 2 })], false],
      [
        'by the observation of a probe',
        [entry({ probe: 1, observed: { outcome: 'denied', status: 403, 'facts.keys': 2 } })],
        true,
      ],
      ['only with the listed outcome', [entry({ probe: 1, observed: { outcome: 'granted' } })], false],
      ['only with the listed fact', [entry({ probe: 1, observed: { 'facts.keys': 3 } })], false],
      ['with a second, valid allowance', [entry({ until: '2026-01-01' }), entry()], true],
    ];
    for (const [what, allowed, expected] of cases) it(what, () => expect(isAllowed({ allowed })).to.equal(expected));

    it('with every client, or with a single one', () => {
      const withGo = { ...failed, id: 'AB-01.go' };
      expect(isAllowed({ allowed: [entry()] }, withGo)).to.equal(true);
      expect(isAllowed({ allowed: [entry({ scenario: 'AB-01.go' })] }, withGo)).to.equal(true);
      expect(isAllowed({ allowed: [entry({ scenario: 'AB-01.python' })] }, withGo)).to.equal(false);
      expect(isAllowed({ allowed: [entry({ scenario: 'AB-01.go' })] })).to.equal(false);
      expect(() => checkGate(gateOf({ allowed: [entry({ scenario: 'AB-01.go' })] }), ['AB-01'])).not.to.throw();
    });

    it('by probes only if every failed probe is listed', () => {
      const both = aResult({ verdict: 'failed', probes: [failing, { ...failing, number: 1 }] });
      expect(isAllowed({ allowed: [entry({ probe: 1 })] }, both)).to.equal(false);
      expect(isAllowed({ allowed: [entry({ probe: 1 }), entry({ probe: 2 })] }, both)).to.equal(true);
    });

    it('with an error only if the verdict is listed', () => {
      const error = aResult({ verdict: 'error', errorCode: 'TIMED_OUT', probes: [failing] });
      expect(isAllowed({ allowed: [entry(), entry({ probe: 1 })] }, error)).to.equal(false);
      expect(isAllowed({ allowed: [entry({ observed: { verdict: 'error' } })] }, error)).to.equal(true);
    });

    it('and includes the date and the reason', () => {
      const { allowed } = applyGate(gateOf({ allowed: [entry({ source: 'https://example.com/1' })] }), failed, run);
      expect(allowed).to.deep.equal({ until: '2026-12-31', reason: 'Known.', source: 'https://example.com/1' });
      expect(applyGate(gateOf({ allowed: [entry()] }), failed, run).allowed).to.deep.equal({
        until: '2026-12-31',
        reason: 'Known.',
      });
    });

    it('neither without a gate nor without a failure', () => {
      expect(applyGate(undefined, failed, run)).to.equal(failed);
      for (const verdict of ['passed', 'skipped'] as const)
        expect(isAllowed({ allowed: [entry()] }, aResult({ verdict }))).to.equal(false);
    });
  });

  describe('reports', () => {
    const reportFor = (content: object, result = failed, as = run) => {
      const gate = { ...gateOf(content), file: 'gate.yaml' };
      return reportOf(gate, [applyGate(gate, result, as)], as);
    };
    const expectReport = (gate: object, result: typeof failed, problems: string[], warnings: string[]): void => {
      expect(reportFor(gate, result)).to.deep.equal({ file: 'gate.yaml', problems, warnings });
    };

    it('nothing if results are as listed', () => {
      expectReport({ allowed: [entry()] }, failed, [], []);
      expectReport({ allowed: [entry()] }, aResult({ verdict: 'skipped' }), [], []);
      expectReport({ allowed: [entry({ when: { cluster: 'eks' } })] }, aResult(), [], []);
    });

    it('an expired allowance', () =>
      expectReport(
        { allowed: [entry({ until: '2026-12-30' })] },
        failed,
        [
          'AB-01 was allowed to fail until 2026-12-30 (allowed[0] of gate.yaml: Known). Fix the failure, or set a later date.',
        ],
        [],
      ));

    it('no expired allowance if another one is valid', () =>
      expectReport({ allowed: [entry({ until: '2026-12-30' }), entry()] }, failed, [], []));

    it('no valid allowance of a probe if another probe fails', () => {
      const both = aResult({ verdict: 'failed', probes: [failing, { ...failing, number: 1 }] });
      expectReport({ allowed: [entry({ probe: 1 })] }, both, [], []);
    });

    it('an allowance of an unknown probe', () =>
      expectReport(
        { allowed: [entry({ probe: 9 })] },
        failed,
        ['AB-01 has a result that allowed[0] of gate.yaml does not allow.'],
        [],
      ));

    it('a failure that it does not allow', () =>
      expectReport(
        { allowed: [entry({ probe: 2 })] },
        failed,
        ['AB-01 has a result that allowed[0] of gate.yaml does not allow.'],
        [],
      ));

    it('a scenario that passes although it may fail', () =>
      expectReport(
        { allowed: [entry({ until: '2020-01-01' })] },
        aResult(),
        [],
        ['AB-01 passed, but allowed[0] of gate.yaml allows it to fail. Remove the entry.'],
      ));

    it('an unneeded allowance next to the needed one', () =>
      expectReport(
        { allowed: [entry(), entry({ probe: 2 })] },
        failed,
        [],
        ['AB-01 does not fail as allowed[1] of gate.yaml allows. Remove the entry.'],
      ));

    it('no unneeded allowance if another repetition may need it', () => {
      const { verdict, reason, durations } = failed;
      const repetition = { verdict, reason, durations };
      const repeated = { ...failed, repetitions: [repetition, repetition] };
      expectReport({ allowed: [entry(), entry({ probe: 2 })] }, repeated, [], []);
    });

    it('findings only if it has a list of findings', () => {
      const withFinding = aResult({ finding: 'A risk.' });
      expectReport({}, withFinding, [], []);
      expectReport({ findings: [{ scenario: 'AB-01', reason: 'Accepted.' }] }, withFinding, [], []);
      expectReport({ findings: [] }, aResult({ ...withFinding, verdict: 'failed' }), [], []);
      expectReport({ findings: [] }, aResult(), [], []);
      expectReport(
        { findings: [{ scenario: 'AB-02', reason: 'Accepted.' }] },
        withFinding,
        ['AB-01 has a finding that gate.yaml does not list: A risk. List it under findings.'],
        [],
      );
      expectReport(
        { findings: [{ scenario: 'AB-01', reason: 'Accepted.' }] },
        aResult(),
        [],
        ['AB-01 has no finding, but gate.yaml lists one. Remove the entry.'],
      );
    });
  });

  describe('rejects', () => {
    const wrong: readonly (readonly [string, object | string, string])[] = [
      ['invalid YAML', 'a: [', 'is neither YAML nor JSON'],
      ['an empty file', '', 'it must be an object, not null'],
      ['an unknown key', { allow: [] }, 'it must not have "allow": did you mean "allowed"?'],
      [
        'an invalid date',
        { allowed: [entry({ until: 'soon' })] },
        'allowed[0].until must be a date such as 2026-12-31, not "soon"',
      ],
      ['a day that does not exist', { allowed: [entry({ until: '2026-02-30' })] }, 'must be a date such as 2026-12-31'],
      ['an empty reason', { allowed: [entry({ reason: '' })] }, 'allowed[0].reason must be a non-empty string'],
      ['probe 0', { allowed: [entry({ probe: 0 })] }, 'allowed[0].probe must be a whole number of at least 1'],
      [
        'an observation that needs no allowance',
        { allowed: [entry({ observed: { verdict: 'passed' } })] },
        'needs no allowance',
      ],
      ['a layer for a whole scenario', { allowed: [entry({ observed: { layer: 's3' } })] }, 'layer requires a probe'],
      [
        'a finding without a reason',
        { findings: [{ scenario: 'AB-01' }] },
        'findings[0].reason must be a non-empty string',
      ],
    ];
    for (const [what, content, message] of wrong)
      it(what, () => {
        const path = file(content, 'gate.yaml');
        expect(() => readGate(path))
          .to.throw(HarnessError, message)
          .with.property('code', 'BAD_FILE');
      });

    it('an unknown scenario, with a suggestion', () => {
      const gate = { ...gateOf({ findings: [{ scenario: 'AB-11', reason: 'x' }] }), file: 'gate.yaml' };
      expect(() => checkGate(gate, ['AB-12', 'PI-01'])).to.throw(
        'gate.yaml names unknown scenario AB-11: did you mean "AB-12"?',
      );
      expect(() => checkGate(gate, Array(20).fill('XYZXYZ-99'))).to.throw(
        'names unknown scenario AB-11: remove it, or add its folder with --suites-dir.',
      );
    });
  });
});
