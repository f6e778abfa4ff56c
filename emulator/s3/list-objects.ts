import type { ServiceResponse } from '../core/service.ts';
import { uriEncode } from '../sigv4/index.ts';
import { bucketOf, demandOnBucket } from './authorize.ts';
import { owner } from './buckets.ts';
import type { Handler, S3Call } from './call.ts';
import { invalidArgument } from './errors.ts';
import { listPage } from './list-page.ts';
import type { Bucket, S3Object } from './model.ts';
import { xmlDocument } from './xml.ts';
import type { XmlStructure } from '../query/xml.ts';

const MOST_KEYS = 1000;

export const listObjectsV2: Handler = (call) => {
  const bucket = authorizedBucket(call);
  return { perform: () => listing(call, bucket, 2) };
};

/** The first version of the call, which older clients use. */
export const listObjects: Handler = (call) => {
  const bucket = authorizedBucket(call);
  return { perform: () => listing(call, bucket, 1) };
};

/** Members that one version of the call alone has are left out of the other's answer. */
function listing(call: S3Call, bucket: Bucket, version: 1 | 2): ServiceResponse {
  const { query } = call;
  const { prefix, delimiter, maxKeys, encode, encodingType } = parameters(call);
  const token = version === 2 ? query.get('continuation-token') : undefined;
  const start = query.get(version === 2 ? 'start-after' : 'marker') ?? '';
  const after = token === undefined ? start : decodeToken(token);
  const { objects, commonPrefixes, last } = listPage(bucket, { prefix, delimiter, maxKeys, after });
  const owned = version === 1 || query.get('fetch-owner') === 'true' ? bucket : undefined;
  return {
    status: 200,
    body: xmlDocument('ListBucketResult', {
      Name: bucket.name,
      Prefix: encode(prefix),
      Marker: version === 1 ? encode(start) : undefined,
      Delimiter: delimiter === undefined ? undefined : encode(delimiter),
      MaxKeys: maxKeys,
      EncodingType: encodingType,
      KeyCount: version === 2 ? objects.length + commonPrefixes.length : undefined,
      IsTruncated: last !== undefined,
      ContinuationToken: token,
      NextContinuationToken: version === 1 || last === undefined ? undefined : encodeToken(last),
      NextMarker: version === 2 || last === undefined || delimiter === undefined ? undefined : encode(last),
      StartAfter: version === 1 || start === '' ? undefined : encode(start),
      Contents: objects.map((object) => contents(object, encode, owned)),
      CommonPrefixes: commonPrefixes.map((common) => ({ Prefix: encode(common) })),
    }),
  };
}

/** Condition keys of a listing exist only for parameters that were sent. */
function authorizedBucket(call: S3Call): Bucket {
  const bucket = bucketOf(call);
  const keys: Record<string, string> = {};
  for (const name of ['prefix', 'delimiter', 'max-keys']) {
    const value = call.query.get(name);
    if (value !== undefined) keys[`s3:${name}`] = value;
  }
  demandOnBucket(call, bucket, 's3:ListBucket', keys);
  return bucket;
}

function parameters({ query }: S3Call) {
  const encodingType = query.get('encoding-type');
  const delimiter = query.get('delimiter');
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: delimiter === '' ? undefined : delimiter,
    maxKeys: maxKeysOf(query.get('max-keys')),
    encodingType,
    encode: encodingType === undefined ? (text: string) => text : encodeKey,
  };
}

function maxKeysOf(text: string | undefined): number {
  if (text === undefined || text === '') return MOST_KEYS;
  if (!/^-?\d{1,10}$/.test(text)) {
    throw invalidArgument('Provided max-keys not an integer or within integer range', 'max-keys', text);
  }
  const number = Number(text);
  if (number < 0 || number > 2147483647) {
    throw invalidArgument('Argument maxKeys must be an integer between 0 and 2147483647', 'maxKeys', text);
  }
  return Math.min(number, MOST_KEYS);
}

function contents(object: S3Object, encode: (text: string) => string, owned: Bucket | undefined): XmlStructure {
  return {
    Key: encode(object.key),
    LastModified: new Date(object.lastModified).toISOString(),
    ETag: object.etag,
    ChecksumAlgorithm: Object.keys(object.checksums).map((name) => name.slice('x-amz-checksum-'.length).toUpperCase()),
    ChecksumType: 'FULL_OBJECT',
    Size: object.body.length,
    Owner: owned === undefined ? undefined : owner(owned.accountId),
    StorageClass: 'STANDARD',
  };
}

function encodeKey(key: string): string {
  return key.split('/').map(uriEncode).join('/');
}

function encodeToken(last: string): string {
  return Buffer.from(`1:${last}`).toString('base64url');
}

function decodeToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString();
  if (!text.startsWith('1:')) {
    throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', token);
  }
  return text.slice(2);
}
