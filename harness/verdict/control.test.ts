import { expect } from 'chai';
import { isFlaky, summarize, worst, type ProbeOutcome, type Verdict } from '../results/results.ts';
import { anOutcome, aResult } from '../../test/support/scenarios.ts';
import { withoutControl } from './control.ts';

const outcome = (expected: ProbeOutcome['expected']['outcome'], verdict: ProbeOutcome['verdict']): ProbeOutcome =>
  anOutcome({ expected: { text: expected, outcome: expected }, verdict, reason: 'Because.' });

describe('a denial without its control', () => {
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
      'one grant of two passed',
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
      'the denial failed anyway',
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
    it(`where ${what}: ${verdicts || 'nothing'}`, () => {
      const judged = withoutControl(outcomes.map(([expected, verdict]) => outcome(expected, verdict)));
      expect(judged.map(({ verdict }) => verdict).join(' ')).to.equal(verdicts);
      for (const probe of judged)
        if (probe.verdict === 'inconclusive' && probe.expected.outcome !== 'granted')
          expect(probe.reason).to.equal('Because. But nothing in this scenario was granted, so this means nothing.');
    });
});

describe('the denials of a scenario one of whose controls failed', () => {
  const control = anOutcome({ control: true, verdict: 'inconclusive', reason: 'Denied.' });
  const other = anOutcome({ expected: { text: 'granted', outcome: 'granted' }, verdict: 'passed' });
  const failed = (observed: ProbeOutcome['observed']): ProbeOutcome =>
    anOutcome({ observed, verdict: 'failed', reason: 'Because.' });
  for (const [what, probe, verdict] of [
    ['a denial that was not expected', failed({ outcome: 'denied' }), 'inconclusive'],
    ['a refusal that was not expected', failed({ outcome: 'refused' }), 'inconclusive'],
    ['access that was not expected', failed({ outcome: 'granted' }), 'failed'],
    ['an object that is absent', failed({ outcome: 'absent' }), 'failed'],
    ['a probe that was not made', failed(null), 'failed'],
    ['an error', anOutcome({ observed: { outcome: 'denied' }, verdict: 'error' }), 'error'],
  ] as const)
    it(`${what} is ${verdict}`, () => {
      const judged = withoutControl([control, other, probe]);
      expect(judged.map((one) => one.verdict)).to.deep.equal(['inconclusive', 'passed', verdict]);
      expect(judged[0]?.reason).to.equal('Denied.');
      if (verdict === 'inconclusive')
        expect(judged[2]?.reason).to.equal('Because. But a control failed, so this means nothing.');
    });
  it('stand where the control passed, and where what failed is no control', () => {
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
  it('counts each verdict, and the probes that were made', () => {
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

describe('a scenario that was repeated', () => {
  const { reason, durations } = aResult();
  const isFlakyWith = (...verdicts: readonly Verdict[]): boolean =>
    isFlaky({ repetitions: verdicts.map((verdict) => ({ verdict, reason, durations })) });

  it('is flaky where its verdicts differ', () => {
    expect(isFlakyWith('passed', 'failed')).to.equal(true);
    expect(isFlakyWith('failed', 'failed')).to.equal(false);
    expect(isFlaky({})).to.equal(false);
  });
});
