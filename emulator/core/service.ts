import type { AwsError } from './errors.ts';
import type { Caller } from './principal.ts';

/** SigV4 signing names. */
export type ServiceName = 's3' | 'iam' | 'sts' | 'eks' | 'eks-auth' | 'ec2';

/** A request with a verified signature, or an unsigned one where the service allows that. */
export interface ServiceRequest {
  /** As in `x-amz-request-id` and `x-amzn-requestid`. */
  readonly id: string;
  readonly method: string;
  /** The path as sent: neither decoded nor normalized (`//` and `..` are part of S3 keys). */
  readonly path: string;
  /** As sent, without `?`. */
  readonly query: string;
  /** Names in lower case; repeated headers joined with `,`. */
  readonly headers: Readonly<Record<string, string>>;
  /** The payload, decoded from aws-chunked. */
  readonly body: Buffer;
  /** Undefined for an unsigned request. */
  readonly caller: Caller | undefined;
  /** For `aws:SourceIp`. */
  readonly sourceIp: string;
  /** The SDK's application id (`AWS_SDK_UA_APP_ID`), which names the calling scenario. */
  readonly applicationId: string | undefined;
  /** When the request was received: milliseconds since the epoch by the emulator's clock. */
  readonly time: number;
  /** Whether the signature is in the query string. */
  readonly presigned: boolean;
}

export interface ServiceResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** `handle` throws `AwsError`. */
export interface Service {
  readonly name: ServiceName;
  /** Returns the operation before `handle`, by default parameter `Action`. Throws `AwsError` as `handle` does. */
  identify?(request: ServiceRequest): { readonly operation: string; readonly clusterName?: string };
  handle(request: ServiceRequest): Promise<ServiceResponse>;
  /** Renders an error, also a signature error before `handle`. */
  renderError(
    error: Pick<AwsError, 'code' | 'status' | 'message'> & Partial<Pick<AwsError, 'fields' | 'headers'>>,
    request: Pick<ServiceRequest, 'id' | 'method' | 'path'>,
  ): ServiceResponse;
}
