import { errors } from 'jose';

/** Returns a clause for each cause. It does not use the library's message, which may quote the token. */
export function explainRefusal(error: unknown, cluster: string): string {
  if (error instanceof errors.JWTClaimValidationFailed) return explainClaim(error, cluster);
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return `token signature does not verify with the keys of cluster ${cluster}`;
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return `token's key is not one of cluster ${cluster}`;
  if (error instanceof errors.JOSEAlgNotAllowed) return 'token is not signed with RS256';
  return 'token is not a signed JWT';
}

function explainClaim({ claim, payload }: errors.JWTClaimValidationFailed, cluster: string): string {
  switch (claim) {
    case 'aud':
      return `token audience is ${[payload.aud].flat().join(', ') || 'missing'}, not pods.eks.amazonaws.com`;
    case 'iss':
      return `token issuer does not match cluster ${cluster}`;
    case 'nbf':
      return 'token is not valid yet';
    default:
      return `token claim ${claim} is missing or invalid`;
  }
}

/** Returns the message observed on AWS for a token past `exp`. Parameters are milliseconds since the epoch. */
export function explainExpiry(now: number, expiresAt: number): string {
  const [current, expiration] = [now, expiresAt].map((at) => new Date(at).toISOString().replace('.000Z', 'Z'));
  return `The token included in the request is expired: current date/time ${current} must be before the expiration date/time ${expiration}`;
}
