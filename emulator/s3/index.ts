import { hash } from 'node:crypto';
import type { ServiceContext } from '../world/context.ts';
import { remembered } from '../../foundation/node/remembered.ts';
import type { Service, ServiceRequest, ServiceResponse } from '../core/service.ts';
import { decodeQueryPart, queryPairs } from '../sigv4/index.ts';
import { s3Address, s3ControlPath } from './address.ts';
import type { S3Call } from './call.ts';
import { s3Error } from './errors.ts';
import { checkInput } from './input.ts';
import { s3Route, type S3Route } from './operations.ts';
import { xmlError } from './xml.ts';

const MOST_KEY_BYTES = 1024;

/** Returns Amazon S3 (S3 API Reference, version 2006-03-01). */
export function s3Service(context: ServiceContext): Service {
  // `identify` and `handle` share the parsed request.
  const reads = new WeakMap<ServiceRequest, ReturnType<typeof read>>();
  const readOnce = (request: ServiceRequest) => remembered(reads, request, () => read(context, request));
  return {
    name: 's3',
    identify: (request) => ({ operation: readOnce(request).route.operation ?? 'Unknown' }),
    handle: async (request) => {
      const { call, route } = readOnce(request);
      const size = Buffer.byteLength(call.key);
      if (size > MOST_KEY_BYTES) {
        throw s3Error('KeyTooLongError', { Size: String(size), MaxSizeAllowed: String(MOST_KEY_BYTES) });
      }
      if (route.operation === undefined) throw route.error;
      context.trace(request).operation = route.operation;
      checkInput(route, call);
      return withIds(request.id, route.handler(call));
    },
    renderError: ({ code, message, fields, status, headers = {} }, { id }) => {
      const document = { Code: code, Message: message, ...fields, RequestId: id, HostId: hostId(id) };
      return withIds(id, { status, headers, body: xmlError(document) });
    },
  };
}

function read(context: ServiceContext, request: ServiceRequest): { readonly call: S3Call; readonly route: S3Route } {
  const query = new Map(
    queryPairs(request.query).map(([name, value]) => [decodeQueryPart(name), decodeQueryPart(value)]),
  );
  if (request.presigned) addHeadersInQuery(request.headers, query);
  const control = s3ControlPath(request);
  const { bucket, key } = control ?? s3Address(request.headers['host'] ?? '', request.path);
  const level = control?.level ?? (bucket === undefined ? 'service' : key === undefined ? 'bucket' : 'object');
  const versionId = query.get('versionId');
  return {
    call: { context, request, query, bucketName: bucket ?? '', key: key ?? '', versionId },
    route: s3Route(request.method, level, query, request.headers),
  };
}

/**
 * Adds parameters of a presigned URL that stand for S3's headers and conditions to the request itself, whose decisions
 * are recorded. Removes an unsigned payload hash, because anybody could use it to set the condition key.
 */
function addHeadersInQuery(headers: Record<string, string>, query: ReadonlyMap<string, string>): void {
  const covered = query.get('X-Amz-SignedHeaders')?.split(';').includes('x-amz-content-sha256');
  if (covered !== true) delete headers['x-amz-content-sha256'];
  for (const [name, value] of query) {
    if (/^(?:x-amz-|if-(?:none-)?match$|if-(?:un)?modified-since$)/i.test(name)) headers[name.toLowerCase()] ??= value;
  }
}

function withIds(requestId: string, response: ServiceResponse): ServiceResponse {
  const headers: Record<string, string> = {
    server: 'AmazonS3',
    'x-amz-request-id': requestId,
    'x-amz-id-2': hostId(requestId),
  };
  if (typeof response.body === 'string') headers['content-type'] = 'application/xml';
  return { ...response, headers: Object.assign(headers, response.headers) };
}

function hostId(requestId: string): string {
  return hash('sha384', requestId, 'base64');
}
