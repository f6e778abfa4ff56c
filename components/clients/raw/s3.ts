import type { ClientAnswer } from '../../../foundation/protocols/client-protocol.ts';
import type { S3Operation } from '../../../foundation/protocols/probe-protocol.ts';
import { element } from '../../../foundation/aws/xml.ts';
import type { Credentials } from './credentials.ts';
import type { RawResponse } from './send.ts';
import { call, type ServiceRequest } from './services.ts';

type Done = Pick<ClientAnswer, 'facts' | 'requestId'>;
export type RawS3Operation = Exclude<S3Operation, { readonly do: 'DeleteObjects' } | { readonly do: 'HeadBucket' }>;

export function performS3(operation: RawS3Operation, credentials: () => Promise<Credentials>): Promise<Done> {
  return call(
    () => requestOf(operation),
    (answer) => ({ facts: factsOf(operation, answer), requestId: String(answer.headers['x-amz-request-id'] ?? '') }),
    credentials,
  );
}

function requestOf(operation: RawS3Operation): ServiceRequest {
  const { bucket } = operation;
  if (operation.do === 'ListObjectsV2') {
    const { prefix } = operation;
    const query = { 'list-type': '2', ...(prefix !== undefined && { prefix }) };
    return { service: 's3', method: 'GET', path: `/${bucket}`, query };
  }
  const { tags, encryption, kmsKeyId } = operation.do === 'PutObject' ? operation : {};
  return {
    service: 's3',
    method: METHODS[operation.do],
    // Path-style, because a custom endpoint may have no host name for each bucket.
    path: `/${bucket}/${operation.key.split('/').map(encode).join('/')}`,
    ...(operation.do === 'GetObjectTagging' && { query: { tagging: '' } }),
    ...(operation.do === 'PutObject' && { body: 'written by a probe' }),
    headers: {
      ...(tags && { 'x-amz-tagging': new URLSearchParams(tags).toString() }),
      ...(encryption && { 'x-amz-server-side-encryption': encryption }),
      ...(kmsKeyId !== undefined && { 'x-amz-server-side-encryption-aws-kms-key-id': kmsKeyId }),
    },
  };
}

const METHODS = {
  GetObject: 'GET',
  HeadObject: 'HEAD',
  DeleteObject: 'DELETE',
  GetObjectTagging: 'GET',
  PutObject: 'PUT',
};

/** Percent-encodes everything except unreserved characters (RFC 3986). */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

function factsOf({ do: name }: RawS3Operation, { headers, body }: RawResponse): NonNullable<Done['facts']> {
  switch (name) {
    case 'GetObject':
      return { bytes: Buffer.byteLength(body) };
    case 'HeadObject':
      return { bytes: Number(headers['content-length'] ?? 0) };
    case 'GetObjectTagging':
      return { tags: body.split('<Tag>').length - 1 };
    case 'ListObjectsV2':
      return { keys: Number(element(body, 'KeyCount') ?? 0) };
    default:
      return {};
  }
}
