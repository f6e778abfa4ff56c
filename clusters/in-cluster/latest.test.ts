import { expect } from 'chai';
import { latestOnly } from './delivery.ts';

describe('latestOnly', () => {
  /** Writes that end on request. */
  const controlled = () => {
    const writes: { readonly state: number; readonly end: (error?: Error) => void }[] = [];
    const put = latestOnly<number>(
      (state) =>
        new Promise((resolve, reject) =>
          writes.push({ state, end: (error) => (error === undefined ? resolve() : reject(error)) }),
        ),
    );
    return { writes, put };
  };
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('writes the first state immediately, and then only the newest of the pending ones', async () => {
    const { writes, put } = controlled();
    const done: number[] = [];
    const record = (state: number): Promise<number> => put(state).then(() => done.push(state));
    const all = [record(1)];
    await turn();
    all.push(record(2), record(3), record(4));
    await turn();
    expect(writes.map(({ state }) => state)).to.deep.equal([1]);
    writes[0]?.end();
    await turn();
    expect(done).to.deep.equal([1]);
    expect(writes.map(({ state }) => state)).to.deep.equal([1, 4]);
    const [, second] = writes;
    all.push(record(5));
    await turn();
    second?.end();
    await turn();
    expect(done).to.deep.equal([1, 2, 3, 4]);
    writes[2]?.end();
    await Promise.all(all);
    expect(writes.map(({ state }) => state)).to.deep.equal([1, 4, 5]);
    expect(done).to.deep.equal([1, 2, 3, 4, 5]);
  });

  it('combines simultaneous calls', async () => {
    const { writes, put } = controlled();
    const all = Promise.all([put(1), put(2), put(3)]);
    await turn();
    expect(writes.map(({ state }) => state)).to.deep.equal([3]);
    writes[0]?.end();
    await all;
  });

  it('rejects only the calls whose write failed, and continues', async () => {
    const { writes, put } = controlled();
    const first = put(1).catch(String);
    await turn();
    const second = put(2);
    writes[0]?.end(new Error('unreachable'));
    expect(await first).to.equal('Error: unreachable');
    await turn();
    writes[1]?.end();
    await second;
    expect(writes.map(({ state }) => state)).to.deep.equal([1, 2]);
  });
});
