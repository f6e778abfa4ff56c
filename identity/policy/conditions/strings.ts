import { compilePattern, matchesPattern, resolveVariables } from '../pattern.ts';
import type { ValueCompiler } from './operator.ts';

export const stringEquals = matching(false);
export const stringLike = matching(true);

export const stringEqualsIgnoreCase: ValueCompiler = (value, { variables }) => {
  const pattern = compilePattern(value, { wildcards: false, variables });
  return {
    matches: (actual, request) => {
      const resolved = resolveVariables(pattern.tokens, request);
      return resolved !== undefined && resolved.join('').toLowerCase() === actual.toLowerCase();
    },
    source: value,
    pattern,
  };
};

function matching(wildcards: boolean): ValueCompiler {
  return (value, { variables }) => {
    const pattern = compilePattern(value, { wildcards, variables });
    return {
      matches: (actual, request) => matchesPattern(pattern, actual, request),
      source: value,
      pattern,
    };
  };
}
