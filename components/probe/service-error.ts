import type { ProbeResult } from '../../foundation/probe-protocol.ts';

/** An error as the SDK throws it for an answer of a service. */
export interface ServiceError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly Code?: string;
}

/** The request's id, as a probe's result has it. */
export const requestOf = ($metadata: ServiceError['$metadata']): Pick<ProbeResult, 'requestId'> =>
  $metadata?.requestId === undefined ? {} : { requestId: $metadata.requestId };
