import type { ServiceContext } from '../world/context.ts';
import type { ServiceRequest, ServiceResponse } from '../core/service.ts';
import type { ExistingObject, ObjectName, Tags } from '../world/s3-model.ts';

export interface S3Call {
  readonly context: ServiceContext;
  /** The other S3 that holds the data; undefined when the emulator itself does. */
  readonly backend: Backend | undefined;
  readonly request: ServiceRequest;
  /** Decoded query parameters. */
  readonly query: ReadonlyMap<string, string>;
  /** Empty for a call to the service itself. */
  readonly bucketName: string;
  /** Empty for a call to a bucket or the service. */
  readonly key: string;
  /** Undefined where the request names no version. */
  readonly versionId: string | undefined;
}

/**
 * The other S3 that holds the data. Its methods throw `AwsError`: its own errors, and 503 `ServiceUnavailable`, with a note in
 * the record of the call, for all other failures.
 */
export interface Backend {
  /** Sends the request as it came, but for its signature, and gives back the answer. */
  pass(call: S3Call): Promise<ServiceResponse>;
  existing(call: S3Call, bucketName: string, name: ObjectName): Promise<ExistingObject | undefined>;
  createBucket(call: S3Call, tags: Tags): Promise<void>;
  /** Succeeds also when the other S3 has lost the bucket. */
  deleteBucket(call: S3Call): Promise<void>;
  /** Deletes an object of the bucket that the call names, and gives what the answer's headers say of its versions. */
  deleteObject(
    call: S3Call,
    deletion: ObjectName & { readonly ifMatch: string | undefined },
  ): Promise<Readonly<Record<string, string>>>;
  tagBucket(call: S3Call, tags: Tags): Promise<void>;
}

/** A call that was read and authorized, and is still to be done. */
export interface Admitted {
  /** Does it on the emulator's own data. */
  readonly perform: () => ServiceResponse | Promise<ServiceResponse>;
  /** Does it with the other S3's help. Without this the other S3 is sent the request, and its answer passed on. */
  readonly forward?: (backend: Backend) => ServiceResponse | Promise<ServiceResponse>;
}

/** Reads and authorizes a call; throws `AwsError` when it may not or cannot be done. */
export type Handler = (call: S3Call) => Admitted | Promise<Admitted>;

/** Does it on the emulator's own data, once the other S3, where there is one, has done its part. */
export function afterBackend(perform: () => ServiceResponse, ask: (backend: Backend) => Promise<unknown>): Admitted {
  return { perform, forward: async (backend) => ask(backend).then(perform) };
}

/** For what stays with the emulator wherever the data are: who owns which bucket, and bucket policies. */
export function ownDoing(perform: () => ServiceResponse): Admitted {
  return { perform, forward: perform };
}

/** Sets a member of a bucket, an object or an account, and answers with no more than a status. */
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
