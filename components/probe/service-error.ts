import type { ClientError } from '../../foundation/protocols/client-protocol.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';

export interface ServiceError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly Code?: string;
}

/** Returns an error's code. HEAD has no body, so the SDK has no code: 403 means AccessDenied, 404 NotFound. */
export function errorCode(error: ServiceError, status: number | undefined): string {
  const { code: errno } = error as NodeJS.ErrnoException;
  if (status === undefined && errno !== undefined) return errno;
  return plainCode(error.Code ?? error.name, status);
}

/** SDKs' codes for a response without a body. */
const CODELESS = /^(\d{3}|Forbidden|UnknownError|Unknown)$/;

export function plainCode(code: string, status: number | undefined): string {
  if (!CODELESS.test(code)) return code;
  return status === 403 ? 'AccessDenied' : status === 404 ? 'NotFound' : code;
}

export const requestOf = ($metadata: ServiceError['$metadata']): Pick<ProbeResult, 'requestId'> =>
  $metadata?.requestId === undefined ? {} : { requestId: $metadata.requestId };

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
