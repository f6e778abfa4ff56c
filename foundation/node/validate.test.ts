import { expect } from 'chai';
import * as z from 'zod';
import { HarnessError } from './errors.ts';
import { scalar, validated, whole, words } from './validate.ts';

describe('validated', () => {
  const schema = z.strictObject({
    name: words,
    list: z.array(z.object({ kind: z.enum(['a', 'b']), count: whole(1) })).min(1),
    facts: z.record(z.string(), scalar).optional(),
    odd: z.exactOptional(z.int().refine((value) => value % 2 === 1, 'is even, and must be odd')),
  });
  const good = { name: 'x', list: [{ kind: 'a', count: 1 }] };
  const wrong: readonly (readonly [unknown, string])[] = [
    [7, 'it must be an object, not 7'],
    ['root:x:0:0:root', 'it must be an object, not a text'],
    [{ ...good, name: ' ' }, 'name must be a non-empty string, not " "'],
    [{ ...good, list: 'x' }, 'list must be a list, not "x"'],
    [{ ...good, list: [] }, 'list must be a list of length 1 or more, not a list of length 0'],
    [{ ...good, list: [{ kind: 'c', count: 1 }] }, 'list[0].kind must be one of a, b, not "c"'],
    [{ ...good, list: [{ kind: 'a', count: '1' }] }, 'list[0].count must be a whole number of at least 1, not "1"'],
    [{ ...good, list: [{ kind: 'a' }] }, 'list[0].count must be a whole number of at least 1, not missing'],
    [{ ...good, facts: { a: null } }, 'facts.a must be a string, a number, true or false, not null'],
    [{ ...good, odd: 2 }, 'odd is even, and must be odd'],
    [
      { ...good, nam: 'x', lists: 'y' },
      'it must not have "nam": did you mean "name"?; nor "lists": did you mean "list"?',
    ],
    [{ list: good.list, nam: 'x' }, 'it must not have "nam": did you mean "name"?'],
  ];
  for (const [value, problem] of wrong)
    it(`rejects a value: ${problem}`, () => {
      expect(() => validated(schema, value, (text) => `a.json: ${text}.`))
        .to.throw(HarnessError, `a.json: ${problem}.`)
        .with.property('code', 'BAD_FILE');
    });

  it('returns a valid value', () => {
    expect(validated(schema, good, String)).to.deep.equal(good);
  });
});
