/**
 * Lists of conditions on session tags; either all of a list hold, or none. Written by hand from the IAM User Guide,
 * "IAM JSON policy elements: Condition operators" and "Set operators for multivalued context keys".
 */
import type { Conditions } from '../../harness/index.ts';

export type TagKey = 'aws:PrincipalTag' | 'aws:RequestTag';
/** Operator, tag, and the values to compare the tag with. */
export type Comparison = readonly [operator: string, tag: string, value: string | readonly string[]];

/** Tags of a role, which its sessions have with or without session tags. */
export const OWN_TAGS = {
  'conformance-team': 'red',
  'conformance-owner': 'arn:aws:iam::111122223333:role/owner',
} as const;

/** A namespace and cluster other than the session's, for policies: placeholders if the scenario has them. */
export interface Elsewhere {
  /** The namespace of the session. */
  readonly ownNamespace: string;
  readonly namespace: string;
  readonly cluster: string;
  readonly clusterArn: string;
}
export const NOWHERE: Elsewhere = {
  ownNamespace: '<namespace:app>',
  namespace: 'elsewhere',
  cluster: 'elsewhere',
  clusterArn: 'arn:aws:eks:us-west-2:111122223333:cluster/elsewhere',
};

/** All hold for a session with session tags, of service account `reader` in namespace `ownNamespace`. */
export const tagged = ({
  ownNamespace,
  namespace,
  cluster,
  clusterArn,
}: Elsewhere = NOWHERE): readonly Comparison[] => [
  ['StringEquals', 'kubernetes-namespace', [ownNamespace, namespace]],
  ['StringNotEquals', 'kubernetes-namespace', namespace],
  ['StringEqualsIgnoreCase', 'kubernetes-service-account', 'READER'],
  ['StringNotEqualsIgnoreCase', 'eks-cluster-name', cluster],
  ['StringLike', 'kubernetes-pod-name', '?*'],
  ['StringNotLike', 'kubernetes-pod-uid', 'none-*'],
  ['ArnEquals', 'eks-cluster-arn', 'arn:aws:eks:*:*:cluster/<cluster:c1>'],
  ['ArnNotEquals', 'eks-cluster-arn', clusterArn],
  ['ArnLike', 'eks-cluster-arn', '<cluster-arn:c1>'],
  ['ArnNotLike', 'eks-cluster-arn', 'arn:aws:sns:*:*:*'],
  ['Null', 'kubernetes-pod-uid', 'false'],
  ['StringEqualsIfExists', 'no-such-tag', 'any'],
  ['ForAnyValue:StringEquals', 'kubernetes-service-account', ['writer', 'reader']],
  ['ForAllValues:StringEquals', 'eks-cluster-name', ['<cluster:c1>', cluster]],
];

/** None holds for that session. */
export const notTagged = ({ namespace, cluster, clusterArn }: Elsewhere = NOWHERE): readonly Comparison[] => [
  ['StringEquals', 'kubernetes-namespace', namespace],
  ['StringNotEquals', 'kubernetes-service-account', 'reader'],
  ['StringEqualsIgnoreCase', 'eks-cluster-name', cluster],
  ['StringNotEqualsIgnoreCase', 'kubernetes-service-account', 'Reader'],
  ['StringLike', 'kubernetes-pod-uid', '?'],
  ['StringNotLike', 'kubernetes-pod-name', '*'],
  ['ArnEquals', 'eks-cluster-arn', clusterArn],
  ['ArnNotEquals', 'eks-cluster-arn', '<cluster-arn:c1>'],
  ['ArnLike', 'eks-cluster-arn', 'arn:aws:eks:*:*:nodegroup/*'],
  ['ArnNotLike', 'eks-cluster-arn', 'arn:aws:eks:*:*:cluster/*'],
  ['Null', 'kubernetes-pod-name', 'true'],
  ['StringEqualsIfExists', 'eks-cluster-name', `${cluster}-2`],
  ['ForAnyValue:StringEquals', 'no-such-tag', ['any', 'none']],
  ['ForAllValues:StringEquals', 'kubernetes-service-account', ['writer', 'Reader']],
];

/** All hold for a session without Pod Identity's tags, of a role with `OWN_TAGS`. */
export const untagged: readonly Comparison[] = [
  ['StringEquals', 'conformance-team', 'red'],
  ['StringNotEquals', 'kubernetes-namespace', '<namespace:app>'],
  ['StringEqualsIgnoreCase', 'conformance-team', 'RED'],
  ['StringNotEqualsIgnoreCase', 'conformance-team', 'blue'],
  ['StringLike', 'conformance-team', 'r?d'],
  ['StringNotLike', 'conformance-team', 'b*'],
  ['StringNotLike', 'kubernetes-pod-name', '*'],
  ['ArnEquals', 'conformance-owner', 'arn:aws:iam::*:role/owner'],
  ['ArnNotEquals', 'eks-cluster-arn', '<cluster-arn:c1>'],
  ['ArnNotEquals', 'conformance-owner', 'arn:aws:iam::*:user/*'],
  ['ArnLike', 'conformance-owner', 'arn:aws:iam::111122223333:*'],
  ['ArnNotLike', 'conformance-owner', 'arn:aws:s3:*:*:owner'],
  ['Null', 'kubernetes-pod-uid', 'true'],
  ['StringEqualsIfExists', 'kubernetes-service-account', 'writer'],
  ['ForAnyValue:StringLike', 'conformance-team', ['b*', 'r*']],
  ['ForAllValues:StringEquals', 'eks-cluster-name', 'elsewhere'],
  ['ForAllValues:StringLike', 'conformance-team', ['b*', 'r*']],
];

/** All hold if there are no tags at all, as in an AssumeRoleWithWebIdentity request. */
export const absent: readonly Comparison[] = [
  ['StringNotEquals', 'kubernetes-namespace', '<namespace:app>'],
  ['StringNotEqualsIgnoreCase', 'kubernetes-service-account', 'reader'],
  ['StringNotLike', 'kubernetes-pod-name', '*'],
  ['ArnNotEquals', 'eks-cluster-arn', '<cluster-arn:c1>'],
  ['ArnNotLike', 'eks-cluster-arn', '*'],
  ['Null', 'kubernetes-pod-uid', 'true'],
  ['StringEqualsIfExists', 'eks-cluster-name', 'elsewhere'],
  ['ForAllValues:StringEquals', 'conformance-team', 'red'],
];

/** None holds if there are no tags at all. */
export const notAbsent: readonly Comparison[] = [
  ['StringEquals', 'kubernetes-namespace', '<namespace:app>'],
  ['StringEqualsIgnoreCase', 'kubernetes-service-account', 'reader'],
  ['StringLike', 'kubernetes-pod-name', '*'],
  ['ArnEquals', 'eks-cluster-arn', '<cluster-arn:c1>'],
  ['ArnLike', 'eks-cluster-arn', '*'],
  ['Null', 'kubernetes-pod-uid', 'false'],
  ['ForAnyValue:StringLike', 'eks-cluster-name', '*'],
];

/** Returns one condition block with all comparisons; it holds if each of them does. */
export function allOf(key: TagKey, comparisons: readonly Comparison[]): Conditions {
  const block: Record<string, Record<string, string | readonly string[]>> = {};
  for (const [operator, tag, value] of comparisons) block[operator] = { ...block[operator], [`${key}/${tag}`]: value };
  return block;
}
