import { expect } from 'chai';
import { isUndoneAtOnce, removing, undoAll, undoAtOnce } from './undo.ts';

describe('what is undone when a scenario is over and its things stay', () => {
  const others = undoAtOnce(async () => undefined);
  const room = undoAtOnce(async () => undefined, 'makes-room');
  const rest = async (): Promise<void> => undefined;

  it('is what others would feel, and what takes room', () => {
    expect([others, room, rest].map((step) => isUndoneAtOnce(step, false))).to.deep.equal([true, true, false]);
  });

  it('is what others would feel alone where all is kept to be looked at', () => {
    expect([others, room, rest].map((step) => isUndoneAtOnce(step, true))).to.deep.equal([true, false, false]);
  });
});

describe('undoing', () => {
  it('undoes changes, the newest first, and then removes things', async () => {
    const done: string[] = [];
    const step = (name: string) => async () => void done.push(name);
    await undoAll([
      step('first'),
      removing({ name: 'role', lives: 'aws' }, step('role')),
      step('second'),
      removing({ name: 'bucket', lives: 'aws' }, step('bucket')),
    ]);
    expect(done).to.deep.equal(['second', 'first', 'role', 'bucket']);
  });

  it('removes things side by side', async () => {
    const arrived: (() => void)[] = [];
    // Each ends when the other has begun.
    const meeting = (): Promise<void> =>
      new Promise((resolve) => {
        arrived.push(resolve);
        if (arrived.length === 2) for (const both of arrived) both();
      });
    const thing = { name: 'role', lives: 'aws' } as const;
    expect(await undoAll([removing(thing, () => meeting()), removing(thing, () => meeting())])).to.deep.equal([]);
  });

  it('tries what fails once more, and tells of what fails twice', async () => {
    let tries = 0;
    const error = new Error('held');
    const once = async (): Promise<void> => {
      tries += 1;
      if (tries === 1) throw error;
    };
    const twice = removing({ name: 'bucket', lives: 'aws' }, () => Promise.reject(error));
    expect(await undoAll([once, twice], 0)).to.deep.equal([{ step: twice, error }]);
    expect(tries).to.equal(2);
  });
});
