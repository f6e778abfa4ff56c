import { createAccessEntry, deleteAccessEntry, describeAccessEntry, listAccessEntries } from './access-entries.ts';
import { associateAccessPolicy, disassociateAccessPolicy, listAssociatedAccessPolicies } from './access-policies.ts';
import { createAddon, deleteAddon, describeAddon, listAddons, updateAddon } from './addons/operations.ts';
import { describeAddonVersions } from './addons/versions.ts';
import {
  createPodIdentityAssociation,
  deletePodIdentityAssociation,
  describePodIdentityAssociation,
  listPodIdentityAssociations,
  updatePodIdentityAssociation,
} from './associations/operations.ts';
import type { EksOperation } from './call.ts';
import { createCluster, deleteCluster, describeCluster, listClusters } from './clusters.ts';
import { createNodegroup, deleteNodegroup, describeNodegroup, listNodegroups } from './node-groups.ts';
import { pathPattern, type Route } from './router.ts';
import { listTagsForResource, tagResource, untagResource } from './tag-operations.ts';

const CLUSTER = '/clusters/{clusterName}';
const ADDONS = `${CLUSTER}/addons`;
const NODE_GROUPS = `${CLUSTER}/node-groups`;
const ASSOCIATIONS = `${CLUSTER}/pod-identity-associations`;
const ACCESS_ENTRIES = `${CLUSTER}/access-entries`;
const ACCESS_POLICIES = `${ACCESS_ENTRIES}/{principalArn}/access-policies`;
/** Greedy: some clients leave the slashes of the ARN as they are. */
const TAGS = '/tags/{resourceArn+}';

/** The operations of EKS that the emulator has, where the API model puts them (version 2017-11-01). */
export const ROUTES: readonly Route<EksOperation>[] = [
  route('POST', '/clusters', 'CreateCluster', createCluster),
  route('GET', '/clusters', 'ListClusters', listClusters),
  route('GET', CLUSTER, 'DescribeCluster', describeCluster),
  route('DELETE', CLUSTER, 'DeleteCluster', deleteCluster),

  route('POST', NODE_GROUPS, 'CreateNodegroup', createNodegroup),
  route('GET', NODE_GROUPS, 'ListNodegroups', listNodegroups),
  route('GET', `${NODE_GROUPS}/{nodegroupName}`, 'DescribeNodegroup', describeNodegroup),
  route('DELETE', `${NODE_GROUPS}/{nodegroupName}`, 'DeleteNodegroup', deleteNodegroup),

  route('POST', ADDONS, 'CreateAddon', createAddon),
  route('GET', ADDONS, 'ListAddons', listAddons),
  route('GET', `${ADDONS}/{addonName}`, 'DescribeAddon', describeAddon),
  route('POST', `${ADDONS}/{addonName}/update`, 'UpdateAddon', updateAddon),
  route('DELETE', `${ADDONS}/{addonName}`, 'DeleteAddon', deleteAddon),
  route('GET', '/addons/supported-versions', 'DescribeAddonVersions', describeAddonVersions),

  route('POST', ASSOCIATIONS, 'CreatePodIdentityAssociation', createPodIdentityAssociation),
  route('GET', ASSOCIATIONS, 'ListPodIdentityAssociations', listPodIdentityAssociations),
  route('GET', `${ASSOCIATIONS}/{associationId}`, 'DescribePodIdentityAssociation', describePodIdentityAssociation),
  route('POST', `${ASSOCIATIONS}/{associationId}`, 'UpdatePodIdentityAssociation', updatePodIdentityAssociation),
  route('DELETE', `${ASSOCIATIONS}/{associationId}`, 'DeletePodIdentityAssociation', deletePodIdentityAssociation),

  route('POST', ACCESS_ENTRIES, 'CreateAccessEntry', createAccessEntry),
  route('GET', ACCESS_ENTRIES, 'ListAccessEntries', listAccessEntries),
  route('POST', ACCESS_POLICIES, 'AssociateAccessPolicy', associateAccessPolicy),
  route('GET', ACCESS_POLICIES, 'ListAssociatedAccessPolicies', listAssociatedAccessPolicies),
  route('DELETE', `${ACCESS_POLICIES}/{policyArn+}`, 'DisassociateAccessPolicy', disassociateAccessPolicy),
  route('GET', `${ACCESS_ENTRIES}/{principalArn+}`, 'DescribeAccessEntry', describeAccessEntry),
  route('DELETE', `${ACCESS_ENTRIES}/{principalArn+}`, 'DeleteAccessEntry', deleteAccessEntry),

  route('POST', TAGS, 'TagResource', tagResource),
  route('GET', TAGS, 'ListTagsForResource', listTagsForResource),
  route('DELETE', TAGS, 'UntagResource', untagResource),
];

function route(method: string, path: string, operation: string, handle: EksOperation): Route<EksOperation> {
  return { method, path: pathPattern(path), operation, handle };
}
