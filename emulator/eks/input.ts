import { validationText, violationsOf, type Reader, type ShapeConstraints } from '../constraints/violations.ts';
import { pageOf } from '../core/paging.ts';
import { invalidParameter } from './errors.ts';
import { isJsonObject, type JsonObject } from '../../foundation/node/json.ts';
import { serializationError } from './rest-json.ts';
import { keyed } from '../../identity/policy/tag-context.ts';
import type { ConditionContext } from '../../identity/policy/index.ts';

/**
 * Returns a reader of body members. A member of another JSON type is a `SerializationException`, as in AWS's
 * deserializers; a missing required member is an `InvalidParameterException`. `null` counts as absent.
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

/** Throws `InvalidParameterException` unless the value matches the pattern. */
export function checkPattern(name: string, value: string, pattern: RegExp, form: string): void {
  if (!pattern.test(value)) throw invalidParameter(`${name} is not valid: it must be ${form}.`);
}

const READER: Reader<unknown> = {
  // Wrong types are reported first, because deserialization comes before validation.
  member: (parent, name, _, shape) => {
    const value = isJsonObject(parent) ? parent[name] : undefined;
    if (shape !== undefined && (value ?? undefined) !== undefined && !isOfShape(value, shape)) {
      throw serializationError(`${name} is not a ${shape.type ?? 'string'}.`);
    }
    return value;
  },
  items: (value) => (Array.isArray(value) ? (value as unknown[]) : [value]),
};

function isOfShape(value: unknown, { type }: ShapeConstraints): boolean {
  switch (type) {
    case undefined:
      return isString(value);
    case 'structure':
      return isJsonObject(value);
    case 'map':
      return isJsonObject(value) && Object.values(value).every(isString);
    default:
      // Numbers and lists may come from the query string.
      return typeof value === 'number' || isString(value) || Array.isArray(value);
  }
}

/** Returns the input's members in the query string; repeated parameters become lists. */
export function queryMembers(query: URLSearchParams): JsonObject {
  const member = (name: string) =>
    [name, query.getAll(name).length > 1 ? query.getAll(name) : query.get(name)] as const;
  return Object.fromEntries([...query.keys()].map(member));
}

/** Validates input against the API model. Throws `InvalidParameterException` (400). */
export function checkInput(service: 'eks' | 'eks-auth', operation: string, input: JsonObject): void {
  const violations = violationsOf(service, operation, input, READER);
  const [first] = violations;
  if (first === undefined) return;
  if (first.value === 'null') throw invalidParameter(`${first.path} can't be empty.`);
  if (first.name === 'clusterName' && first.constraint.includes('pattern')) {
    throw invalidParameter(
      `The ${first.name} parameter contains invalid characters. It should conform to the regular expression ` +
        '"^[0-9A-Za-z][A-Za-z0-9-_]*".',
    );
  }
  throw invalidParameter(validationText(violations));
}

const LARGEST_PAGE = 100;

/** Returns one page. Throws `InvalidParameterException` for an invalid `maxResults` or `nextToken`. */
export function page<Item>(
  items: Iterable<Item>,
  key: (item: Item) => string,
  query: URLSearchParams,
): { readonly items: readonly Item[]; readonly nextToken: string | null } {
  const size = pageSize(query.get('maxResults'));
  const invalidToken = () => invalidParameter('nextToken is not valid.');
  const page = pageOf(items, key, { size, token: query.get('nextToken') || undefined, invalidToken });
  return { items: page.items, nextToken: page.next ?? null };
}

function pageSize(text: string | null): number {
  if (text === null || text === '') return LARGEST_PAGE;
  if (!/^\d{1,9}$/.test(text)) throw invalidParameter('maxResults must be a number.');
  return Number(text);
}

const MOST_TAGS = 50;

/** Reads `tags`. Throws `InvalidParameterException` for the prefix `aws:` (EKS API Reference, "TagResource"). */
export function readTags(body: JsonObject): Map<string, string> {
  const tags = new Map<string, string>();
  for (const [key, value] of Object.entries(optionalObject(body, 'tags') ?? {})) {
    if (typeof value !== 'string') throw serializationError('A tag value is not a string.');
    if (/^aws:/i.test(key)) throw invalidParameter('Tag keys that begin with aws: are reserved.');
    tags.set(key, value);
  }
  return tags;
}

export function checkTagCount(tags: ReadonlyMap<string, string>): void {
  if (tags.size > MOST_TAGS) throw invalidParameter(`A resource can have at most ${MOST_TAGS} tags.`);
}

export function resourceTagContext(tags: ReadonlyMap<string, string> = new Map()): ConditionContext {
  return keyed('aws:ResourceTag/', tags);
}
