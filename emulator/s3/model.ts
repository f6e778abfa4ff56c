import type { PolicyDocument } from '../core/world.ts';

export interface S3Object {
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
