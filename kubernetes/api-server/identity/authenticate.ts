import type { IncomingHttpHeaders } from 'node:http';
import { ApiError, type ApiServerOptions, type Clock } from '../types.ts';
import type { TokenVerifier } from './token-verifier.ts';
import { ANONYMOUS, withAuthenticatedGroup, type UserInfo } from './user.ts';

/** What is known of a bearer token; `error` is set when it is not good and there is a reason to give. */
export interface TokenIdentity {
  readonly user?: UserInfo;
  readonly audiences?: readonly string[];
  readonly error?: string;
}

export type TokenAuthenticator = (token: string, audiences?: readonly string[]) => Promise<TokenIdentity>;

/** Service account tokens first; any other token goes to the cluster's own authenticator. */
export function newTokenAuthenticator(
  verifier: TokenVerifier,
  authenticate: ApiServerOptions['authenticate'],
  clock: Clock,
): TokenAuthenticator {
  const authenticateOther = authenticate && remembered(authenticate, clock);
  return async (token, audiences) => {
    const verdict = await verifier.verify(token, audiences);
    if (verdict.kind === 'valid') {
      return { user: withAuthenticatedGroup(verdict.user), audiences: verdict.audiences };
    }
    if (verdict.kind === 'refused') return { error: `[invalid bearer token, ${verdict.error}]` };
    // Such an authenticator knows nothing of audiences, so its tokens are for the API server alone.
    const wanted = audiences?.filter((audience) => verifier.apiAudiences.includes(audience)) ?? verifier.apiAudiences;
    const user = wanted.length === 0 ? undefined : await authenticateOther?.(token).catch(() => undefined);
    return user === undefined
      ? { error: 'invalid bearer token' }
      : { user: withAuthenticatedGroup(user), audiences: wanted };
  };
}

/** How long an answer of the cluster's authenticator holds (kube-apiserver's --authentication-token-webhook-cache-ttl). */
const REMEMBERED_MILLISECONDS = 2 * 60_000;
const REMEMBERED_TOKENS = 1024;

/** Asks once for a token that is used for many requests; only good answers are kept. */
function remembered(
  authenticate: NonNullable<ApiServerOptions['authenticate']>,
  clock: Clock,
): NonNullable<ApiServerOptions['authenticate']> {
  const known = new Map<
    string,
    { readonly user: { username: string; groups: readonly string[] }; readonly until: number }
  >();
  return async (token) => {
    const found = known.get(token);
    if (found !== undefined && found.until > clock.now()) return found.user;
    known.delete(token);
    const user = await authenticate(token);
    if (user === undefined) return undefined;
    if (known.size >= REMEMBERED_TOKENS) known.clear();
    known.set(token, { user, until: clock.now() + REMEMBERED_MILLISECONDS });
    return user;
  };
}

/** The user of a request. Throws `ApiError` 401 when it has an authorization header that proves nobody. */
export async function authenticateRequest(
  headers: IncomingHttpHeaders,
  authenticator: TokenAuthenticator,
): Promise<UserInfo> {
  const { authorization } = headers;
  if (authorization === undefined) return ANONYMOUS;
  const token = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
  const { user } = token === undefined ? {} : await authenticator(token);
  if (user === undefined) throw new ApiError(401, 'Unauthorized', 'Unauthorized');
  return user;
}
