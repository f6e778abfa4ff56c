import { decodeRawUrlBase64 } from '../../go/text.ts';
import { parseJson, type JsonNode } from '../../go/json-parse.ts';
import { overflowingNumber, readClaims, type TimeClaims } from './claims.ts';

/** The signing methods of golang-jwt v5. The agent verifies no signature, so `none` is valid. */
const SIGNING_METHODS = new Set([
  ...['HS', 'RS', 'PS', 'ES'].flatMap((family) => ['256', '384', '512'].map((size) => `${family}${size}`)),
  'EdDSA',
  'none',
]);

const malformed = (what: string): Error => new Error(`token is malformed: ${what}`);
const unverifiable = (what: string): Error => new Error(`token is unverifiable: ${what}`);

function attempt<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw malformed(`${what}: ${error instanceof Error ? error.message : 'unknown error'}`);
  }
}

/** Reads the header like Go into a `map[string]interface{}`. For duplicate keys, the last wins. */
function readHeader(node: JsonNode): ReadonlyMap<string, JsonNode> {
  if (node.kind === 'null') return new Map();
  if (node.kind !== 'object') {
    throw new Error(`json: cannot unmarshal ${node.kind} into Go value of type map[string]interface {}`);
  }
  const overflow = overflowingNumber(node);
  if (overflow !== undefined) {
    throw new Error(`json: cannot unmarshal number ${overflow} into Go value of type float64`);
  }
  return new Map(node.entries);
}

function parse(token: string): TimeClaims {
  const segments = token.split('.');
  if (segments.length !== 3) throw malformed('token contains an invalid number of segments');
  const [headerText, claimsText] = segments as [string, string, string];
  const headerBytes = attempt('could not base64 decode header', () => decodeRawUrlBase64(headerText));
  const header = attempt('could not JSON decode header', () => readHeader(parseJson(headerBytes)));
  const claimBytes = attempt('could not base64 decode claim', () => decodeRawUrlBase64(claimsText));
  const claims = attempt('could not JSON decode claim', () => readClaims(parseJson(claimBytes)));
  const algorithm = header.get('alg');
  if (algorithm?.kind !== 'string') throw unverifiable('signing method (alg) is unspecified');
  if (!SIGNING_METHODS.has(algorithm.value)) throw unverifiable('signing method (alg) is unavailable');
  return claims;
}

/** Returns why the agent rejects a token because of its form or times, if it does. `now`: milliseconds since the epoch. */
export function tokenRefusal(token: string, now: number): string | undefined {
  if (token === '') return 'Service account token cannot be empty';
  let claims: TimeClaims;
  try {
    claims = parse(token);
  } catch (error) {
    return `Service account token cannot be parsed: ${error instanceof Error ? error.message : 'unknown error'}`;
  }
  const failures: string[] = [];
  if (claims.expirationTime !== undefined && now >= claims.expirationTime * 1000) failures.push('token is expired');
  if (claims.notBefore !== undefined && now < claims.notBefore * 1000) failures.push('token is not valid yet');
  return failures.length === 0
    ? undefined
    : `Service account token failed basic claim validations: ${failures.join(', ')}`;
}
