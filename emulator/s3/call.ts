import type { ServiceContext } from '../core/context.ts';
import type { ServiceRequest, ServiceResponse } from '../core/service.ts';

/** A request taken apart for S3. */
export interface S3Call {
  readonly context: ServiceContext;
  readonly request: ServiceRequest;
  /** Decoded query parameters. */
  readonly query: ReadonlyMap<string, string>;
  /** Empty for a call to the service itself. */
  readonly bucketName: string;
  /** Empty for a call to a bucket or the service. */
  readonly key: string;
}

export type Handler = (call: S3Call) => ServiceResponse;
