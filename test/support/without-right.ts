import { AWS_CALLS, ISSUER_PATH, KUBERNETES_LISTS } from '../../doctor/collect/calls.ts';
import { ANY_AWS } from '../../doctor/collect/aws-account.ts';
import type { AwsObjects, Role } from '../../doctor/snapshot/aws.ts';
import { defined } from '../../doctor/snapshot/defined.ts';
import type { KubernetesObjects } from '../../doctor/snapshot/kubernetes.ts';
import type { ClusterSnapshot, Right } from '../../doctor/snapshot/snapshot.ts';

export const KUBERNETES_RIGHTS = [...Object.keys(KUBERNETES_LISTS).map((kind) => `list ${kind}`), `get ${ISSUER_PATH}`];
/** All rights but that of GetCallerIdentity, which nobody needs. */
export const RIGHTS: readonly Right[] = [
  ...Object.keys(AWS_CALLS).filter((right) => right !== ANY_AWS),
  ...KUBERNETES_RIGHTS,
];
export const IAM_RIGHTS = RIGHTS.filter((right) => right.startsWith('iam:'));

const MEMBERS: Readonly<Record<string, keyof KubernetesObjects>> = {
  namespaces: 'namespaces',
  nodes: 'nodes',
  pods: 'pods',
  serviceaccounts: 'serviceAccounts',
  daemonsets: 'daemonSets',
  replicasets: 'refusedPods',
  networkpolicies: 'networkPolicies',
  mutatingwebhookconfigurations: 'mutatingWebhooks',
  [ISSUER_PATH]: 'issuer',
};
const REFUSED: Readonly<Record<string, RegExp>> = {
  daemonsets: /^DaemonSet$/,
  statefulsets: /^StatefulSet$/,
  jobs: /^Job$/,
  events: /^(?:DaemonSet|StatefulSet|Job)$/,
};

/** Returns what the collector reads of a cluster without a right; collect.test.ts compares it with what it does read. */
export function withoutRight(cluster: ClusterSnapshot, right: Right, reason = 'AccessDenied'): ClusterSnapshot {
  const [verb, what = ''] = right.split(' ');
  const kubernetes = { ...cluster.kubernetes };
  if (verb === 'list' || verb === 'get') {
    const refused = REFUSED[what];
    if (refused && kubernetes.refusedPods)
      Object.assign(kubernetes, { refusedPods: kubernetes.refusedPods.filter(({ kind }) => !refused.test(kind)) });
    const member = MEMBERS[what];
    if (member !== undefined) delete kubernetes[member];
  }
  const aws = cluster.aws && right !== ANY_AWS ? awsWithout(cluster.aws, right, kubernetes) : undefined;
  const { aws: _aws, ...rest } = cluster;
  return { ...rest, kubernetes, ...(aws && { aws }), gaps: [...cluster.gaps, { right, reason }] };
}

/** Without several rights. */
export const withoutRights = (cluster: ClusterSnapshot, rights: readonly Right[], reason?: string): ClusterSnapshot =>
  rights.reduce((less, right) => withoutRight(less, right, reason), cluster);

function awsWithout(aws: AwsObjects, right: Right, kubernetes: KubernetesObjects): AwsObjects {
  const isEks = /^eks:(?:ListClusters|DescribeCluster)$/.test(right);
  const changed = {
    ...aws,
    ...(isEks && { cluster: undefined, vpcEndpoints: undefined }),
    ...((isEks || /Addon/.test(right)) && { addons: undefined }),
    ...((isEks || /Association/.test(right)) && { associations: undefined }),
    ...(/OpenID/.test(right) && { oidcProviders: undefined }),
    ...(right === 'ec2:DescribeVpcEndpoints' && { vpcEndpoints: undefined }),
    ...(right === 'ec2:DescribeInstances' && { instances: undefined }),
    ...(kubernetes.nodes === undefined && { instances: [] }),
  };
  const profiles = new Set(changed.instances?.map(({ instanceProfileArn }) => instanceProfileArn));
  const instanceProfiles = Object.fromEntries(
    Object.entries(aws.instanceProfiles).filter(
      ([arn]) => right !== 'iam:GetInstanceProfile' && (changed.instances === aws.instances || profiles.has(arn)),
    ),
  );
  const used = JSON.stringify([changed.associations, instanceProfiles, kubernetes.serviceAccounts, kubernetes.pods]);
  // Roles of the issuer are read although nothing names them.
  const issuer = changed.cluster?.issuer?.replace('https://', '');
  const roles = Object.entries(aws.roles)
    .filter(
      ([arn, role]) =>
        right !== 'iam:GetRole' &&
        (used.includes(`"${arn}"`) || (issuer !== undefined && role?.trustPolicy.includes(issuer))),
    )
    .map(([arn, role]) => [arn, role && roleWithout(role, right)] as const);
  return { ...defined(changed), region: aws.region, instanceProfiles, roles: Object.fromEntries(roles) };
}

function roleWithout(role: Role, right: Right): Role {
  if (role.policies === undefined || !/^iam:.*Polic/.test(right)) return role;
  const { policies, permissionsBoundary: _boundary, unread: _unread, ...rest } = role;
  if (/^iam:List/.test(right)) return rest;
  const unread = Object.keys(policies).map((policy) => ({ policy, reason: right }));
  return { ...role, policies: {}, unread };
}
