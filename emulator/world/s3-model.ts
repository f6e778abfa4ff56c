import { randomBytes } from 'node:crypto';
import type { ObjectKey } from '../../identity/s3.ts';
import type { PolicyDocument } from '../iam/model.ts';

export type Tags = ReadonlyMap<string, string>;

export type ChecksumAlgorithm = 'crc32' | 'crc32c' | 'crc64nvme' | 'sha1' | 'sha256';
export type ChecksumType = 'COMPOSITE' | 'FULL_OBJECT';

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
  /** In Base64. Composite checksums end in `-<number of parts>`. */
  readonly value: string;
}

export interface ExistingObject {
  readonly tags: Tags;
}

export interface ObjectName {
  readonly key: string;
  readonly versionId?: string | undefined;
}

interface Version {
  readonly key: string;
  /** `null` for objects written without versioning. */
  readonly versionId: string;
  readonly lastModified: number;
}

interface DeleteMarker extends Version {
  readonly deleteMarker: true;
}

export interface ObjectPart {
  readonly partNumber: number;
  readonly size: number;
  readonly checksum: Checksum | undefined;
}

export interface ObjectAttributes {
  readonly contentType: string | undefined;
  /** `x-amz-meta-…` and standard headers, in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly storageClass: string;
}

export interface S3Object extends Version, ExistingObject, ObjectAttributes {
  readonly body: Buffer;
  readonly etag: string;
  readonly checksum: Checksum;
  /** Undefined unless the object was uploaded in parts. */
  readonly parts: readonly ObjectPart[] | undefined;
  readonly uploadId?: string;
  /** Undefined if S3 encrypts with its own keys. */
  readonly kmsKey?: ObjectKey | undefined;
  tags: Tags;
}

export interface UploadedPart extends ObjectPart {
  readonly body: Buffer;
  readonly etag: string;
  readonly lastModified: number;
}

/** A multipart upload in progress. */
export interface Upload extends ObjectAttributes {
  readonly key: string;
  readonly uploadId: string;
  readonly initiatedAt: number;
  readonly initiator: { readonly arn: string };
  /** Undefined for S3's default. */
  readonly checksum: Pick<Checksum, 'algorithm' | 'type'> | undefined;
  readonly tags: Tags;
  readonly parts: Map<number, UploadedPart>;
}

/** The default, with all four enabled (S3 User Guide, "Blocking public access to your Amazon S3 storage"). */
export const ALL_BLOCKED = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};
export type PublicAccessBlock = Readonly<typeof ALL_BLOCKED>;

export interface Bucket {
  readonly name: string;
  readonly accountId: string;
  readonly createdAt: number;
  readonly objects: ObjectVersions;
  readonly uploads: Map<string, Upload>;
  policy?: PolicyDocument | undefined;
  tags: Tags;
  versioning?: 'Enabled' | 'Suspended' | undefined;
  /** Whether tags are evaluated in authorization. */
  abac: boolean;
  publicAccessBlock: PublicAccessBlock | undefined;
}

export function newBucket(from: Pick<Bucket, 'name' | 'accountId' | 'createdAt' | 'tags'>): Bucket {
  return {
    ...from,
    objects: new ObjectVersions(),
    uploads: new Map(),
    abac: false,
    publicAccessBlock: ALL_BLOCKED,
  };
}

class ObjectVersions {
  /** Versions by key, newest first. No list is empty. */
  readonly #byKey = new Map<string, readonly (S3Object | DeleteMarker)[]>();
  /** The next older version of removed ones, by key and id. */
  readonly #older = new Map<string, S3Object | DeleteMarker | undefined>();

  keys(): Iterable<string> {
    return this.#byKey.keys();
  }

  isEmpty(): boolean {
    return this.#byKey.size === 0;
  }

  versions(key: string): readonly (S3Object | DeleteMarker)[] {
    return this.#byKey.get(key) ?? [];
  }

  /** Returns the version with this id, or the newest one. */
  find({ key, versionId }: ObjectName): S3Object | DeleteMarker | undefined {
    const versions = this.#byKey.get(key);
    return versionId === undefined ? versions?.[0] : versions?.find((version) => version.versionId === versionId);
  }

  /** Like `find`, but ignores delete markers. */
  get(name: ObjectName): S3Object | undefined {
    const version = this.find(name);
    return version === undefined || 'deleteMarker' in version ? undefined : version;
  }

  wasRemoved({ key, versionId }: ObjectName): boolean {
    return this.#older.has(`${key}\n${versionId}`);
  }

  /** Returns the first remaining version that is older than this removed one. */
  olderThanRemoved({ key, versionId }: ObjectName): S3Object | DeleteMarker | undefined {
    const older = this.#older.get(`${key}\n${versionId}`);
    if (older === undefined || this.find(older) === older) return older;
    return this.olderThanRemoved(older);
  }

  /** Adds a version. Replaces a version with the same id. */
  put<T extends S3Object | DeleteMarker>(version: T): T {
    const others = this.versions(version.key).filter(({ versionId }) => versionId !== version.versionId);
    this.#byKey.set(version.key, [version, ...others]);
    return version;
  }

  remove(key: string, versionId: string): S3Object | DeleteMarker | undefined {
    const removed = this.find({ key, versionId });
    if (removed) this.#older.set(`${key}\n${versionId}`, this.versions(key)[this.versions(key).indexOf(removed) + 1]);
    const left = this.versions(key).filter((version) => version !== removed);
    if (left.length > 0) this.#byKey.set(key, left);
    else this.#byKey.delete(key);
    return removed;
  }
}

/** S3 User Guide, "How S3 Versioning works". */
export function nextVersionId({ versioning }: Bucket): string {
  return versioning === 'Enabled'
    ? randomBytes(24).toString('base64').replaceAll('+', '.').replaceAll('/', '_')
    : 'null';
}

/** Whether the bucket could have a version with this id. */
export function isVersionId({ versioning }: Bucket, id: string): boolean {
  return id === 'null' || (versioning !== undefined && /^[A-Za-z0-9._]{32}$/.test(id));
}

/** Returns the version header; none if the bucket was never versioned. */
export function versionHeader(
  { versioning }: Bucket,
  versionId: string,
  header = 'x-amz-version-id',
): Record<string, string> {
  return versioning === undefined ? {} : { [header]: versionId };
}
