import { expect } from 'chai';
import { JsonSyntaxError, parseJson } from './json-parse.ts';

describe('parseJson', () => {
  const refusals: readonly (readonly [string, string])[] = [
    ['{', 'unexpected end of JSON input'],
    ['', 'unexpected end of JSON input'],
    ['{"a":"b', 'unexpected end of JSON input'],
    ['é', "invalid character 'Ã' looking for beginning of value"],
    ['['.repeat(10_001), "invalid character '[' exceeded max depth"],
    ['{"a":1} x', "invalid character 'x' after top-level value"],
    ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
    ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b":2}', `invalid character '"' after object key:value pair`],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['[1 2]', "invalid character '2' after array element"],
    ['[01]', "invalid character '1' after array element"],
  ];
  for (const [text, message] of refusals) {
    it(`rejects ${JSON.stringify(text.slice(0, 20))} with Go's message`, () => {
      expect(() => parseJson(text)).to.throw(message);
    });
  }

  for (const text of ['tru', '[-', '[1.]', '[1e]', '["\\x"]', '["\\u12g4"]', '{"a":tru}', '{"a":"\n"}']) {
    it(`rejects ${JSON.stringify(text)}`, () => {
      expect(() => parseJson(text)).to.throw(JsonSyntaxError);
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
