import type { ServerResponse } from 'node:http';
import { ApiError, InternalError, type StatusDetails } from '../model/types.ts';

export function respondJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  type = 'application/json',
  cacheControl = 'no-cache, private',
): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': cacheControl,
  });
  response.end(text);
}

export function respondText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

export function successStatus(details: StatusDetails & { readonly uid?: string }): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

/** Returns the `Status` for an error. Errors other than `ApiError` are defects, whose text is not returned. */
export function failureStatus(error: unknown): { readonly code: number; readonly [field: string]: unknown } {
  const apiError =
    error instanceof ApiError
      ? error
      : new ApiError(
          500,
          'InternalError',
          `Internal error occurred: ${error instanceof Error ? error.name : 'unknown'}`,
        );
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: apiError.message,
    ...(apiError.reason === '' ? {} : { reason: apiError.reason }),
    ...(apiError.details === undefined ? {} : { details: apiError.details }),
    code: apiError.status,
  };
}

export function respondError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (error instanceof InternalError) {
    respondText(response, 500, `Internal Server Error: ${JSON.stringify(response.req.url)}: ${error.message}\n`);
    return;
  }
  const status = failureStatus(error);
  if (status.code === 413) response.setHeader('connection', 'close');
  respondJson(response, status.code, status);
}
