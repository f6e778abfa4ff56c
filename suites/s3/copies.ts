/** Copies of objects: which policies decide. */
import { paginateListBuckets, S3, type BucketLocationConstraint } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { allow, askEksAuth, check, deny, fails, forPrincipal, succeeds, suite } from '../../harness/index.ts';
import { errorOf } from '../lib/errors.ts';
import { DENIED_BY_BUCKET } from '../lib/outcomes.ts';
import { ask, copyOf, DENIED, may, mayNot, refusedWith } from '../lib/s3-requests.ts';
import { appWith } from '../lib/worlds.ts';

const copyOfOwner = (account: string) => copyOf('theirs/open/key', { 'x-amz-source-expected-bucket-owner': account });
const COPY = 'Amazon S3 API Reference, CopyObject';
const PART = 'PUT to/part?partNumber=1&uploadId=none';

suite('s3', ({ scenario }) => {
  scenario('OB-32', 'the policy of the source bucket decides who may copy an object', {
    source: `${COPY}, permissions: s3:GetObject on the source and s3:PutObject on the destination`,
    ...appWith(
      allow('s3:GetObject', 'from/*'),
      allow('s3:PutObject', ['to/*', 'from/*']),
      allow('s3:ListBucket', 'to'),
    ),
    buckets: {
      from: { policy: [forPrincipal('<role:app>', deny('s3:GetObject', 'from/closed/*'))] },
      to: {
        policy: [
          forPrincipal('<role:app>', allow('s3:GetObject', 'to/granted/*')),
          forPrincipal('<role:app>', deny('s3:PutObject', 'to/closed/*')),
        ],
      },
    },
    objects: ['from/open/key', 'from/closed/key', 'to/granted/key', 'to/other/key'],
    probes: [
      may('PUT to/copy', copyOf('from/open/key')),
      fails(ask('PUT to/copy', copyOf('from/closed/key')), DENIED_BY_BUCKET),
      fails(ask('PUT to/closed/copy', copyOf('from/open/key')), DENIED_BY_BUCKET),
      // A part of an upload that does not exist, which S3 only tells to those who may copy.
      fails(ask(PART, copyOf('from/open/key')), refusedWith('NoSuchUpload', 404)),
      fails(ask(PART, copyOf('from/closed/key')), DENIED_BY_BUCKET),
      may('PUT from/copy', copyOf('to/granted/key')),
      mayNot('PUT from/copy', copyOf('to/other/key')),
      // Only callers that may list the source bucket learn that the object is missing.
      mayNot('PUT to/copy', copyOf('from/open/nothing')),
      fails(ask('PUT from/copy', copyOf('to/granted/nothing')), refusedWith('NoSuchKey', 404)),
      fails(ask('PUT to/copy', copyOf('none/key')), {
        ...refusedWith('NoSuchBucket', 404),
        facts: { BucketName: '<bucket:none>' },
      }),
    ],
  });

  scenario('OB-33', 'a copy from another account needs the permission of both accounts', {
    source: `${COPY}, permissions; Service Authorization Reference, Amazon S3: s3:ResourceAccount; Amazon S3 API Reference, ListBuckets: prefix, max-buckets; CreateBucket: IllegalLocationConstraintException, BucketAlreadyExists, BucketAlreadyOwnedByYou`,
    ...appWith(
      allow('s3:GetObject', ['theirs/open/*', 'theirs/closed/*'], {
        StringEquals: { 's3:ResourceAccount': '<account:other>' },
      }),
      allow('s3:PutObject', 'data/*', { StringEquals: { 's3:ResourceAccount': '<account:main>' } }),
    ),
    buckets: {
      data: {},
      more: {},
      theirs: {
        account: 'other',
        policy: [forPrincipal('<role:app>', allow('s3:GetObject', ['theirs/open/*', 'theirs/granted']))],
      },
    },
    objects: ['theirs/open/key', 'theirs/closed/key', 'theirs/granted'],
    probes: [
      succeeds(askEksAuth('app')),
      may('PUT data/copy', copyOf('theirs/open/key')),
      may('PUT data/copy', copyOfOwner('<account:other>')),
      // Both accounts must allow it.
      fails(ask('PUT data/copy', copyOf('theirs/closed/key')), DENIED),
      fails(ask('PUT data/copy', copyOf('theirs/granted')), DENIED),
      fails(ask('PUT data/copy', copyOfOwner('<account:main>')), DENIED),
      check('a listing contains only own buckets, and names are unique', async (world) => {
        const s3 = new S3(await world.aws('s3'));
        const [ownBucket, otherBucket] = ['<bucket:data>', '<bucket:theirs>'].map(world.name);
        const listed = async (Prefix: string | undefined) => {
          const { Buckets = [] } = await s3.listBuckets({ Prefix });
          return Buckets.map(({ Name }) => Name);
        };
        expect(await listed(ownBucket)).to.include(ownBucket);
        expect(await listed(ownBucket)).not.to.include(otherBucket);
        expect(await listed(otherBucket)).to.deep.equal([]);
        // The pages contain each name once.
        const names = ['<bucket:data>', '<bucket:more>'].map(world.name).sort();
        const [one = '', two = ''] = names;
        const differsAt = [...one].findIndex((character, at) => character !== two[at]);
        const Prefix = one.slice(0, differsAt);
        const paged: unknown[] = [];
        for await (const page of paginateListBuckets({ client: s3, pageSize: 1 }, { Prefix })) {
          expect(page.Buckets?.length ?? 0, `page ${paged.length + 1}`).to.be.at.most(1);
          paged.push(...(page.Buckets ?? []).map(({ Name }) => Name).filter((each) => names.includes(each ?? '')));
          if (paged.length > names.length) break;
        }
        expect(paged).to.deep.equal(names);
        const { region } = await world.aws('s3');
        const LocationConstraint = region as BucketLocationConstraint;
        const where = region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint } };
        const made = (Bucket: string | undefined) => errorOf(s3.createBucket({ Bucket, ...where }));
        expect(await made(otherBucket)).to.equal('BucketAlreadyExists');
        // A request to create a bucket must go to the bucket's region.
        const elsewhere = region === 'eu-west-1' ? 'eu-central-1' : 'eu-west-1';
        const Bucket = `${ownBucket?.slice(0, 53)}-elsewhere`;
        const CreateBucketConfiguration = { LocationConstraint: elsewhere } as const;
        const end = await errorOf(s3.createBucket({ Bucket, CreateBucketConfiguration }));
        if (end === 'none') await s3.deleteBucket({ Bucket });
        expect(end).to.equal('IllegalLocationConstraintException');
        if (region !== 'us-east-1') expect(await made(ownBucket)).to.equal('BucketAlreadyOwnedByYou');
      }),
    ],
  });
});
