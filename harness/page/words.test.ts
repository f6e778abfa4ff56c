import { expect } from 'chai';
import { summarize, type RunResults } from '../results/results.ts';
import { aResult, someResults } from '../../test/support/scenarios.ts';
import { conclusion, duration } from './words.ts';

describe("the page's words about a run", () => {
  const [passed, failed, inconclusive, skipped] = (['passed', 'failed', 'inconclusive', 'skipped'] as const).map(
    (verdict, index) => aResult({ id: `AB-0${index + 1}`, verdict }),
  );
  const wordsFor = (scenarios: readonly (typeof passed)[], run: Partial<RunResults['run']>): string => {
    const all = scenarios.flatMap((scenario) => scenario ?? []);
    return conclusion(someResults(all, summarize(all), run)).words;
  };

  it('agree with its exit code', () => {
    expect(wordsFor([passed, skipped], { exitCode: 0 })).to.equal('Conforms: this package');
    expect(wordsFor([skipped], { exitCode: 0 })).to.equal('Nothing was judged');
    expect(wordsFor([passed, failed], { exitCode: 1 })).to.equal('Does not conform');
    // The gate allows the failure.
    expect(wordsFor([passed, failed], { exitCode: 0 })).to.equal('Conforms, except for known failures');
    expect(wordsFor([passed, inconclusive], { exitCode: 3 })).to.equal('Some scenarios could not be judged');
    expect(wordsFor([passed], { exitCode: 3, error: 'AWS is unreachable.' })).to.equal('The run failed');
    expect(wordsFor([passed, failed], { exitCode: 130, interrupted: true })).to.equal('Interrupted');
  });

  it('have times with suitable units', () =>
    expect([0.16, 42, 1234, 125_000].map(duration)).to.deep.equal([
      '0.2\u00a0ms',
      '42\u00a0ms',
      '1.23\u00a0s',
      '2 min 5 s',
    ]));
});
