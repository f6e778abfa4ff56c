/** Statements, roles and probes for scenarios that try each action twice: with all conditions true, and with one false. */
import {
  allow,
  assumeRole,
  deleteObject,
  deleteObjects,
  forPrincipal,
  getObject,
  getObjectTagging,
  headBucket,
  headObject,
  listObjects,
  putObject,
  trustPodIdentity,
  trustWebIdentity,
  whoAmI,
  type Conditions,
  type PermissionStatement,
  type RoleSpec,
  type Step,
  type TrustStatement,
} from '../../harness/index.ts';
import { may, mayNot, type Session } from './sessions.ts';
import { allOf, NOWHERE, type Comparison, type Elsewhere } from './tag-conditions.ts';

export const SOURCE =
  'IAM User Guide, "Conditions with multiple context keys or values"; "Policy evaluation logic"; Amazon S3 User Guide, "Required permissions for Amazon S3 API operations"';

export const OBJECT_ACTIONS = ['s3:GetObject', 's3:GetObjectTagging', 's3:PutObject', 's3:DeleteObject'];
export const ASSUME = ['sts:AssumeRole', 'sts:TagSession'];
export const S3_ACTIONS = [...OBJECT_ACTIONS, 's3:ListBucket'];
export const ALL = [...S3_ACTIONS, ...ASSUME];

/** S3 does not name the policy to callers of another account. */
export const DENIED = { by: 's3', code: 'AccessDenied', status: 403 } as const;
export const NOT_ALLOWED = { ...DENIED, policy: 'identity', explicit: false } as const;
export const NOT_ASSUMED = { by: 'sts', code: 'AccessDenied', status: 403 } as const;
type Refusal = Parameters<typeof mayNot>[2];

export const principalTags = (comparisons: readonly Comparison[]): Conditions => allOf('aws:PrincipalTag', comparisons);
/** Replaces one comparison with another that does not hold. */
export const butOne = (comparisons: readonly Comparison[], [operator, tag, value]: Comparison): Conditions =>
  principalTags([...comparisons.filter(([name]) => name !== operator), [operator, tag, value]]);

export const OWN = '${aws:PrincipalTag/kubernetes-service-account}';
const POD = '${aws:PrincipalTag/kubernetes-pod-name}/${aws:PrincipalTag/kubernetes-pod-uid}';
const TAGGED_FOLDERS = [`data/${OWN}/*`, `data/${POD}/*`, 'data/${aws:PrincipalTag/eks-cluster-arn}/*'];
/** Returns two Allow statements: all conditions of the first hold, one of the second does not. `folders`: those of the first. */
export const statements = (
  holds: Conditions,
  broken: Conditions,
  {
    folders = TAGGED_FOLDERS,
    actions = ALL,
  }: { readonly folders?: readonly string[]; readonly actions?: readonly string[] } = {},
): readonly PermissionStatement[] => {
  const roles = (name: string): readonly string[] => (actions.includes('sts:AssumeRole') ? [`<role:${name}>`] : []);
  return [
    allow(actions, ['data', ...folders, ...roles('next')], holds),
    allow(actions, ['shut', 'data/other/*', ...roles('barred')], broken),
  ];
};
export const OBJECTS = ['data/reader/key', 'data/other/key', 'shut/key'];

/** Trusts the account, so its identity policies decide who may assume the role. */
export const byAccount: RoleSpec = {
  trust: [{ effect: 'Allow', actions: ASSUME, principal: { AWS: '<account:main>' } }],
};
export const TARGETS = { next: byAccount, barred: byAccount } as const;

/** Returns probes of each action, on resources whose conditions hold and on resources whose conditions do not. */
export function asked(session: Session, refusal: Refusal, ...more: readonly Step[]): readonly Step[] {
  const onObjects = (folder: string) => [
    getObject(`data/${folder}/key`),
    headObject(`data/${folder}/key`),
    getObjectTagging(`data/${folder}/key`),
    putObject(`data/${folder}/new`),
    deleteObject(`data/${folder}/none`),
  ];
  const onBucket = (bucket: string) => [listObjects(bucket), headBucket(bucket)];
  return [
    ...onObjects('reader').map((call) => may(session, call)),
    may(session, deleteObjects('data', ['reader/none', 'other/none']), { deleted: 1, refusals: 'AccessDenied' }),
    ...onBucket('data').map((call) => may(session, call)),
    ...[...onObjects('other'), ...onBucket('shut')].map((call) => mayNot(session, call, refusal)),
    may(session, whoAmI()),
    ...more,
  ];
}
export const assumes = (session: Session): readonly Step[] => [
  may(session, assumeRole('next')),
  mayNot(session, assumeRole('barred'), NOT_ASSUMED),
];

/** Trust that requires the session's tags and the cluster's account and ARN, and permits no other tags. */
export const trusting = ({ namespace, clusterArn }: Elsewhere = NOWHERE): readonly TrustStatement[] => [
  trustPodIdentity({
    conditions: {
      StringEquals: { 'aws:SourceAccount': '<account:main>' },
      ArnEquals: { 'aws:SourceArn': '<cluster-arn:c1>' },
      StringLikeIfExists: { 'aws:RequestTag/kubernetes-service-account': 'reader*' },
      StringNotEquals: { 'aws:RequestTag/eks-cluster-arn': clusterArn },
      'ForAllValues:StringLike': { 'aws:TagKeys': ['kubernetes-*', 'eks-*'] },
    },
  }),
  {
    ...trustPodIdentity({ conditions: { StringEquals: { 'aws:RequestTag/kubernetes-namespace': namespace } } }),
    effect: 'Deny',
  },
];
export const byToken = trustWebIdentity({ subject: 'app/reader' });
export const base: RoleSpec = { trust: [...trusting(), byToken], permissions: [allow(ASSUME, '<role:app>')] };
export const everything = allow(ALL, '*');
/** Returns bucket policies with these conditions. */
export const onBuckets = (holds: Conditions, broken: Conditions) => {
  const to = (...statement: Parameters<typeof allow>) => forPrincipal('<role:app>', allow(...statement));
  const data = [
    to(OBJECT_ACTIONS, `data/${OWN}/*`, holds),
    to('s3:ListBucket', 'data', holds),
    to(OBJECT_ACTIONS, 'data/other/*', broken),
  ];
  return { data: { policy: data }, shut: { policy: [to('s3:ListBucket', 'shut', broken)] } };
};
export const ofOther = <T extends object>(buckets: Readonly<Record<'data' | 'shut', T>>) => ({
  data: { ...buckets.data, account: 'other' as const },
  shut: { ...buckets.shut, account: 'other' as const },
});
/** Bucket policies that allow the role every S3 action. */
export const OPEN = {
  data: { policy: [forPrincipal('<role:app>', allow('s3:*', ['data', 'data/*']))] },
  shut: { policy: [forPrincipal('<role:app>', allow('s3:*', ['shut', 'shut/*']))] },
};
