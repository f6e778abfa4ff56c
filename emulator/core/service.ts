import type { AwsError } from './errors.ts';
import type { Caller } from './principal.ts';

/** The SigV4 signing names of the services. */
export type ServiceName = 's3' | 'iam' | 'sts' | 'eks' | 'eks-auth' | 'ec2';

/** A request whose signature has been verified (or which is unsigned, where the service allows that). */
export interface ServiceRequest {
  /** Request id, as answered in `x-amz-request-id` / `x-amzn-requestid`. */
  readonly id: string;
  readonly method: string;
  /** The path as sent: neither decoded nor normalized (`//` and `..` are part of S3 keys). */
  readonly path: string;
  /** The query string as sent, without `?`. */
  readonly query: string;
  /** Header names in lower case; repeated headers joined with `,`. */
  readonly headers: Readonly<Record<string, string>>;
  /** The payload, decoded from aws-chunked where it was sent so. */
  readonly body: Buffer;
  /** Who signed; undefined for an unsigned request. */
  readonly caller: Caller | undefined;
  /** IP address of the client, for `aws:SourceIp`. */
  readonly sourceIp: string;
  /** `application id` of the SDK's user agent (`AWS_SDK_UA_APP_ID`), which names the scenario that made the call. */
  readonly applicationId: string | undefined;
  /** Milliseconds since the epoch when the request was received, by the emulator's clock. */
  readonly time: number;
  /** True when the signature came in the query string. */
  readonly presigned: boolean;
}

export interface ServiceResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** One of the services. `handle` throws `AwsError` for every error that AWS would answer. */
export interface Service {
  readonly name: ServiceName;
  /**
   * The operation that a request is for, ahead of `handle`, for disturbances and records. A service without this has its
   * operation told by the query protocol's parameter `Action`. Throws `AwsError` as `handle` would.
   */
  identify?(request: ServiceRequest): { readonly operation: string; readonly clusterName?: string };
  handle(request: ServiceRequest): Promise<ServiceResponse>;
  /** The service's wire form of an error; also used for signature errors met before `handle`. */
  renderError(
    error: Pick<AwsError, 'code' | 'status' | 'message'> & Partial<Pick<AwsError, 'fields' | 'headers'>>,
    request: Pick<ServiceRequest, 'id' | 'method' | 'path'>,
  ): ServiceResponse;
}
