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
  GetRole: ['none', (iam, of) => iam.getRole(of)],
  ListRoleTags: ['none', (iam, of) => iam.listRoleTags(of)],
  ListRolePolicies: ['none', (iam, of) => iam.listRolePolicies(of)],
  GetRolePolicy: ['none', (iam, of) => iam.getRolePolicy({ ...of, PolicyName: 'scenario' })],
  ListAttachedRolePolicies: ['none', (iam, of) => iam.listAttachedRolePolicies(of)],
  CreateRole: ['EntityAlreadyExists', (iam, of) => create(iam, of)],
  UpdateRole: ['none', (iam, of) => iam.updateRole({ ...of, Description: 'changed' })],
  UpdateAssumeRolePolicy: ['none', (iam, of) => iam.updateAssumeRolePolicy({ ...of, PolicyDocument: of.Trust })],
  PutRolePolicy: ['none', (iam, of) => iam.putRolePolicy({ ...of, PolicyName: 'scenario' })],
  DeleteRolePolicy: ['NoSuchEntity', (iam, of) => iam.deleteRolePolicy({ ...of, PolicyName: 'absent' })],
  AttachRolePolicy: ['none', (iam, of) => iam.attachRolePolicy(of)],
  DetachRolePolicy: ['NoSuchEntity', (iam, of) => iam.detachRolePolicy({ ...of, PolicyArn: READ_ONLY })],
  TagRole: ['none', (iam, of) => iam.tagRole({ ...of, Tags: [{ Key: 'conformance-step', Value: 'one' }] })],
  UntagRole: ['none', (iam, of) => iam.untagRole({ ...of, TagKeys: ['conformance-step'] })],
  PutRolePermissionsBoundary: ['none', (iam, of) => iam.putRolePermissionsBoundary(of)],
  DeleteRolePermissionsBoundary: ['none', (iam, of) => iam.deleteRolePermissionsBoundary(of)],
  DeleteRole: ['DeleteConflict', (iam, of) => iam.deleteRole(of)],
  GetPolicy: ['none', (iam, of) => iam.getPolicy(of)],
  ListPolicyVersions: ['none', (iam, of) => iam.listPolicyVersions(of)],
  GetPolicyVersion: ['none', (iam, of) => iam.getPolicyVersion({ ...of, VersionId: 'v1' })],
  ListEntitiesForPolicy: ['none', (iam, of) => iam.listEntitiesForPolicy(of)],
  CreatePolicy: [
    'EntityAlreadyExists',
    (iam, { PolicyArn, PolicyDocument }) => iam.createPolicy({ PolicyName: PolicyArn.split('/')[1], PolicyDocument }),
  ],
  CreatePolicyVersion: ['none', (iam, of) => iam.createPolicyVersion(of)],
  SetDefaultPolicyVersion: ['none', (iam, of) => iam.setDefaultPolicyVersion({ ...of, VersionId: 'v1' })],
  DeletePolicyVersion: ['none', (iam, of) => iam.deletePolicyVersion({ ...of, VersionId: 'v2' })],
  ListPolicyTags: ['none', (iam, of) => iam.listPolicyTags(of)],
  TagPolicy: ['none', (iam, of) => iam.tagPolicy({ ...of, Tags: [{ Key: 'conformance-step', Value: 'one' }] })],
  UntagPolicy: ['none', (iam, of) => iam.untagPolicy({ ...of, TagKeys: ['conformance-step'] })],
  GetOpenIDConnectProvider: ['NoSuchEntity', (iam, of) => iam.getOpenIDConnectProvider(of)],
  ListOpenIDConnectProviderTags: ['NoSuchEntity', (iam, of) => iam.listOpenIDConnectProviderTags(of)],
  AddClientIDToOpenIDConnectProvider: [
    'NoSuchEntity',
    (iam, of) => iam.addClientIDToOpenIDConnectProvider({ ...of, ClientID: 'client' }),
  ],
  RemoveClientIDFromOpenIDConnectProvider: [
    'NoSuchEntity',
    (iam, of) => iam.removeClientIDFromOpenIDConnectProvider({ ...of, ClientID: 'client' }),
  ],
  UpdateOpenIDConnectProviderThumbprint: [
    'NoSuchEntity',
    (iam, of) => iam.updateOpenIDConnectProviderThumbprint({ ...of, ThumbprintList: ['1'.repeat(40)] }),
  ],
  // The deletion of a missing provider is not an error.
  DeleteOpenIDConnectProvider: ['none', (iam, of) => iam.deleteOpenIDConnectProvider(of)],
  DeletePolicy: ['DeleteConflict', (iam, of) => iam.deletePolicy(of)],
};

/** Returns the error code of a call or `none`, and for a denial also the action. */
export const endOf = (call: Promise<unknown>): Promise<string> => {
  const told = call.catch((error: Error) => error.message);
  return codeOf(call).then(async (code) => {
    if (code !== 'AccessDenied') return code;
    return `${code} ${/perform: iam:(\w+)/.exec(String(await told))?.[1] ?? ''}`;
  });
};
