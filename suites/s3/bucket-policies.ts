/** Who may put which policy on a bucket. */
import type { BucketLocationConstraint } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { allow, fails, forPrincipal, podIdentityRole, succeeds, suite, trustRole } from '../../harness/index.ts';
import { errorOf, refusalBy } from '../lib/errors.ts';
import { DENIED_BY_BUCKET, NOT_ALLOWED } from '../lib/outcomes.ts';
import { ask, BAD_DIGEST, digests, may, refusedWith } from '../lib/s3-requests.ts';
import { APP, appWith } from '../lib/worlds.ts';
import { NOBODY, policyText, putPolicy } from './lib/bucket-policies.ts';
import { checkBucket } from './lib/check-bucket.ts';
import { base } from '../lib/role-chains.ts';

const POLICIES = 'Amazon S3 API Reference, PutBucketPolicy, GetBucketPolicy and DeleteBucketPolicy';
const MALFORMED = refusedWith('MalformedPolicy', 400);
const NO_JSON = { ...MALFORMED, message: "Policies must be valid JSON and the first byte must be '{'" };
const NO_POLICY = refusedWith('NoSuchBucketPolicy', 404);
const NOT_ITS_ACCOUNT = refusedWith('MethodNotAllowed', 405);
const NOBODY_POLICY = policyText([NOBODY]);
const OBJECTS_AND_POLICY = allow(['s3:GetObject', 's3:*BucketPolicy'], ['data', 'data/*']);
const ABOUT_ITSELF = {
  Effect: 'Deny',
  Principal: { AWS: '<role:app>' },
  Resource: 'arn:aws:s3:::<bucket:data>',
  Action: ['s3:GetBucketPolicy', 's3:DeleteBucketPolicy'],
};

suite('s3', ({ scenario }) => {
  scenario('OB-16', 'putting, reading and deleting a bucket policy each need their own permission', {
    source: POLICIES,
    needs: ['own-boundary'],
    ...appWith(
      allow('s3:PutBucketPolicy', ['data', 'written']),
      allow('s3:GetBucketPolicy', ['data', 'read']),
      allow('s3:DeleteBucketPolicy', ['data', 'deleted']),
      allow('s3:GetBucketPolicyStatus', 'data'),
    ),
    buckets: { data: {}, written: {}, read: {}, deleted: {} },
    probes: [
      fails(ask('GET data?policy'), NO_POLICY),
      fails(ask('GET data?policyStatus'), NO_POLICY),
      succeeds(putPolicy(NOBODY)),
      // S3 rejects a policy with a wrong checksum.
      fails(ask('PUT data?policy', { body: policyText([ABOUT_ITSELF]), headers: digests.md5('other') }), BAD_DIGEST),
      may('GET data?policy'),
      checkBucket('the policy is returned unchanged', async (s3, bucket, { name }) => {
        const { Policy = '{}' } = await s3
          .getBucketPolicy(bucket)
          .catch((error: Error) => ({ Policy: `"${refusalBy(error).name}"` }));
        expect(JSON.parse(Policy)).to.deep.equal(JSON.parse(name(NOBODY_POLICY)));
        const { PolicyStatus } = await s3.getBucketPolicyStatus(bucket);
        expect(PolicyStatus?.IsPublic, 'IsPublic').to.equal(false);
      }),
      may('GET data?policyStatus'),
      may('DELETE data?policy'),
      fails(ask('GET data?policy'), NO_POLICY),
      // A Deny applies to everyone except the root user of the bucket's account.
      succeeds(putPolicy(ABOUT_ITSELF)),
      ...['GET', 'DELETE'].map((method) => fails(ask(`${method} data?policy`), DENIED_BY_BUCKET)),
      succeeds(putPolicy(NOBODY)),
      may('GET data?policy'),
      fails(ask('GET written?policy'), NOT_ALLOWED),
      fails(ask('DELETE written?policy'), NOT_ALLOWED),
      fails(ask('PUT read?policy', { body: '{}' }), NOT_ALLOWED),
      fails(ask('DELETE read?policy'), NOT_ALLOWED),
      may('DELETE deleted?policy'),
      fails(ask('GET deleted?policy'), NOT_ALLOWED),
      fails(ask('GET read?policyStatus'), NOT_ALLOWED),
    ],
  });

  scenario('OB-17', 'no identity of another account can read or change the policy of a bucket', {
    source: `${POLICIES}: 405 Method Not Allowed`,
    needs: ['own-boundary'],
    roles: {
      base: base('app'),
      app: { account: 'other', trust: [trustRole('base')], permissions: [OBJECTS_AND_POLICY] },
    },
    workloads: { app: { role: { role: 'base', targetRole: 'app' } } },
    buckets: { data: { policy: [forPrincipal('<role:app>', OBJECTS_AND_POLICY)] } },
    objects: ['data/key'],
    probes: [
      may('GET data/key'),
      fails(ask('GET data?policy'), NOT_ITS_ACCOUNT),
      fails(putPolicy(NOBODY), NOT_ITS_ACCOUNT),
      fails(ask('DELETE data?policy'), NOT_ITS_ACCOUNT),
      may('GET data/key'),
    ],
  });

  scenario('OB-18', 'a bucket policy is JSON of at most 20 KB, with S3 actions and resources of its bucket', {
    source:
      'Amazon S3 User Guide, "Policies and permissions in Amazon S3": bucket policies are limited to 20 KB; "Policy actions" and "Policy resources for Amazon S3"',
    needs: ['own-boundary'],
    ...appWith(allow('s3:PutBucketPolicy', 'data')),
    buckets: { data: {} },
    probes: [
      ...[' ', 'policy', '[]', '"{}"', ' '.repeat(10), ` ${NOBODY_POLICY}`].map((body) =>
        fails(ask('PUT data?policy', { body }), NO_JSON),
      ),
      ...['{', '{}', `${NOBODY_POLICY}}`].map((body) => fails(ask('PUT data?policy', { body }), MALFORMED)),
      succeeds(ask('PUT data?policy', { body: NOBODY_POLICY })),
      succeeds(putPolicy({ ...NOBODY, Sid: 'x'.repeat(20_000) })),
      fails(putPolicy({ ...NOBODY, Sid: 'x'.repeat(20_480) }), MALFORMED),
      ...[
        { Action: 's3:*' },
        { Action: '*', Resource: ['arn:aws:s3:::<bucket:data>', 'arn:aws:s3:::<bucket:data>/*'] },
        { Action: 'S3:getobject' },
        { Action: 's3:Get*', Resource: 'arn:aws:s3:::<bucket:data>' },
        { Action: 's3:GetObjectVersionTagging' },
        { Action: 's3:AbortMultipartUpload' },
        { Action: 's3:ListMultipartUploadParts' },
        { Action: 's3:GetBucketLocation', Resource: 'arn:aws:s3:::<bucket:data>' },
        { Action: 's3:GetBucketObjectLockConfiguration', Resource: 'arn:aws:s3:::<bucket:data>' },
        { Action: 's3:ListBucketMultipartUploads', Resource: 'arn:aws:s3:::<bucket:data>' },
        { Action: ['s3:GetObject', 's3:ListBucket'], Resource: 'arn:aws:s3:::<bucket:data>*' },
        { Resource: 'arn:aws:s3:::conformance-*/*' },
        { Resource: 'arn:aws:s3:::<bucket:data>/${aws:PrincipalTag/kubernetes-namespace}/*' },
        { Resource: undefined, NotResource: 'arn:aws:s3:::<bucket:data>/open/*' },
      ].map((statement) => succeeds(putPolicy({ ...NOBODY, ...statement }))),
      ...[
        { Action: ['s3:GetObject', 'sqs:SendMessage'] },
        { Action: ['s3:*', 'sqs:*'] },
        { Action: 'S3x:GetObject' },
        { Resource: ['arn:aws:s3:::<bucket:data>/*', 'arn:aws:s3:::<bucket:data>-2/*'] },
        { Resource: 'arn:aws:s3:::conformance-no-such-*/*' },
        { Resource: undefined, NotResource: 'arn:aws:s3:::another-bucket-of-nobody/*' },
        { Resource: '<bucket:data>/*' },
        // Only other policy types may have an incomplete ARN.
        { Resource: 'arn:aws:s3' },
        { Action: ['s3:GetObject', 's3:ListBucket'] },
        { Action: 's3:GetBucketLocation' },
        { Action: 's3:AbortMultipartUpload', Resource: 'arn:aws:s3:::<bucket:data>' },
        { Action: 's3:ListMultipartUploadParts', Resource: 'arn:aws:s3:::<bucket:data>' },
        { Principal: { CanonicalUser: '0123456789abcdef'.repeat(4) } },
        { Principal: { AWS: 'arn:aws:iam::<account:main>:role/no-such-role-of-anybody' } },
      ].map((statement) => fails(putPolicy({ ...NOBODY, ...statement }), MALFORMED)),
    ],
  });

  scenario('OB-42', 'a new bucket has neither the policy nor the settings of a deleted bucket with the same name', {
    // The published policy does not permit the settings of buckets.
    needs: ['own-boundary'],
    source: `${POLICIES}; Amazon S3 User Guide, "Deleting a general purpose bucket" and "Blocking public access": new buckets`,
    roles: { app: podIdentityRole() },
    workloads: APP,
    buckets: { data: { policy: [forPrincipal('<role:app>', allow('s3:GetObject', 'data/*'))] } },
    objects: ['data/key'],
    probes: [
      may('GET data/key'),
      checkBucket('the bucket is created again', async (s3, bucket, { aws, eventually }) => {
        const { TagSet = [] } = await s3.getBucketTagging(bucket);
        await s3.deletePublicAccessBlock(bucket);
        await s3.deleteObject({ ...bucket, Key: 'key' });
        await s3.deleteBucket(bucket);
        const { region } = await aws('s3');
        const LocationConstraint = region as BucketLocationConstraint;
        const where = region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint } };
        const isBusy = (error: string): boolean => error === 'OperationAborted';
        // S3 may take a while to complete the deletion.
        const create = () => errorOf(s3.createBucket({ ...bucket, ...where }));
        const created = await eventually(create, (error) => !isBusy(error), 60);
        if (isBusy(created)) throw new Error('Timed out: S3 is still deleting the bucket.');
        expect(created, 'CreateBucket').to.equal('none');
        expect(await errorOf(s3.getBucketTagging(bucket)), 'tags').to.equal('NoSuchTagSet');
        await s3.putBucketTagging({ ...bucket, Tagging: { TagSet } });
        expect(await errorOf(s3.getBucketPolicy(bucket)), 'policy').to.equal('NoSuchBucketPolicy');
        expect(await errorOf(s3.getBucketPolicyStatus(bucket)), 'policy status').to.equal('NoSuchBucketPolicy');
        const { PublicAccessBlockConfiguration: block } = await s3.getPublicAccessBlock(bucket);
        expect(Object.values(block ?? {}), 'public access block').to.deep.equal([true, true, true, true]);
        await s3.putObject({ ...bucket, Key: 'key', Body: 'new' });
      }),
      fails(ask('GET data/key'), NOT_ALLOWED),
    ],
  });
});
