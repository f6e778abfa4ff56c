import type { IncomingHttpHeaders } from 'node:http';
import { ApiError, type ApiServerOptions } from '../types.ts';
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
): TokenAuthenticator {
  return async (token, audiences) => {
    const verdict = await verifier.verify(token, audiences);
    if (verdict.kind === 'valid') {
      return { user: withAuthenticatedGroup(verdict.user), audiences: verdict.audiences };
    }
    if (verdict.kind === 'refused') return { error: `[invalid bearer token, ${verdict.error}]` };
    // Such an authenticator knows nothing of audiences, so its tokens are for the API server alone.
    const wanted = audiences?.filter((audience) => verifier.apiAudiences.includes(audience)) ?? verifier.apiAudiences;
    const user = wanted.length === 0 ? undefined : await authenticate?.(token).catch(() => undefined);
    return user === undefined
      ? { error: 'invalid bearer token' }
      : { user: withAuthenticatedGroup(user), audiences: wanted };
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
