import { isJsonObject } from '../../../foundation/node/json.ts';
import { contextKey, type ContextKey } from '../context-key.ts';
import type { EvaluationRequest } from '../request.ts';
import { PolicySyntaxError } from '../syntax-error.ts';
import type { ValueMatcher } from './operator.ts';
import { OPERATORS } from './operators.ts';

/** A key under an operator in a `Condition` block. */
export interface Condition {
  /** For example `ForAnyValue:StringLikeIfExists`. */
  readonly operator: string;
  readonly key: ContextKey;
  readonly set: 'ForAllValues' | 'ForAnyValue' | undefined;
  readonly ifExists: boolean;
  readonly negated: boolean;
  /** At least one must match, or none for a negated operator. Empty for `Null`. */
  readonly values: readonly ValueMatcher[];
  /** Only for `Null`: the accepted answers to "is the key absent?". */
  readonly absence: readonly boolean[] | undefined;
}

const OPERATOR_NAME = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/;

/** Throws `PolicySyntaxError`. */
export function compileConditions(block: unknown, syntax: { readonly variables: boolean }): Condition[] {
  const conditions: Condition[] = [];
  for (const [operator, keys] of entriesOf(block, 'the Condition block')) {
    for (const [key, given] of entriesOf(keys, `Condition ${operator}`)) {
      conditions.push(compileCondition(operator, key, given, syntax));
    }
  }
  return conditions;
}

function compileCondition(
  operator: string,
  key: string,
  given: unknown,
  syntax: { readonly variables: boolean },
): Condition {
  const [, set, base = '', ifExists] = OPERATOR_NAME.exec(operator) ?? [];
  const comparison = OPERATORS.get(base);
  const isNull = base === 'Null' && set === undefined && ifExists === undefined;
  if (comparison === undefined && !isNull) throw new PolicySyntaxError(`Invalid Condition type : ${operator}.`);
  if (!key.includes(':')) {
    throw new PolicySyntaxError(
      `Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. (condition key "${key}")`,
    );
  }
  const texts = (Array.isArray(given) ? (given as unknown[]) : [given]).map((value) => {
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    throw new PolicySyntaxError(
      `Syntax errors in policy: a value of ${operator} "${key}" must be a string, a number or a boolean.`,
    );
  });
  const refuse = (text: string): never => {
    throw new PolicySyntaxError(`Invalid value "${text}" for ${operator} "${key}".`);
  };
  return {
    operator,
    key: contextKey(key),
    set: set as Condition['set'],
    ifExists: ifExists !== undefined,
    negated: comparison?.negated === true,
    values: comparison === undefined ? [] : texts.map((text) => comparison.compile(text, syntax) ?? refuse(text)),
    absence: isNull
      ? texts.map((text) => (/^(true|false)$/i.test(text) ? text.toLowerCase() === 'true' : refuse(text)))
      : undefined,
  };
}

function entriesOf(value: unknown, name: string): [string, unknown][] {
  if (!isJsonObject(value)) {
    throw new PolicySyntaxError(`Syntax errors in policy: ${name} must be an object.`);
  }
  return Object.entries(value);
}

export function conditionHolds(condition: Condition, request: EvaluationRequest): boolean {
  const actual = request.values(condition.key);
  if (condition.absence !== undefined) {
    return condition.absence.includes(actual === undefined || isNullSet(actual));
  }
  switch (condition.set) {
    case undefined:
      if (actual === undefined) return condition.ifExists || condition.negated;
      return listOf(actual).some((value) => someMatches(condition, value, request)) !== condition.negated;
    case 'ForAllValues':
      // Also returns true without values: for an absent key or an empty set.
      if (actual === undefined || actual === '' || isNullSet(actual)) return true;
      return listOf(actual).every((value) => someMatches(condition, value, request) !== condition.negated);
    case 'ForAnyValue':
      // Returns false for an absent key, even with a negated operator.
      if (actual === undefined) return condition.ifExists;
      if (actual === '' || isNullSet(actual)) return false;
      return listOf(actual).some((value) => someMatches(condition, value, request) !== condition.negated);
  }
}

function someMatches(condition: Condition, actual: string, request: EvaluationRequest): boolean {
  return condition.values.some((value) => value.matches(actual, request));
}

/** A list of only empty strings is an empty set (IAM User Guide, "Multivalued context keys"). */
function isNullSet(actual: string | readonly string[]): boolean {
  return typeof actual !== 'string' && actual.every((value) => value === '');
}

export function listOf(values: string | readonly string[]): readonly string[] {
  return typeof values === 'string' ? [values] : values;
}
