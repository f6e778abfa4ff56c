import type { Pattern } from '../pattern.ts';
import type { EvaluationRequest } from '../request.ts';

/** One value of a condition in a policy, ready to be compared with values of requests. */
export interface ValueMatcher {
  matches(actual: string, request: EvaluationRequest): boolean;
  /** As it is written. */
  readonly source: string;
  /** Of a type with policy variables. */
  readonly pattern?: Pattern;
}

/** How an operator reads a value of the policy; undefined when it is no value of the operator's type. */
export type ValueCompiler = (value: string, syntax: { readonly variables: boolean }) => ValueMatcher | undefined;

export interface ConditionOperator {
  readonly compile: ValueCompiler;
  /** `…NotEquals` and the like: true where no value matches, and so when the key is absent. */
  readonly negated: boolean;
}

/** A matcher of a type without policy variables. */
export function constant(value: string, matches: (actual: string) => boolean): ValueMatcher {
  return { matches, source: value };
}
