import { arnLike } from './arns.ts';
import { ipAddress } from './ip-address.ts';
import type { ConditionOperator, ValueCompiler } from './operator.ts';
import { binaryEquals, bool, date, numeric } from './scalars.ts';
import { stringEquals, stringEqualsIgnoreCase, stringLike } from './strings.ts';

const is = (compile: ValueCompiler): ConditionOperator => ({ compile, negated: false });
const isNot = (compile: ValueCompiler): ConditionOperator => ({ compile, negated: true });

const equal = (actual: number, expected: number): boolean => actual === expected;
const less = (actual: number, expected: number): boolean => actual < expected;
const lessOrEqual = (actual: number, expected: number): boolean => actual <= expected;
const greater = (actual: number, expected: number): boolean => actual > expected;
const greaterOrEqual = (actual: number, expected: number): boolean => actual >= expected;

/** All operators (IAM User Guide, "Condition operators") except `Null`, which compares no values. */
export const OPERATORS: ReadonlyMap<string, ConditionOperator> = new Map(
  Object.entries({
    StringEquals: is(stringEquals),
    StringNotEquals: isNot(stringEquals),
    StringEqualsIgnoreCase: is(stringEqualsIgnoreCase),
    StringNotEqualsIgnoreCase: isNot(stringEqualsIgnoreCase),
    StringLike: is(stringLike),
    StringNotLike: isNot(stringLike),
    NumericEquals: is(numeric(equal)),
    NumericNotEquals: isNot(numeric(equal)),
    NumericLessThan: is(numeric(less)),
    NumericLessThanEquals: is(numeric(lessOrEqual)),
    NumericGreaterThan: is(numeric(greater)),
    NumericGreaterThanEquals: is(numeric(greaterOrEqual)),
    DateEquals: is(date(equal)),
    DateNotEquals: isNot(date(equal)),
    DateLessThan: is(date(less)),
    DateLessThanEquals: is(date(lessOrEqual)),
    DateGreaterThan: is(date(greater)),
    DateGreaterThanEquals: is(date(greaterOrEqual)),
    Bool: is(bool),
    BinaryEquals: is(binaryEquals),
    IpAddress: is(ipAddress),
    NotIpAddress: isNot(ipAddress),
    ArnEquals: is(arnLike),
    ArnNotEquals: isNot(arnLike),
    ArnLike: is(arnLike),
    ArnNotLike: isNot(arnLike),
  }),
);
