import { AUTO_MODE_CLUSTER_ROLE, AUTO_MODE_NODE_ROLE, CLUSTER_ROLE, NODE_ROLE } from '../../clusters/eks/roles.ts';
import { ACCOUNT, OTHER_ACCOUNT_ROLE, REGION } from '../cloud/generalize.ts';

type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Condition;
}

/** A statement and the recorded calls that it collects. A call belongs to the first group that takes it. */
export interface Group {
  readonly sid: string;
  readonly takes: (action: string, resource: string) => boolean;
  readonly condition?: Condition;
  /** Required actions that no rehearsal uses. */
  readonly notRehearsed?: readonly string[];
}

/** Policy name of docs/iam/permissions-boundary.json. No run creates a policy with this name. */
export const BOUNDARY_NAME = 'eks-conformance-boundary';
const BOUNDARY = `arn:aws:iam::${ACCOUNT}:policy/${BOUNDARY_NAME}`;

const policiesOf = (...roles: readonly { readonly policies: readonly string[] }[]): string[] =>
  [...new Set(roles.flatMap(({ policies }) => policies.map((name) => `arn:aws:iam::aws:policy/${name}`)))].sort();
const policiesOfClusters = policiesOf(CLUSTER_ROLE, NODE_ROLE);
const isOfClusters = (resource: string): boolean => /-c\?-(cluster|node)$/.test(resource);
const isRole = (resource: string): boolean => resource.includes(':role/');

/**
 * Statements with the condition keys of their actions (Service Authorization Reference). Only CreateRole and changes of roles
 * support `iam:PermissionsBoundary`; TagRole and lists do not. Cluster roles have no boundary, so they have separate statements.
 */
export const JOB_GROUPS: readonly Group[] = [
  {
    sid: 'LookForThingsInTheRegion',
    takes: (action, resource) => resource === '*' && /^(ec2|eks):/.test(action),
    condition: { StringEquals: { 'aws:RequestedRegion': REGION } },
  },
  // IAM has no regions, and ListBuckets has the region of its endpoint.
  { sid: 'LookForThingsInTheAccount', takes: (action, resource) => resource === '*' && /^(iam|s3):/.test(action) },
  {
    sid: 'MakeRolesWithinTheBoundary',
    takes: (action, resource) =>
      /^iam:(CreateRole|PutRolePolicy|AttachRolePolicy|UpdateAssumeRolePolicy)$/.test(action) &&
      isRole(resource) &&
      !isOfClusters(resource),
    condition: { StringEquals: { 'iam:PermissionsBoundary': BOUNDARY } },
  },
  {
    sid: 'MakeRolesOfClusters',
    takes: (action, resource) => action === 'iam:CreateRole' && isOfClusters(resource),
  },
  {
    sid: 'AttachPoliciesOfClusters',
    takes: (action, resource) => /^iam:(Attach|Detach)RolePolicy$/.test(action) && isOfClusters(resource),
    condition: { ArnEquals: { 'iam:PolicyARN': policiesOfClusters } },
  },
  {
    sid: 'PassRolesToClusters',
    takes: (action, resource) => action === 'iam:PassRole' && isOfClusters(resource),
    condition: { StringEquals: { 'iam:PassedToService': ['ec2.amazonaws.com', 'eks.amazonaws.com'] } },
  },
  {
    sid: 'PassRolesToPods',
    takes: (action, resource) => action === 'iam:PassRole' && isRole(resource),
    condition: { StringEquals: { 'iam:PassedToService': 'pods.eks.amazonaws.com' } },
  },
  // An account's first cluster and first node group create these roles.
  {
    sid: 'MakeServiceLinkedRoles',
    takes: (action) => action === 'iam:CreateServiceLinkedRole',
    condition: { StringEquals: { 'iam:AWSServiceName': ['eks-nodegroup.amazonaws.com', 'eks.amazonaws.com'] } },
  },
  { sid: 'ReadServiceLinkedRoles', takes: (_action, resource) => resource.includes(':role/aws-service-role/') },
  {
    sid: 'ReadChangeAndDeleteRoles',
    takes: (action, resource) => action.startsWith('iam:') && (isRole(resource) || resource === BOUNDARY),
  },
  // Includes boundaries of scenarios, which only sweeps find.
  { sid: 'Policies', takes: (_action, resource) => resource.includes(':policy/conformance-') },
  {
    sid: 'RegisterIssuers',
    takes: (_action, resource) => resource.includes(':oidc-provider/'),
    // Needed if the response to a provider's creation is lost, and for late sweeps in the second account.
    notRehearsed: ['iam:GetOpenIDConnectProvider', 'iam:ListOpenIDConnectProviderTags'],
  },
  // Limited to this role, because other roles may allow more than the run needs.
  { sid: 'AssumeTheCanary', takes: (action, resource) => action === 'sts:AssumeRole' && resource.endsWith('-canary') },
  {
    sid: 'EnterTheOtherAccount',
    takes: (action, resource) => action === 'sts:AssumeRole' && resource === OTHER_ACCOUNT_ROLE,
  },
  { sid: 'Buckets', takes: (action, resource) => action.startsWith('s3:') && !resource.includes('/') },
  { sid: 'Objects', takes: (action) => action.startsWith('s3:') },
  { sid: 'AskEksAuth', takes: (action) => action.startsWith('eks-auth:') },
  {
    sid: 'Associations',
    takes: (action, resource) =>
      /^eks:.*PodIdentityAssociation/.test(action) || resource.includes(':podidentityassociation/'),
  },
  {
    sid: 'PartsOfClusters',
    takes: (action, resource) =>
      /^eks:.*(Nodegroup|Addon|AccessEntry|AccessPolicy)/.test(action) ||
      /:(nodegroup|addon|access-entry)\//.test(resource),
  },
  { sid: 'Clusters', takes: (action) => action.startsWith('eks:') },
];

const SAME_THERE: ReadonlySet<string> = new Set([
  'LookForThingsInTheAccount',
  'Policies',
  'RegisterIssuers',
  'AssumeTheCanary',
  'Buckets',
  'Objects',
]);

/** Statements for the second account, whose roles have no boundary. */
export const OTHER_ACCOUNT_GROUPS: readonly Group[] = [
  ...JOB_GROUPS.filter(({ sid }) => SAME_THERE.has(sid)),
  { sid: 'MakeChangeAndDeleteRoles', takes: (action, resource) => action.startsWith('iam:') && isRole(resource) },
];

/** Statements of the boundary, by service. */
export const BOUNDARY_GROUPS: readonly Group[] = [
  { sid: 'Buckets', takes: (action, resource) => action.startsWith('s3:') && !resource.includes('/') },
  { sid: 'Objects', takes: (action) => action.startsWith('s3:') },
  { sid: 'AssumeOwnRoles', takes: (action) => action.startsWith('sts:') },
  {
    sid: 'PassRolesToPods',
    takes: (action) => action === 'iam:PassRole',
    condition: { StringEquals: { 'iam:PassedToService': 'pods.eks.amazonaws.com' } },
  },
  { sid: 'ReadRolesForPods', takes: (action) => action === 'iam:GetRole' },
  { sid: 'AskEksAuth', takes: (action) => action.startsWith('eks-auth:') },
  { sid: 'Associations', takes: (action) => action.startsWith('eks:') },
];

const role = (name: string): string => `arn:aws:iam::${ACCOUNT}:role/${name}`;

/** For `--compute auto-mode`. Separate, since AmazonEKSComputePolicy lets roles start instances with any role that trusts EC2. */
export const AUTO_MODE: readonly Statement[] = [
  {
    Sid: 'AttachPoliciesOfAutoMode',
    Effect: 'Allow',
    Action: ['iam:AttachRolePolicy', 'iam:DetachRolePolicy'],
    Resource: [role('conformance-*-c?-cluster'), role('conformance-*-c?-node')],
    Condition: {
      ArnEquals: {
        'iam:PolicyARN': policiesOf(AUTO_MODE_CLUSTER_ROLE, AUTO_MODE_NODE_ROLE).filter(
          (arn) => !policiesOfClusters.includes(arn),
        ),
      },
    },
  },
];
