import type { Caller } from '../../identity/policy/principal.ts';
import type { ServiceName } from '../core/service.ts';
import type { World } from '../world/world.ts';
import { SignatureProblem } from './problem.ts';
import type { SignedParts } from './canonical.ts';
import { readSignature } from './read-signature.ts';
import { sigV4Verifier } from './verifier.ts';

export { decodeQueryPart, queryPairs, uriEncode } from './canonical.ts';
export { decodeChunks } from './chunks.ts';
export { signatureError } from './errors.ts';
export { SIGNATURE_VERSION_2, SignatureProblem } from './problem.ts';
export { readSignature } from './read-signature.ts';
export type { ClaimedSignature } from './read-signature.ts';
export { sigV4Verifier } from './verifier.ts';
export type { Verifier } from './verifier.ts';

/**
 * Verifies a presigned URL that is part of something else, such as a token of `aws eks get-token`. `headers` (lower
 * case, with `host`) belong to the request that the URL describes. Throws SignatureProblem.
 */
export function verifyPresigned(world: World, service: ServiceName, parts: SignedParts): Caller {
  const claimed = readSignature(parts);
  if (claimed === undefined || !claimed.presigned) throw new SignatureProblem('missing', 'the URL is not presigned');
  return sigV4Verifier(world).verify(parts, claimed, Buffer.alloc(0), service).caller;
}
