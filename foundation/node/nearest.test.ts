import { expect } from 'chai';
import { nearest, suggestion } from './nearest.ts';

const names = ['abac', 'irsa', 'cross-cluster', 'cross-account'];

describe('nearest', () => {
  for (const [word, expected] of [
    ['abca', 'abac'],
    ['ABAC', 'abac'],
    ['cross-clsuter', 'cross-cluster'],
    ['account', 'cross-account'],
    ['zzzzzz', undefined],
    ['', undefined],
  ] as const) {
    it(`matches "${word}" with ${expected ?? 'nothing'}`, () => expect(nearest(word, names)).to.equal(expected));
  }

  it('without a match, suggestion lists up to 12 candidates or refers to --help', () => {
    expect(suggestion('zzzzzzzz', names)).to.equal('choose from abac, irsa, cross-cluster, cross-account.');
    expect(
      suggestion(
        'zzzzzzzz',
        Array.from({ length: 13 }, (_, index) => `name-${index}-long`),
      ),
    ).to.equal('see --help.');
  });
});
