import type { ServiceName } from '../core/service.ts';
import { decodeQueryPart, queryPairs, sha256Hex, type SignedParts } from './canonical.ts';
import { SignatureProblem } from './problem.ts';
import type { ClaimedSignature } from './read-signature.ts';

/** S3 API Reference, "Signature calculations for the authorization header". */
export type PayloadKind = 'hash' | 'unsigned' | 'chunks-unsigned-trailer' | 'chunks-signed' | 'chunks-signed-trailer';

const WORDS: ReadonlyMap<string, PayloadKind> = new Map([
  ['UNSIGNED-PAYLOAD', 'unsigned'],
  ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'chunks-unsigned-trailer'],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'chunks-signed'],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', 'chunks-signed-trailer'],
]);

const HASH = /^[0-9a-f]{64}$/;

export function readPayloadKind(
  parts: SignedParts,
  claimed: ClaimedSignature,
  body: Buffer,
  service: ServiceName,
): { readonly canonical: string; readonly kind: PayloadKind } {
  // Services other than S3 always hash the payload and ignore the header.
  if (service !== 's3') return { canonical: sha256Hex(body), kind: 'hash' };

  const header = parts.headers['x-amz-content-sha256'];
  // Ignored unless the presigned URL signs the header.
  const covered = !claimed.presigned || claimed.signedHeaders.includes('x-amz-content-sha256');
  const sent = covered ? header : presignedPayload(parts.query);
  if (sent === undefined) {
    throw new SignatureProblem(
      'missing-payload-hash',
      'Missing required header for this request: x-amz-content-sha256',
    );
  }
  const kind = HASH.test(sent) ? 'hash' : WORDS.get(sent);
  if (kind === undefined) {
    throw new SignatureProblem(
      'bad-payload-hash',
      `x-amz-content-sha256 must be ${[...WORDS.keys()].join(', ')} or a valid sha256 value.`,
    );
  }
  return { canonical: sent, kind };
}

function presignedPayload(query: string): string {
  const pair = queryPairs(query).find(([name]) => name.toLowerCase() === 'x-amz-content-sha256');
  return pair === undefined ? 'UNSIGNED-PAYLOAD' : decodeQueryPart(pair[1]);
}
