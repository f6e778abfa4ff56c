import { decodeJwt, decodeProtectedHeader } from 'jose';
import { AwsError, errorKind } from '../../../foundation/aws/aws-error.ts';
import { objectOf, textOf, type JsonObject } from '../../../foundation/node/json.ts';

/** The claims that STS reads, not yet verified. */
export interface WebIdentityClaims {
  /** Includes the scheme. */
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  readonly authorizedParty: string | undefined;
  readonly methods: readonly string[];
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  readonly notBefore: number | undefined;
  readonly issuedAt: number;
  /** IAM User Guide, "Passing session tags using AssumeRoleWithWebIdentity". */
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly transitiveTagKeys: readonly string[];
  readonly sourceIdentity: string | undefined;
  /** The pod to which a Kubernetes token is bound. */
  readonly pod: { readonly namespace: string; readonly name: string } | undefined;
}

/** Nested, or with one claim for each tag. */
const TAGS_CLAIM = 'https://aws.amazon.com/tags';
const FLAT_TAG = `${TAGS_CLAIM}/principal_tags/`;
const FLAT_TRANSITIVE = `${TAGS_CLAIM}/transitive_tag_keys`;
const SOURCE_IDENTITY_CLAIM = 'https://aws.amazon.com/source_identity';

/** Tolerated clock skew in seconds. */
const CLOCK_TOLERANCE = 5;

/** Throws `InvalidIdentityToken` (400). */
export function readClaims(token: string): WebIdentityClaims {
  const claims = decode(token);
  const audience = claims['aud'];
  const nested = objectOf(claims[TAGS_CLAIM]);
  const flat = Object.entries(claims).filter(([name]) => name.startsWith(FLAT_TAG));
  return {
    issuer: requiredText(claims, 'iss'),
    subject: requiredText(claims, 'sub'),
    audiences: typeof audience === 'string' ? [audience] : requiredTexts(claims, 'aud'),
    authorizedParty: textOf(claims['azp']),
    methods: texts(claims['amr']),
    expiresAt: requiredNumber(claims, 'exp'),
    notBefore: typeof claims['nbf'] === 'number' ? claims['nbf'] : undefined,
    issuedAt: requiredNumber(claims, 'iat'),
    tags: [
      ...Object.entries(objectOf(nested['principal_tags'])),
      ...flat.map(([name, value]) => [name.slice(FLAT_TAG.length), value] as const),
    ].map(([key, value]) => ({ key, value: textOf(value) ?? texts(value)[0] ?? '' })),
    transitiveTagKeys: [nested['transitive_tag_keys'], claims[FLAT_TRANSITIVE]].flatMap(texts),
    sourceIdentity: textOf(claims[SOURCE_IDENTITY_CLAIM]),
    pod: podOf(objectOf(claims['kubernetes.io'])),
  };
}

function podOf(claim: JsonObject): WebIdentityClaims['pod'] {
  const [namespace, name] = [textOf(claim['namespace']), textOf(objectOf(claim['pod'])['name'])];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

/** Throws `ExpiredTokenException` after `exp`, `InvalidIdentityToken` before `nbf` or `iat`. `now` is in milliseconds. */
export function checkTimes(claims: WebIdentityClaims, now: number): void {
  const seconds = Math.floor(now / 1000);
  if (seconds >= claims.expiresAt) {
    throw new AwsError(
      'ExpiredTokenException',
      400,
      `Token expired: current date/time ${seconds} must be before the expiration date/time ${claims.expiresAt}`,
    );
  }
  const validFrom = Math.max(claims.notBefore ?? claims.issuedAt, claims.issuedAt);
  if (seconds + CLOCK_TOLERANCE < validFrom) {
    throw invalidIdentityToken(`Token is not valid yet: current date/time ${seconds} must not be before ${validFrom}`);
  }
}

export const invalidIdentityToken = errorKind('InvalidIdentityToken', 400);

function decode(token: string): JsonObject {
  try {
    if (!/^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)) throw new Error('not three segments');
    decodeProtectedHeader(token);
    return decodeJwt(token);
  } catch {
    // The cause is omitted, because it may quote the token.
    throw invalidIdentityToken(
      'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
    );
  }
}

function requiredText(claims: JsonObject, name: string): string {
  return textOf(claims[name]) ?? missing(name);
}

function requiredTexts(claims: JsonObject, name: string): readonly string[] {
  const values = texts(claims[name]);
  return values.length > 0 ? values : missing(name);
}

function requiredNumber(claims: JsonObject, name: string): number {
  const value = claims[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : missing(name);
}

function missing(claim: string): never {
  throw invalidIdentityToken(`Missing a required claim: ${claim}`);
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((member) => typeof member === 'string') : [];
}
