/** Copies of objects: what they keep, and whose policy decides. */
import {
  type BucketLocationConstraint,
  type CopyObjectCommandInput,
  paginateListBuckets,
  S3,
} from '@aws-sdk/client-s3';
import { expect } from 'chai';
import {
  allow,
  askEksAuth,
  check,
  deny,
  fails,
  forPrincipal,
  podIdentityRole,
  succeeds,
  suite,
} from '../../harness/index.ts';
import { errorOf } from '../lib/errors.ts';
import { NOT_ALLOWED } from '../lib/outcomes.ts';
import { ask, copyOf, DENIED, ETAG_OF_ONE, HASH_OF_ONE, may, mayNot, refusedWith } from '../lib/s3-requests.ts';
import { APP } from '../lib/worlds.ts';

/** SHA-256 of `one`, in Base64. */
const CHECKSUM_OF_ONE = Buffer.from(HASH_OF_ONE, 'hex').toString('base64');
const CRC32_OF_ONE = 'emyG8Q==';
const COPY = 'Amazon S3 API Reference, CopyObject';

suite('s3', ({ scenario }) => {
  scenario('OB-31', 'a copy is what its source is, and what a request replaces in whole', {
    source: `${COPY}: x-amz-metadata-directive, x-amz-tagging-directive, x-amz-storage-class, x-amz-checksum-algorithm; Amazon S3 User Guide, "Copying, moving, and renaming objects"`,
    roles: { app: podIdentityRole(allow(['s3:GetObject', 's3:PutObject'], 'data/*')) },
    workloads: APP,
    objects: ['data/plain'],
    probes: [
      check('metadata, tags and storage class', async ({ aws, name }) => {
        const s3 = new S3(await aws('s3'));
        const Bucket = name('<bucket:data>');
        const source = {
          ContentType: 'text/plain',
          ContentEncoding: 'gzip',
          ContentDisposition: 'attachment',
          CacheControl: 'no-cache',
          Metadata: { note: 'one' },
        };
        const { ETag: written, ServerSideEncryption: encryption } = await s3.putObject({
          Bucket,
          Key: 'source',
          Body: 'one',
          StorageClass: 'STANDARD_IA',
          Tagging: 'team=red',
          ...source,
          ChecksumAlgorithm: 'SHA256',
        });
        expect([written, encryption]).to.deep.equal([ETAG_OF_ONE, 'AES256']);
        const copied = async (options: Partial<CopyObjectCommandInput>): Promise<object> => {
          const object = { Bucket, Key: 'copy' };
          const copy = { ...object, CopySource: `${Bucket}/source`, ...options };
          const { CopyObjectResult: { ETag, LastModified } = {} } = await s3.copyObject(copy);
          expect(ETag).to.equal(ETAG_OF_ONE);
          const head = await s3.headObject({ ...object, ChecksumMode: 'ENABLED' });
          expect(LastModified).to.deep.equal(head.LastModified);
          // All is encrypted, and a copy has the kind of checksum that its source has.
          expect(head).to.include({
            ETag: ETAG_OF_ONE,
            ServerSideEncryption: 'AES256',
            ChecksumSHA256: CHECKSUM_OF_ONE,
          });
          const { ContentType, CacheControl, ContentEncoding, ContentDisposition, Metadata, StorageClass } = head;
          const { TagSet = [] } = await s3.getObjectTagging(object);
          const tags = TagSet.map(({ Key, Value }) => `${Key}=${Value}`).join();
          return { ContentType, CacheControl, ContentEncoding, ContentDisposition, Metadata, StorageClass, tags };
        };
        const inCrc32 = { Bucket, Key: 'copy', CopySource: `${Bucket}/source`, ChecksumAlgorithm: 'CRC32' } as const;
        const { CopyObjectResult: checked } = await s3.copyObject(inCrc32);
        expect(checked).to.include({ ChecksumCRC32: CRC32_OF_ONE });
        const other = { ContentType: 'image/png', Metadata: { other: 'two' } };
        const tags = 'team=red';
        expect(await copied({})).to.deep.equal({ ...source, StorageClass: undefined, tags });
        expect(await copied(other)).to.deep.equal({ ...source, StorageClass: undefined, tags });
        expect(await copied({ ...other, MetadataDirective: 'REPLACE', StorageClass: 'STANDARD_IA' })).to.deep.equal({
          ...other,
          CacheControl: undefined,
          ContentEncoding: undefined,
          ContentDisposition: undefined,
          StorageClass: 'STANDARD_IA',
          tags,
        });
        expect(await copied({ TaggingDirective: 'REPLACE', Tagging: 'stage=test' })).to.deep.equal({
          ...source,
          StorageClass: undefined,
          tags: 'stage=test',
        });
      }),
      may('PUT data/copy', { headers: { 'x-amz-copy-source': '/<bucket:data>/plain' } }),
      // Onto itself it changes something, or is none.
      fails(ask('PUT data/plain', copyOf('data/plain')), refusedWith('InvalidRequest', 400)),
      may('PUT data/plain', copyOf('data/plain', { 'x-amz-storage-class': 'STANDARD_IA' })),
      may('PUT data/plain', copyOf('data/plain', { 'x-amz-metadata-directive': 'REPLACE' })),
      may('PUT data/plain', copyOf('data/plain', { 'x-amz-server-side-encryption': 'AES256' })),
    ],
  });

  scenario('OB-32', 'the policy of the bucket that it is in decides who copies an object', {
    source: `${COPY}, permissions: s3:GetObject on the source and s3:PutObject on the destination`,
    roles: {
      app: podIdentityRole(
        allow('s3:GetObject', 'from/*'),
        allow('s3:PutObject', ['to/*', 'from/*']),
        allow('s3:ListBucket', 'to'),
      ),
    },
    workloads: APP,
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
      fails(ask('PUT to/copy', copyOf('from/closed/key')), { ...NOT_ALLOWED, policy: 'resource', explicit: true }),
      fails(ask('PUT to/closed/copy', copyOf('from/open/key')), { ...NOT_ALLOWED, policy: 'resource', explicit: true }),
      may('PUT from/copy', copyOf('to/granted/key')),
      mayNot('PUT from/copy', copyOf('to/other/key')),
      // Who may list the source's bucket is told that there is none.
      mayNot('PUT to/copy', copyOf('from/open/nothing')),
      fails(ask('PUT from/copy', copyOf('to/granted/nothing')), refusedWith('NoSuchKey', 404)),
      fails(ask('PUT to/copy', copyOf('none/key')), {
        ...refusedWith('NoSuchBucket', 404),
        facts: { BucketName: '<bucket:none>' },
      }),
    ],
  });

  scenario('OB-33', 'a source in another account is of that account', {
    source: `${COPY}, permissions; Service Authorization Reference, Amazon S3: s3:ResourceAccount; Amazon S3 API Reference, ListBuckets: prefix, max-buckets; CreateBucket: IllegalLocationConstraintException, BucketAlreadyExists, BucketAlreadyOwnedByYou`,
    roles: {
      app: podIdentityRole(
        allow('s3:GetObject', ['theirs/open/*', 'theirs/closed/*'], {
          StringEquals: { 's3:ResourceAccount': '<account:other>' },
        }),
        allow('s3:PutObject', 'data/*', { StringEquals: { 's3:ResourceAccount': '<account:main>' } }),
      ),
    },
    workloads: APP,
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
      may('PUT data/copy', copyOf('theirs/open/key', { 'x-amz-source-expected-bucket-owner': '<account:other>' })),
      // Both accounts must allow it.
      fails(ask('PUT data/copy', copyOf('theirs/closed/key')), DENIED),
      fails(ask('PUT data/copy', copyOf('theirs/granted')), DENIED),
      fails(
        ask('PUT data/copy', copyOf('theirs/open/key', { 'x-amz-source-expected-bucket-owner': '<account:main>' })),
        DENIED,
      ),
      check('its bucket is not in the list of the own ones, and nobody else makes one of that name', async (world) => {
        const s3 = new S3(await world.aws('s3'));
        const [own, theirs] = ['<bucket:data>', '<bucket:theirs>'].map(world.name);
        const listed = async (Prefix: string | undefined) => {
          const { Buckets = [] } = await s3.listBuckets({ Prefix });
          return Buckets.map(({ Name }) => Name);
        };
        expect(await listed(own)).to.include(own);
        expect(await listed(own)).not.to.include(theirs);
        expect(await listed(theirs)).to.deep.equal([]);
        // By pages, each name once.
        const names = ['<bucket:data>', '<bucket:more>'].map(world.name).sort();
        const [one = '', two = ''] = names;
        const Prefix = one.slice(
          0,
          [...one].findIndex((character, at) => character !== two[at]),
        );
        const paged: unknown[] = [];
        for await (const page of paginateListBuckets({ client: s3, pageSize: 1 }, { Prefix })) {
          expect(page.Buckets?.length ?? 0).to.be.at.most(1);
          paged.push(...(page.Buckets ?? []).map(({ Name }) => Name).filter((each) => names.includes(each ?? '')));
          if (paged.length > names.length) break;
        }
        expect(paged).to.deep.equal(names);
        const { region } = await world.aws('s3');
        const LocationConstraint = region as BucketLocationConstraint;
        const where = region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint } };
        const made = (Bucket: string | undefined) => errorOf(s3.createBucket({ Bucket, ...where }));
        expect(await made(theirs)).to.equal('BucketAlreadyExists');
        // A request to make one goes to the region that it is to be in.
        const elsewhere = {
          Bucket: `${own?.slice(0, 53)}-elsewhere`,
          CreateBucketConfiguration: {
            LocationConstraint: region === 'eu-west-1' ? 'eu-central-1' : 'eu-west-1',
          },
        } as const;
        const end = await errorOf(s3.createBucket(elsewhere));
        if (end === 'none') await s3.deleteBucket({ Bucket: elsewhere.Bucket });
        expect(end).to.equal('IllegalLocationConstraintException');
        if (region !== 'us-east-1') expect(await made(own)).to.equal('BucketAlreadyOwnedByYou');
      }),
    ],
  });
});
