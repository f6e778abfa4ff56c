import type { Role } from '../iam/model.ts';
import type { XmlStructure } from '../query/xml.ts';
import { uriEncode } from '../sigv4/canonical.ts';
import type { IamOperation } from './call.ts';
import { invalidInput, limitExceeded } from './errors.ts';
import { deleteIdentity, detailsOf, listOperation, newIdentity, ROLES, shortIdentity } from './identities.ts';
import { identityOperations } from './identity-policies.ts';
import { readTrustPolicy } from './documents.ts';

/** Seconds. */
const DEFAULT_SESSION_DURATION = 3600;

export const roles = {
  CreateRole: (call) => {
    const { account, context, parameters } = call;
    const identity = newIdentity(ROLES, call);
    if (identity.path.startsWith('/aws-service-role/')) {
      throw invalidInput('The path /aws-service-role/ is reserved for service-linked roles.');
    }
    const most = context.world.settings.quotas.roles;
    if (account.roles.size >= most) throw limitExceeded(`Cannot exceed quota for RolesPerAccount: ${most}`);
    const role: Role = {
      ...identity,
      description: parameters.text('Description'),
      maxSessionDuration: parameters.integer('MaxSessionDuration') ?? DEFAULT_SESSION_DURATION,
      ...readTrustPolicy(call, identity.name, parameters.required('AssumeRolePolicyDocument')),
    };
    account.roles.set(role.name, role);
    // Omits members that only GetRole returns (IAM API Reference, "CreateRole", example).
    return { Role: { ...basicRole(role), ...detailsOf(role) } };
  },

  GetRole: (call) => ({ Role: wholeRole(ROLES.demand(call, 'iam:GetRole')) }),

  ListRoles: listOperation(ROLES, shortRole),

  UpdateRole: (call) => {
    const description = call.parameters.text('Description');
    const maxSessionDuration = call.parameters.integer('MaxSessionDuration');
    const role = ROLES.demand(call, 'iam:UpdateRole');
    ROLES.change(call, role, {
      ...(description !== undefined ? { description } : {}),
      ...(maxSessionDuration !== undefined ? { maxSessionDuration } : {}),
    });
    return {};
  },

  UpdateRoleDescription: (call) => {
    const description = call.parameters.required('Description');
    const role = ROLES.demand(call, 'iam:UpdateRoleDescription');
    return { Role: wholeRole(ROLES.change(call, role, { description })) };
  },

  UpdateAssumeRolePolicy: (call) => {
    const text = call.parameters.required('PolicyDocument');
    const role = ROLES.demand(call, 'iam:UpdateAssumeRolePolicy');
    ROLES.change(call, role, readTrustPolicy(call, role.name, text));
  },

  DeleteRole: (call) => deleteIdentity(ROLES, call, ROLES.demand(call, 'iam:DeleteRole')),

  ...identityOperations(ROLES),
} satisfies Record<string, IamOperation>;

export function basicRole(role: Role): XmlStructure {
  return { ...shortIdentity(ROLES, role), AssumeRolePolicyDocument: uriEncode(role.trustPolicyText) };
}

function shortRole(role: Role): XmlStructure {
  const { description, maxSessionDuration } = role;
  return { ...basicRole(role), Description: description, MaxSessionDuration: maxSessionDuration };
}

function wholeRole(role: Role): XmlStructure {
  return { ...shortRole(role), ...detailsOf(role), RoleLastUsed: {} };
}
