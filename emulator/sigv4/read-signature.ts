import { decodeQueryPart, queryPairs, type SignedParts } from './canonical.ts';
import { SIGNATURE_VERSION_2, SignatureProblem } from './problem.ts';

/** A signature that is parsed but not yet verified. */
export interface ClaimedSignature {
  readonly accessKeyId: string;
  /** Parts of the scope `<date>/<region>/<service>/aws4_request`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly terminator: string;
  readonly signedHeaders: readonly string[];
  /** 64 lower-case hex digits. */
  readonly signature: string;
  /** `YYYYMMDDTHHMMSSZ` */
  readonly timestamp: string;
  readonly sessionToken: string | undefined;
  /** Whether the signature is in the query string. */
  readonly presigned: boolean;
  readonly expires: string | undefined;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const SIGNATURE = /^[0-9a-f]{64}$/;
const TIMESTAMP = /^\d{8}T\d{6}Z$/;

/** Reads `Authorization` or the query string. Returns undefined for an unsigned request. Throws SignatureProblem. */
export function readSignature(parts: SignedParts): ClaimedSignature | undefined {
  const header = parts.headers['authorization'];
  const inQuery = parts.query.includes('X-Amz-') || parts.query.includes('Signature=');
  const query = inQuery ? queryParameters(parts.query) : undefined;
  const presigned = query?.has('X-Amz-Algorithm') || query?.has('X-Amz-Signature') || query?.has('X-Amz-Credential');
  const version2 = query?.has('AWSAccessKeyId') && query.has('Signature');
  if (header !== undefined && (presigned || version2)) {
    throw new SignatureProblem('two-mechanisms', 'the request is signed both in a header and in the query string');
  }
  if (version2) throw new SignatureProblem('signature-version-2', SIGNATURE_VERSION_2);
  if (header !== undefined) return readHeader(header, parts);
  return presigned && query !== undefined ? readQuery(query) : undefined;
}

function queryParameters(query: string): ReadonlyMap<string, string> {
  return new Map(queryPairs(query).map(([name, value]) => [decodeQueryPart(name), decodeQueryPart(value)]));
}

function readHeader(header: string, parts: SignedParts): ClaimedSignature {
  const space = header.indexOf(' ');
  const algorithm = space < 0 ? header : header.slice(0, space);
  if (algorithm === 'AWS') throw new SignatureProblem('signature-version-2', SIGNATURE_VERSION_2);
  if (algorithm !== ALGORITHM) throw new SignatureProblem('unsupported-type', 'Unsupported Authorization Type');

  let credential: string | undefined;
  let signedHeaders: string | undefined;
  let signature: string | undefined;
  for (const element of header.slice(space + 1).split(',')) {
    const trimmed = element.trim();
    if (trimmed.startsWith('Credential=')) credential = trimmed.slice(11);
    else if (trimmed.startsWith('SignedHeaders=')) signedHeaders = trimmed.slice(14);
    else if (trimmed.startsWith('Signature=')) signature = trimmed.slice(10);
  }
  const timestamp = parts.headers['x-amz-date'] ?? basicTime(parts.headers['date']);
  if (timestamp === undefined || !TIMESTAMP.test(timestamp)) {
    throw new SignatureProblem('missing-date', 'the request has no valid x-amz-date or Date header');
  }
  const scope = scopeOf(credential);
  const { names, digits } = checked(signedHeaders, signature);
  return {
    // Assigned member by member, because this runs for every request and spreading is slow.
    accessKeyId: scope.accessKeyId,
    date: scope.date,
    region: scope.region,
    service: scope.service,
    terminator: scope.terminator,
    signedHeaders: names,
    signature: digits,
    timestamp,
    sessionToken: parts.headers['x-amz-security-token'],
    presigned: false,
    expires: undefined,
  };
}

function readQuery(query: ReadonlyMap<string, string>): ClaimedSignature {
  const algorithm = query.get('X-Amz-Algorithm');
  if (algorithm !== ALGORITHM) {
    throw new SignatureProblem('malformed', `X-Amz-Algorithm only supports "${ALGORITHM}"`);
  }
  const timestamp = query.get('X-Amz-Date');
  if (timestamp === undefined || !TIMESTAMP.test(timestamp)) {
    throw new SignatureProblem('malformed', "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  }
  const { names, digits } = checked(query.get('X-Amz-SignedHeaders'), query.get('X-Amz-Signature'));
  return {
    ...scopeOf(query.get('X-Amz-Credential')),
    signedHeaders: names,
    signature: digits,
    timestamp,
    sessionToken: query.get('X-Amz-Security-Token'),
    presigned: true,
    expires: query.get('X-Amz-Expires'),
  };
}

function scopeOf(credential: string | undefined): Scope {
  // An access key id contains no slash, so the last four parts are the scope.
  const [accessKeyId, date, region, service, terminator, ...rest] = (credential ?? '').split('/');
  if (!accessKeyId || !date || !region || !service || !terminator || rest.length > 0) {
    throw new SignatureProblem(
      'malformed',
      'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
    );
  }
  return { accessKeyId, date, region, service, terminator };
}

type Scope = Pick<ClaimedSignature, 'accessKeyId' | 'date' | 'region' | 'service' | 'terminator'>;

function checked(
  signedHeaders: string | undefined,
  signature: string | undefined,
): { readonly names: readonly string[]; readonly digits: string } {
  if (!signedHeaders) throw new SignatureProblem('malformed', 'SignedHeaders is missing.');
  if (!signature || !SIGNATURE.test(signature)) {
    throw new SignatureProblem('malformed', 'Signature is missing or is not 64 hexadecimal digits.');
  }
  const names = signedHeaders.split(';');
  // The canonical form is in lower case and sorted. Another order would be another canonical request.
  if (names.some((name, i) => name !== name.toLowerCase() || (i > 0 && name <= (names[i - 1] ?? '')))) {
    throw new SignatureProblem('malformed', 'SignedHeaders must be in lower case and sorted.');
  }
  return { names, digits: signature };
}

/** `Sun, 24 May 2015 00:00:00 GMT` -> `20150524T000000Z`. */
function basicTime(date: string | undefined): string | undefined {
  const milliseconds = date === undefined ? NaN : Date.parse(date);
  if (Number.isNaN(milliseconds)) return undefined;
  return formatTimestamp(milliseconds);
}

/** Milliseconds since the epoch -> `YYYYMMDDTHHMMSSZ`. */
export function formatTimestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

/** `YYYYMMDDTHHMMSSZ` -> milliseconds since the epoch, or NaN. */
export function parseTimestamp(timestamp: string): number {
  if (!TIMESTAMP.test(timestamp)) return NaN;
  const part = (from: number, to: number): string => timestamp.slice(from, to);
  return Date.parse(`${part(0, 4)}-${part(4, 6)}-${part(6, 8)}T${part(9, 11)}:${part(11, 13)}:${part(13, 15)}Z`);
}
