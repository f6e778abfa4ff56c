import { AwsError } from '../../foundation/aws/aws-error.ts';
import { isJsonObject } from '../../foundation/node/json.ts';
import { decodeQueryPart, queryPairs } from '../sigv4/index.ts';
import { invalidArgument, s3Error } from './errors.ts';
import type { Tags } from '../world/s3-model.ts';
import { parseXml } from './xml.ts';
import type { XmlStructure } from '../query/xml.ts';

/** Maximum number of tags, and the error for tags that only AWS may set. */
const LIMITS = {
  object: { most: 10, kind: 'Object', reserved: 'Your TagKey cannot be prefixed with aws:' },
  bucket: { most: 50, kind: 'Bucket', reserved: 'System tags cannot be added/updated by requester' },
} as const;
const TAG_CHARACTERS = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** Reads `x-amz-tagging`, which has the form of a query string. Sorted by key, because it has no order. */
export function tagsOfHeader(header: string | undefined): Tags {
  if (header === undefined) return new Map();
  const pairs = queryPairs(header).map(([key, value]) => [decodeQueryPart(key), decodeQueryPart(value)] as const);
  try {
    return checkedTags(pairs.sort(), 'object');
  } catch (error) {
    // Recorded on AWS by moto: reserved keys get their own error.
    const isReserved = pairs.some(([key]) => key.toLowerCase().startsWith('aws:'));
    if (!(error instanceof AwsError) || error.code !== 'InvalidTag' || isReserved) throw error;
    throw invalidArgument(
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
      'x-amz-tagging',
      header,
    );
  }
}

export function tagsOfDocument(body: Buffer, holder: 'object' | 'bucket'): Tags {
  const set = parseXml(body, 'Tagging')['TagSet'];
  if (set === undefined) throw s3Error('MalformedXML');
  return tagsOfElement(set, holder);
}

export function tagsOfElement(set: unknown, holder: 'object' | 'bucket'): Tags {
  const tags = isJsonObject(set) && Array.isArray(set['Tag']) ? (set['Tag'] as unknown[]) : [];
  const pairs = tags.map((tag) => {
    const [key, value] = isJsonObject(tag) ? [tag['Key'], tag['Value']] : [];
    if (typeof key !== 'string' || typeof value !== 'string') throw s3Error('MalformedXML');
    return [key, value] as const;
  });
  return checkedTags(pairs, holder);
}

export function tagSet(tags: Tags): XmlStructure {
  return { TagSet: { Tag: [...tags].map(([Key, Value]) => ({ Key, Value })) } };
}

export function checkedTags(
  pairs: readonly (readonly [string, string])[],
  holder: keyof typeof LIMITS = 'bucket',
): Tags {
  const { most, kind, reserved } = LIMITS[holder];
  if (pairs.length > most) throw new AwsError('BadRequest', 400, `${kind} tags cannot be greater than ${most}`);
  const tags = new Map<string, string>();
  for (const [key, value] of pairs) {
    if (key === '' || key.length > 128 || !TAG_CHARACTERS.test(key)) {
      throw invalidTag('The TagKey you have provided is invalid', key);
    }
    if (value.length > 256 || !TAG_CHARACTERS.test(value)) {
      throw invalidTag('The TagValue you have provided is invalid', key, { TagValue: value });
    }
    if (key.toLowerCase().startsWith('aws:')) throw invalidTag(reserved, key);
    if (tags.has(key)) throw invalidTag('Cannot provide multiple Tags with the same key', key);
    tags.set(key, value);
  }
  return tags;
}

function invalidTag(message: string, key: string, fields: Readonly<Record<string, string>> = {}): AwsError {
  return new AwsError('InvalidTag', 400, message, { TagKey: key, ...fields });
}
