import type { ManagedPolicy } from '../iam/model.ts';
import { timestamp, type XmlStructure } from '../query/xml.ts';
import { uriEncode } from '../sigv4/canonical.ts';
import { page, type IamOperation } from './call.ts';
import { deleteConflict, limitExceeded, noSuchEntity } from './errors.ts';
import { managedDocument, changePolicy, demandOwnPolicy, demandPolicy } from './managed-policies.ts';

const VERSIONS_QUOTA = 5;

export const policyVersions = {
  CreatePolicyVersion: (call) => {
    const text = call.parameters.required('PolicyDocument');
    const setAsDefault = call.parameters.boolean('SetAsDefault') ?? false;
    const policy = demandOwnPolicy(call, 'iam:CreatePolicyVersion');
    const document = managedDocument(policy.name, text);
    if (policy.versions.size >= VERSIONS_QUOTA) {
      throw limitExceeded(
        `A managed policy can have up to ${VERSIONS_QUOTA} versions. Before you create a new version, you must delete ` +
          'an existing version.',
      );
    }
    const newestVersion = policy.newestVersion + 1;
    const id = `v${newestVersion}`;
    const createdAt = call.context.world.clock.now();
    const changed = changePolicy(call, policy, {
      versions: new Map(policy.versions).set(id, { ...document, createdAt }),
      newestVersion,
      ...(setAsDefault ? { defaultVersion: id } : {}),
    });
    return { PolicyVersion: shortVersion(changed, id) };
  },

  GetPolicyVersion: (call) => {
    const id = call.parameters.required('VersionId');
    const policy = demandPolicy(call, 'iam:GetPolicyVersion');
    const { text } = version(policy, id);
    return { PolicyVersion: { Document: uriEncode(text), ...shortVersion(policy, id) } };
  },

  ListPolicyVersions: (call) => {
    const policy = demandPolicy(call, 'iam:ListPolicyVersions');
    const { items, members } = page(policy.versions.keys(), (id) => id, call.parameters);
    return { Versions: items.map((id) => shortVersion(policy, id)), ...members };
  },

  SetDefaultPolicyVersion: (call) => {
    const id = call.parameters.required('VersionId');
    const policy = demandOwnPolicy(call, 'iam:SetDefaultPolicyVersion');
    version(policy, id);
    changePolicy(call, policy, { defaultVersion: id });
  },

  DeletePolicyVersion: (call) => {
    const id = call.parameters.required('VersionId');
    const policy = demandOwnPolicy(call, 'iam:DeletePolicyVersion');
    version(policy, id);
    if (policy.defaultVersion === id) throw deleteConflict('Cannot delete the default version of a policy.');
    const versions = new Map(policy.versions);
    versions.delete(id);
    changePolicy(call, policy, { versions });
  },
} satisfies Record<string, IamOperation>;

function version(policy: ManagedPolicy, id: string): { readonly text: string; readonly createdAt: number } {
  const policyVersion = policy.versions.get(id);
  if (policyVersion === undefined) {
    throw noSuchEntity(`Policy ${policy.arn} version ${id} does not exist or is not attachable.`);
  }
  return policyVersion;
}

function shortVersion(policy: ManagedPolicy, id: string): XmlStructure {
  return {
    VersionId: id,
    IsDefaultVersion: policy.defaultVersion === id,
    CreateDate: timestamp(version(policy, id).createdAt),
  };
}
