import type { ManagedPolicy } from './model.ts';
import { compilePolicy } from './policy/index.ts';

/** An AWS managed policy in the form of AWS's reference guide: name, description and what it allows on `*`. */
interface Definition {
  readonly name: string;
  readonly path?: string;
  readonly description: string;
  readonly statements: readonly Readonly<Record<string, unknown>>[];
}

const allow = (...actions: string[]): Readonly<Record<string, unknown>> => ({
  Effect: 'Allow',
  Action: actions,
  Resource: '*',
});

/** Those that clusters and their tests attach. Some are shortened to the actions that the five services know. */
const DEFINITIONS: readonly Definition[] = [
  {
    name: 'AdministratorAccess',
    description: 'Provides full access to AWS services and resources.',
    statements: [allow('*')],
  },
  {
    name: 'AmazonS3FullAccess',
    description: 'Provides full access to all buckets via the AWS Management Console.',
    statements: [allow('s3:*', 's3-object-lambda:*')],
  },
  {
    name: 'AmazonS3ReadOnlyAccess',
    description: 'Provides read only access to all buckets via the AWS Management Console.',
    statements: [allow('s3:Get*', 's3:List*', 's3:Describe*', 's3-object-lambda:Get*', 's3-object-lambda:List*')],
  },
  {
    name: 'AmazonEKSWorkerNodePolicy',
    description: 'This policy allows Amazon EKS worker nodes to connect to Amazon EKS Clusters.',
    statements: [
      {
        Sid: 'WorkerNodePermissions',
        ...allow(
          'ec2:DescribeInstances',
          'ec2:DescribeInstanceTypes',
          'ec2:DescribeRouteTables',
          'ec2:DescribeSecurityGroups',
          'ec2:DescribeSubnets',
          'ec2:DescribeVolumes',
          'ec2:DescribeVolumesModifications',
          'ec2:DescribeVpcs',
          'eks:DescribeCluster',
          'eks-auth:AssumeRoleForPodIdentity',
        ),
      },
    ],
  },
  {
    name: 'AmazonEKSClusterPolicy',
    description: 'This policy provides Kubernetes the permissions it requires to manage resources on your behalf.',
    statements: [
      allow(
        'autoscaling:DescribeAutoScalingGroups',
        'autoscaling:UpdateAutoScalingGroup',
        'ec2:AttachVolume',
        'ec2:CreateRoute',
        'ec2:CreateSecurityGroup',
        'ec2:CreateTags',
        'ec2:CreateVolume',
        'ec2:DeleteRoute',
        'ec2:DeleteVolume',
        'ec2:DescribeInstances',
        'ec2:DescribeSubnets',
        'ec2:DescribeVpcs',
        'ec2:DetachVolume',
        'elasticloadbalancing:*',
        'kms:DescribeKey',
      ),
    ],
  },
  {
    name: 'AmazonEC2ContainerRegistryReadOnly',
    description: 'Provides read-only access to Amazon EC2 Container Registry repositories.',
    statements: [
      allow(
        'ecr:GetAuthorizationToken',
        'ecr:BatchCheckLayerAvailability',
        'ecr:GetDownloadUrlForLayer',
        'ecr:GetRepositoryPolicy',
        'ecr:DescribeRepositories',
        'ecr:ListImages',
        'ecr:DescribeImages',
        'ecr:BatchGetImage',
        'ecr:ListTagsForResource',
      ),
    ],
  },
  {
    name: 'AmazonEC2ContainerRegistryPullOnly',
    description: 'Provides pull only access to Amazon EC2 Container Registry.',
    statements: [
      allow(
        'ecr:GetAuthorizationToken',
        'ecr:BatchCheckLayerAvailability',
        'ecr:GetDownloadUrlForLayer',
        'ecr:BatchGetImage',
        'ecr:BatchImportUpstreamImage',
      ),
    ],
  },
  {
    name: 'AmazonEKSWorkerNodeMinimalPolicy',
    description: 'This policy provides the minimal permissions that nodes of Amazon EKS need to connect to clusters.',
    statements: [{ Sid: 'EKSPodIdentityAgentPermissions', ...allow('eks-auth:AssumeRoleForPodIdentity') }],
  },
  {
    name: 'AmazonEKSComputePolicy',
    description: 'Provides Amazon EKS Auto Mode with permissions to manage instances.',
    statements: [allow('ec2:CreateFleet', 'ec2:RunInstances', 'ec2:CreateLaunchTemplate', 'iam:CreateInstanceProfile')],
  },
  {
    name: 'AmazonEKSBlockStoragePolicy',
    description: 'Provides Amazon EKS Auto Mode with permissions to manage block storage.',
    statements: [allow('ec2:AttachVolume', 'ec2:CreateVolume', 'ec2:DeleteVolume', 'ec2:DetachVolume')],
  },
  {
    name: 'AmazonEKSLoadBalancingPolicy',
    description: 'Provides Amazon EKS Auto Mode with permissions to manage load balancers.',
    statements: [allow('elasticloadbalancing:CreateLoadBalancer', 'elasticloadbalancing:DeleteLoadBalancer')],
  },
  {
    name: 'AmazonEKSNetworkingPolicy',
    description: 'Provides Amazon EKS Auto Mode with permissions to manage network interfaces.',
    statements: [allow('ec2:AssignPrivateIpAddresses', 'ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface')],
  },
  {
    name: 'AmazonEKS_CNI_Policy',
    description:
      'This policy provides the Amazon VPC CNI Plugin the permissions it requires to modify the IP address configuration of nodes.',
    statements: [
      allow(
        'ec2:AssignPrivateIpAddresses',
        'ec2:AttachNetworkInterface',
        'ec2:CreateNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:DescribeInstances',
        'ec2:DescribeTags',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeInstanceTypes',
        'ec2:DescribeSubnets',
        'ec2:DetachNetworkInterface',
        'ec2:ModifyNetworkInterfaceAttribute',
        'ec2:UnassignPrivateIpAddresses',
      ),
      { Effect: 'Allow', Action: ['ec2:CreateTags'], Resource: ['arn:aws:ec2:*:*:network-interface/*'] },
    ],
  },
];

const CREATED_AT = Date.parse('2017-05-27T00:00:00Z');

/** ARN -> policy, a new map with each call: nothing of one world reaches another. */
export function awsManagedPolicies(): ReadonlyMap<string, ManagedPolicy> {
  return new Map(DEFINITIONS.map((definition) => managedPolicy(definition)).map((policy) => [policy.arn, policy]));
}

function managedPolicy({ name, path = '/', description, statements }: Definition): ManagedPolicy {
  const text = JSON.stringify({ Version: '2012-10-17', Statement: statements });
  const compiled = compilePolicy(text, { kind: 'identity', name: `AWS managed policy ${name}` });
  return {
    arn: `arn:aws:iam::aws:policy${path}${name}`,
    name,
    path,
    id: `ANPA${Buffer.from(name).toString('hex').toUpperCase().slice(0, 17).padEnd(17, 'A')}`,
    createdAt: CREATED_AT,
    description,
    versions: new Map([['v1', { text, compiled, createdAt: CREATED_AT }]]),
    defaultVersion: 'v1',
    newestVersion: 1,
    tags: new Map(),
  };
}
