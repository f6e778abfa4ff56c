import type { DescribeInstancesCommandInput, DescribeVpcEndpointsCommandInput, EC2Client } from '@aws-sdk/client-ec2';
import {
  DescribeAddonCommand,
  DescribeClusterCommand,
  DescribePodIdentityAssociationCommand,
  ListAddonsCommand,
  ListClustersCommand,
  ListPodIdentityAssociationsCommand,
  type DescribeAddonCommandInput,
  type DescribeClusterCommandInput,
  type DescribePodIdentityAssociationCommandInput,
  type ListAddonsCommandInput,
  type ListClustersCommandInput,
  type ListPodIdentityAssociationsCommandInput,
} from '@aws-sdk/client-eks';
import {
  GetInstanceProfileCommand,
  GetOpenIDConnectProviderCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListOpenIDConnectProvidersCommand,
  ListRolePoliciesCommand,
  type GetInstanceProfileCommandInput,
  type GetOpenIDConnectProviderCommandInput,
  type GetPolicyCommandInput,
  type GetPolicyVersionCommandInput,
  type GetRoleCommandInput,
  type GetRolePolicyCommandInput,
  type ListAttachedRolePoliciesCommandInput,
  type ListRolePoliciesCommandInput,
} from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import type { AwsClients } from '../../aws/clients.ts';

export interface ReadClients extends Pick<AwsClients, 'eks' | 'iam' | 'sts'> {
  readonly ec2: () => Promise<EC2Client>;
}

interface Sending {
  readonly abortSignal: AbortSignal;
}

/** Every AWS call that the collector can make, by its right. `policyDocument` is generated from it. */
export const AWS_CALLS = {
  'sts:GetCallerIdentity': ({ sts }: ReadClients, _input: object, to: Sending) =>
    sts.send(new GetCallerIdentityCommand({}), to),
  'eks:ListClusters': ({ eks }: ReadClients, input: ListClustersCommandInput, to: Sending) =>
    eks.send(new ListClustersCommand(input), to),
  'eks:DescribeCluster': ({ eks }: ReadClients, input: DescribeClusterCommandInput, to: Sending) =>
    eks.send(new DescribeClusterCommand(input), to),
  'eks:ListAddons': ({ eks }: ReadClients, input: ListAddonsCommandInput, to: Sending) =>
    eks.send(new ListAddonsCommand(input), to),
  'eks:DescribeAddon': ({ eks }: ReadClients, input: DescribeAddonCommandInput, to: Sending) =>
    eks.send(new DescribeAddonCommand(input), to),
  'eks:ListPodIdentityAssociations': (
    { eks }: ReadClients,
    input: ListPodIdentityAssociationsCommandInput,
    to: Sending,
  ) => eks.send(new ListPodIdentityAssociationsCommand(input), to),
  'eks:DescribePodIdentityAssociation': (
    { eks }: ReadClients,
    input: DescribePodIdentityAssociationCommandInput,
    to: Sending,
  ) => eks.send(new DescribePodIdentityAssociationCommand(input), to),
  'iam:GetRole': ({ iam }: ReadClients, input: GetRoleCommandInput, to: Sending) =>
    iam.send(new GetRoleCommand(input), to),
  'iam:ListRolePolicies': ({ iam }: ReadClients, input: ListRolePoliciesCommandInput, to: Sending) =>
    iam.send(new ListRolePoliciesCommand(input), to),
  'iam:GetRolePolicy': ({ iam }: ReadClients, input: GetRolePolicyCommandInput, to: Sending) =>
    iam.send(new GetRolePolicyCommand(input), to),
  'iam:ListAttachedRolePolicies': ({ iam }: ReadClients, input: ListAttachedRolePoliciesCommandInput, to: Sending) =>
    iam.send(new ListAttachedRolePoliciesCommand(input), to),
  'iam:GetPolicy': ({ iam }: ReadClients, input: GetPolicyCommandInput, to: Sending) =>
    iam.send(new GetPolicyCommand(input), to),
  'iam:GetPolicyVersion': ({ iam }: ReadClients, input: GetPolicyVersionCommandInput, to: Sending) =>
    iam.send(new GetPolicyVersionCommand(input), to),
  'iam:GetInstanceProfile': ({ iam }: ReadClients, input: GetInstanceProfileCommandInput, to: Sending) =>
    iam.send(new GetInstanceProfileCommand(input), to),
  'iam:ListOpenIDConnectProviders': ({ iam }: ReadClients, _input: object, to: Sending) =>
    iam.send(new ListOpenIDConnectProvidersCommand({}), to),
  'iam:GetOpenIDConnectProvider': ({ iam }: ReadClients, input: GetOpenIDConnectProviderCommandInput, to: Sending) =>
    iam.send(new GetOpenIDConnectProviderCommand(input), to),
  // EC2's SDK is large.
  'ec2:DescribeInstances': async ({ ec2 }: ReadClients, input: DescribeInstancesCommandInput, to: Sending) => {
    const { DescribeInstancesCommand } = await import('@aws-sdk/client-ec2');
    return (await ec2()).send(new DescribeInstancesCommand(input), to);
  },
  'ec2:DescribeVpcEndpoints': async ({ ec2 }: ReadClients, input: DescribeVpcEndpointsCommandInput, to: Sending) => {
    const { DescribeVpcEndpointsCommand } = await import('@aws-sdk/client-ec2');
    return (await ec2()).send(new DescribeVpcEndpointsCommand(input), to);
  },
} as const;
export type AwsRight = keyof typeof AWS_CALLS;

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
export type KubernetesRight = `list ${ListedKind}` | `get ${string}`;

export const CLUSTER_KINDS: readonly ListedKind[] = ['namespaces', 'nodes', 'mutatingwebhookconfigurations'];

export const ISSUER_PATH = '/.well-known/openid-configuration';
/** Every authenticated user may read it (Kubernetes, "Using RBAC Authorization", `system:public-info-viewer`). */
export const VERSION_PATH = '/version';

/** The IAM policy of the collector. Nobody needs a right for GetCallerIdentity (AWS STS API Reference). */
export function policyDocument() {
  const rights = Object.keys(AWS_CALLS).filter((right) => right !== 'sts:GetCallerIdentity');
  const services = [...new Set(rights.map((right) => right.split(':')[0] ?? ''))];
  return {
    Version: '2012-10-17',
    Statement: services.map((service) => ({
      Sid: `Read${service.toUpperCase()}`,
      Effect: 'Allow',
      Action: rights.filter((right) => right.startsWith(`${service}:`)).sort(),
      Resource: '*',
    })),
  };
}

/** The ClusterRole of the collector. */
export function clusterRole() {
  const kinds = Object.entries(KUBERNETES_LISTS);
  const groupOf = (path: string): string => (path === '/api/v1' ? '' : (path.split('/')[2] ?? ''));
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'eks-pod-identity-conformance-doctor' },
    rules: [
      ...[...new Set(kinds.map(([, path]) => path))].map((group) => ({
        apiGroups: [groupOf(group)],
        resources: kinds.flatMap(([kind, path]) => (path === group ? [kind] : [])).sort(),
        verbs: ['list'],
      })),
      { nonResourceURLs: [ISSUER_PATH], verbs: ['get'] },
    ],
  };
}
