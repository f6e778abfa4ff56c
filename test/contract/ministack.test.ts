import { CreateBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { miniStackTools, startMiniStack } from './ministack.ts';
import type { MiniStack } from './ministack.ts';

describe('MiniStack', () => {
  let stack: MiniStack | undefined;

  before(async function () {
    this.timeout(300_000);
    const tools = await miniStackTools();
    if ('missing' in tools) {
      process.stderr.write(`Skipping the tests with MiniStack: ${tools.missing}.\n`);
      return this.skip();
    }
    stack = await startMiniStack();
  });
  after(() => stack?.close());

  const client = (secretAccessKey: string): S3Client =>
    new S3Client({
      endpoint: stack!.endpoint,
      region: 'us-west-2',
      forcePathStyle: true,
      credentials: { accessKeyId: stack!.accessKeyId, secretAccessKey },
      maxAttempts: 1,
    });

  it('takes calls with its key, and with no other', async () => {
    await client(stack!.secretAccessKey).send(new CreateBucketCommand({ Bucket: 'data' }));
    const refused = await client('another-secret')
      .send(new ListBucketsCommand({}))
      .then(
        () => 'accepted',
        (error: unknown) => (error as Error).name,
      );
    expect(refused).to.equal('SignatureDoesNotMatch');
  });
});
