import { expect } from 'chai';
import { parseJson } from './json-parse.ts';

describe('parseJson', () => {
  const refusals: readonly (readonly [string, string])[] = [
    ['{', 'unexpected end of JSON input'],
    ['', 'unexpected end of JSON input'],
    ['{"a":"b', 'unexpected end of JSON input'],
    // At the end of the text, Go's scanner reads a space.
    ['tru', "invalid character ' ' in literal true (expecting 'e')"],
    ['[-', "invalid character ' ' in numeric literal"],
    ['["\\', "invalid character ' ' in string escape code"],
    ['é', "invalid character 'Ã' looking for beginning of value"],
    ['['.repeat(10_001), "invalid character '[' exceeded max depth"],
    ['{"a":1} x', "invalid character 'x' after top-level value"],
    ['{"a":tru}', "invalid character '}' in literal true (expecting 'e')"],
    ['{"a":"\n"}', "invalid character '\\n' in string literal"],
    ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
    ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b":2}', `invalid character '"' after object key:value pair`],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['[1 2]', "invalid character '2' after array element"],
    ['[01]', "invalid character '1' after array element"],
    ['[-]', "invalid character ']' in numeric literal"],
    ['[1.]', "invalid character ']' after decimal point in numeric literal"],
    ['[1e]', "invalid character ']' in exponent of numeric literal"],
    ['["\\x"]', "invalid character 'x' in string escape code"],
    ['["\\u12g4"]', "invalid character 'g' in \\u hexadecimal character escape"],
  ];
  for (const [text, message] of refusals) {
    it(`rejects ${JSON.stringify(text.slice(0, 20))} with Go's message`, () => {
      expect(() => parseJson(text)).to.throw(message);
    });
  }

  it('keeps the text of numbers and strings, and the order of members', () => {
    expect(parseJson('{"a":1e3,"a":["\\u0041",null]}')).to.deep.equal({
      kind: 'object',
      entries: [
        ['a', { kind: 'number', raw: '1e3' }],
        ['a', { kind: 'array', items: [{ kind: 'string', raw: '"\\u0041"', value: 'A' }, { kind: 'null' }] }],
      ],
    });
  });
});
