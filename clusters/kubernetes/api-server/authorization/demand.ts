import { forbidden } from '../model/errors.ts';
import type { UserInfo } from '../model/user.ts';
import { ApiError, type Audit } from '../model/types.ts';
import { explainRefusal } from './explain.ts';
import type { Authorizer } from './rbac.ts';
import type { Attributes } from './types.ts';

/** Throws `ApiError` 403 if the access is denied, otherwise records it. */
export function demandAccess(
  { authorizer, audit }: { readonly authorizer: Authorizer; readonly audit: Audit },
  user: UserInfo,
  attributes: Attributes,
): void {
  const { allowed, reason } = authorizer.authorize(user, attributes);
  if (!allowed) {
    const cause = [explainRefusal(user, attributes), ...(reason === '' ? [] : [reason])].join(': ');
    if ('path' in attributes) throw new ApiError(403, 'Forbidden', `forbidden: ${cause}`, {});
    throw forbidden(attributes, attributes.name ?? '', cause);
  }
  audit(user.username, attributes);
}
