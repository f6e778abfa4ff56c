/**
 * What the probe program of a pod and the program of a client (`clients/<name>/`) say to each other: JSON objects, one a line.
 * The probe program starts the client with the pod's environment, writes `ClientRequest`s to its standard input and reads
 * `ClientAnswer`s, each behind `CLIENT_ANSWER_PREFIX`, from its standard output; all else that it prints there is passed over.
 * The client ends with code 0 when its input ends. It finds its credentials by itself, makes one client of each service with
 * nothing set by hand, and keeps these for as long as it runs. It never says a key or a token.
 */
import type { AssumeRoleStep, Identity, ProbeResult, S3Operation } from './probe-protocol.ts';

export const CLIENT_ANSWER_PREFIX = 'client-answer ';

/** Code of an error of a program that sent no such request and does not say why: it need not be for want of credentials. */
export const NO_REQUEST = 'NoRequest';

/** What a client may be asked for; which of these it can do its entry says. */
export type ClientOperation =
  | { readonly do: 'GetCallerIdentity' }
  | (S3Operation & { readonly through?: AssumeRoleStep })
  | { readonly do: 'AssumeRole'; readonly role: AssumeRoleStep }
  | { readonly do: 'AssumeRoleByProfile'; readonly roleArn: string };

export interface ClientRequest {
  /** Its answer has the same. */
  readonly id: number;
  readonly operation: ClientOperation;
  /** How many times at once, by as many threads or tasks of one client, all begun together; default 1. The answer is the first error, or one of the answers. */
  readonly atOnce?: number;
}

export interface ClientAnswer extends Pick<ProbeResult, 'requestId' | 'facts'> {
  readonly id: number;
  /**
   * Whose credentials did it: of GetCallerIdentity, AssumeRole and operations `through` a role. Of others the probe program asks
   * GetCallerIdentity beforehand, where the client can do that.
   */
  readonly identity?: Identity;
  /** Absent where it succeeded. */
  readonly error?: ClientError;
}

export interface ClientError {
  /**
   * The service that answered, with its status; without a status, the one that could not be reached. Absent where there was none to
   * ask: no credentials were found.
   */
  readonly service?: 's3' | 'sts';
  /** The service's error code; where none answered, the name of the error in the client. */
  readonly code: string;
  /** HTTP status of the service's answer; absent where it could not be reached. */
  readonly status?: number;
  readonly message: string;
  readonly requestId?: string;
}
