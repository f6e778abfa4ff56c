/** IAM calls on roles, managed policies and providers, and their results for a role of the scenario. */
import { IAM, type CreateRoleCommandInput } from '@aws-sdk/client-iam';
import type { CheckContext } from '../../../harness/index.ts';
import { sessionOf } from '../../lib/account-session.ts';
import { codeOf } from '../../lib/errors.ts';
import { READ_ONLY } from '../../lib/worlds.ts';

/** Returns the text of a policy that allows an action on a resource. */
export const allowText = (Resource: string, Action = 's3:GetObject'): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', Action, Resource } });

/** Returns an IAM client with credentials of a role of the scenario. */
export const iamOf = async (context: CheckContext, role: string) =>
  new IAM({ ...(await context.aws('iam')), credentials: await sessionOf(context, role) });

/** Returns the parameters of calls about a role. */
export const targetOf = ({ name }: CheckContext, role: string) => ({
  RoleName: name(`<role-name:${role}>`),
  Path: /:role(\/.*?)[^/]+$/.exec(name(`<role:${role}>`))?.[1],
  PolicyArn: name(policyOf(role, 'attached')),
  PermissionsBoundary: name(policyOf(role, 'boundary')),
  OpenIDConnectProviderArn: name(providerOf(role)),
  PolicyDocument: allowText('arn:aws:s3:::data/key'),
  Trust: name(
    JSON.stringify({
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: 'arn:aws:iam::<account:main>:root' } },
    }),
  ),
});
type Target = ReturnType<typeof targetOf>;

/** ARN of the customer managed policy that is attached to a role of the scenario, or is its boundary. */
export const policyOf = (role: string, kind: 'attached' | 'boundary'): string =>
  `arn:aws:iam::<account:main>:policy/<role-name:${role}>-${kind}`;

/** ARN of a provider that does not exist. */
export const providerOf = (role: string): string =>
  `arn:aws:iam::<account:main>:oidc-provider/<role-name:${role}>.example.com`;

export const create = (iam: IAM, { RoleName, Path, Trust }: Target, more: Partial<CreateRoleCommandInput> = {}) =>
  iam.createRole({ RoleName, Path, AssumeRolePolicyDocument: Trust, ...more });

export type Call = (iam: IAM, target: Target) => Promise<unknown>;
/** The result of each call if it is allowed. In this order, each call finds the objects that it needs. */
export const CALLS: Readonly<Record<string, readonly [ends: string, call: Call]>> = {
  GetRole: ['none', (iam, target) => iam.getRole(target)],
  ListRoleTags: ['none', (iam, target) => iam.listRoleTags(target)],
  ListRolePolicies: ['none', (iam, target) => iam.listRolePolicies(target)],
  GetRolePolicy: ['none', (iam, target) => iam.getRolePolicy({ ...target, PolicyName: 'scenario' })],
  ListAttachedRolePolicies: ['none', (iam, target) => iam.listAttachedRolePolicies(target)],
  CreateRole: ['EntityAlreadyExists', (iam, target) => create(iam, target)],
  UpdateRole: ['none', (iam, target) => iam.updateRole({ ...target, Description: 'changed' })],
  UpdateAssumeRolePolicy: [
    'none',
    (iam, target) => iam.updateAssumeRolePolicy({ ...target, PolicyDocument: target.Trust }),
  ],
  PutRolePolicy: ['none', (iam, target) => iam.putRolePolicy({ ...target, PolicyName: 'scenario' })],
  DeleteRolePolicy: ['NoSuchEntity', (iam, target) => iam.deleteRolePolicy({ ...target, PolicyName: 'absent' })],
  AttachRolePolicy: ['none', (iam, target) => iam.attachRolePolicy(target)],
  DetachRolePolicy: ['NoSuchEntity', (iam, target) => iam.detachRolePolicy({ ...target, PolicyArn: READ_ONLY })],
  TagRole: ['none', (iam, target) => iam.tagRole({ ...target, Tags: [{ Key: 'conformance-step', Value: 'one' }] })],
  UntagRole: ['none', (iam, target) => iam.untagRole({ ...target, TagKeys: ['conformance-step'] })],
  PutRolePermissionsBoundary: ['none', (iam, target) => iam.putRolePermissionsBoundary(target)],
  DeleteRolePermissionsBoundary: ['none', (iam, target) => iam.deleteRolePermissionsBoundary(target)],
  DeleteRole: ['DeleteConflict', (iam, target) => iam.deleteRole(target)],
  GetPolicy: ['none', (iam, target) => iam.getPolicy(target)],
  ListPolicyVersions: ['none', (iam, target) => iam.listPolicyVersions(target)],
  GetPolicyVersion: ['none', (iam, target) => iam.getPolicyVersion({ ...target, VersionId: 'v1' })],
  ListEntitiesForPolicy: ['none', (iam, target) => iam.listEntitiesForPolicy(target)],
  CreatePolicy: [
    'EntityAlreadyExists',
    (iam, { PolicyArn, PolicyDocument }) => iam.createPolicy({ PolicyName: PolicyArn.split('/')[1], PolicyDocument }),
  ],
  CreatePolicyVersion: ['none', (iam, target) => iam.createPolicyVersion(target)],
  SetDefaultPolicyVersion: ['none', (iam, target) => iam.setDefaultPolicyVersion({ ...target, VersionId: 'v1' })],
  DeletePolicyVersion: ['none', (iam, target) => iam.deletePolicyVersion({ ...target, VersionId: 'v2' })],
  ListPolicyTags: ['none', (iam, target) => iam.listPolicyTags(target)],
  TagPolicy: ['none', (iam, target) => iam.tagPolicy({ ...target, Tags: [{ Key: 'conformance-step', Value: 'one' }] })],
  UntagPolicy: ['none', (iam, target) => iam.untagPolicy({ ...target, TagKeys: ['conformance-step'] })],
  GetOpenIDConnectProvider: ['NoSuchEntity', (iam, target) => iam.getOpenIDConnectProvider(target)],
  ListOpenIDConnectProviderTags: ['NoSuchEntity', (iam, target) => iam.listOpenIDConnectProviderTags(target)],
  AddClientIDToOpenIDConnectProvider: [
    'NoSuchEntity',
    (iam, target) => iam.addClientIDToOpenIDConnectProvider({ ...target, ClientID: 'client' }),
  ],
  RemoveClientIDFromOpenIDConnectProvider: [
    'NoSuchEntity',
    (iam, target) => iam.removeClientIDFromOpenIDConnectProvider({ ...target, ClientID: 'client' }),
  ],
  UpdateOpenIDConnectProviderThumbprint: [
    'NoSuchEntity',
    (iam, target) => iam.updateOpenIDConnectProviderThumbprint({ ...target, ThumbprintList: ['1'.repeat(40)] }),
  ],
  // The deletion of a missing provider is not an error.
  DeleteOpenIDConnectProvider: ['none', (iam, target) => iam.deleteOpenIDConnectProvider(target)],
  DeletePolicy: ['DeleteConflict', (iam, target) => iam.deletePolicy(target)],
};

/** Returns the error code of a call or `none`, and for a denial also the action. */
export const endOf = (call: Promise<unknown>): Promise<string> => {
  const message = call.catch((error: Error) => error.message);
  return codeOf(call).then(async (code) => {
    if (code !== 'AccessDenied') return code;
    return `${code} ${/perform: iam:(\w+)/.exec(String(await message))?.[1] ?? ''}`;
  });
};
