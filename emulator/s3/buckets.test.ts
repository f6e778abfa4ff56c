import {
  S3Client,
  CreateBucketCommand,
  GetBucketTaggingCommand,
  HeadBucketCommand,
  ListBucketsCommand,
} from '@aws-sdk/client-s3';
import type { BucketLocationConstraint } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { startEmulator, type Emulator } from '../start.ts';

describe('buckets in us-east-1', () => {
  let emulator: Emulator;
  let s3: S3Client;
  before(async () => {
    emulator = await startEmulator({ region: 'us-east-1' });
    const { endpoint, region, administrator } = emulator;
    const { accessKeyId, secretAccessKey } = administrator;
    s3 = new S3Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 });
  });
  after(async () => {
    s3.destroy();
    await emulator.close();
  });

  const create = (Bucket: string, location?: string, tags: Record<string, string> = {}) =>
    s3.send(
      new CreateBucketCommand({
        Bucket,
        CreateBucketConfiguration: {
          ...(location !== undefined && { LocationConstraint: location as BucketLocationConstraint }),
          Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
        },
      }),
    );
  const failure = async (sent: Promise<unknown>): Promise<string> =>
    sent.then(
      () => 'none',
      (error: Error) => error.name,
    );

  it('can be created again by their owner', async () => {
    await create('again', undefined, { team: 'red' });
    const { Location, BucketArn } = await create('again');
    expect({ Location, BucketArn }).to.deep.equal({ Location: '/again', BucketArn: 'arn:aws:s3:::again' });
    expect(await failure(create('again', undefined, { team: 'blue' }))).to.equal('BucketAlreadyOwnedByYou');
    const { TagSet } = await s3.send(new GetBucketTaggingCommand({ Bucket: 'again' }));
    expect(TagSet).to.deep.equal([{ Key: 'team', Value: 'red' }]);
    const { BucketArn: arn, BucketRegion } = await s3.send(new HeadBucketCommand({ Bucket: 'again' }));
    expect([arn, BucketRegion]).to.deep.equal(['arn:aws:s3:::again', 'us-east-1']);
  });

  it('reject a location constraint', async () => {
    expect(await failure(create('placed', 'us-east-1'))).to.equal('InvalidLocationConstraint');
    expect(await failure(create('placed', 'nowhere'))).to.equal('InvalidLocationConstraint');
    expect(await failure(create('placed', 'eu-west-1'))).to.equal('IllegalLocationConstraintException');
  });

  it('are listed in pages and by region', async () => {
    for (const name of ['page-1', 'page-2', 'page-3']) await create(name);
    const list = async (input: object) => {
      const { Buckets = [], ContinuationToken } = await s3.send(new ListBucketsCommand({ Prefix: 'page-', ...input }));
      return { names: Buckets.map(({ Name }) => Name), ContinuationToken };
    };
    const first = await list({ MaxBuckets: 2 });
    expect(first.names).to.deep.equal(['page-1', 'page-2']);
    expect((await list({ ContinuationToken: first.ContinuationToken })).names).to.deep.equal(['page-3']);
    expect((await list({ BucketRegion: 'us-east-1' })).names).to.have.length(3);
    expect((await list({ BucketRegion: 'eu-west-1' })).names).to.deep.equal([]);
    expect(await failure(list({ BucketRegion: 'eu-east-1' }))).to.equal('InvalidArgument');
    expect(await failure(list({ MaxBuckets: 0 }))).to.equal('InvalidArgument');
    expect(await failure(list({ ContinuationToken: 'none' }))).to.equal('InvalidArgument');
  });
});
