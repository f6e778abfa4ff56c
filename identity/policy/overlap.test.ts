import { expect } from 'chai';
import fc from 'fast-check';
import { partsOf } from './overlap.ts';
import { matchesTokens, tokenize, type ResolvedToken } from './pattern.ts';
import { compileArnPattern, matchesResource, splitArn } from './arn.ts';

const tokens = (pattern: string): ResolvedToken[] =>
  tokenize(pattern, { wildcards: true, variables: false }) as ResolvedToken[];

/** Returns all texts over an alphabet, up to a length. */
const textsOver = (alphabet: string, length: number): readonly string[] =>
  length === 0
    ? ['']
    : textsOver(alphabet, length - 1).flatMap((text) => [text, ...[...alphabet].map((one) => text + one)]);

describe('partsOf', () => {
  it('finds each combination of patterns that a text matches, and no other', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'a', 'b', '*', '?'), minLength: 1, maxLength: 5 });
    const texts = [...new Set(textsOver('abx', 7))];
    fc.assert(
      fc.property(pattern, fc.array(pattern, { maxLength: 3 }), (asked, others) => {
        const patterns = others.map(tokens);
        const matchesOf = (text: string): string => patterns.map((one) => matchesTokens(one, text)).join();
        const parts = partsOf(tokens(asked), patterns)!;
        for (const { example, matches } of parts) {
          expect(matchesTokens(tokens(asked), example)).to.equal(true);
          expect(matchesOf(example)).to.equal(matches.join());
        }
        const expected = texts.filter((text) => matchesTokens(tokens(asked), text)).map(matchesOf);
        expect(parts.map(({ matches }) => matches.join())).to.include.members(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('matches the fields of ARNs as the engine does', () => {
    const patterns = [
      'arn:aws:sqs:*:1:a',
      'arn:aws:sqs:*:a:*',
      'arn:aws:*:*:1:b:*',
      '*',
      'arn:aws:sqs:eu-?:1:*',
      'arn:aws:sqs:*:b:c',
      'arn:aws:sqs:e*u:1:*',
    ];
    const parts = partsOf(tokens('arn:aws:sqs:*:1:*'), patterns.map(tokens))!;
    expect(parts).to.have.length.greaterThan(4);
    for (const { example, matches } of parts)
      expect(matches, example).to.deep.equal(
        patterns.map((source) =>
          matchesResource(compileArnPattern(source, { variables: false }), splitArn(example), {
            variable: () => undefined,
          }),
        ),
      );
  });

  it('gives up on too many combinations', () => {
    const many = Array.from({ length: 40 }, (_, index) => tokens(`*${String.fromCodePoint(0x400 + index)}*`));
    expect(partsOf(tokens('*'), many)).to.equal(undefined);
  });
});
