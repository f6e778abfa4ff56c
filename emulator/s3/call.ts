import type { ServiceContext } from '../world/context.ts';
import type { ServiceRequest, ServiceResponse } from '../core/service.ts';
import type { ExistingObject, ObjectName, Tags } from '../world/s3-model.ts';

export interface S3Call {
  readonly context: ServiceContext;
  /** Undefined if the emulator itself stores the data. */
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

/** The backend that stores the data. Throws its errors as `AwsError`. Other failures are recorded and become a 503. */
export interface Backend {
  /** Sends the request without its signature, and returns the answer. */
  pass(call: S3Call): Promise<ServiceResponse>;
  existing(call: S3Call, bucketName: string, name: ObjectName): Promise<ExistingObject | undefined>;
  createBucket(call: S3Call, tags: Tags): Promise<void>;
  /** Also succeeds if the backend has lost the bucket. */
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
  /** Changes or reads the emulator's own data. */
  readonly perform: () => ServiceResponse | Promise<ServiceResponse>;
  /** Calls the backend. By default passes the request on. */
  readonly forward?: (backend: Backend) => ServiceResponse | Promise<ServiceResponse>;
}

/** Reads and authorizes a call. Throws `AwsError`. */
export type Handler = (call: S3Call) => Admitted | Promise<Admitted>;

/** Calls the backend, if any, before it changes the emulator's data. */
export function afterBackend(perform: () => ServiceResponse, ask: (backend: Backend) => Promise<unknown>): Admitted {
  return { perform, forward: async (backend) => ask(backend).then(perform) };
}

/** For data that only the emulator stores, such as owners of buckets and bucket policies. */
export function ownDoing(perform: () => ServiceResponse): Admitted {
  return { perform, forward: perform };
}

/** Sets a member, and answers with only a status. */
export function setting<T, Name extends keyof T>(
  target: T,
  name: Name,
  value: T[Name],
  status = 200,
): () => ServiceResponse {
  return () => {
    target[name] = value;
    return { status };
  };
}
