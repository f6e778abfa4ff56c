import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { KeyedMutex } from './keyed-mutex.ts';

const never = new AbortController().signal;

describe('KeyedMutex', () => {
  it('serializes callers of one key, but not of different keys', async () => {
    const mutex = new KeyedMutex();
    const log: string[] = [];
    const pass = async (name: string, key: string): Promise<() => void> => {
      const leave = await mutex.enter(key, never);
      log.push(name);
      return leave;
    };
    const first = await pass('first', 'a');
    const second = pass('second', 'a');
    const third = pass('third', 'a');
    await pass('other', 'b');
    expect(log).to.deep.equal(['first', 'other']);
    first();
    (await second)();
    await third;
    expect(log).to.deep.equal(['first', 'other', 'second', 'third']);
  });

  it('skips callers that give up, and still waits for those before them', async () => {
    const mutex = new KeyedMutex();
    const leave = await mutex.enter('a', never);
    const impatient = new AbortController();
    const gaveUp = mutex.enter('a', impatient.signal).catch((error: Error) => error.message);
    let through = false;
    const last = mutex.enter('a', never).then(() => (through = true));
    impatient.abort(new Error('no more time'));
    expect(await gaveUp).to.equal('no more time');
    await turn();
    expect(through).to.equal(false);
    leave();
    expect(await last).to.equal(true);
  });
});
