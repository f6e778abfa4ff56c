/** Policy variables of principal, resource and request tags, in each kind of policy and for each service. */
import { EKS } from '@aws-sdk/client-eks';
import {
  allow,
  askEksAuth,
  check,
  fails,
  succeeds,
  suite,
  trustPodIdentity,
  type CheckContext,
} from '../../harness/index.ts';
import { sessionOf, TRUST_OWN_ACCOUNT } from '../lib/account-session.ts';
import { MAY_NOT_ASSUME } from '../lib/outcomes.ts';
import { judge, type Row } from '../lib/rows.ts';
import { PASS_TAGS, VARIABLES } from '../lib/sources.ts';
import { ASSUME_AND_TAG } from '../lib/worlds.ts';
import { asksEksAuth, clientsOf, outcomeOf, type Calls, type Clients } from './lib/calls.ts';

const TEAM = '${aws:PrincipalTag/team}';
const OWN_RESOURCE = { StringEquals: { 'aws:ResourceTag/team': TEAM } };
const statement = (Action: readonly string[], Resource: string, Condition?: object) => ({
  ...{ Effect: 'Allow', Action, Resource },
  ...(Condition && { Condition }),
});
/** Each call depends on a variable. */
const BY_TEAM = [
  statement(['s3:GetObject', 's3:GetObjectTagging', 's3:PutObjectTagging'], '*', {
    StringEquals: { 's3:ExistingObjectTag/team': TEAM },
  }),
  statement(['s3:PutObject', 's3:DeleteObject'], `arn:aws:s3:::*/${TEAM}/*`),
  statement(['s3:ListBucket'], '*', { StringLike: { 's3:prefix': `${TEAM}/*` } }),
  statement(['iam:GetRole', 'iam:UntagRole', 'sts:AssumeRole'], '*', OWN_RESOURCE),
  statement(['eks:DescribePodIdentityAssociation', 'eks:ListTagsForResource', 'eks:UntagResource'], '*', OWN_RESOURCE),
  statement(['iam:TagRole', 'eks:TagResource'], '*', { StringEquals: { 'aws:RequestTag/near': TEAM } }),
  statement(['eks-auth:*'], 'arn:aws:eks:*:*:cluster/${aws:PrincipalTag/cluster}'),
];
const TEAMS = ['red', 'blue', 'none'] as const;
const ALL = allow(['s3:*', 'iam:*', 'sts:*', 'eks:*', 'eks-auth:*'], '*');
const trust = [TRUST_OWN_ACCOUNT];
const tagsOf = (team: string): Readonly<Record<string, string>> =>
  team === 'none' ? {} : { team, cluster: team === 'red' ? '<cluster:c1>' : '<cluster:c1>x' };
const byTeam = <Value>(prefix: string, value: (team: string) => Value) =>
  Object.fromEntries(TEAMS.map((team) => [`${prefix}-${team}`, value(team)]));
const EQUALS = (key: string, value: string) => ({ StringEquals: { [key]: value } });

const callsOn = (
  { s3, iam, sts, eks }: Clients,
  { name }: CheckContext,
  team: string,
  association: Association,
): Calls => {
  const Bucket = name('<bucket:data>');
  const object = { Bucket, Key: `${team}/key` };
  const role = { RoleName: name(`<role-name:target-${team}>`) };
  const { resourceArn } = association;
  return {
    'S3 GetObject': () => s3.getObject(object),
    'S3 GetObjectTagging': () => s3.getObjectTagging(object),
    'S3 PutObjectTagging': () =>
      s3.putObjectTagging({ ...object, Tagging: { TagSet: team === 'none' ? [] : [{ Key: 'team', Value: team }] } }),
    'S3 PutObject': () => s3.putObject({ ...object, Key: `${team}/new`, Body: 'x' }),
    'S3 DeleteObject': () => s3.deleteObject({ ...object, Key: `${team}/absent` }),
    'S3 ListObjectsV2': () => s3.listObjectsV2({ Bucket, Prefix: `${team}/` }),
    'IAM GetRole': () => iam.getRole(role),
    'IAM UntagRole': () => iam.untagRole({ ...role, TagKeys: ['absent'] }),
    'IAM TagRole': () => iam.tagRole({ ...role, Tags: [{ Key: 'near', Value: team }] }),
    'STS AssumeRole': () => sts.assumeRole({ RoleArn: name(`<role:target-${team}>`), RoleSessionName: 'near' }),
    'EKS DescribePodIdentityAssociation': () => eks.describePodIdentityAssociation(association),
    'EKS ListTagsForResource': () => eks.listTagsForResource({ resourceArn }),
    'EKS UntagResource': () => eks.untagResource({ resourceArn, tagKeys: ['absent'] }),
    'EKS TagResource': () => eks.tagResource({ resourceArn, tags: { near: team } }),
  };
};
interface Association {
  readonly clusterName: string;
  readonly associationId: string;
  readonly resourceArn: string;
}

suite('security', ({ scenario }) => {
  scenario(
    'SEC-33',
    'variables of tags apply in identity, session and trust policies of S3, IAM, STS, EKS and EKS Auth',
    {
      source: `${VARIABLES}; ${PASS_TAGS}; IAM User Guide, "Session policies" and "Controlling access to AWS resources using tags"`,
      needs: ['call-record', 'own-cluster'],
      roles: {
        ...byTeam('app', (team) => ({ trust, permissions: BY_TEAM, tags: tagsOf(team) })),
        ...byTeam('all', (team) => ({ trust, permissions: [ALL], tags: tagsOf(team) })),
        ...byTeam('target', (team) => ({ trust: [TRUST_OWN_ACCOUNT, trustPodIdentity()], tags: tagsOf(team) })),
        matched: {
          trust: [{ ...TRUST_OWN_ACCOUNT, conditions: EQUALS('aws:PrincipalTag/team', '${aws:ResourceTag/team}') }],
          tags: { team: 'red' },
        },
        requested: {
          trust: [{ ...TRUST_OWN_ACCOUNT, actions: ASSUME_AND_TAG, conditions: EQUALS('aws:RequestTag/team', TEAM) }],
        },
        ...Object.fromEntries(
          ['', 'x'].map((end) => [
            `pod${end}`,
            {
              trust: [
                trustPodIdentity({
                  conditions: EQUALS('aws:RequestTag/kubernetes-namespace', '${aws:ResourceTag/namespace}'),
                }),
              ],
              tags: { namespace: `<namespace:app>${end}` },
            },
          ]),
        ),
      },
      workloads: { pod: { role: 'pod' }, podx: { serviceAccount: 'podx', role: 'podx' } },
      objects: TEAMS.map((team) => (team === 'none' ? 'data/none/key' : { at: `data/${team}/key`, tags: { team } })),
      probes: [
        succeeds(askEksAuth('pod')),
        fails(askEksAuth('podx'), MAY_NOT_ASSUME),
        check('each request is granted to the team of its resource, and to no other', async (context) => {
          const { aws, name } = context;
          const admin = new EKS(await aws('eks'));
          const at = { clusterName: name('<cluster:c1>'), namespace: name('<namespace:app>') };
          const associations: Record<string, Association> = {};
          for (const team of TEAMS) {
            const tags = team === 'none' ? undefined : { team };
            const roleArn = name(`<role:target-${team}>`);
            const made = await admin.createPodIdentityAssociation({ ...at, serviceAccount: team, roleArn, tags });
            const { associationId = '', associationArn: resourceArn = '' } = made.association ?? {};
            associations[team] = { clusterName: at.clusterName, associationId, resourceArn };
          }
          const Policy = JSON.stringify({ Version: '2012-10-17', Statement: BY_TEAM });
          const rows: Row[] = [];
          for (const own of TEAMS)
            for (const [kind, credentials] of [
              ['identity', await sessionOf(context, `app-${own}`)],
              ['session', await sessionOf(context, `all-${own}`, { Policy })],
            ] as const) {
              const clients = await clientsOf(context, credentials);
              for (const team of TEAMS)
                for (const [call, ask] of Object.entries(callsOn(clients, context, team, associations[team]!)))
                  rows.push([
                    `${call} of team ${team} for team ${own}, by an ${kind} policy`,
                    own === team && own !== 'none' ? 'none' : 'denied',
                    () => outcomeOf(ask()),
                  ]);
              const ask = asksEksAuth(context, credentials);
              const expected = own === 'red' ? 'none' : 'denied';
              rows.push([`EKS Auth for team ${own}, by an ${kind} policy`, expected, () => outcomeOf(ask())]);
            }
          for (const own of TEAMS) {
            const { sts } = await clientsOf(context, await sessionOf(context, `all-${own}`));
            const assume = (role: string, more: object) => () =>
              outcomeOf(sts.assumeRole({ RoleArn: name(`<role:${role}>`), RoleSessionName: 'near', ...more }));
            rows.push([
              `the role's tag in its trust policy, team ${own}`,
              own === 'red' ? 'none' : 'denied',
              assume('matched', {}),
            ]);
            for (const team of TEAMS)
              rows.push([
                `the request's tag ${team} in the trust policy, team ${own}`,
                own === team && own !== 'none' ? 'none' : 'denied',
                assume('requested', team === 'none' ? {} : { Tags: [{ Key: 'team', Value: team }] }),
              ]);
          }
          await judge(rows);
        }),
      ],
    },
  );
});
