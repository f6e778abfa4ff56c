import { ACCESS_ENTRY, createAccessEntry, deleteAccessEntry } from './access-entries.ts';
import { associateAccessPolicy, disassociateAccessPolicy, listAssociatedAccessPolicies } from './access-policies.ts';
import { describeAddonVersions } from './addons/catalogue.ts';
import { ADDON, createAddon, deleteAddon, updateAddon } from './addons/operations.ts';
import {
  ASSOCIATION,
  createPodIdentityAssociation,
  deletePodIdentityAssociation,
  updatePodIdentityAssociation,
} from './associations/operations.ts';
import type { EksOperation } from './call.ts';
import { describeOperation, listOperation, pluralOf, type ResourceKind, type Tagged } from './cluster-resources.ts';
import { createCluster, deleteCluster, describeCluster, listClusters } from './clusters.ts';
import { createNodegroup, deleteNodegroup, NODE_GROUP } from './node-groups.ts';
import { route, type Route } from './rest-json.ts';
import { listTagsForResource, tagResource, untagResource } from './tag-operations.ts';

const CLUSTER = '/clusters/{clusterName}';
const ASSOCIATIONS = `${CLUSTER}/pod-identity-associations`;
const ACCESS_POLICIES = `${CLUSTER}/access-entries/{principalArn}/access-policies`;
const TAGS = '/tags/{resourceArn}';

/** Routes of the API model (version 2017-11-01). */
export const ROUTES: readonly Route<EksOperation>[] = [
  route('POST /clusters', 'CreateCluster', createCluster),
  route('GET /clusters', 'ListClusters', listClusters),
  route(`GET ${CLUSTER}`, 'DescribeCluster', describeCluster),
  route(`DELETE ${CLUSTER}`, 'DeleteCluster', deleteCluster),

  ...routesOf(NODE_GROUP, createNodegroup, deleteNodegroup),

  ...routesOf(ADDON, createAddon, deleteAddon),
  route(`POST ${CLUSTER}/addons/{addonName}/update`, 'UpdateAddon', updateAddon),
  route('GET /addons/supported-versions', 'DescribeAddonVersions', describeAddonVersions),

  ...routesOf(ASSOCIATION, createPodIdentityAssociation, deletePodIdentityAssociation),
  route(`POST ${ASSOCIATIONS}/{associationId}`, 'UpdatePodIdentityAssociation', updatePodIdentityAssociation),

  route(`POST ${ACCESS_POLICIES}`, 'AssociateAccessPolicy', associateAccessPolicy),
  route(`GET ${ACCESS_POLICIES}`, 'ListAssociatedAccessPolicies', listAssociatedAccessPolicies),
  route(`DELETE ${ACCESS_POLICIES}/{policyArn}`, 'DisassociateAccessPolicy', disassociateAccessPolicy),
  ...routesOf(ACCESS_ENTRY, createAccessEntry, deleteAccessEntry),

  route(`POST ${TAGS}`, 'TagResource', tagResource),
  route(`GET ${TAGS}`, 'ListTagsForResource', listTagsForResource),
  route(`DELETE ${TAGS}`, 'UntagResource', untagResource),
];

function routesOf<Item extends Tagged>(kind: ResourceKind<Item>, create: EksOperation, remove: EksOperation) {
  const { name, path, parameter } = kind;
  const all = `${CLUSTER}/${path}`;
  return [
    route(`POST ${all}`, `Create${name}`, create),
    route(`GET ${all}`, `List${pluralOf(name)}`, listOperation(kind)),
    route(`GET ${all}/{${parameter}}`, `Describe${name}`, describeOperation(kind)),
    route(`DELETE ${all}/{${parameter}}`, `Delete${name}`, remove),
  ];
}
