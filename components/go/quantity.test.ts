import { expect } from 'chai';
import { parseQuantity } from './quantity.ts';

describe('parseQuantity', () => {
  const canonical: readonly (readonly [string, string])[] = [
    ['1', '1'],
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['0.5', '500m'],
    ['.5', '500m'],
    ['1.0', '1'],
    ['1000k', '1M'],
    ['1000000', '1M'],
    ['1024Mi', '1Gi'],
    ['1024Ki', '1Mi'],
    ['1025Ki', '1025Ki'],
    ['1.5Gi', '1536Mi'],
    ['0.1Mi', '104857600m'],
    ['0.5Ki', '512'],
    ['0Gi', '0'],
    ['0.000', '0'],
    ['-1500m', '-1500m'],
    ['-1000m', '-1'],
    ['1e3', '1e3'],
    ['1000e3', '1e6'],
    ['1E', '1E'],
    ['16Ei', '9223372036854775807'],
    ['0.0000000001', '1n'],
    ['1e20', '100e18'],
    // Kept as written, although the canonical forms are 1, 100, 2, 1e3 and 123e3.
    ['1.', '1.'],
    ['00100', '00100'],
    ['+2', '+2'],
    ['1E3', '1E3'],
    ['1.23e5', '1.23e5'],
    // Missing digits mean zero.
    ['m', '0'],
  ];
  for (const [text, expected] of canonical) {
    it(`writes ${text} as ${expected}`, () => {
      expect(parseQuantity(text)).to.deep.equal({ quantity: expected });
    });
  }

  for (const text of ['', 'abc', '1x', '1.2.3', '1 Gi', '1ee3x']) {
    it(`rejects "${text}" as malformed`, () => {
      expect(parseQuantity(text)).to.have.property('error').that.contains('must match the regular expression');
    });
  }

  for (const text of ['1K', '1mi', '1ki', '1e', '5-3', '--1']) {
    it(`rejects the suffix of ${text}`, () => {
      expect(parseQuantity(text)).to.deep.equal({ error: "unable to parse quantity's suffix" });
    });
  }
});
