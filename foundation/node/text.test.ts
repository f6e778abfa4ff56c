import { expect } from 'chai';
import { wantsColor } from './text.ts';

describe('color', () => {
  const table: readonly (readonly [string, boolean, boolean, Record<string, string>, boolean])[] = [
    ['a terminal', true, false, {}, true],
    ['no terminal', false, false, {}, false],
    ['--no-color', true, true, {}, false],
    ['--no-color over FORCE_COLOR', true, true, { FORCE_COLOR: '1' }, false],
    ['NO_COLOR', true, false, { NO_COLOR: '1' }, false],
    ['an empty NO_COLOR', true, false, { NO_COLOR: '' }, true],
    ['NO_COLOR over FORCE_COLOR', false, false, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    ['FORCE_COLOR', false, false, { FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR=0', false, false, { FORCE_COLOR: '0' }, false],
    ['TERM=dumb', true, false, { TERM: 'dumb' }, false],
  ];
  for (const [what, isTTY, noColor, environment, expected] of table)
    it(`is ${expected ? 'on' : 'off'} with ${what}`, () =>
      expect(wantsColor({ isTTY }, noColor, environment)).to.equal(expected));
});
