import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { waitForIdleEventLoop } from './back-pressure.ts';

/** Blocks the event loop. */
function block(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

describe('waitForIdleEventLoop', () => {
  it('waits while the event loop is blocked', async () => {
    let blocks = 0;
    const work = setInterval(() => {
      blocks += 1;
      if (blocks < 3) block(150);
      else clearInterval(work);
    });
    await sleep(1);
    await waitForIdleEventLoop(new AbortController().signal);
    expect(blocks).to.be.at.least(3);
  });

  it('stops waiting when the run ends', async () => {
    const ended = new AbortController();
    const work = setInterval(() => block(150));
    setTimeout(() => ended.abort(), 200);
    await waitForIdleEventLoop(ended.signal);
    clearInterval(work);
    expect(ended.signal.aborted).to.equal(true);
  });
});
