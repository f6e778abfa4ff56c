import { expect } from 'chai';
import fc from 'fast-check';
import { compileArnPattern, matchesArn, splitArn } from './arn.ts';
import { compilePattern, matchesPattern, type VariableSource } from './pattern.ts';

const NO_VARIABLES: VariableSource = { variable: () => undefined };
const SYNTAX = { wildcards: true, variables: true };

/** Implements the definition of wildcards literally. Takes exponential time, so only for short texts. */
function naive(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  const rest = pattern.slice(1);
  if (pattern.startsWith('*')) return naive(rest, text) || (text !== '' && naive(pattern, text.slice(1)));
  return text !== '' && (pattern.startsWith('?') || pattern[0] === text[0]) && naive(rest, text.slice(1));
}

const letters = (alphabet: string): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 10 });

describe('patterns', () => {
  it('match according to the definition of wildcards', () => {
    fc.assert(
      fc.property(letters('ab*?'), letters('ab'), (pattern, text) => {
        expect(matchesPattern(compilePattern(pattern, SYNTAX), text, NO_VARIABLES)).to.equal(naive(pattern, text));
      }),
      { numRuns: 3000 },
    );
  });

  it('treat the value of a variable literally', () => {
    fc.assert(
      fc.property(letters('ab*?$'), letters('ab*?$'), (value, text) => {
        const pattern = compilePattern('x${aws:PrincipalTag/t}y', SYNTAX);
        const matched = matchesPattern(pattern, `x${text}y`, { variable: () => value });
        expect(matched).to.equal(value === text);
      }),
    );
  });

  it('do not need exponential time', () => {
    const pattern = compilePattern('*a'.repeat(40) + 'b', SYNTAX);
    expect(matchesPattern(pattern, 'a'.repeat(20_000), NO_VARIABLES)).to.equal(false);
  });

  it('treat an invalid ${ literally', () => {
    expect(matchesPattern(compilePattern('${open', SYNTAX), '${open', NO_VARIABLES)).to.equal(true);
  });

  it('of ARNs match themselves, but no ARN with a different field', () => {
    const field = letters('ab/').map((text) => text.replaceAll(':', ''));
    fc.assert(
      fc.property(fc.tuple(field, field, field, field, field), fc.nat(4), (fields, changed) => {
        const arn = (values: readonly string[]): string => `arn:${values.join(':')}`;
        const pattern = compileArnPattern(arn(fields), { variables: true });
        const other = fields.map((value, index) => (index === changed ? `${value}x` : value));
        expect(matchesArn(pattern, splitArn(arn(fields)), NO_VARIABLES)).to.equal(true);
        expect(matchesArn(pattern, splitArn(arn(other)), NO_VARIABLES)).to.equal(false);
      }),
    );
  });
});
