import { expect } from 'chai';
import { assertionText } from './assertion-text.ts';

const textOf = (assert: () => unknown): string => {
  try {
    assert();
  } catch (error) {
    return assertionText(error as Error);
  }
  throw new Error('the assertion holds');
};

describe('assertionText', () => {
  it('names the members that differ in two objects', () =>
    expect(
      textOf(() =>
        expect({ a: 1, b: { c: 'x', d: 2 } }, 'the entry').to.deep.equal({ a: 1, b: { c: 'y', d: 2 }, e: 3 }),
      ),
    ).to.equal('the entry: b.c is "x", expected "y"; e is absent, expected 3.'));
  it('names the property of an object that differs', () =>
    expect(textOf(() => expect({ user: 'a', more: 1 }).to.deep.include({ user: 'b' }))).to.equal(
      "user is 'a', expected 'b'.",
    ));
  it('names a list that differs', () =>
    expect(textOf(() => expect(['a']).to.deep.equal(['a', 'b']))).to.equal('the value is ["a"], expected ["a","b"].'));
  it('keeps other sentences', () =>
    expect(textOf(() => expect(1, 'the count').to.equal(2))).to.equal('the count: expected 1 to equal 2'));
});
