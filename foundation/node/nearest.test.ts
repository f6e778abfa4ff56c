import { expect } from 'chai';
import { nearest, suggestion } from './nearest.ts';

const names = ['abac', 'irsa', 'cross-cluster', 'cross-account'];

describe('the nearest match', () => {
  for (const [word, expected] of [
    ['abca', 'abac'],
    ['ABAC', 'abac'],
    ['cross-clsuter', 'cross-cluster'],
    ['account', 'cross-account'],
    ['zzzzzz', undefined],
    ['', undefined],
  ] as const) {
    it(`of "${word}" is ${expected ?? 'none'}`, () => expect(nearest(word, names)).to.equal(expected));
  }

  it('offers a few candidates where none is near, and help where there are many', () => {
    expect(suggestion('zzzzzzzz', names)).to.equal('choose from abac, irsa, cross-cluster, cross-account.');
    expect(
      suggestion(
        'zzzzzzzz',
        Array.from({ length: 13 }, (_, index) => `name-${index}-long`),
      ),
    ).to.equal('see --help.');
  });
});
