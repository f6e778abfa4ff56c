import { uriEncode } from '../sigv4/canonical.ts';
import { page, type IamOperation } from './call.ts';
import { policyDocument, policySize } from './documents.ts';
import { limitExceeded, noSuchEntity } from './errors.ts';
import { ROLES, USERS, type IdentityKind } from './identities.ts';
import { demandBoundary, demandPolicy, findPolicy, policyArn } from './managed-policies.ts';
import { tagOperations } from './tags.ts';

const ATTACHED_POLICIES_QUOTA = 10;

/** Operations that roles and users share: inline and attached policies, boundary and tags. */
export function identityOperations(kind: IdentityKind): Record<string, IamOperation> {
  return {
    ...inlinePolicyOperations(kind),
    ...attachedPolicyOperations(kind),
    ...boundaryOperations(kind),
    ...tagOperations(kind.type, kind),
  };
}

function inlinePolicyOperations(kind: IdentityKind): Record<string, IamOperation> {
  const { type, inlinePoliciesQuota } = kind;
  const lowerType = type.toLowerCase();
  const missing = (name: string): never => {
    throw noSuchEntity(`The ${lowerType} policy with name ${name} cannot be found.`);
  };
  return {
    [`Put${type}Policy`]: (call) => {
      const name = call.parameters.required('PolicyName');
      const text = call.parameters.required('PolicyDocument');
      const identity = kind.demand(call, `iam:Put${type}Policy`);
      const document = policyDocument(text, 'identity', `inline policy ${name} of ${lowerType} ${identity.name}`);
      let size = policySize(text);
      for (const [other, { text: kept }] of identity.inlinePolicies) if (other !== name) size += policySize(kept);
      if (size > inlinePoliciesQuota) {
        throw limitExceeded(
          `Maximum policy size of ${inlinePoliciesQuota} bytes exceeded for ${lowerType} ${identity.name}`,
        );
      }
      kind.change(call, identity, { inlinePolicies: new Map(identity.inlinePolicies).set(name, document) });
    },

    [`Get${type}Policy`]: (call) => {
      const name = call.parameters.required('PolicyName');
      const identity = kind.demand(call, `iam:Get${type}Policy`);
      const document = identity.inlinePolicies.get(name) ?? missing(name);
      return { [`${type}Name`]: identity.name, PolicyName: name, PolicyDocument: uriEncode(document.text) };
    },

    [`List${type}Policies`]: (call) => {
      const { inlinePolicies } = kind.demand(call, `iam:List${type}Policies`);
      const { items, members } = page(inlinePolicies.keys(), (name) => name, call.parameters);
      return { PolicyNames: items, ...members };
    },

    [`Delete${type}Policy`]: (call) => {
      const name = call.parameters.required('PolicyName');
      const identity = kind.demand(call, `iam:Delete${type}Policy`);
      const inlinePolicies = new Map(identity.inlinePolicies);
      if (!inlinePolicies.delete(name)) missing(name);
      kind.change(call, identity, { inlinePolicies });
    },
  };
}

function attachedPolicyOperations(kind: IdentityKind): Record<string, IamOperation> {
  const { type } = kind;
  return {
    [`Attach${type}Policy`]: (call) => {
      const arn = policyArn(call);
      const identity = kind.demand(call, `iam:Attach${type}Policy`, { 'iam:PolicyARN': arn });
      if (findPolicy(call.context.world, call.account, arn) === undefined) {
        throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
      }
      if (!identity.attachedPolicies.has(arn) && identity.attachedPolicies.size >= ATTACHED_POLICIES_QUOTA) {
        throw limitExceeded(`Cannot exceed quota for PoliciesPer${type}: ${ATTACHED_POLICIES_QUOTA}`);
      }
      kind.change(call, identity, { attachedPolicies: new Set(identity.attachedPolicies).add(arn) });
    },

    [`Detach${type}Policy`]: (call) => {
      const arn = policyArn(call);
      const identity = kind.demand(call, `iam:Detach${type}Policy`, { 'iam:PolicyARN': arn });
      const attachedPolicies = new Set(identity.attachedPolicies);
      if (!attachedPolicies.delete(arn)) throw noSuchEntity(`Policy ${arn} was not found.`);
      kind.change(call, identity, { attachedPolicies });
    },

    [`ListAttached${type}Policies`]: (call) => {
      const prefix = call.parameters.text('PathPrefix') ?? '/';
      const attached = [...kind.demand(call, `iam:ListAttached${type}Policies`).attachedPolicies]
        .map((arn) => findPolicy(call.context.world, call.account, arn))
        .filter((policy) => policy !== undefined)
        .filter((policy) => policy.path.startsWith(prefix));
      const { items, members } = page(attached, (policy) => policy.arn, call.parameters);
      return {
        AttachedPolicies: items.map((policy) => ({ PolicyName: policy.name, PolicyArn: policy.arn })),
        ...members,
      };
    },
  };
}

function boundaryOperations(kind: IdentityKind): Record<string, IamOperation> {
  const { type } = kind;
  return {
    [`Put${type}PermissionsBoundary`]: (call) => {
      const boundary = call.parameters.required('PermissionsBoundary');
      const identity = kind.demand(call, `iam:Put${type}PermissionsBoundary`, { 'iam:PermissionsBoundary': boundary });
      const permissionsBoundary = demandBoundary(call.context.world, call.account, boundary);
      kind.change(call, identity, { permissionsBoundary });
    },

    [`Delete${type}PermissionsBoundary`]: (call) => {
      const identity = kind.demand(call, `iam:Delete${type}PermissionsBoundary`);
      if (identity.permissionsBoundary === undefined) {
        throw noSuchEntity(`The ${type.toLowerCase()} with name ${identity.name} has no permissions boundary.`);
      }
      kind.change(call, identity, { permissionsBoundary: undefined });
    },
  };
}

/** Pages through users and roles as one list. */
export const ListEntitiesForPolicy: IamOperation = (call) => {
  const { account, parameters } = call;
  const filter = parameters.text('EntityFilter');
  const prefix = parameters.text('PathPrefix') ?? '/';
  const usage = parameters.text('PolicyUsageFilter');
  const { arn } = demandPolicy(call, 'iam:ListEntitiesForPolicy');
  const entities = [USERS, ROLES].flatMap(({ type, all }) =>
    [...all(account).values()].map((identity) => ({ type, ...identity })),
  );
  const having = entities.filter(
    ({ type, path, attachedPolicies, permissionsBoundary }) =>
      (filter === undefined || filter === type) &&
      path.startsWith(prefix) &&
      ((usage !== 'PermissionsBoundary' && attachedPolicies.has(arn)) ||
        (usage !== 'PermissionsPolicy' && permissionsBoundary === arn)),
  );
  const { items, members } = page(having, ({ type, name }) => `${type}/${name}`, parameters);
  const shown = (wanted: IdentityKind['type']) =>
    items
      .filter(({ type }) => type === wanted)
      .map(({ type, name, id }) => ({ [`${type}Name`]: name, [`${type}Id`]: id }));
  return { PolicyGroups: [], PolicyUsers: shown('User'), PolicyRoles: shown('Role'), ...members };
};
