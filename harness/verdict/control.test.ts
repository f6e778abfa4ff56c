import { expect } from 'chai';
import { summarize, worst, type ProbeOutcome, type Verdict } from '../report/results.ts';
import { anOutcome, aResult } from '../../test/support/scenarios.ts';
import { withoutControl } from './control.ts';

const outcome = (expected: string, verdict: ProbeOutcome['verdict']): ProbeOutcome =>
  anOutcome({ expected: { text: expected, outcome: expected }, verdict, reason: 'Because.' });

describe('a denial without its control', () => {
  const table: readonly (readonly [string, readonly [string, ProbeOutcome['verdict']][], string])[] = [
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
    const probes = [anOutcome(), anOutcome({ observed: null })];
    expect(summarize(verdicts.map((verdict) => aResult({ verdict, probes })))).to.deep.equal({
      total: 6,
      passed: 2,
      failed: 1,
      inconclusive: 1,
      skipped: 1,
      error: 1,
      probes: 6,
    });
  });
});
