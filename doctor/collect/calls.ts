import * as ec2 from '@aws-sdk/client-ec2';
import * as eks from '@aws-sdk/client-eks';
import * as iam from '@aws-sdk/client-iam';
import * as s3 from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { ORGANIZATION_CALLS, RESOURCE_CALLS } from './resource-calls.ts';

/** Every AWS call that the collector makes for checks, by its right. */
export const AWS_CALLS = {
  'sts:GetCallerIdentity': GetCallerIdentityCommand,
  'eks:ListClusters': eks.ListClustersCommand,
  'eks:DescribeCluster': eks.DescribeClusterCommand,
  'eks:ListAddons': eks.ListAddonsCommand,
  'eks:DescribeAddon': eks.DescribeAddonCommand,
  'eks:ListPodIdentityAssociations': eks.ListPodIdentityAssociationsCommand,
  'eks:DescribePodIdentityAssociation': eks.DescribePodIdentityAssociationCommand,
  'iam:GetRole': iam.GetRoleCommand,
  'iam:ListRolePolicies': iam.ListRolePoliciesCommand,
  'iam:GetRolePolicy': iam.GetRolePolicyCommand,
  'iam:ListAttachedRolePolicies': iam.ListAttachedRolePoliciesCommand,
  'iam:GetPolicy': iam.GetPolicyCommand,
  'iam:GetPolicyVersion': iam.GetPolicyVersionCommand,
  'iam:GetInstanceProfile': iam.GetInstanceProfileCommand,
  'iam:ListOpenIDConnectProviders': iam.ListOpenIDConnectProvidersCommand,
  'iam:GetOpenIDConnectProvider': iam.GetOpenIDConnectProviderCommand,
  'ec2:DescribeInstances': ec2.DescribeInstancesCommand,
  'ec2:DescribeVpcEndpoints': ec2.DescribeVpcEndpointsCommand,
} as const;

/** All rights that `doctor` needs. */
export const CHECK_RIGHTS = { ...AWS_CALLS, ...ORGANIZATION_CALLS };

/** The calls that it makes in addition for `can`. */
export const ACCESS_CALLS = {
  'iam:GetAccountAuthorizationDetails': iam.GetAccountAuthorizationDetailsCommand,
  's3:GetBucketPolicy': s3.GetBucketPolicyCommand,
  's3:GetEncryptionConfiguration': s3.GetBucketEncryptionCommand,
  's3:ListAllMyBuckets': s3.ListBucketsCommand,
} as const;

export const ALL_CALLS = { ...AWS_CALLS, ...ACCESS_CALLS };
export type AwsRight = keyof typeof ALL_CALLS;

/** All rights that `can` needs. */
export const ACCESS_RIGHTS = { ...ALL_CALLS, ...RESOURCE_CALLS };

/** The kinds of objects that the collector lists, with the paths of their API groups. */
export const KUBERNETES_LISTS = {
  namespaces: '/api/v1',
  nodes: '/api/v1',
  pods: '/api/v1',
  serviceaccounts: '/api/v1',
  events: '/api/v1',
  daemonsets: '/apis/apps/v1',
  replicasets: '/apis/apps/v1',
  statefulsets: '/apis/apps/v1',
  jobs: '/apis/batch/v1',
  networkpolicies: '/apis/networking.k8s.io/v1',
  mutatingwebhookconfigurations: '/apis/admissionregistration.k8s.io/v1',
} as const;
export type ListedKind = keyof typeof KUBERNETES_LISTS;

export const ISSUER_PATH = '/.well-known/openid-configuration';
/** Every authenticated user may read it (Kubernetes, "Using RBAC Authorization", `system:public-info-viewer`). */
export const VERSION_PATH = '/version';

/** Returns the IAM policy of the collector, for checks or for other calls. Nobody needs a right for GetCallerIdentity (AWS STS API Reference). */
export const policyDocument = (calls: Readonly<Record<string, unknown>> = CHECK_RIGHTS) => ({
  Version: '2012-10-17',
  Statement: [...new Set(Object.keys(calls).map((right) => right.split(':')[0] ?? ''))]
    .filter((service) => service !== 'sts')
    .map((service) => ({
      Sid: `Read${service.toUpperCase()}`,
      Effect: 'Allow',
      Action: Object.keys(calls).filter((right) => right.startsWith(`${service}:`)),
      Resource: '*',
    })),
});

/** Returns the ClusterRole of the collector. */
export const clusterRole = () => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'eks-pod-identity-conformance-doctor' },
  rules: [
    ...[...new Set<string>(Object.values(KUBERNETES_LISTS))].map((group) => ({
      apiGroups: [group === '/api/v1' ? '' : (group.split('/')[2] ?? '')],
      resources: Object.entries(KUBERNETES_LISTS).flatMap(([kind, path]) => (path === group ? [kind] : [])),
      verbs: ['list'],
    })),
    { nonResourceURLs: [ISSUER_PATH], verbs: ['get'] },
  ],
});
