/**
 * The protocol between a pod's probe program and a client's program (`clients/<name>/`): a JSON object a line. The
 * client gets the pod's environment and `ClientRequest`s on standard input, and prints `ClientAnswer`s after
 * `CLIENT_ANSWER_PREFIX`; other output is ignored. It exits with 0 at the end of input. It finds credentials by itself,
 * has one client of each service with default settings, and caches credentials. It never prints a key or a token.
 */
import type { AssumeRoleStep, Identity, ProbeResult, S3Operation } from './probe-protocol.ts';

export const CLIENT_ANSWER_PREFIX = 'client-answer ';
/** Code of a program that sent no such request without a reason: credentials need not be the cause. */
export const NO_REQUEST = 'NoRequest';

export type ClientOperation =
  | { readonly do: 'GetCallerIdentity' }
  | (S3Operation & { readonly through?: AssumeRoleStep })
  | { readonly do: 'AssumeRole'; readonly role: AssumeRoleStep }
  | { readonly do: 'AssumeRoleByProfile'; readonly roleArn: string };

export interface ClientRequest {
  readonly id: number;
  readonly operation: ClientOperation;
  /** Number of concurrent operations of one client; default 1. The answer is the first error, or any answer. */
  readonly atOnce?: number;
}

export interface ClientAnswer extends Pick<ProbeResult, 'requestId' | 'facts'> {
  readonly id: number;
  /**
   * Identity of GetCallerIdentity, AssumeRole and operations `through` a role. For others the probe program first calls
   * GetCallerIdentity, if supported.
   */
  readonly identity?: Identity;
  readonly error?: ClientError;
}

export interface ClientError {
  /** The service that answered or, without a status, was unreachable. Absent if no credentials were found. */
  readonly service?: 's3' | 'sts';
  /** The service's error code; without an answer, the name of the client's error. */
  readonly code: string;
  /** HTTP status of the service's answer; absent if it was unreachable. */
  readonly status?: number;
  readonly message: string;
  readonly requestId?: string;
}
