import type { ServiceContext } from '../world/context.ts';
import type { ServiceRequest, ServiceResponse } from '../core/service.ts';
import type { ExistingObject, ObjectName, Tags } from '../world/s3-model.ts';

export interface S3Call {
  readonly context: ServiceContext;
  /** Undefined: the emulator itself has the data. */
  readonly backend: Backend | undefined;
  readonly request: ServiceRequest;
  /** Decoded. */
  readonly query: ReadonlyMap<string, string>;
  /** Empty for a call to the service. */
  readonly bucketName: string;
  /** Empty for a call to a bucket or the service. */
  readonly key: string;
  readonly versionId: string | undefined;
}

/** The other S3 with the data. Throws its errors as `AwsError`; other failures are recorded and become 503. */
export interface Backend {
  /** Sends the request without its signature, and returns the answer. */
  pass(call: S3Call): Promise<ServiceResponse>;
  existing(call: S3Call, bucketName: string, name: ObjectName): Promise<ExistingObject | undefined>;
  createBucket(call: S3Call, tags: Tags): Promise<void>;
  /** Also succeeds if the other S3 has lost the bucket. */
  deleteBucket(call: S3Call): Promise<void>;
  /** Deletes an object, and returns the version headers. */
  deleteObject(
    call: S3Call,
    deletion: ObjectName & { readonly ifMatch: string | undefined },
  ): Promise<Readonly<Record<string, string>>>;
  tagBucket(call: S3Call, tags: Tags): Promise<void>;
}

/** An authorized call. */
export interface Admitted {
  /** Acts on the emulator's own data. */
  readonly perform: () => ServiceResponse | Promise<ServiceResponse>;
  /** Acts with the other S3. Default: passes the request on. */
  readonly forward?: (backend: Backend) => ServiceResponse | Promise<ServiceResponse>;
}

/** Reads and authorizes a call. Throws `AwsError`. */
export type Handler = (call: S3Call) => Admitted | Promise<Admitted>;

/** Acts on the emulator's data after the other S3, if any. */
export function afterBackend(perform: () => ServiceResponse, ask: (backend: Backend) => Promise<unknown>): Admitted {
  return { perform, forward: async (backend) => ask(backend).then(perform) };
}

/** For data that always stay in the emulator: owners of buckets, and bucket policies. */
export function ownDoing(perform: () => ServiceResponse): Admitted {
  return { perform, forward: perform };
}

/** Sets a member, and answers with a status only. */
export function setting<T, Name extends keyof T>(
  of: T,
  name: Name,
  value: T[Name],
  status = 200,
): () => ServiceResponse {
  return () => {
    of[name] = value;
    return { status };
  };
}
