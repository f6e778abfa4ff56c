import { invalidParameter } from './errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { serializationError } from './rest-json.ts';

/**
 * A reader of members of a request body. A member of another JSON type is a `SerializationException`, as it is for AWS'
 * own deserializers; a member that must be there and is not is an `InvalidParameterException`. `null` counts as absent.
 */
function reader<Value>(isOfType: (value: unknown) => value is Value, type: string) {
  return (body: JsonObject, name: string): Value | undefined => {
    const value = body[name] ?? undefined;
    if (value === undefined || isOfType(value)) return value;
    throw serializationError(`${name} is not ${type}.`);
  };
}

const isString = (value: unknown) => typeof value === 'string';

export const optionalString = reader(isString, 'a string');
export const optionalBoolean = reader((value) => typeof value === 'boolean', 'a boolean');
export const optionalNumber = reader((value) => typeof value === 'number', 'a number');
export const optionalObject = reader(isJsonObject, 'an object');
export const optionalStrings = reader(
  (value): value is readonly string[] => Array.isArray(value) && value.every(isString),
  'a list of strings',
);
export const optionalObjects = reader(
  (value): value is readonly JsonObject[] => Array.isArray(value) && value.every(isJsonObject),
  'a list of objects',
);

export function requiredString(body: JsonObject, name: string): string {
  const value = optionalString(body, name);
  if (value === undefined || value === '') throw invalidParameter(`${name} can't be empty.`);
  return value;
}

/** @throws AwsError `InvalidParameterException` when the value is not of the pattern. */
export function checkPattern(name: string, value: string, pattern: RegExp, form: string): void {
  if (!pattern.test(value)) throw invalidParameter(`${name} is not valid: it must be ${form}.`);
}
