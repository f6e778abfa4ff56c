import { requestTagContext } from '../../core/tag-context.ts';
import { uniqueId } from '../../core/random.ts';
import type { Account } from '../../core/world.ts';
import type { Identity, ManagedPolicy } from '../model.ts';
import { timestamp, type XmlStructure } from '../../query/xml.ts';
import type { IamOperation } from './call.ts';
import { MANAGED_POLICY_QUOTA, policyDocument, policySize } from './documents.ts';
import { deleteConflict, entityAlreadyExists, limitExceeded } from './errors.ts';
import { changePolicy, demandOwnPolicy, demandPolicy } from './managed-policy-lookup.ts';
import { page } from './paging.ts';
import { readTags, tagList, tagOperations } from './tags.ts';

/** Managed policies; their versions are in `policy-versions.ts`. */
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
    // A role or user that was deleted a moment ago, or had it taken away, hinders too.
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

/** Throws `MalformedPolicyDocument` (400), or `LimitExceeded` (409) above the quota. */
export function managedDocument(name: string, text: string): ReturnType<typeof policyDocument> {
  const document = policyDocument(text, 'identity', `managed policy ${name}`);
  if (policySize(text) > MANAGED_POLICY_QUOTA) {
    throw limitExceeded(`Cannot exceed quota for PolicySize: ${MANAGED_POLICY_QUOTA}`);
  }
  return document;
}

function shortPolicy(account: Account, policy: ManagedPolicy): XmlStructure {
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
