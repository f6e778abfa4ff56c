import type { Clock } from '../core/clock.ts';
import type { Caller } from '../../identity/policy/principal.ts';
import type { ServiceName } from '../core/service.ts';
import type { World } from '../world/world.ts';
import { timestamp } from '../query/xml.ts';
import { canonicalRequest, sha256Hex, uriEncode, type SignedParts } from './canonical.ts';
import { readPayloadKind, type PayloadKind } from './payload.ts';
import { SignatureProblem } from './problem.ts';
import { formatTimestamp, parseTimestamp, type ClaimedSignature } from './read-signature.ts';
import { secretsEqual, signatureMatches, signingKeys } from './signing-keys.ts';

const MAX_SKEW = 15 * 60 * 1000;
const MAX_PRESIGNED_SECONDS = 7 * 24 * 60 * 60;

interface VerifierWorld extends Pick<World, 'region'> {
  readonly clock: Clock;
  readonly credentials: Pick<World['credentials'], 'find'>;
}

/** The signer, and the data to verify a chunked payload. */
export interface VerifiedSignature {
  readonly caller: Caller;
  readonly payload: PayloadKind;
  readonly signingKey: Buffer;
  /** `<date>/<region>/<service>/aws4_request` */
  readonly scope: string;
  readonly timestamp: string;
  readonly signature: string;
}

export type Verifier = ReturnType<typeof sigV4Verifier>;

/** IAM User Guide, "AWS Signature Version 4 for API requests"; S3 API Reference, "Authenticating requests". */
export function sigV4Verifier(world: VerifierWorld) {
  const keys = signingKeys();
  return {
    /** Verifies a signature and, if it covers `body`, the hash. Throws SignatureProblem. */
    verify(parts: SignedParts, claimed: ClaimedSignature, body: Buffer, service: ServiceName): VerifiedSignature {
      checkScope(claimed, service, world.region);
      checkTime(claimed, service, world.clock.now());
      const { credentials, caller } = findKey(claimed, world);
      checkSignedHeaders(parts, claimed);

      const payload = readPayloadKind(parts, claimed, body, service);
      const canonical = canonicalRequest(parts, claimed.signedHeaders, payload.canonical, service === 's3');
      const scope = `${claimed.date}/${claimed.region}/${claimed.service}/aws4_request`;
      const text = `AWS4-HMAC-SHA256\n${claimed.timestamp}\n${scope}\n${sha256Hex(canonical)}`;
      const key = keys.get(credentials.secretAccessKey, claimed.date, claimed.region, claimed.service);
      if (!signatureMatches(key, text, claimed.signature)) {
        throw new SignatureProblem('mismatch', 'the signature does not match the request', {
          AWSAccessKeyId: claimed.accessKeyId,
          StringToSign: text,
          SignatureProvided: claimed.signature,
          StringToSignBytes: bytesOf(text),
          ...canonicalFields(canonical, claimed.sessionToken),
        });
      }
      if (payload.kind === 'hash' && service === 's3') checkHash(payload.canonical, body);
      return {
        caller,
        payload: payload.kind,
        signingKey: key,
        scope,
        timestamp: claimed.timestamp,
        signature: claimed.signature,
      };
    },
  };
}

/** S3 returns the canonical request, here without the session token. */
function canonicalFields(canonical: string, sessionToken: string | undefined): Record<string, string> {
  const shown =
    sessionToken === undefined
      ? canonical
      : canonical.replaceAll(sessionToken, '…').replaceAll(uriEncode(sessionToken), '…');
  return { CanonicalRequest: shown, CanonicalRequestBytes: bytesOf(shown) };
}

/** For example `47 45 54`. */
function bytesOf(text: string): string {
  return Buffer.from(text)
    .toString('hex')
    .replace(/..(?!$)/g, '$& ');
}

function checkScope(claimed: ClaimedSignature, service: ServiceName, region: string): void {
  if (claimed.service !== service) {
    throw new SignatureProblem('wrong-service', `Credential should be scoped to correct service: '${service}'.`);
  }
  // In every region, requests to IAM and STS's global endpoint are signed for us-east-1.
  const global = (service === 'iam' || service === 'sts') && claimed.region === 'us-east-1';
  if (claimed.region !== region && !global) {
    throw new SignatureProblem('wrong-region', `the region '${claimed.region}' is wrong; expecting '${region}'`, {
      Region: region,
    });
  }
  if (claimed.terminator !== 'aws4_request') {
    throw new SignatureProblem(
      'wrong-terminator',
      `Credential should be scoped with a valid terminator: 'aws4_request', not '${claimed.terminator}'.`,
    );
  }
  if (!claimed.timestamp.startsWith(claimed.date) || claimed.date.length !== 8) {
    throw new SignatureProblem(
      'wrong-scope-date',
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: ` +
        `'${claimed.date}' != '${claimed.timestamp.slice(0, 8)}', from '${claimed.timestamp}'.`,
    );
  }
}

function checkTime(claimed: ClaimedSignature, service: ServiceName, now: number): void {
  const signedAt = parseTimestamp(claimed.timestamp);
  if (Number.isNaN(signedAt)) throw new SignatureProblem('missing-date', "the signature's date is invalid");
  if (claimed.presigned && service === 's3') {
    checkExpires(claimed, signedAt, now);
    return;
  }
  // STS ignores X-Amz-Expires, which EKS tokens rely on.
  if (Math.abs(signedAt - now) <= MAX_SKEW) return;
  const server = formatTimestamp(now);
  const sentence =
    signedAt < now
      ? `Signature expired: ${claimed.timestamp} is now earlier than ${formatTimestamp(now - MAX_SKEW)} (${server} - 15 min.)`
      : `Signature not yet current: ${claimed.timestamp} is still later than ${formatTimestamp(now + MAX_SKEW)} (${server} + 15 min.)`;
  throw new SignatureProblem('skewed', sentence, {
    RequestTime: claimed.timestamp,
    ServerTime: timestamp(now),
    MaxAllowedSkewMilliseconds: String(MAX_SKEW),
  });
}

function checkExpires(claimed: ClaimedSignature, signedAt: number, now: number): void {
  if (claimed.expires === undefined) {
    throw new SignatureProblem(
      'bad-expires',
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, ' +
        'X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    );
  }
  if (!/^-?\d{1,15}$/.test(claimed.expires)) {
    throw new SignatureProblem('bad-expires', 'X-Amz-Expires should be a number');
  }
  const seconds = Number(claimed.expires);
  if (seconds < 0) throw new SignatureProblem('bad-expires', 'X-Amz-Expires must be non-negative');
  if (seconds > MAX_PRESIGNED_SECONDS) {
    throw new SignatureProblem(
      'bad-expires',
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than ' +
        `${MAX_PRESIGNED_SECONDS} seconds`,
    );
  }
  const end = signedAt + seconds * 1000;
  if (now <= end && signedAt <= now + MAX_SKEW) return;
  throw new SignatureProblem('presigned-expired', now > end ? 'Request has expired' : 'Request is not valid yet', {
    'X-Amz-Expires': claimed.expires,
    Expires: timestamp(end),
    ServerTime: timestamp(now),
  });
}

function findKey(claimed: ClaimedSignature, { clock, credentials }: VerifierWorld) {
  const key = credentials.find(claimed.accessKeyId);
  if (key === undefined) throw new SignatureProblem('unknown-key', 'the access key does not exist');
  const { sessionToken, expiration } = key.credentials;
  const sameToken =
    sessionToken === undefined || claimed.sessionToken === undefined
      ? sessionToken === claimed.sessionToken
      : secretsEqual(sessionToken, claimed.sessionToken);
  // AWS does not know a session's key without its token.
  const kind = claimed.sessionToken === undefined ? 'unknown-key' : 'wrong-token';
  if (!sameToken) throw new SignatureProblem(kind, 'the session token does not belong to the access key');
  if (expiration !== undefined && clock.now() >= expiration) {
    throw new SignatureProblem('expired-token', 'the session has expired');
  }
  return key;
}

/** Host and `x-amz-*` headers must be signed, so that nobody can change them. */
function checkSignedHeaders(parts: SignedParts, claimed: ClaimedSignature): void {
  const unsigned: string[] = [];
  if (!claimed.signedHeaders.includes('host')) unsigned.push('host');
  for (const name in parts.headers) {
    if (claimed.presigned && name === 'x-amz-content-sha256') continue;
    if (name.startsWith('x-amz-') && !claimed.signedHeaders.includes(name)) unsigned.push(name);
  }
  if (unsigned.length > 0) {
    throw new SignatureProblem(
      'header-not-signed',
      `There were headers present in the request which were not signed: ${unsigned.join(', ')}`,
      { HeadersNotSigned: unsigned.join(', ') },
    );
  }
  const absent = claimed.signedHeaders.find((name) => parts.headers[name] === undefined);
  if (absent !== undefined) {
    throw new SignatureProblem('mismatch', `the request lacks the signed header ${absent}`);
  }
}

function checkHash(claimed: string, body: Buffer): void {
  const actual = sha256Hex(body);
  if (actual !== claimed) {
    throw new SignatureProblem('payload-mismatch', 'the payload does not match its signed hash', {
      ClientComputedContentSHA256: claimed,
      S3ComputedContentSHA256: actual,
    });
  }
}
