import { expect } from 'chai';
import { isUndoneAtOnce, undoAtOnce } from './undo.ts';

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
