import { awsProblem, type AwsProblemKind } from '../foundation/aws/aws-problem.ts';
import type { Layer, ProbeResult } from '../foundation/protocols/probe-protocol.ts';

/** Kinds of errors that are no answers to a request. */
export type Problems = ReadonlySet<AwsProblemKind>;

/** Those that say nothing about the request. */
export const OF_SERVICES: Problems = new Set(['throttled', 'network', 'service', 'quota']);
/** Those of a call with the harness' own credentials: what is wrong with them is no matter of the subject either. */
export const OF_OURS: Problems = new Set([...OF_SERVICES, 'expired-credentials', 'bad-credentials', 'clock']);

/** Status of what a service does not do at all: that is an answer. */
const NOT_IMPLEMENTED = 501;

interface ServiceError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

interface Answer extends ServiceError {
  readonly $metadata: { readonly httpStatusCode: number; readonly requestId?: string };
}

/** Whether an AWS client threw what a service answered to the request itself, and none of these problems. */
export function isAnswer(error: ServiceError, problems: Problems): error is Answer {
  const status = error.$metadata?.httpStatusCode;
  if (status === undefined || status === NOT_IMPLEMENTED) return status !== undefined;
  const problem = awsProblem(error);
  return problem === undefined || !problems.has(problem.kind);
}

/** What an AWS client threw, as an outcome; thrown again when it is no answer. */
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
