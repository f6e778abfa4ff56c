import type { QueryParameters } from '../../query/parameters.ts';
import type { XmlStructure } from '../../query/xml.ts';
import { invalidInput, limitExceeded } from './errors.ts';

type Tags = ReadonlyMap<string, string>;

const MAX_TAGS = 50;
const TAG_CHARACTERS = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** The `Tags` of a call. Throws `InvalidInput` (400) for duplicates, which are told without regard to case, and for `aws:`. */
export function readTags(parameters: QueryParameters): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  const seen = new Set<string>();
  for (const tag of parameters.structures('Tags') ?? []) {
    const key = tag.required('Key', { min: 1, max: 128, pattern: TAG_CHARACTERS });
    const value = tag.required('Value', { max: 256, pattern: TAG_CHARACTERS });
    const folded = key.toLowerCase();
    if (folded.startsWith('aws:')) throw invalidInput('Tag keys beginning with aws: are reserved for AWS.');
    if (seen.has(folded)) {
      throw invalidInput('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
    }
    seen.add(folded);
    tags.set(key, value);
  }
  if (tags.size > MAX_TAGS) throw tooManyTags();
  return tags;
}

/** The tags of an entity and `added` over them. A tag of the same key, in whatever case, is replaced. */
export function withTags(present: Tags, added: Tags): Tags {
  const result = new Map([...withoutTags(present, [...added.keys()]), ...added]);
  if (result.size > MAX_TAGS) throw tooManyTags();
  return result;
}

export function withoutTags(present: Tags, keys: readonly string[]): Tags {
  const gone = new Set(keys.map((key) => key.toLowerCase()));
  return new Map([...present].filter(([key]) => !gone.has(key.toLowerCase())));
}

export function readTagKeys(parameters: QueryParameters): readonly string[] {
  return parameters.texts('TagKeys', { min: 1, max: 128, pattern: TAG_CHARACTERS }) ?? [];
}

export function tagList(tags: Iterable<readonly [string, string]>): readonly XmlStructure[] {
  return [...tags].map(([Key, Value]) => ({ Key, Value }));
}

/** The condition keys that the tags of a request give. */
export function requestTagKeys(tags: ReadonlyMap<string, string>): Record<string, string | readonly string[]> {
  if (tags.size === 0) return {};
  return { ...prefixed('aws:RequestTag/', tags), 'aws:TagKeys': [...tags.keys()] };
}

/** The condition keys that the tags of the entity called upon give. */
export function resourceTagKeys(tags: ReadonlyMap<string, string> | undefined): Record<string, string> {
  if (tags === undefined) return {};
  return { ...prefixed('aws:ResourceTag/', tags), ...prefixed('iam:ResourceTag/', tags) };
}

function prefixed(prefix: string, tags: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...tags].map(([key, value]) => [prefix + key, value]));
}

function tooManyTags(): Error {
  return limitExceeded(`Cannot exceed quota for TagsPerResource: ${MAX_TAGS}`);
}
