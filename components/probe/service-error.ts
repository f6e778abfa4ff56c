import type { ClientError } from '../../foundation/protocols/client-protocol.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';

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
  return plainCode(error.Code ?? error.name, status);
}

/** What SDKs have for a code where the answer has no body. */
const CODELESS = /^(\d{3}|Forbidden|UnknownError|Unknown)$/;

export function plainCode(code: string, status: number | undefined): string {
  if (!CODELESS.test(code)) return code;
  return status === 403 ? 'AccessDenied' : status === 404 ? 'NotFound' : code;
}

/** The request's id, as a probe's result has it. */
export const requestOf = ($metadata: ServiceError['$metadata']): Pick<ProbeResult, 'requestId'> =>
  $metadata?.requestId === undefined ? {} : { requestId: $metadata.requestId };

/** An error of the SDK for a request to a service, or for want of credentials to sign it with. */
export function clientError(service: 's3' | 'sts', error: ServiceError): ClientError {
  const { name, message, $metadata } = error;
  const { code: errno } = error as NodeJS.ErrnoException;
  const status = $metadata?.httpStatusCode;
  if (name === 'CredentialsProviderError' || (status === undefined && errno === undefined))
    return { code: name, message };
  return {
    service,
    code: errorCode(error, status),
    message,
    ...(status !== undefined && { status }),
    ...requestOf($metadata),
  };
}
