/** Each restriction of a role by each service: session policy, boundary, bucket policy, and conditions of a Deny. */
import { EKS } from '@aws-sdk/client-eks';
import {
  allow,
  check,
  deny,
  forPrincipal,
  suite,
  trustPodIdentity,
  type CheckContext,
  type Conditions,
  type PermissionStatement,
  type RoleSpec,
} from '../../harness/index.ts';
import { ofOwnAccount, sessionOf, TRUST_OWN_ACCOUNT } from '../lib/account-session.ts';
import { judge, type Row } from '../lib/rows.ts';
import { BOUNDARIES, EVALUATION } from '../lib/sources.ts';
import { asksEksAuth, clientsOf, outcomeOf, type Calls, type Clients, type Credentials } from './lib/calls.ts';

const ALL = allow(['s3:*', 'iam:*', 'sts:*', 'eks:*', 'eks-auth:*'], '*');
const ONLY_SQS = allow('sqs:*', '*');
const KEYS = 'IAM User Guide, "AWS global condition context keys"';
/** Conditions that hold for every request of a role with the tag `team`. */
const HOLDING: Readonly<Record<string, Conditions>> = {
  'aws:PrincipalTag': { StringEquals: { 'aws:PrincipalTag/team': 'red' } },
  'aws:PrincipalAccount': { StringEquals: { 'aws:PrincipalAccount': '<account:main>' } },
  'aws:PrincipalArn': { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::<account:main>:role/*' } },
  'aws:ResourceAccount': { StringEquals: { 'aws:ResourceAccount': '<account:main>' } },
  'aws:RequestedRegion': { StringEquals: { 'aws:RequestedRegion': ['<region:c1>', 'us-east-1'] } },
};
const NAMES = Object.keys(HOLDING).map((key) => [key, key.replace('aws:', '').toLowerCase()] as const);
const red = (...permissions: readonly PermissionStatement[]): RoleSpec => ({
  ...ofOwnAccount(...permissions),
  tags: { team: 'red' },
});
const ROLES: Readonly<Record<string, RoleSpec>> = {
  plain: red(ALL),
  bounded: { ...red(ALL), boundary: [ONLY_SQS] },
  ...Object.fromEntries(NAMES.map(([key, role]) => [role, red(ALL, deny('*', '*', HOLDING[key] ?? {}))])),
  tagged: red(ALL, deny('*', '*', { StringEquals: { 'aws:ResourceTag/team': 'red' } })),
};

const onBucket = ({ s3 }: Clients, Bucket: string): Calls => {
  const at = { Bucket, Key: 'key' };
  return {
    'S3 GetObject': () => s3.getObject(at),
    'S3 HeadObject': () => s3.headObject(at),
    'S3 GetObjectTagging': () => s3.getObjectTagging(at),
    'S3 PutObjectTagging': () => s3.putObjectTagging({ ...at, Tagging: { TagSet: [] } }),
    'S3 ListObjectsV2': () => s3.listObjectsV2({ Bucket }),
    'S3 PutObject': () => s3.putObject({ Bucket, Key: 'new', Body: 'x' }),
    'S3 CopyObject': () => s3.copyObject({ Bucket, Key: 'copy', CopySource: `${Bucket}/key` }),
    'S3 CreateMultipartUpload': () => s3.createMultipartUpload({ Bucket, Key: 'upload' }),
    'S3 DeleteObject': () => s3.deleteObject({ Bucket, Key: 'none' }),
    'S3 DeleteObjects': () => s3.deleteObjects({ Bucket, Delete: { Objects: [{ Key: 'none' }] } }),
  };
};
const onTarget = ({ iam, sts }: Clients, { name }: CheckContext): Calls => {
  const at = { RoleName: name('<role-name:target>') };
  const session = { RoleArn: name('<role:target>'), RoleSessionName: 'restricted' };
  return {
    'IAM GetRole': () => iam.getRole(at),
    'IAM TagRole': () => iam.tagRole({ ...at, Tags: [{ Key: 'near', Value: 'x' }] }),
    'STS AssumeRole': () => sts.assumeRole(session),
  };
};
const onCluster = ({ eks }: Clients, context: CheckContext, credentials: Credentials): Calls => {
  const clusterName = context.name('<cluster:c1>');
  return {
    'EKS ListPodIdentityAssociations': () => eks.listPodIdentityAssociations({ clusterName }),
    'EKS DescribeCluster': () => eks.describeCluster({ name: clusterName }),
    'EKS UntagResource': () =>
      eks.untagResource({ resourceArn: context.name('<cluster-arn:c1>'), tagKeys: ['no-such-tag'] }),
    'EKS Auth AssumeRoleForPodIdentity': asksEksAuth(context, credentials),
  };
};

suite('security', ({ scenario }) => {
  scenario('SEC-24', 'each restriction of a role applies to S3, IAM, STS, EKS and EKS Auth', {
    source: `${EVALUATION}; ${BOUNDARIES}; IAM User Guide, "Session policies"; ${KEYS}`,
    needs: ['call-record', 'own-cluster', 'own-boundary'],
    roles: {
      ...ROLES,
      target: {
        trust: [TRUST_OWN_ACCOUNT, trustPodIdentity()],
        tags: { team: 'red' },
      },
    },
    workloads: { app: {} },
    buckets: {
      guarded: { policy: [forPrincipal('<role:plain>', deny('s3:*', ['guarded', 'guarded/*']))] },
    },
    objects: ['data/key', 'guarded/key'],
    probes: [
      check('each request is denied', async (context) => {
        const { aws, name } = context;
        const data = name('<bucket:data>');
        const rows: Row[] = [];
        const add = (what: string, expected: string, calls: Calls): void => {
          for (const [call, ask] of Object.entries(calls))
            rows.push([`${call} with ${what}`, expected, () => outcomeOf(ask())]);
        };
        const all = async (what: string, expected: string, credentials: Credentials): Promise<void> => {
          const clients = await clientsOf(context, credentials);
          add(what, expected, onBucket(clients, data));
          add(what, expected, onTarget(clients, context));
          add(what, expected, onCluster(clients, context, credentials));
        };
        const plain = await sessionOf(context, 'plain');
        await all('no restriction', 'none', plain);
        add(
          'a Deny of the bucket policy',
          'denied',
          onBucket(await clientsOf(context, plain), name('<bucket:guarded>')),
        );
        await all('a boundary', 'denied', await sessionOf(context, 'bounded'));
        const Policy = JSON.stringify({
          Version: '2012-10-17',
          Statement: { Effect: 'Allow', Action: 'sqs:*', Resource: '*' },
        });
        await all('a session policy', 'denied', await sessionOf(context, 'plain', { Policy }));
        for (const [key, role] of NAMES) await all(`a Deny for ${key}`, 'denied', await sessionOf(context, role));
        add(
          'a Deny for aws:ResourceTag',
          'denied',
          onTarget(await clientsOf(context, await sessionOf(context, 'tagged')), context),
        );
        await judge(rows);
        await judge(await onAssociations(context, new EKS(await aws('eks'))));
      }),
    ],
  });
});

/** Rows about a tagged association and one without tags, for a role that may not use tagged ones. */
async function onAssociations(context: CheckContext, admin: EKS): Promise<readonly Row[]> {
  const { name } = context;
  const { eks } = await clientsOf(context, await sessionOf(context, 'tagged'));
  const clusterName = name('<cluster:c1>');
  const base = { clusterName, namespace: name('<namespace:app>'), roleArn: name('<role:target>') };
  const rows: Row[] = [];
  for (const [serviceAccount, tags, expected] of [
    ['tagged', { team: 'red' }, 'denied'],
    ['other', { team: 'blue' }, 'none'],
  ] as const) {
    const { association } = await admin.createPodIdentityAssociation({ ...base, serviceAccount, tags });
    const { associationId = '', associationArn: resourceArn = '' } = association ?? {};
    const at = { clusterName, associationId };
    const calls: Calls = {
      DescribePodIdentityAssociation: () => eks.describePodIdentityAssociation(at),
      ListTagsForResource: () => eks.listTagsForResource({ resourceArn }),
      TagResource: () => eks.tagResource({ resourceArn, tags: { near: 'x' } }),
      DeletePodIdentityAssociation: () => eks.deletePodIdentityAssociation(at),
    };
    // In order, because the last one deletes it.
    for (const [call, ask] of Object.entries(calls)) {
      const outcome = await outcomeOf(ask());
      rows.push([`${call} with a Deny for aws:ResourceTag, tag ${tags.team}`, expected, async () => outcome]);
    }
  }
  return rows;
}
