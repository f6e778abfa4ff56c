import { requestTagContext, resourceTagKeys } from '../../identity/policy/tag-context.ts';
import { uniqueId } from '../core/random.ts';
import type { Account, World } from '../world/world.ts';
import type { Identity, ManagedPolicy } from '../iam/model.ts';
import { timestamp, type XmlStructure } from '../query/xml.ts';
import { page, type IamOperation, type IamCall } from './call.ts';
import { checkManagedVersion, MANAGED_POLICY_QUOTA, policyDocument, policySize } from './documents.ts';
import { deleteConflict, entityAlreadyExists, limitExceeded, noSuchEntity, validationError } from './errors.ts';
import { readTags, tagList, tagOperations } from './tags.ts';
import type { ConditionContext } from '../../identity/policy/index.ts';
import { AwsError } from '../../foundation/aws/aws-error.ts';

const POLICY_ARN = /^arn:aws:iam::(\d{12}|aws):policy\/[\u0021-\u007e]+$/;

export function findPolicy(world: World, account: Account, arn: string): ManagedPolicy | undefined {
  return account.policies.get(arn) ?? world.awsManagedPolicies.get(arn);
}

/** Throws `ValidationError` (400), in AWS's words, unless the ARN is a policy's. */
export function policyArn({ parameters }: IamCall): string {
  const arn = parameters.required('PolicyArn');
  if (!POLICY_ARN.test(arn)) throw validationError('Invalid ARN:  Could not be parsed!');
  return arn;
}

/** Returns the policy `PolicyArn`. Throws `ValidationError` (400), `AccessDenied` (403) or `NoSuchEntity` (404). */
export function demandPolicy(call: IamCall, action: string, conditionKeys: ConditionContext = {}): ManagedPolicy {
  const arn = policyArn(call);
  const policy = findPolicy(call.context.world, call.account, arn);
  call.demand(action, arn, { ...resourceTagKeys(policy?.tags), ...conditionKeys });
  if (policy === undefined) throw noSuchEntity(`Policy ${arn} was not found.`);
  return policy;
}

/** Like `demandPolicy`, for a change. Nobody may change AWS managed policies. */
export function demandOwnPolicy(call: IamCall, action: string, conditionKeys: ConditionContext = {}): ManagedPolicy {
  const policy = demandPolicy(call, action, conditionKeys);
  if (!call.account.policies.has(policy.arn)) {
    const caller = call.request.caller?.arn ?? 'anonymous';
    throw new AwsError(
      'AccessDenied',
      403,
      `User: ${caller} is not authorized to perform: ${action} on resource: ${policy.arn}`,
    );
  }
  return policy;
}

/** Replaces it with a changed copy, because other services may still use the old one. */
export function changePolicy(
  { account }: IamCall,
  policy: ManagedPolicy,
  change: Partial<ManagedPolicy>,
): ManagedPolicy {
  const changed = { ...policy, ...change };
  account.policies.set(policy.arn, changed);
  return changed;
}

/** Throws `NoSuchEntity` (404). */
export function demandBoundary(world: World, account: Account, arn: string): string {
  if (findPolicy(world, account, arn) === undefined) {
    throw noSuchEntity(`Scope ARN: ${arn} does not exist or is not attachable.`);
  }
  return arn;
}

export const managedPolicies = {
  CreatePolicy: ({ account, context: { world }, parameters, demand }) => {
    const name = parameters.required('PolicyName');
    const path = parameters.text('Path') ?? '/';
    const text = parameters.required('PolicyDocument');
    const description = parameters.text('Description');
    const tags = readTags(parameters);
    const arn = `arn:aws:iam::${account.id}:policy${path}${name}`;
    demand('iam:CreatePolicy', arn, requestTagContext(tags));
    if (tags.size > 0) demand('iam:TagPolicy', arn, requestTagContext(tags));
    const document = managedDocument(name, text);
    if ([...account.policies.values()].some((policy) => policy.name.toLowerCase() === name.toLowerCase())) {
      throw entityAlreadyExists(`A policy called ${name} already exists. Duplicate names are not allowed.`);
    }
    const createdAt = world.clock.now();
    const policy: ManagedPolicy = {
      arn,
      name,
      path,
      id: uniqueId(world.random, 'ANPA'),
      createdAt,
      description,
      versions: new Map([['v1', { ...document, createdAt }]]),
      defaultVersion: 'v1',
      newestVersion: 1,
      tags,
    };
    account.policies.set(arn, policy);
    return { Policy: { ...shortPolicy(account, policy), Tags: tags.size > 0 ? tagList(tags) : undefined } };
  },

  GetPolicy: (call) => {
    const policy = demandPolicy(call, 'iam:GetPolicy');
    return {
      Policy: {
        ...shortPolicy(call.account, policy),
        Description: policy.description,
        Tags: tagList(policy.tags),
      },
    };
  },

  ListPolicies: ({ account, context: { world }, parameters, demand }) => {
    const scope = parameters.text('Scope') ?? 'All';
    const prefix = parameters.text('PathPrefix') ?? '/';
    const onlyAttached = parameters.boolean('OnlyAttached') ?? false;
    demand('iam:ListPolicies', '*');
    const listed = [
      ...(scope === 'Local' ? [] : world.awsManagedPolicies.values()),
      ...(scope === 'AWS' ? [] : account.policies.listed().values()),
    ].filter((policy) => policy.path.startsWith(prefix) && (!onlyAttached || attachments(account, policy.arn) > 0));
    const { items, members } = page(listed, (policy) => policy.arn, parameters);
    return { Policies: items.map((policy) => shortPolicy(account, policy)), ...members };
  },

  DeletePolicy: (call) => {
    const policy = demandOwnPolicy(call, 'iam:DeletePolicy');
    // A role or user that was just deleted or detached still prevents the deletion.
    const { roles, users } = call.account;
    const seen = [roles, users].flatMap((all) => [...all.values(), ...all.withinIam().values()]);
    if (seen.some(({ attachedPolicies }) => attachedPolicies.has(policy.arn)) || boundaries(seen, policy.arn) > 0) {
      throw deleteConflict('Cannot delete a policy attached to entities.');
    }
    if (policy.versions.size > 1) {
      throw deleteConflict(
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. " +
          'The default version is deleted with the policy.',
      );
    }
    call.account.policies.delete(policy.arn);
  },

  ...tagOperations('Policy', { demand: demandPolicy, demandOwn: demandOwnPolicy, change: changePolicy }),
} satisfies Record<string, IamOperation>;

/** Throws `MalformedPolicyDocument` (400) or `LimitExceeded` (409). */
export function managedDocument(name: string, text: string): ReturnType<typeof policyDocument> {
  const document = policyDocument(text, 'identity', `managed policy ${name}`);
  checkManagedVersion(text);
  if (policySize(text) > MANAGED_POLICY_QUOTA) {
    throw limitExceeded(`Cannot exceed quota for PolicySize: ${MANAGED_POLICY_QUOTA}`);
  }
  return document;
}

export function shortPolicy(account: Account, policy: ManagedPolicy): XmlStructure {
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersion,
    AttachmentCount: attachments(account, policy.arn),
    PermissionsBoundaryUsageCount: boundaries(identities(account), policy.arn),
    IsAttachable: true,
    CreateDate: timestamp(policy.createdAt),
    UpdateDate: timestamp(Math.max(...[...policy.versions.values()].map((version) => version.createdAt))),
  };
}

const identities = ({ roles, users }: Account): readonly Identity[] => [...roles.values(), ...users.values()];

function attachments(account: Account, arn: string): number {
  return identities(account).filter(({ attachedPolicies }) => attachedPolicies.has(arn)).length;
}

function boundaries(among: readonly Identity[], arn: string): number {
  return among.filter(({ permissionsBoundary }) => permissionsBoundary === arn).length;
}
