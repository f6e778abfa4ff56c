import { expect } from 'chai';
import { isKnownLate, isOfCluster, placeholdersIn, replacePlaceholders } from './placeholders.ts';

describe('names in angle brackets', () => {
  it('are found in strings, lists, values and keys, in order', () =>
    expect(
      placeholdersIn({ a: ['<role:app> and <role:b.c>', 7, null], '<issuer:c2>:aud': { deep: 'x<time:now>' } }),
    ).to.deep.equal([
      { kind: 'role', name: 'app' },
      { kind: 'role', name: 'b.c' },
      { kind: 'issuer', name: 'c2' },
      { kind: 'time', name: 'now' },
    ]));

  it('are not found in similar strings', () =>
    expect(placeholdersIn(['c2', '<c2>', '< role:app>', '<Role:app>', '<role:>', 'a:c2>'])).to.deep.equal([]));

  it('are replaced without a change of the text around them', () =>
    expect(replacePlaceholders('a<x:y>b<z:w>', ({ kind, name }) => `${name}${kind}`)).to.equal('ayxbwz'));

  for (const [kind, ofCluster, late] of [
    ['cluster', true, false],
    ['issuer', true, true],
    ['time', false, true],
    ['pod', false, true],
    ['role', false, false],
  ] as const)
    it(`such as <${kind}:…> are ${ofCluster ? '' : 'not '}about a cluster, and known ${late ? 'late' : 'from the start'}`, () => {
      expect(isOfCluster({ kind, name: 'a' })).to.equal(ofCluster);
      expect(isKnownLate({ kind, name: 'a' })).to.equal(late);
    });
});
