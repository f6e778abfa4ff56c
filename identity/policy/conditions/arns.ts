import { compileArnPattern, matchesArn, splitArn } from '../arn.ts';
import type { ValueCompiler } from './operator.ts';

/** `ArnEquals` and `ArnLike` behave the same: both support wildcards (IAM User Guide, "ARN condition operators"). */
export const arnLike: ValueCompiler = (value, { variables }) => {
  const pattern = compileArnPattern(value, { variables });
  return {
    matches: (actual, request) => matchesArn(pattern, splitArn(actual), request),
    source: value,
    pattern: pattern.whole,
  };
};
