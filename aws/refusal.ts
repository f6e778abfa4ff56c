import { awsProblem, type AwsProblemKind } from '../foundation/aws/aws-problem.ts';
import type { Layer, ProbeResult } from '../foundation/protocols/probe-protocol.ts';

export type Problems = ReadonlySet<AwsProblemKind>;

/** Errors of the service that do not concern the request itself. */
export const SERVICE_ERRORS: Problems = new Set(['throttled', 'network', 'service', 'quota']);
/** Additionally, errors of the harness's own credentials and clock. */
export const HARNESS_CALLER_ERRORS: Problems = new Set([
  ...SERVICE_ERRORS,
  'expired-credentials',
  'bad-credentials',
  'clock',
]);
/** The status of an unsupported operation, which counts as an answer. */
const NOT_IMPLEMENTED = 501;

interface ServiceError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

interface ServiceErrorResponse extends ServiceError {
  readonly $metadata: { readonly httpStatusCode: number; readonly requestId?: string };
}

/** Whether an error is the service's answer to the request, and not one of `problems`. */
export function isAnswer(error: ServiceError, problems: Problems): error is ServiceErrorResponse {
  const status = error.$metadata?.httpStatusCode;
  if (status === undefined || status === NOT_IMPLEMENTED) return status !== undefined;
  const problem = awsProblem(error);
  return problem === undefined || !problems.has(problem.kind);
}

/** Returns an AWS client's error as an outcome. Rethrows it if it is not an answer. */
export function refusalBy(layer: Layer, error: ServiceError, problems: Problems): ProbeResult {
  if (!isAnswer(error, problems)) throw error;
  const { name, message, $metadata } = error;
  return {
    outcome: 'refused',
    layer,
    code: name,
    status: $metadata.httpStatusCode,
    message,
    ...($metadata.requestId !== undefined && { requestId: $metadata.requestId }),
  };
}
