import type { ConditionContext } from '../policy/index.ts';
import { resourceTagKeys } from '../../core/tag-context.ts';
import type { Account } from '../../core/world.ts';
import type { Role } from '../model.ts';
import type { IamCall } from './call.ts';
import { noSuchEntity } from './errors.ts';

/**
 * The actions on a role that have the key `iam:PermissionsBoundary` (Service Authorization Reference, "Actions, resources,
 * and condition keys for AWS Identity and Access Management"). A policy that allows others only under that key allows none.
 */
const BOUNDARY_ACTIONS: ReadonlySet<string> = new Set([
  'iam:AttachRolePolicy',
  'iam:DeleteRole',
  'iam:DeleteRolePermissionsBoundary',
  'iam:DeleteRolePolicy',
  'iam:DetachRolePolicy',
  'iam:GetRole',
  'iam:PutRolePermissionsBoundary',
  'iam:PutRolePolicy',
  'iam:UpdateAssumeRolePolicy',
  'iam:UpdateRole',
]);

/**
 * The role that `RoleName` names, once the caller may do `action` on it. Throws `AccessDenied` (403) before it tells with
 * `NoSuchEntity` (404) that there is none.
 */
export function demandRole(call: IamCall, action: string, conditionKeys: ConditionContext = {}): Role {
  const name = call.parameters.required('RoleName');
  const role = findRole(call.account, name);
  const boundary = BOUNDARY_ACTIONS.has(action) ? role?.permissionsBoundary : undefined;
  call.demand(action, role?.arn ?? `arn:aws:iam::${call.account.id}:role/${name}`, {
    ...resourceTagKeys(role?.tags),
    ...(boundary !== undefined ? { 'iam:PermissionsBoundary': boundary } : {}),
    ...conditionKeys,
  });
  if (role === undefined) throw noSuchEntity(`The role with name ${name} cannot be found.`);
  return role;
}

/** Puts a changed copy in the role's place: the role as it was may still be what others see. */
export function changeRole({ account }: { readonly account: Account }, role: Role, change: Partial<Role>): void {
  account.roles.set(role.name, { ...role, ...change });
}

/** Role names are unique without regard to case (IAM User Guide, "IAM name requirements"). */
export function findRole(account: Account, name: string): Role | undefined {
  const exact = account.roles.get(name);
  if (exact !== undefined) return exact;
  const folded = name.toLowerCase();
  return [...account.roles.values()].find((role) => role.name.toLowerCase() === folded);
}
