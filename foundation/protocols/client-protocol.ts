/**
 * The protocol between a pod's probe program and a client's program (`clients/<name>/`), with one JSON object per line.
 * The client has the pod's environment, reads `ClientRequest`s from standard input and prints `ClientAnswer`s after
 * `CLIENT_ANSWER_PREFIX`; other output is ignored. It exits with 0 when its input ends. It finds and caches credentials
 * by itself, and has one client with default settings for each service. It never prints a key or a token.
 */
import type { AssumeRoleStep, Identity, ProbeResult, S3Operation } from './probe-protocol.ts';

export const CLIENT_ANSWER_PREFIX = 'client-answer ';
/** Error code if no request was sent for a reason that need not be the credentials. */
export const NO_REQUEST = 'NoRequest';

export type ClientOperation =
  | { readonly do: 'GetCallerIdentity' }
  | (S3Operation & { readonly through?: AssumeRoleStep })
  | { readonly do: 'AssumeRole'; readonly role: AssumeRoleStep }
  | { readonly do: 'AssumeRoleByProfile'; readonly roleArn: string };

export interface ClientRequest {
  readonly id: number;
  readonly operation: ClientOperation;
  /** Number of concurrent operations of one client; default 1. Their answer is the first error, or any success. */
  readonly atOnce?: number;
}

export interface ClientAnswer extends Pick<ProbeResult, 'requestId' | 'facts'> {
  readonly id: number;
  /**
   * Identity of GetCallerIdentity, AssumeRole and operations `through` a role. For other operations the probe program
   * calls GetCallerIdentity first, if supported.
   */
  readonly identity?: Identity;
  readonly error?: ClientError;
}

export interface ClientError {
  /** The service that answered or, without a status, was unreachable. Absent if the client found no credentials. */
  readonly service?: 's3' | 'sts';
  /** The service's error code. Without an answer, the name of the client's error. */
  readonly code: string;
  /** HTTP status of the service's answer; absent if it was unreachable. */
  readonly status?: number;
  readonly message: string;
  readonly requestId?: string;
}
