import type { Role } from '../model.ts';
import { uriEncode } from '../../sigv4/canonical.ts';
import type { IamOperation } from './call.ts';
import { INLINE_POLICIES_QUOTA, policyDocument, policySize } from './documents.ts';
import { limitExceeded, noSuchEntity } from './errors.ts';
import { page } from './paging.ts';
import { changeRole, demandRole } from './role-lookup.ts';

/** The inline policies of roles. */
export const inlinePolicies = {
  PutRolePolicy: (call) => {
    const name = call.parameters.required('PolicyName');
    const text = call.parameters.required('PolicyDocument');
    const role = demandRole(call, 'iam:PutRolePolicy');
    const document = policyDocument(text, 'identity', `inline policy ${name} of role ${role.name}`);
    if (sizeWithout(role, name) + policySize(text) > INLINE_POLICIES_QUOTA) {
      throw limitExceeded(`Maximum policy size of ${INLINE_POLICIES_QUOTA} bytes exceeded for role ${role.name}`);
    }
    changeRole(call, role, { inlinePolicies: new Map(role.inlinePolicies).set(name, document) });
  },

  GetRolePolicy: (call) => {
    const name = call.parameters.required('PolicyName');
    const role = demandRole(call, 'iam:GetRolePolicy');
    const document = role.inlinePolicies.get(name) ?? missing(name);
    return { RoleName: role.name, PolicyName: name, PolicyDocument: uriEncode(document.text) };
  },

  ListRolePolicies: (call) => {
    const role = demandRole(call, 'iam:ListRolePolicies');
    const { items, members } = page(role.inlinePolicies.keys(), (name) => name, call.parameters);
    return { PolicyNames: items, ...members };
  },

  DeleteRolePolicy: (call) => {
    const name = call.parameters.required('PolicyName');
    const role = demandRole(call, 'iam:DeleteRolePolicy');
    const inlinePolicies = new Map(role.inlinePolicies);
    if (!inlinePolicies.delete(name)) missing(name);
    changeRole(call, role, { inlinePolicies });
  },
} satisfies Record<string, IamOperation>;

function sizeWithout(role: Role, name: string): number {
  let size = 0;
  for (const [other, { text }] of role.inlinePolicies) if (other !== name) size += policySize(text);
  return size;
}

function missing(name: string): never {
  throw noSuchEntity(`The role policy with name ${name} cannot be found.`);
}
