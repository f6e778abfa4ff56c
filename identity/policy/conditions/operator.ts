import type { Pattern } from '../pattern.ts';
import type { EvaluationRequest } from '../request.ts';

/** A compiled value of a policy's condition. */
export interface ValueMatcher {
  matches(actual: string, request: EvaluationRequest): boolean;
  readonly source: string;
  /** Only for types that allow policy variables. */
  readonly pattern?: Pattern;
}

/** Compiles a value in the policy; undefined if it does not have the operator's type. */
export type ValueCompiler = (value: string, syntax: { readonly variables: boolean }) => ValueMatcher | undefined;

export interface ConditionOperator {
  readonly compile: ValueCompiler;
  /** As in `…NotEquals`: true if no value matches, or if the key is absent. */
  readonly negated: boolean;
}

export function constant(value: string, matches: (actual: string) => boolean): ValueMatcher {
  return { matches, source: value };
}
