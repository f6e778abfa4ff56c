import { expect } from 'chai';
import { firstCsvRecord, parseBool, parseInteger } from './text.ts';

describe('firstCsvRecord', () => {
  const records: readonly (readonly [string, readonly string[] | undefined])[] = [
    ['one', ['one']],
    ['one,two', ['one', 'two']],
    ['one, two', ['one', ' two']],
    ['one,', ['one', '']],
    ['"one",two', ['one', 'two']],
    ['"a,b"', ['a,b']],
    ['"a""b"', ['a"b']],
    ['one\ntwo', ['one']],
    ['\n\r\none\r', ['one']],
    ['"one\n",two', ['one\n', 'two']],
    ['', undefined],
    ['\n', undefined],
    ['one"', undefined],
    ['"one', undefined],
    ['"one" ,two', undefined],
    [' "one"', undefined],
  ];
  for (const [text, expected] of records) {
    it(`parses ${JSON.stringify(text)}`, () => {
      expect(firstCsvRecord(text)).to.deep.equal(expected);
    });
  }
});

describe('parseBool', () => {
  it('accepts exactly twelve words', () => {
    expect(['1', 't', 'T', 'TRUE', 'true', 'True'].map(parseBool)).to.deep.equal(Array(6).fill(true));
    expect(['0', 'f', 'F', 'FALSE', 'false', 'False'].map(parseBool)).to.deep.equal(Array(6).fill(false));
    expect(['', 'yes', 'tRUE', ' true', 'on'].map(parseBool)).to.deep.equal(Array(5).fill(undefined));
  });
});

describe('parseInteger', () => {
  const integers: readonly (readonly [string, bigint | undefined])[] = [
    ['7200', 7200n],
    ['+7200', 7200n],
    ['-5', -5n],
    ['007', 7n],
    ['9223372036854775807', 9223372036854775807n],
    ['9223372036854775808', undefined],
    ['-9223372036854775808', -9223372036854775808n],
    ['7200 ', undefined],
    ['1e4', undefined],
    ['1_000', undefined],
    ['0x10', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of integers) {
    it(`parses ${JSON.stringify(text)}`, () => {
      expect(parseInteger(text, 64)).to.equal(expected);
    });
  }
});
