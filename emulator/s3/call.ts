import type { ServiceContext } from '../world/context.ts';
import type { ServiceRequest, ServiceResponse } from '../core/service.ts';

export interface S3Call {
  readonly context: ServiceContext;
  readonly request: ServiceRequest;
  /** Decoded. */
  readonly query: ReadonlyMap<string, string>;
  /** Empty for a call to the service. */
  readonly bucketName: string;
  /** Empty for a call to a bucket or the service. */
  readonly key: string;
  readonly versionId: string | undefined;
}

/** Authorizes and performs a call. Throws `AwsError`. */
export type Handler = (call: S3Call) => ServiceResponse;

/** Sets a member, and answers with only a status. */
export function setting<T, Name extends keyof T>(target: T, name: Name, value: T[Name], status = 200): ServiceResponse {
  target[name] = value;
  return { status };
}
