import { AwsError } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import { decodeQueryPart, queryPairs } from '../sigv4/index.ts';
import { invalidArgument } from './errors.ts';
import { malformedXml, parseXml } from './xml.ts';
import type { XmlStructure } from '../query/xml.ts';

const OBJECT_TAGS = 10;
const BUCKET_TAGS = 50;
const TAG_CHARACTERS = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** Tags of the header `x-amz-tagging`, which has the form of a query string; by key, since it has no order. */
export function tagsOfHeader(header: string | undefined): ReadonlyMap<string, string> {
  if (header === undefined) return new Map();
  const pairs = queryPairs(header).map(([key, value]) => [decodeQueryPart(key), decodeQueryPart(value)] as const);
  try {
    return checkedTags(pairs.sort(), OBJECT_TAGS);
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== 'InvalidTag') throw error;
    throw invalidArgument(
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
      'x-amz-tagging',
      header,
    );
  }
}

/** Tags of a `Tagging` document. */
export function tagsOfDocument(body: Buffer, of: 'object' | 'bucket'): ReadonlyMap<string, string> {
  const set = parseXml(body, 'Tagging')['TagSet'];
  if (set === undefined) throw malformedXml();
  return tagsOfElement(set, of);
}

/** Tags of an element that holds `Tag` elements; none when it is not there. */
export function tagsOfElement(set: unknown, of: 'object' | 'bucket'): ReadonlyMap<string, string> {
  const tags = isJsonObject(set) && Array.isArray(set['Tag']) ? (set['Tag'] as unknown[]) : [];
  const pairs = tags.map((tag) => {
    const [key, value] = isJsonObject(tag) ? [tag['Key'], tag['Value']] : [];
    if (typeof key !== 'string' || typeof value !== 'string') throw malformedXml();
    return [key, value] as const;
  });
  return checkedTags(pairs, of === 'object' ? OBJECT_TAGS : BUCKET_TAGS);
}

/** The `TagSet` of an answer. */
export function tagSet(tags: ReadonlyMap<string, string>): XmlStructure {
  return { TagSet: { Tag: [...tags].map(([Key, Value]) => ({ Key, Value })) } };
}

export function checkedTags(
  pairs: readonly (readonly [string, string])[],
  most = BUCKET_TAGS,
): ReadonlyMap<string, string> {
  if (pairs.length > most) {
    throw new AwsError(
      'BadRequest',
      400,
      `${most === OBJECT_TAGS ? 'Object' : 'Bucket'} tags cannot be greater than ${most}`,
    );
  }
  const tags = new Map<string, string>();
  for (const [key, value] of pairs) {
    if (key === '' || key.length > 128) throw invalidTag('The TagKey you have provided is invalid', key);
    if (!TAG_CHARACTERS.test(key)) throw invalidTag('The TagKey you have provided is invalid', key);
    if (value.length > 256 || !TAG_CHARACTERS.test(value)) {
      throw invalidTag('The TagValue you have provided is invalid', key, { TagValue: value });
    }
    if (key.toLowerCase().startsWith('aws:')) {
      throw invalidTag(
        most === OBJECT_TAGS
          ? 'Your TagKey cannot be prefixed with aws:'
          : 'System tags cannot be added/updated by requester',
        key,
      );
    }
    if (tags.has(key)) throw invalidTag('Cannot provide multiple Tags with the same key', key);
    tags.set(key, value);
  }
  return tags;
}

function invalidTag(message: string, key: string, fields: Readonly<Record<string, string>> = {}): AwsError {
  return new AwsError('InvalidTag', 400, message, { TagKey: key, ...fields });
}
