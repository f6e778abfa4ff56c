import { requestTagContext } from '../../core/tag-context.ts';
import { uniqueId } from '../../core/random.ts';
import type { Role } from '../model.ts';
import { timestamp } from '../../query/xml.ts';
import type { XmlStructure } from '../../query/xml.ts';
import { uriEncode } from '../../sigv4/canonical.ts';
import type { IamOperation } from './call.ts';
import { deleteConflict, entityAlreadyExists, invalidInput, limitExceeded, noSuchEntity } from './errors.ts';
import { demandBoundary } from './managed-policy-lookup.ts';
import { page } from './paging.ts';
import { changeRole, demandRole, findRole } from './role-lookup.ts';
import { readTags, tagList, tagOperations } from './tags.ts';
import { readTrustPolicy, unbindDeleted } from './trust-policies.ts';

/** Seconds. */
const DEFAULT_SESSION_DURATION = 3600;

/** Roles, their trust policies, boundaries and tags. */
export const roles = {
  CreateRole: (call) => {
    const { account, parameters, demand } = call;
    const { world } = call.context;
    const name = parameters.required('RoleName');
    const path = parameters.text('Path') ?? '/';
    const trust = parameters.required('AssumeRolePolicyDocument');
    const description = parameters.text('Description');
    const maxSessionDuration = parameters.integer('MaxSessionDuration') ?? DEFAULT_SESSION_DURATION;
    const boundary = parameters.text('PermissionsBoundary');
    const tags = readTags(parameters);
    const arn = `arn:aws:iam::${account.id}:role${path}${name}`;
    demand('iam:CreateRole', arn, {
      ...requestTagContext(tags),
      ...(boundary !== undefined ? { 'iam:PermissionsBoundary': boundary } : {}),
    });
    // Tags that come with what is made need the right to tag it too (IAM User Guide, "Tag IAM roles").
    if (tags.size > 0) demand('iam:TagRole', arn, requestTagContext(tags));
    if (path.startsWith('/aws-service-role/')) {
      throw invalidInput('The path /aws-service-role/ is reserved for service-linked roles.');
    }
    if (findRole(account, name) !== undefined) throw entityAlreadyExists(`Role with name ${name} already exists.`);
    const most = world.settings.quotas.roles;
    if (account.roles.size >= most) throw limitExceeded(`Cannot exceed quota for RolesPerAccount: ${most}`);
    const role: Role = {
      name,
      path,
      arn,
      id: uniqueId(world.random, 'AROA'),
      accountId: account.id,
      createdAt: world.clock.now(),
      description,
      maxSessionDuration,
      ...readTrustPolicy(call, name, trust),
      inlinePolicies: new Map(),
      attachedPolicies: new Set(),
      permissionsBoundary: boundary !== undefined ? demandBoundary(world, account, boundary) : undefined,
      tags,
    };
    account.roles.set(name, role);
    return { Role: newRole(role) };
  },

  GetRole: (call) => ({ Role: wholeRole(demandRole(call, 'iam:GetRole')) }),

  ListRoles: ({ account, parameters, demand }) => {
    const prefix = parameters.text('PathPrefix') ?? '/';
    demand('iam:ListRoles', `arn:aws:iam::${account.id}:role${prefix}`);
    const listed = [...account.roles.listed().values()].filter((role) => role.path.startsWith(prefix));
    const { items, members } = page(listed, (role) => role.name, parameters);
    return { Roles: items.map(shortRole), ...members };
  },

  UpdateRole: (call) => {
    const description = call.parameters.text('Description');
    const maxSessionDuration = call.parameters.integer('MaxSessionDuration');
    const role = demandRole(call, 'iam:UpdateRole');
    changeRole(call, role, {
      ...(description !== undefined ? { description } : {}),
      ...(maxSessionDuration !== undefined ? { maxSessionDuration } : {}),
    });
    return {};
  },

  UpdateAssumeRolePolicy: (call) => {
    const text = call.parameters.required('PolicyDocument');
    const role = demandRole(call, 'iam:UpdateAssumeRolePolicy');
    changeRole(call, role, readTrustPolicy(call, role.name, text));
  },

  DeleteRole: (call) => {
    const role = demandRole(call, 'iam:DeleteRole');
    // A policy that was taken from it a moment ago hinders too.
    const former = call.account.roles.withinIam().get(role.name);
    const seen = former?.id === role.id ? [former, role] : [role];
    if (seen.some(({ attachedPolicies }) => attachedPolicies.size > 0)) {
      throw deleteConflict('Cannot delete entity, must detach all policies first.');
    }
    if (seen.some(({ inlinePolicies }) => inlinePolicies.size > 0)) {
      throw deleteConflict('Cannot delete entity, must delete policies first.');
    }
    call.account.roles.delete(role.name);
    unbindDeleted(call.context.world, role);
  },

  PutRolePermissionsBoundary: (call) => {
    const boundary = call.parameters.required('PermissionsBoundary');
    const role = demandRole(call, 'iam:PutRolePermissionsBoundary', { 'iam:PermissionsBoundary': boundary });
    const permissionsBoundary = demandBoundary(call.context.world, call.account, boundary);
    changeRole(call, role, { permissionsBoundary });
  },

  DeleteRolePermissionsBoundary: (call) => {
    const role = demandRole(call, 'iam:DeleteRolePermissionsBoundary');
    if (role.permissionsBoundary === undefined) {
      throw noSuchEntity(`The role with name ${role.name} has no permissions boundary.`);
    }
    changeRole(call, role, { permissionsBoundary: undefined });
  },

  ...tagOperations('Role', { demand: demandRole, change: changeRole }),

  /** There are no instance profiles; tools ask before they delete a role. */
  ListInstanceProfilesForRole: (call) => {
    demandRole(call, 'iam:ListInstanceProfilesForRole');
    return { InstanceProfiles: [], IsTruncated: false };
  },
} satisfies Record<string, IamOperation>;

/** What CreateRole tells of a role: less than GetRole (IAM API Reference, "CreateRole", its example of an answer). */
function newRole(role: Role): XmlStructure {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: role.arn,
    CreateDate: timestamp(role.createdAt),
    AssumeRolePolicyDocument: uriEncode(role.trustPolicyText),
    Tags: role.tags.size > 0 ? tagList(role.tags) : undefined,
  };
}

/** What ListRoles tells of a role. */
function shortRole(role: Role): XmlStructure {
  const { description, maxSessionDuration } = role;
  return { ...newRole(role), Description: description, MaxSessionDuration: maxSessionDuration, Tags: undefined };
}

function wholeRole(role: Role): XmlStructure {
  return {
    ...shortRole(role),
    PermissionsBoundary:
      role.permissionsBoundary !== undefined
        ? { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: role.permissionsBoundary }
        : undefined,
    Tags: role.tags.size > 0 ? tagList(role.tags) : undefined,
    RoleLastUsed: {},
  };
}
