import type { IncomingHttpHeaders } from 'node:http';
import { ApiError, InternalError, type ApiServerOptions, type Audit, type Clock } from '../model/types.ts';
import { API_AUDIENCE } from './token-issuer.ts';
import type { TokenVerifier } from './token-verifier.ts';
import {
  ANONYMOUS,
  withAuthenticatedGroup,
  parseServiceAccountUsername,
  serviceAccountGroups,
  type UserInfo,
} from '../model/user.ts';
import { demandAccess } from '../authorization/demand.ts';
import type { Authorizer } from '../authorization/rbac.ts';

const AUTHENTICATION = 'authentication.k8s.io';
const UNAUTHENTICATED = 'system:unauthenticated';

/** `error` explains an invalid token. */
interface TokenIdentity {
  readonly user?: UserInfo;
  readonly audiences?: readonly string[];
  readonly error?: string;
}

type Authenticate = NonNullable<ApiServerOptions['authenticate']>;
export type TokenAuthenticator = (token: string, audiences?: readonly string[]) => Promise<TokenIdentity>;

/** Tries service account tokens first, then the cluster's authenticator. */
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
    // The authenticator's tokens have no audiences: they are only for the API server.
    const wanted = [API_AUDIENCE].filter((apiAudience) => audiences?.includes(apiAudience) ?? true);
    const user = wanted.length === 0 ? undefined : await authenticateOther?.(token).catch(() => undefined);
    return user === undefined
      ? { error: 'invalid bearer token' }
      : { user: withAuthenticatedGroup(user), audiences: wanted };
  };
}

/** kube-apiserver's default for --authentication-token-webhook-cache-ttl. */
const REMEMBERED_MILLISECONDS = 2 * 60_000;
const REMEMBERED_TOKENS = 1024;

/** Caches successful authentications. */
function remembered(authenticate: Authenticate, clock: Clock): Authenticate {
  const cachedUsers = new Map<string, { readonly user: UserInfo; readonly until: number }>();
  return async (token) => {
    const cachedUser = cachedUsers.get(token);
    if (cachedUser !== undefined && cachedUser.until > clock.now()) return cachedUser.user;
    cachedUsers.delete(token);
    const user = await authenticate(token);
    if (user === undefined) return undefined;
    if (cachedUsers.size >= REMEMBERED_TOKENS) cachedUsers.clear();
    cachedUsers.set(token, { user, until: clock.now() + REMEMBERED_MILLISECONDS });
    return user;
  };
}

/** Returns the user; anonymous without a bearer token (Kubernetes, `bearertoken.Authenticator`). Throws `ApiError` 401. */
export async function authenticateRequest(
  headers: IncomingHttpHeaders,
  authenticator: TokenAuthenticator,
): Promise<UserInfo> {
  const [scheme, token] = (headers.authorization ?? '').trim().split(' ');
  if (scheme?.toLowerCase() !== 'bearer' || !token) return ANONYMOUS;
  const { user } = await authenticator(token);
  if (user === undefined) throw new ApiError(401, 'Unauthorized', 'Unauthorized');
  return user;
}

/** Splits repeated headers, which Node joins with ", ". No user or group name contains that. */
function values(header: string | string[] | undefined): string[] {
  if (header === undefined) return [];
  return (Array.isArray(header) ? header : header.split(', ')).filter((value) => value !== '');
}

/** Applies the Impersonate headers. Throws `ApiError` 403, or `InternalError` for groups, UID or extras without a user. */
export function impersonate(
  requester: UserInfo,
  headers: IncomingHttpHeaders,
  context: { readonly authorizer: Authorizer; readonly audit: Audit },
): UserInfo {
  const username = values(headers['impersonate-user'])[0];
  const groups = values(headers['impersonate-group']);
  const uid = values(headers['impersonate-uid'])[0];
  const extra = extraOf(headers);
  const extras = Object.entries(extra).flatMap(([key, list]) => list.map((value) => [key, value] as const));
  if (username === undefined) {
    // Go's format: kind, namespace, name, UID, API version, resource version and field path.
    const references = [
      ...groups.map((name) => `{Group  ${name}    }`),
      ...extras.map(([key, value]) => `{UserExtra  ${value}  authentication.k8s.io/v1  ${key}}`),
      ...(uid === undefined ? [] : [`{UID  ${uid}  authentication.k8s.io/v1  }`]),
    ];
    if (references.length === 0) return requester;
    throw new InternalError(`requested [${references.join(' ')}] without impersonating a user`);
  }
  const account = parseServiceAccountUsername(username);
  const checks = [
    account === undefined
      ? { group: '', resource: 'users', name: username }
      : { group: '', resource: 'serviceaccounts', name: account.name, namespace: account.namespace },
    ...groups.map((name) => ({ group: '', resource: 'groups', name })),
    ...extras.map(([subresource, name]) => ({ group: AUTHENTICATION, resource: 'userextras', subresource, name })),
    ...(uid === undefined ? [] : [{ group: AUTHENTICATION, resource: 'uids', name: uid }]),
  ];
  for (const check of checks) demandAccess(context, requester, { verb: 'impersonate', ...check });
  const allGroups = groups.length > 0 || account === undefined ? groups : serviceAccountGroups(account.namespace);
  const user = { username, groups: allGroups, ...(uid !== undefined && { uid }), ...(extras.length > 0 && { extra }) };
  if (username === ANONYMOUS.username) return { ...user, groups: [...new Set([...allGroups, UNAUTHENTICATED])] };
  return allGroups.includes(UNAUTHENTICATED) ? user : withAuthenticatedGroup(user);
}

const EXTRA = 'impersonate-extra-';

/** Returns the extras by lower-case key. Keeps invalid percent-encoding. */
function extraOf(headers: IncomingHttpHeaders): Record<string, string[]> {
  const named = Object.keys(headers).filter((header) => header.startsWith(EXTRA));
  return Object.fromEntries(
    named.map((header) => {
      const key = header.slice(EXTRA.length);
      try {
        return [decodeURIComponent(key), values(headers[header])];
      } catch {
        return [key, values(headers[header])];
      }
    }),
  );
}
