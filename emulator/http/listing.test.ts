import { CreateBucketCommand, DeleteBucketCommand, DeleteObjectCommand, HeadBucketCommand } from '@aws-sdk/client-s3';
import { ListBucketsCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { delays } from '../../test/support/emulator/time.ts';
import { slowEmulator } from '../../test/support/emulator/slow.ts';

describe("S3's List calls", () => {
  it('show created and deleted buckets after a delay, and objects immediately', async () => {
    const { emulator, time, config } = await slowEmulator(delays({ listing: 4000 }));
    try {
      const s3 = new S3Client({ ...config(1), forcePathStyle: true });
      const Bucket = 'data';
      const buckets = async () => ((await s3.send(new ListBucketsCommand({}))).Buckets ?? []).map(({ Name }) => Name);
      const CreateBucketConfiguration = { LocationConstraint: emulator.region as 'us-west-2' };
      await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
      await s3.send(new HeadBucketCommand({ Bucket }));
      await s3.send(new PutObjectCommand({ Bucket, Key: 'key', Body: 'x' }));
      expect((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount).to.equal(1);
      time.pass(3999);
      expect(await buckets()).to.deep.equal([]);
      time.pass(1);
      expect(await buckets()).to.deep.equal([Bucket]);

      await s3.send(new DeleteObjectCommand({ Bucket, Key: 'key' }));
      await s3.send(new DeleteBucketCommand({ Bucket }));
      time.pass(3999);
      expect(await buckets()).to.deep.equal([Bucket]);
      time.pass(1);
      expect(await buckets()).to.deep.equal([]);
    } finally {
      await emulator.close();
    }
  });
});
