import { invalidParameter } from './errors.ts';
import { isJsonObject, serializationError, type JsonObject } from './rest-json.ts';

/**
 * Readers of members of a request body. A member of another JSON type is a `SerializationException`, as it is for AWS'
 * own deserializers; a member that must be there and is not is an `InvalidParameterException`. `null` counts as absent.
 */
export function optionalString(body: JsonObject, name: string): string | undefined {
  const value = body[name] ?? undefined;
  if (value !== undefined && typeof value !== 'string') throw serializationError(`${name} is not a string.`);
  return value;
}

export function requiredString(body: JsonObject, name: string): string {
  const value = optionalString(body, name);
  if (value === undefined || value === '') throw invalidParameter(`${name} can't be empty.`);
  return value;
}

export function optionalBoolean(body: JsonObject, name: string): boolean | undefined {
  const value = body[name] ?? undefined;
  if (value !== undefined && typeof value !== 'boolean') throw serializationError(`${name} is not a boolean.`);
  return value;
}

export function optionalNumber(body: JsonObject, name: string): number | undefined {
  const value = body[name] ?? undefined;
  if (value !== undefined && typeof value !== 'number') throw serializationError(`${name} is not a number.`);
  return value;
}

export function optionalObject(body: JsonObject, name: string): JsonObject | undefined {
  const value = body[name] ?? undefined;
  if (value !== undefined && !isJsonObject(value)) throw serializationError(`${name} is not an object.`);
  return value;
}

export function optionalStrings(body: JsonObject, name: string): readonly string[] | undefined {
  const value = body[name] ?? undefined;
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
    throw serializationError(`${name} is not a list of strings.`);
  return value;
}

export function optionalObjects(body: JsonObject, name: string): readonly JsonObject[] | undefined {
  const value = body[name] ?? undefined;
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every(isJsonObject))
    throw serializationError(`${name} is not a list of objects.`);
  return value;
}

/** @throws AwsError `InvalidParameterException` when the value is not of the pattern. */
export function checkPattern(name: string, value: string, pattern: RegExp, form: string): void {
  if (!pattern.test(value)) throw invalidParameter(`${name} is not valid: it must be ${form}.`);
}
