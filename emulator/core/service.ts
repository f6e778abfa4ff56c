import type { AwsError } from '../../foundation/aws/aws-error.ts';
import type { Caller } from '../../identity/policy/principal.ts';

/** SigV4 signing names. */
export type ServiceName = 's3' | 'iam' | 'sts' | 'eks' | 'eks-auth' | 'ec2';

/** A request with a verified signature, or without one where the service allows it. */
export interface ServiceRequest {
  /** The id in `x-amz-request-id` and `x-amzn-requestid`. */
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
  /** The value of `aws:SourceIp`. */
  readonly sourceIp: string;
  /** The SDK's application id (`AWS_SDK_UA_APP_ID`), which identifies the calling scenario. */
  readonly applicationId: string | undefined;
  /** Time of arrival in milliseconds since the epoch, by the emulator's clock. */
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
  /** Returns the operation before `handle` is called, by default the parameter `Action`. May throw `AwsError`. */
  identify?(request: ServiceRequest): { readonly operation: string; readonly clusterName?: string };
  handle(request: ServiceRequest): Promise<ServiceResponse>;
  /** Renders an error, including a signature error that occurs before `handle`. */
  renderError(
    error: Pick<AwsError, 'code' | 'status' | 'message'> & Partial<Pick<AwsError, 'fields' | 'headers'>>,
    request: Pick<ServiceRequest, 'id' | 'method' | 'path' | 'headers'>,
  ): ServiceResponse;
}
