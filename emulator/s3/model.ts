import type { PolicyDocument } from '../iam/model.ts';
import { noSuchKey } from './errors.ts';

/** What authorization asks about an object that is there. */
export interface ExistingObject {
  readonly tags: ReadonlyMap<string, string>;
}

export interface S3Object extends ExistingObject {
  readonly key: string;
  readonly body: Buffer;
  readonly etag: string;
  readonly lastModified: number;
  readonly contentType: string | undefined;
  /** `x-amz-meta-…` and the few standard headers that S3 gives back, by header name in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Checksum header name (`x-amz-checksum-crc32`) -> base64 value. */
  readonly checksums: Readonly<Record<string, string>>;
  tags: ReadonlyMap<string, string>;
}

export interface Bucket {
  readonly name: string;
  readonly accountId: string;
  readonly createdAt: number;
  readonly objects: Map<string, S3Object>;
  policy: PolicyDocument | undefined;
  tags: ReadonlyMap<string, string>;
}

/**
 * The object kept under a key. Authorization has seen it; another call may have deleted it since.
 * @throws AwsError `NoSuchKey`
 */
export function storedObject(bucket: Bucket, key: string): S3Object {
  const object = bucket.objects.get(key);
  if (object === undefined) throw noSuchKey(key);
  return object;
}
