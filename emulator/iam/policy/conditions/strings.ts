import { compilePattern, matchesPattern, resolveVariables } from '../pattern.ts';
import type { ValueCompiler } from './operator.ts';

export const stringEquals: ValueCompiler = (value, { variables }) => {
  const pattern = compilePattern(value, { wildcards: false, variables });
  return {
    matches: (actual, request) => matchesPattern(pattern, actual, request),
    source: value,
    pattern,
  };
};

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

export const stringLike: ValueCompiler = (value, { variables }) => {
  const pattern = compilePattern(value, { wildcards: true, variables });
  return {
    matches: (actual, request) => matchesPattern(pattern, actual, request),
    source: value,
    pattern,
  };
};
