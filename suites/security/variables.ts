/** Policy variables for principal, resource and request tags, in each type of policy and for each service. */
import { EKS } from '@aws-sdk/client-eks';
import { allow, askEksAuth, check, fails, succeeds, suite, trustPodIdentity } from '../../harness/index.ts';
import { sessionOf, TRUST_OWN_ACCOUNT } from '../lib/account-session.ts';
import { MAY_NOT_ASSUME } from '../lib/outcomes.ts';
import { judge, type Row } from '../lib/rows.ts';
import { PASS_TAGS, VARIABLES } from '../lib/sources.ts';
import { ASSUME_AND_TAG } from '../lib/worlds.ts';
import { asksEksAuth, clientsOf, outcomeOf, type Calls, type Clients } from './lib/calls.ts';

const TEAM = '${aws:PrincipalTag/team}';
const equals = (key: string, value: string) => ({ StringEquals: { [key]: value } });
const OWN_RESOURCE = equals('aws:ResourceTag/team', TEAM);
const allowing = (Action: string, Resource: string, Condition: object = {}) => ({
  ...{ Effect: 'Allow', Action: Action.split(' '), Resource, Condition },
});
/** Each request depends on a variable. */
const BY_TEAM = [
  allowing('s3:GetObject s3:GetObjectTagging s3:PutObjectTagging', '*', equals('s3:ExistingObjectTag/team', TEAM)),
  allowing('s3:PutObject s3:DeleteObject', `arn:aws:s3:::*/${TEAM}/*`),
  allowing('s3:ListBucket', '*', { StringLike: { 's3:prefix': `${TEAM}/*` } }),
  allowing('iam:GetRole iam:UntagRole sts:AssumeRole eks:Describe* eks:List* eks:UntagResource', '*', OWN_RESOURCE),
  allowing('iam:TagRole eks:TagResource', '*', equals('aws:RequestTag/near', TEAM)),
  allowing('eks-auth:*', 'arn:aws:eks:*:*:cluster/${aws:PrincipalTag/cluster}'),
];
const Policy = JSON.stringify({ Version: '2012-10-17', Statement: BY_TEAM });
const ALL = allow(['s3:*', 'iam:*', 'sts:*', 'eks:*', 'eks-auth:*'], '*');
const TEAMS = ['red', 'blue', 'none'] as const;
const trust = [TRUST_OWN_ACCOUNT];
const trusting = (key: string, value: string) => [
  { ...TRUST_OWN_ACCOUNT, actions: ASSUME_AND_TAG, conditions: equals(key, value) },
];
const tagsOf = (team: string): Readonly<Record<string, string>> =>
  team === 'none' ? {} : { team, cluster: team === 'red' ? '<cluster:c1>' : '<cluster:c1>x' };
const forTeams = <Value>(prefix: string, value: (team: string) => Value) =>
  Object.fromEntries(TEAMS.map((team) => [`${prefix}-${team}`, value(team)]));
/** Returns a role for pods of the namespace in its tag. */
const ofNamespace = (namespace: string) => ({
  trust: [
    trustPodIdentity({ conditions: equals('aws:RequestTag/kubernetes-namespace', '${aws:ResourceTag/namespace}') }),
  ],
  tags: { namespace },
});
const isOwn = (own: string, team: string): string => (own === team && own !== 'none' ? 'none' : 'denied');

interface Resources {
  readonly team: string;
  readonly Bucket: string;
  readonly RoleName: string;
  readonly RoleArn: string;
  readonly association: { readonly clusterName: string; readonly associationId: string };
  readonly resourceArn: string;
}
const callsOn = ({ s3, iam, sts, eks }: Clients, { team, Bucket, ...of }: Resources): Calls => {
  const object = { Bucket, Key: `${team}/key` };
  const { association, resourceArn, RoleName, RoleArn } = of;
  const TagSet = team === 'none' ? [] : [{ Key: 'team', Value: team }];
  return {
    'S3 GetObject': () => s3.getObject(object),
    'S3 GetObjectTagging': () => s3.getObjectTagging(object),
    'S3 PutObjectTagging': () => s3.putObjectTagging({ ...object, Tagging: { TagSet } }),
    'S3 PutObject': () => s3.putObject({ ...object, Key: `${team}/new`, Body: 'x' }),
    'S3 DeleteObject': () => s3.deleteObject({ ...object, Key: `${team}/absent` }),
    'S3 ListObjectsV2': () => s3.listObjectsV2({ Bucket, Prefix: `${team}/` }),
    'IAM GetRole': () => iam.getRole({ RoleName }),
    'IAM UntagRole': () => iam.untagRole({ RoleName, TagKeys: ['absent'] }),
    'IAM TagRole': () => iam.tagRole({ RoleName, Tags: [{ Key: 'near', Value: team }] }),
    'STS AssumeRole': () => sts.assumeRole({ RoleArn, RoleSessionName: 'near' }),
    'EKS DescribePodIdentityAssociation': () => eks.describePodIdentityAssociation(association),
    'EKS ListTagsForResource': () => eks.listTagsForResource({ resourceArn }),
    'EKS UntagResource': () => eks.untagResource({ resourceArn, tagKeys: ['absent'] }),
    'EKS TagResource': () => eks.tagResource({ resourceArn, tags: { near: team } }),
  };
};

suite('security', ({ scenario }) => {
  scenario(
    'SEC-33',
    'policy variables for tags work in identity, session and trust policies, in requests to S3, IAM, STS, EKS and EKS Auth',
    {
      source: `${VARIABLES}; ${PASS_TAGS}; IAM User Guide, "Session policies" and "Controlling access to AWS resources using tags"`,
      needs: ['call-record', 'own-cluster'],
      roles: {
        ...forTeams('app', (team) => ({ trust, permissions: BY_TEAM, tags: tagsOf(team) })),
        ...forTeams('all', (team) => ({ trust, permissions: [ALL], tags: tagsOf(team) })),
        ...forTeams('target', (team) => ({ trust: [TRUST_OWN_ACCOUNT, trustPodIdentity()], tags: tagsOf(team) })),
        matched: { trust: trusting('aws:PrincipalTag/team', '${aws:ResourceTag/team}'), tags: { team: 'red' } },
        tagged: { trust: trusting('aws:RequestTag/team', '${aws:ResourceTag/team}'), tags: { team: 'red' } },
        requested: { trust: trusting('aws:RequestTag/team', TEAM) },
        pod: ofNamespace('<namespace:app>'),
        podx: ofNamespace('<namespace:app>x'),
      },
      workloads: { pod: { role: 'pod' }, podx: { serviceAccount: 'podx', role: 'podx' } },
      objects: TEAMS.map((team) => (team === 'none' ? 'data/none/key' : { at: `data/${team}/key`, tags: { team } })),
      probes: [
        succeeds(askEksAuth('pod')),
        fails(askEksAuth('podx'), MAY_NOT_ASSUME),
        check('each request is granted to the team of its resource, and to no other', async (context) => {
          const { aws, name } = context;
          const admin = new EKS(await aws('eks'));
          const [clusterName, namespace] = [name('<cluster:c1>'), name('<namespace:app>')];
          const resources: Resources[] = [];
          for (const team of TEAMS) {
            const [RoleName, roleArn] = [name(`<role-name:target-${team}>`), name(`<role:target-${team}>`)];
            const made = {
              clusterName,
              namespace,
              serviceAccount: team,
              roleArn,
              ...(team !== 'none' && { tags: { team } }),
            };
            const { associationId = '', associationArn: resourceArn = '' } =
              (await admin.createPodIdentityAssociation(made)).association ?? {};
            const association = { clusterName, associationId };
            resources.push({
              ...{ team, RoleName, RoleArn: roleArn, association, resourceArn },
              Bucket: name('<bucket:data>'),
            });
          }
          const rows: Row[] = [];
          for (const own of TEAMS) {
            const all = await sessionOf(context, `all-${own}`, { Policy });
            for (const [kind, credentials] of [
              ['identity', await sessionOf(context, `app-${own}`)],
              ['session', all],
            ] as const) {
              const by = `for team ${own}, by an ${kind} policy`;
              const clients = await clientsOf(context, credentials);
              for (const one of resources)
                for (const [call, ask] of Object.entries(callsOn(clients, one)))
                  rows.push([`${call} of ${one.team} ${by}`, isOwn(own, one.team), () => outcomeOf(ask())]);
              const ask = asksEksAuth(context, credentials);
              rows.push([`EKS Auth ${by}`, isOwn(own, 'red'), () => outcomeOf(ask())]);
            }
            const { sts } = await clientsOf(context, await sessionOf(context, `all-${own}`));
            const assume =
              (role: string, Value = 'none') =>
              () => {
                const Tags = Value === 'none' ? [] : [{ Key: 'team', Value }];
                return outcomeOf(sts.assumeRole({ RoleArn: name(`<role:${role}>`), RoleSessionName: 'near', Tags }));
              };
            rows.push([`the role's tag in its trust policy, team ${own}`, isOwn(own, 'red'), assume('matched')]);
            for (const team of TEAMS) {
              rows.push([`tag ${team} in the trust policy, team ${own}`, isOwn(own, team), assume('requested', team)]);
              rows.push([`tag ${team} and the role's tag, team ${own}`, isOwn('red', team), assume('tagged', team)]);
            }
          }
          await judge(rows);
        }),
      ],
    },
  );
});
