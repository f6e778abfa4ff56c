import type { IncomingMessage } from 'node:http';
import { readAtMost } from '../../../../foundation/node/read-at-most.ts';
import { badRequest } from '../model/errors.ts';
import { ApiError } from '../model/types.ts';

/** Kubernetes's limit for a request body. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** Returns the media type without parameters; empty by default. */
export function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

const tooLarge = (): ApiError => new ApiError(413, 'RequestEntityTooLarge', 'limit is 3145728');

const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/**
 * Decodes a body in JSON or kubectl's protobuf. Returns undefined if it is empty. Throws `ApiError` 400, 413 or 415,
 * without the parser's message, which would quote the body.
 */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const type = mediaType(request);
  if (type !== '' && type !== PROTOBUF && !/json|yaml|octet-stream|x-www-form-urlencoded|text\/plain/.test(type)) {
    const message = `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml`;
    throw new ApiError(415, 'UnsupportedMediaType', message);
  }
  const bytes = await readAtMost(request, MAX_BODY_BYTES, tooLarge);
  if (type === PROTOBUF) {
    if (bytes.length === 0) return undefined;
    // Rarely used, and slow to load.
    const { decodeProtobuf } = await import('../protobuf/decode.ts');
    return decodeProtobuf(bytes);
  }
  const text = bytes.toString();
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw badRequest(
      `the body of the request is not valid JSON${type.includes('yaml') ? '; this cluster only reads YAML that is JSON' : ''}`,
    );
  }
}
