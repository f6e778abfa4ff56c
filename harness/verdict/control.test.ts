import { expect } from 'chai';
import { isFlaky, summarize, worst, type ProbeOutcome, type Verdict } from '../results/results.ts';
import { anOutcome, aResult } from '../../test/support/scenarios.ts';
import { withoutControl } from './control.ts';

const outcome = (expected: ProbeOutcome['expected']['outcome'], verdict: ProbeOutcome['verdict']): ProbeOutcome =>
  anOutcome({ expected: { text: expected, outcome: expected }, verdict, reason: 'Because.' });

describe('the verdicts of a scenario', () => {
  const table: readonly (readonly [
    string,
    readonly [ProbeOutcome['expected']['outcome'], ProbeOutcome['verdict']][],
    string,
  ])[] = [
    [
      'a grant passed',
      [
        ['granted', 'passed'],
        ['denied', 'passed'],
      ],
      'passed passed',
    ],
    [
      'an absence passed',
      [
        ['absent', 'passed'],
        ['denied', 'passed'],
      ],
      'passed passed',
    ],
    [
      'one of two grants passed',
      [
        ['granted', 'failed'],
        ['granted', 'passed'],
        ['refused', 'passed'],
      ],
      'failed passed passed',
    ],
    [
      'no grant passed',
      [
        ['granted', 'failed'],
        ['denied', 'passed'],
        ['refused', 'passed'],
      ],
      'failed inconclusive inconclusive',
    ],
    [
      'the control was inconclusive',
      [
        ['granted', 'inconclusive'],
        ['denied', 'passed'],
      ],
      'inconclusive inconclusive',
    ],
    [
      'the grant had an error',
      [
        ['granted', 'error'],
        ['denied', 'passed'],
      ],
      'error inconclusive',
    ],
    [
      'the denial failed too',
      [
        ['granted', 'failed'],
        ['denied', 'failed'],
      ],
      'failed failed',
    ],
    ['there is no denial', [['granted', 'failed']], 'failed'],
    ['nothing was probed', [], ''],
  ];
  for (const [what, outcomes, verdicts] of table)
    it(`if ${what}: ${verdicts || 'none'}`, () => {
      const judged = withoutControl(outcomes.map(([expected, verdict]) => outcome(expected, verdict)));
      expect(judged.map(({ verdict }) => verdict).join(' ')).to.equal(verdicts);
      for (const probe of judged)
        if (probe.verdict === 'inconclusive' && probe.expected.outcome !== 'granted')
          expect(probe.reason).to.equal(
            'Because. No expected grant of this scenario passed, so this result is inconclusive.',
          );
    });
});

describe('a failed control', () => {
  const control = anOutcome({ control: true, verdict: 'inconclusive', reason: 'Denied.' });
  const other = anOutcome({ expected: { text: 'granted', outcome: 'granted' }, verdict: 'passed' });
  const failed = (observed: ProbeOutcome['observed']): ProbeOutcome =>
    anOutcome({ observed, verdict: 'failed', reason: 'Because.' });
  for (const [what, probe, verdict] of [
    ['an unexpected denial', failed({ outcome: 'denied' }), 'inconclusive'],
    ['an unexpected refusal', failed({ outcome: 'refused' }), 'inconclusive'],
    ['unexpected access', failed({ outcome: 'granted' }), 'failed'],
    ['an absent object', failed({ outcome: 'absent' }), 'failed'],
    ['a probe without a result', failed(null), 'failed'],
    ['an error', anOutcome({ observed: { outcome: 'denied' }, verdict: 'error' }), 'error'],
  ] as const)
    it(`gives ${what} the verdict ${verdict}`, () => {
      const judged = withoutControl([control, other, probe]);
      expect(judged.map((one) => one.verdict)).to.deep.equal(['inconclusive', 'passed', verdict]);
      expect(judged[0]?.reason).to.equal('Denied.');
      if (verdict === 'inconclusive')
        expect(judged[2]?.reason).to.equal('Because. A control failed, so this result is inconclusive.');
    });
  it('changes nothing if it passed or is not a control', () => {
    for (const beside of [anOutcome({ control: true }), anOutcome({ verdict: 'inconclusive' })])
      expect(withoutControl([beside, other, failed({ outcome: 'denied' })])[2]?.verdict).to.equal('failed');
  });
});

describe('the worst verdict', () => {
  for (const [verdicts, expected] of [
    [[], 'passed'],
    [['passed', 'passed'], 'passed'],
    [['passed', 'inconclusive'], 'inconclusive'],
    [['inconclusive', 'failed', 'passed'], 'failed'],
    [['failed', 'error', 'inconclusive'], 'error'],
  ] as const)
    it(`of ${verdicts.join(', ') || 'none'} is ${expected}`, () => expect(worst(verdicts)).to.equal(expected));
});

describe('the summary', () => {
  it('counts each verdict, and the probes with a result', () => {
    const verdicts: Verdict[] = ['passed', 'passed', 'failed', 'inconclusive', 'skipped', 'error'];
    const probes = [anOutcome(), anOutcome({ observed: null }), anOutcome()];
    expect(summarize(verdicts.map((verdict) => aResult({ verdict, probes })))).to.deep.equal({
      total: 6,
      passed: 2,
      failed: 1,
      inconclusive: 1,
      skipped: 1,
      error: 1,
      probes: 12,
    });
  });
});

describe('a repeated scenario', () => {
  const { reason, durations } = aResult();
  const isFlakyWith = (...verdicts: readonly Verdict[]): boolean =>
    isFlaky({ repetitions: verdicts.map((verdict) => ({ verdict, reason, durations })) });

  it('is flaky if its verdicts differ', () => {
    expect(isFlakyWith('passed', 'failed')).to.equal(true);
    expect(isFlakyWith('failed', 'failed')).to.equal(false);
    expect(isFlaky({})).to.equal(false);
  });
});
