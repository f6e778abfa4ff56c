import { expect } from 'chai';
import { parseDuration } from './text.ts';

describe('parseDuration', () => {
  const durations: readonly (readonly [string, number | undefined])[] = [
    ['0', 0],
    ['100ms', 100],
    ['1.5s', 1500],
    ['.5s', 500],
    ['1.s', 1000],
    ['1m30s', 90_000],
    ['2h', 7_200_000],
    ['-1s', -1000],
    ['+1us', 0.001],
    ['1µs', 0.001],
    ['1μs', 0.001],
    ['2562047h', 2562047 * 3_600_000],
    ['2562048h', undefined],
    ['5', undefined],
    ['.s', undefined],
    ['1d', undefined],
    ['1s ', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of durations) {
    it(`parses ${JSON.stringify(text)}`, () => {
      expect(parseDuration(text)).to.equal(expected);
    });
  }
});
