import type { IncomingMessage } from 'node:http';
import { badRequest } from '../errors.ts';
import { ApiError } from '../types.ts';

/** Kubernetes' own limit for a request's body. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** The media type of the body, without parameters; empty when the request says none. */
export function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new ApiError(413, 'RequestEntityTooLarge', 'limit is 3145728');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/**
 * The decoded body; undefined when it is empty. Takes JSON and YAML in whichever of the media types; 415 for protobuf,
 * upon which Kubernetes' own clients fall back to JSON. The parser's message is not passed on: it quotes the body.
 */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const type = mediaType(request);
  if (type !== '' && !/json|yaml|octet-stream|x-www-form-urlencoded|text\/plain/.test(type)) {
    const message = `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml`;
    throw new ApiError(415, 'UnsupportedMediaType', message);
  }
  const text = await readText(request);
  if (text.trim() === '') return undefined;
  try {
    if (!type.includes('yaml')) return JSON.parse(text) as unknown;
    const { parse } = await import('yaml');
    return parse(text) as unknown;
  } catch {
    throw badRequest('the body of the request is not valid JSON or YAML');
  }
}
