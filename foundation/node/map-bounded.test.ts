import { expect } from 'chai';
import { setImmediate as turn } from 'node:timers/promises';
import { mapBounded } from './map-bounded.ts';

describe('mapBounded', () => {
  it('keeps the order of items and runs at most `limit` at a time', async () => {
    let running = 0;
    let most = 0;
    const results = await mapBounded([5, 1, 3, 2, 4], 2, async (turns) => {
      most = Math.max(most, ++running);
      for (let index = 0; index < turns; index += 1) await turn();
      running -= 1;
      return turns * 10;
    });
    expect(results).to.deep.equal([50, 10, 30, 20, 40]);
    expect(most).to.equal(2);
  });

  it('starts no further item after a rejection', async () => {
    const started: number[] = [];
    const outcome = mapBounded([1, 2, 3, 4], 2, async (item) => {
      started.push(item);
      await turn();
      throw new Error(`item ${item}`);
    });
    expect(await outcome.catch((error: Error) => error.message)).to.equal('item 1');
    await turn();
    expect(started).to.deep.equal([1, 2]);
  });
});
