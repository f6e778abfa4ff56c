import { mock } from 'node:test';
import { expect } from 'chai';
import { aResult } from '../../test/support/scenarios.ts';
import { Progress } from './progress.ts';

describe('the progress of a run', () => {
  afterEach(() => mock.timers.reset());

  /** Returns the progress of a number of scenarios, a time after their start. */
  function progressAfter(milliseconds: number, scenarios: number): Progress {
    mock.timers.enable({ apis: ['Date'] });
    const progress = new Progress();
    progress.begin(scenarios);
    progress.enter('scenarios');
    mock.timers.tick(milliseconds);
    return progress;
  }

  it('shows the remaining time once a quarter of the scenarios is done', () => {
    const progress = progressAfter(3000, 8);
    progress.over(aResult({ id: 'AB-01' }));
    expect(progress.line()).to.equal('... 1 of 8 scenarios done');
    progress.over(aResult({ id: 'AB-02' }));
    expect(progress.line()).to.equal('... 2 of 8 scenarios done, 9 s left');
    expect(progress.rows()[0]).to.contain('2 of 8 scenarios, 3 s, 9 s left');
    mock.timers.tick(1000);
    progress.over(aResult({ id: 'AB-03' }));
    progress.over(aResult({ id: 'AB-04' }));
    expect(progress.line()).to.equal('... 4 of 8 scenarios done, 4 s left');
  });

  it('omits the remaining time in the first two seconds', () => {
    const progress = progressAfter(1000, 2);
    progress.over(aResult({}));
    expect(progress.line()).to.equal('... 1 of 2 scenarios done');
  });
});
