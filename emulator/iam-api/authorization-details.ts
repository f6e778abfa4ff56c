import type { Identity, ManagedPolicy } from '../iam/model.ts';
import type { XmlStructure } from '../query/xml.ts';
import { timestamp } from '../query/xml.ts';
import { uriEncode } from '../sigv4/canonical.ts';
import { page, type IamCall, type IamOperation } from './call.ts';
import { detailsOf, ROLES, shortIdentity, USERS } from './identities.ts';
import { profilesOfRole } from './instance-profiles.ts';
import { findPolicy, shortPolicy } from './managed-policies.ts';

/** Pages through users, roles and managed policies as one list. AWS managed policies are those in use. */
export const GetAccountAuthorizationDetails: IamOperation = (call) => {
  const { account, parameters, demand } = call;
  demand('iam:GetAccountAuthorizationDetails', '*');
  const filter = parameters.texts('Filter') ?? [];
  const entries = [
    ...[...account.users.listed().values()].map((user) => ({
      type: 'User',
      name: user.name,
      detail: userDetail(call, user),
    })),
    ...[...account.roles.listed().values()].map((role) => ({
      type: 'Role',
      name: role.name,
      detail: {
        ...shortIdentity(ROLES, role),
        AssumeRolePolicyDocument: uriEncode(role.trustPolicyText),
        InstanceProfileList: profilesOfRole(account, role.arn),
        ...policiesOf(call, 'Role', role),
        ...detailsOf(role),
        RoleLastUsed: {},
      },
    })),
    ...policiesInUse(call).map((policy) => ({
      type: account.policies.has(policy.arn) ? 'LocalManagedPolicy' : 'AWSManagedPolicy',
      name: policy.arn,
      detail: policyDetail(call, policy),
    })),
  ].filter(({ type }) => filter.length === 0 || filter.includes(type));
  const { items, members } = page(entries, ({ type, name }) => `${type}/${name}`, parameters);
  const shown = (pattern: RegExp): XmlStructure[] =>
    items.filter(({ type }) => pattern.test(type)).map(({ detail }) => detail);
  return {
    UserDetailList: shown(/^User$/),
    GroupDetailList: [],
    RoleDetailList: shown(/^Role$/),
    Policies: shown(/Policy$/),
    ...members,
  };
};

const userDetail = (call: IamCall, user: Identity): XmlStructure => ({
  ...shortIdentity(USERS, user),
  ...policiesOf(call, 'User', user),
  GroupList: [],
  ...detailsOf(user),
});

function policiesOf({ context, account }: IamCall, type: 'User' | 'Role', identity: Identity): XmlStructure {
  return {
    [`${type}PolicyList`]: [...identity.inlinePolicies].map(([PolicyName, { text }]) => ({
      PolicyName,
      PolicyDocument: uriEncode(text),
    })),
    AttachedManagedPolicies: [...identity.attachedPolicies].flatMap((arn) => {
      const policy = findPolicy(context.world, account, arn);
      return policy === undefined ? [] : [{ PolicyName: policy.name, PolicyArn: arn }];
    }),
  };
}

function policiesInUse({ context: { world }, account }: IamCall): readonly ManagedPolicy[] {
  const identities: readonly Identity[] = [...account.roles.values(), ...account.users.values()];
  const used = new Set(
    identities.flatMap(({ attachedPolicies, permissionsBoundary }) => [
      ...attachedPolicies,
      ...(permissionsBoundary === undefined ? [] : [permissionsBoundary]),
    ]),
  );
  return [
    ...account.policies.listed().values(),
    ...[...world.awsManagedPolicies.values()].filter(({ arn }) => used.has(arn)),
  ];
}

const policyDetail = ({ account }: IamCall, policy: ManagedPolicy): XmlStructure => ({
  ...shortPolicy(account, policy),
  PolicyVersionList: [...policy.versions].map(([VersionId, { text, createdAt }]) => ({
    Document: uriEncode(text),
    VersionId,
    IsDefaultVersion: VersionId === policy.defaultVersion,
    CreateDate: timestamp(createdAt),
  })),
});
