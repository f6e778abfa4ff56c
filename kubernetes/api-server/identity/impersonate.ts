import type { IncomingHttpHeaders } from 'node:http';
import { badRequest, forbidden } from '../errors.ts';
import type { Authorizer } from '../authorization/rbac.ts';
import { parseServiceAccountUsername, serviceAccountGroups, withAuthenticatedGroup, type UserInfo } from './user.ts';

/**
 * Values of a header that may come several times. Node joins those with a comma and a space; no user or group that a
 * cluster knows has that in its name.
 */
function values(header: string | string[] | undefined): string[] {
  if (header === undefined) return [];
  return (Array.isArray(header) ? header : header.split(', ')).filter((value) => value !== '');
}

/**
 * Who the request acts as: the user of the Impersonate headers when the requester may impersonate it, else the
 * requester. Throws `ApiError` 403.
 */
export function impersonate(requester: UserInfo, headers: IncomingHttpHeaders, authorizer: Authorizer): UserInfo {
  const username = values(headers['impersonate-user'])[0];
  const groups = values(headers['impersonate-group']);
  const uid = values(headers['impersonate-uid'])[0];
  if (username === undefined) {
    if (groups.length > 0 || uid !== undefined) {
      throw badRequest('requested impersonation of groups or a UID without impersonating a user');
    }
    return requester;
  }
  const account = parseServiceAccountUsername(username);
  const checks = [
    account === undefined
      ? { group: '', resource: 'users', name: username }
      : { group: '', resource: 'serviceaccounts', name: account.name, namespace: account.namespace },
    ...groups.map((name) => ({ group: '', resource: 'groups', name })),
    ...(uid === undefined ? [] : [{ group: 'authentication.k8s.io', resource: 'uids', name: uid }]),
  ];
  for (const { name, group, resource, ...scope } of checks) {
    const attributes = { verb: 'impersonate', group, resource, name, ...scope };
    if (!authorizer.authorize(requester, attributes).allowed) {
      throw forbidden({ group, resource }, name, authorizer.refusal(requester, attributes));
    }
  }
  const own = groups.length > 0 || account === undefined ? groups : serviceAccountGroups(account.namespace);
  const user: UserInfo = { username, groups: own, ...(uid === undefined ? {} : { uid }) };
  return username === 'system:anonymous'
    ? { ...user, groups: ['system:unauthenticated'] }
    : withAuthenticatedGroup(user);
}
