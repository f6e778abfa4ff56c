import { expect } from 'chai';
import { Lateness } from './lateness.ts';

const block = (milliseconds: number): void => {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
};
/** Lets timers fire. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

describe('Lateness', () => {
  it('measures how long the event loop was blocked, within a period', async () => {
    const late = new Lateness();
    const before = Date.now();
    block(250);
    await turn();
    expect(late.between(before, Date.now())).to.be.at.least(150);
    const after = Date.now() + 1;
    expect(late.between(0, before - 60_000)).to.equal(0);
    expect(late.between(after + 60_000, Infinity)).to.equal(0);
    late.stop();
  });

  it('adds up delays within one second', async () => {
    const late = new Lateness();
    for (let count = 0; count < 5; count += 1) {
      block(150);
      await turn();
    }
    // Each of the five delays is about 100 ms.
    expect(late.milliseconds).to.be.at.least(300);
    late.stop();
  });

  it('is the delay of the slowest answer if that is longer', () => {
    const late = new Lateness();
    late.took(60_000);
    expect(late.milliseconds).to.equal(60_000);
    late.stop();
  });
});
