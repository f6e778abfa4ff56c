import type { ConditionContext } from '../policy/index.ts';
import type { IamOperation } from './call.ts';
import { limitExceeded, noSuchEntity } from './errors.ts';
import { demandPolicy, findPolicy, policyArn } from './managed-policy-lookup.ts';
import { page } from './paging.ts';
import { changeRole, demandRole } from './role-lookup.ts';

const ATTACHED_POLICIES_QUOTA = 10;

/** The managed policies that roles have attached, and the roles that have a policy attached. */
export const attachedPolicies = {
  AttachRolePolicy: (call) => {
    const arn = policyArn(call);
    const role = demandRole(call, 'iam:AttachRolePolicy', policyKey(arn));
    if (findPolicy(call.context.world, call.account, arn) === undefined) {
      throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
    }
    if (!role.attachedPolicies.has(arn) && role.attachedPolicies.size >= ATTACHED_POLICIES_QUOTA) {
      throw limitExceeded(`Cannot exceed quota for PoliciesPerRole: ${ATTACHED_POLICIES_QUOTA}`);
    }
    changeRole(call, role, { attachedPolicies: new Set(role.attachedPolicies).add(arn) });
  },

  DetachRolePolicy: (call) => {
    const arn = policyArn(call);
    const role = demandRole(call, 'iam:DetachRolePolicy', policyKey(arn));
    const attachedPolicies = new Set(role.attachedPolicies);
    if (!attachedPolicies.delete(arn)) throw noSuchEntity(`Policy ${arn} was not found.`);
    changeRole(call, role, { attachedPolicies });
  },

  ListAttachedRolePolicies: (call) => {
    const prefix = call.parameters.text('PathPrefix') ?? '/';
    const role = demandRole(call, 'iam:ListAttachedRolePolicies');
    const attached = [...role.attachedPolicies]
      .map((arn) => findPolicy(call.context.world, call.account, arn))
      .filter((policy) => policy !== undefined)
      .filter((policy) => policy.path.startsWith(prefix));
    const { items, members } = page(attached, (policy) => policy.arn, call.parameters);
    return {
      AttachedPolicies: items.map((policy) => ({ PolicyName: policy.name, PolicyArn: policy.arn })),
      ...members,
    };
  },
  ListEntitiesForPolicy: (call) => {
    const { account, parameters } = call;
    const kind = parameters.text('EntityFilter') ?? 'Role';
    const prefix = parameters.text('PathPrefix') ?? '/';
    const usage = parameters.text('PolicyUsageFilter');
    const { arn } = demandPolicy(call, 'iam:ListEntitiesForPolicy');
    const roles = [...account.roles.values()].filter(
      (role) =>
        kind === 'Role' &&
        role.path.startsWith(prefix) &&
        ((usage !== 'PermissionsBoundary' && role.attachedPolicies.has(arn)) ||
          (usage !== 'PermissionsPolicy' && role.permissionsBoundary === arn)),
    );
    const { items, members } = page(roles, (role) => role.name, parameters);
    return {
      PolicyGroups: [],
      PolicyUsers: [],
      PolicyRoles: items.map((role) => ({ RoleName: role.name, RoleId: role.id })),
      ...members,
    };
  },
} satisfies Record<string, IamOperation>;

function policyKey(arn: string): ConditionContext {
  return { 'iam:PolicyARN': arn };
}
