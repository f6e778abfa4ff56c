/** A second resource with the same name or id, in another bucket, account or cluster: neither is taken for the other. */
import { EKS } from '@aws-sdk/client-eks';
import { IAM } from '@aws-sdk/client-iam';
import { S3 } from '@aws-sdk/client-s3';
import { check, irsaRole, suite, type CheckContext } from '../../harness/index.ts';
import { codeOf } from '../lib/errors.ts';
import { judge, type Row } from '../lib/rows.ts';
import { EKS_API } from '../lib/sources.ts';

const textOf = (call: Promise<readonly unknown[] | undefined>): Promise<string> =>
  call.then((items) => (items ?? []).map(String).sort().join());
const listed = (call: Promise<readonly unknown[] | undefined>) => () => textOf(call);

async function bucketRows({ aws, name }: CheckContext): Promise<readonly Row[]> {
  const s3 = new S3(await aws('s3'));
  const [first, second] = [name('<bucket:data>'), name('<bucket:second>')];
  const Key = 'same';
  const { UploadId = '' } = await s3.createMultipartUpload({ Bucket: second, Key });
  await s3.uploadPart({ Bucket: second, Key, UploadId, PartNumber: 1, Body: 'x' });
  const uploads = (Bucket: string) => async () =>
    textOf(s3.listMultipartUploads({ Bucket }).then(({ Uploads = [] }) => Uploads.map((upload) => upload.UploadId)));
  const of = { Bucket: first, Key, UploadId };
  return [
    ['uploads of the bucket', UploadId, uploads(second)],
    ['uploads of another bucket', '', uploads(first)],
    ['ListParts in another bucket', 'NoSuchUpload', () => codeOf(s3.listParts(of))],
    ['UploadPart in another bucket', 'NoSuchUpload', () => codeOf(s3.uploadPart({ ...of, PartNumber: 2, Body: 'x' }))],
    ['AbortMultipartUpload in another bucket', 'NoSuchUpload', () => codeOf(s3.abortMultipartUpload(of))],
    ['ListParts with another key', 'NoSuchUpload', () => codeOf(s3.listParts({ ...of, Bucket: second, Key: 'samex' }))],
    ['a key of another bucket', 'NoSuchKey', () => codeOf(s3.getObject({ Bucket: first, Key: 'only-second' }))],
    [
      'tags of an object of the same key',
      '',
      () =>
        textOf(
          s3.getObjectTagging({ Bucket: first, Key: 'tagged' }).then(({ TagSet = [] }) => TagSet.map((tag) => tag.Key)),
        ),
    ],
  ];
}

async function accountRows(context: CheckContext): Promise<readonly [readonly Row[], () => Promise<void>]> {
  const { aws, name } = context;
  const [main, other] = [new IAM(await aws('iam')), new IAM(await aws('iam', 'other'))];
  const RoleName = name('<role-name:app>');
  const PolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Action: 's3:*', Resource: '*' },
  });
  const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'ec2.amazonaws.com' } };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: trust });
  const policy = { PolicyName: RoleName, PolicyDocument };
  await other.createRole({ RoleName, AssumeRolePolicyDocument, Tags: [{ Key: 'of', Value: 'other' }] });
  await other.putRolePolicy({ RoleName, PolicyName: 'only-other', PolicyDocument });
  const { Policy: far } = await other.createPolicy(policy);
  const { Policy: near } = await main.createPolicy(policy);
  const { Policy: deep } = await main.createPolicy({
    ...policy,
    PolicyName: `${RoleName}-2`,
    Path: '/conformance-apps/',
  });
  const providers = (await main.listOpenIDConnectProviders()).OpenIDConnectProviderList ?? [];
  const provider = name('<provider-arn:c1>');
  const elsewhere = provider.replace(/\d{12}/, name('<account:other>'));
  const remove = async (): Promise<void> => {
    await other.deleteRolePolicy({ RoleName, PolicyName: 'only-other' });
    await other.deleteRole({ RoleName });
    await other.deletePolicy({ PolicyArn: far?.Arn });
    for (const { Arn: PolicyArn } of [near, deep].flatMap((one) => one ?? [])) await main.deletePolicy({ PolicyArn });
  };
  const arnOf = (iam: IAM) => () => iam.getRole({ RoleName }).then(({ Role }) => Role?.Arn ?? '');
  const rows: readonly Row[] = [
    ['the role', name('<role:app>'), arnOf(main)],
    ['the role of the other account', name('<role:app>').replace(/\d{12}/, name('<account:other>')), arnOf(other)],
    [
      'inline policies of the role',
      'NoSuchEntity',
      () => codeOf(main.getRolePolicy({ RoleName, PolicyName: 'only-other' })),
    ],
    [
      'tags of the role',
      '',
      listed(
        main
          .listRoleTags({ RoleName })
          .then(({ Tags = [] }) => Tags.filter(({ Key }) => Key === 'of').map(({ Key }) => Key)),
      ),
    ],
    [
      'the policy of the other account',
      'NoSuchEntity',
      () => codeOf(main.getPolicy({ PolicyArn: far?.Arn?.replace(name('<account:other>'), '999999999999') })),
    ],
    [
      'a policy without its path',
      'NoSuchEntity',
      () => codeOf(main.getPolicy({ PolicyArn: deep?.Arn?.replace('conformance-apps/', '') })),
    ],
    ['a policy with its path', 'none', () => codeOf(main.getPolicy({ PolicyArn: deep?.Arn }))],
    ['the provider', 'true', async () => String(providers.some(({ Arn }) => Arn === provider))],
    [
      'the provider of the other account',
      'NoSuchEntity',
      () => codeOf(other.getOpenIDConnectProvider({ OpenIDConnectProviderArn: elsewhere })),
    ],
  ];
  return [rows, remove];
}

async function clusterRows({ aws, name }: CheckContext): Promise<readonly Row[]> {
  const eks = new EKS(await aws('eks'));
  const [first, second] = [name('<cluster:c1>'), name('<cluster:c2>')];
  const at = { namespace: name('<namespace:app>'), serviceAccount: 'second', roleArn: name('<role:app>') };
  const clientRequestToken = `${at.namespace}-second`;
  const make = (clusterName: string) => eks.createPodIdentityAssociation({ ...at, clusterName, clientRequestToken });
  const [one, two] = [(await make(first)).association, (await make(second)).association];
  const describe = (clusterName: string, associationId = '') =>
    codeOf(eks.describePodIdentityAssociation({ clusterName, associationId }));
  const idsOf = (clusterName: string) => () =>
    textOf(
      eks
        .listPodIdentityAssociations({ clusterName, namespace: at.namespace, serviceAccount: 'second' })
        .then(({ associations = [] }) => associations.map(({ associationId }) => associationId)),
    );
  const swapped = one?.associationArn?.replace(first, second);
  return [
    ['the associations differ', 'true', async () => String(one?.associationId !== two?.associationId)],
    ['the cluster of each', `${first},${second}`, async () => `${one?.clusterName},${two?.clusterName}`],
    ['associations of the first cluster', one?.associationId ?? '', idsOf(first)],
    ['associations of the second cluster', two?.associationId ?? '', idsOf(second)],
    ['an association by its id', 'none', () => describe(first, one?.associationId)],
    ['an association of the other cluster', 'ResourceNotFound', () => describe(second, one?.associationId)],
    [
      'tags of an association of the other cluster',
      'NotFound',
      () => codeOf(eks.listTagsForResource({ resourceArn: swapped })),
    ],
    [
      'deletion in the other cluster',
      'ResourceNotFound',
      () => codeOf(eks.deletePodIdentityAssociation({ clusterName: second, associationId: one?.associationId })),
    ],
  ];
}

suite('security', ({ scenario }) => {
  scenario('SEC-27', 'resources of the same name in another bucket, account or cluster stay apart', {
    source: `Amazon S3 API Reference, ListMultipartUploads and UploadPart; IAM User Guide, "IAM identifiers"; ${EKS_API} CreatePodIdentityAssociation, clientRequestToken`,
    needs: ['call-record', 'own-cluster', 'two-clusters', 'two-accounts'],
    roles: {
      app: {
        ...irsaRole('app/app'),
        trust: [
          {
            effect: 'Allow',
            actions: ['sts:AssumeRole', 'sts:TagSession'],
            principal: { Service: 'pods.eks.amazonaws.com' },
          },
        ],
      },
    },
    workloads: { app: {}, there: { cluster: 'c2' } },
    objects: ['data/tagged', { at: 'second/tagged', tags: { of: 'second' } }, 'second/only-second'],
    probes: [
      check('neither is taken for the other', async (context) => {
        const [accounts, remove] = await accountRows(context);
        try {
          await judge([...(await bucketRows(context)), ...accounts, ...(await clusterRows(context))]);
        } finally {
          await remove();
        }
      }),
    ],
  });
});
