import type { ProbeResult } from '../../foundation/probe-protocol.ts';

/** An error as the SDK throws it for an answer of a service. */
export interface ServiceError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly Code?: string;
}

/**
 * HEAD has no body, so the SDK has no code for it: 403 stands for AccessDenied, 404 for NotFound. Where nobody answered, the
 * operating system's says why.
 */
export function errorCode(error: ServiceError, status: number | undefined): string {
  const { code: errno } = error as NodeJS.ErrnoException;
  if (status === undefined && errno !== undefined) return errno;
  const code = error.Code ?? error.name;
  if (status === 403 && (code === '403' || code === 'Forbidden' || code === 'UnknownError' || code === 'Unknown'))
    return 'AccessDenied';
  return code;
}

/** The request's id, as a probe's result has it. */
export const requestOf = ($metadata: ServiceError['$metadata']): Pick<ProbeResult, 'requestId'> =>
  $metadata?.requestId === undefined ? {} : { requestId: $metadata.requestId };
