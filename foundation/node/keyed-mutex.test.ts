import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { KeyedMutex } from './keyed-mutex.ts';

const never = new AbortController().signal;

describe('a mutex by key', () => {
  it('lets one through after the other, and those of another key beside', async () => {
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

  it('goes on without those that give up, and not before those ahead of them have left', async () => {
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
