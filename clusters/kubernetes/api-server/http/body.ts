import type { IncomingMessage } from 'node:http';
import { readAtMost } from '../../../../foundation/node/read-at-most.ts';
import { badRequest } from '../model/errors.ts';
import { ApiError } from '../model/types.ts';
import { parseYaml } from './yaml.ts';

/** Kubernetes' own limit for a request's body. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** Without parameters; empty by default. */
export function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

const tooLarge = (): ApiError => new ApiError(413, 'RequestEntityTooLarge', 'limit is 3145728');

const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/**
 * Decodes JSON, YAML and kubectl's protobuf; undefined if empty. Throws `ApiError` 400, 413 or 415, without the parser's
 * message, which quotes the body.
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
    if (!type.includes('yaml')) return JSON.parse(text) as unknown;
    return await parseYaml(text);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw badRequest('the body of the request is not valid JSON or YAML');
  }
}
