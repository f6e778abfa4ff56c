import { errors } from 'jose';

/** Returns half a sentence for each cause; the library's own text may quote the token. */
export function explainRefusal(error: unknown, cluster: string): string {
  if (error instanceof errors.JWTClaimValidationFailed) return explainClaim(error, cluster);
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return `token signature does not verify with the keys of cluster ${cluster}`;
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return `token names no key of cluster ${cluster}`;
  if (error instanceof errors.JOSEAlgNotAllowed) return 'token is not signed by RS256';
  return 'token is not a signed JWT';
}

function explainClaim({ claim, payload }: errors.JWTClaimValidationFailed, cluster: string): string {
  switch (claim) {
    case 'aud':
      return `token audience is ${[payload.aud].flat().join(', ') || 'missing'}, not that of Pod Identity`;
    case 'iss':
      return `token issuer is not that of cluster ${cluster}`;
    case 'nbf':
      return 'token is not valid yet';
    default:
      return `token has no good claim ${claim}`;
  }
}

/** AWS's observed message for a token past `exp`. Milliseconds since the epoch. */
export function explainExpiry(now: number, expiresAt: number): string {
  const [current, expiration] = [now, expiresAt].map((at) => new Date(at).toISOString().replace('.000Z', 'Z'));
  return `The token included in the request is expired: current date/time ${current} must be before the expiration date/time ${expiration}`;
}
