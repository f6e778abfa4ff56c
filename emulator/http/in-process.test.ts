import { CreateRoleCommand, IAMClient, type IAMClientConfig } from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { startEmulator, type Emulator } from '../index.ts';

const keysOf = ({ accessKeyId, secretAccessKey }: Emulator['administrator']) => ({ accessKeyId, secretAccessKey });

describe('the request handler in the process', () => {
  let emulator: Emulator;
  const configuration = (): S3ClientConfig & IAMClientConfig => ({
    endpoint: emulator.endpoint,
    region: emulator.region,
    credentials: keysOf(emulator.administrator),
    maxAttempts: 1,
    requestHandler: emulator.requestHandler as never,
  });
  const s3 = (overrides: object = {}): S3Client =>
    new S3Client({ ...configuration(), forcePathStyle: true, ...overrides });
  const Bucket = 'data';
  before(async () => {
    emulator = await startEmulator();
    await s3().send(new CreateBucketCommand({ Bucket }));
  });
  after(() => emulator.close());

  it('sends paths, queries and bodies as HTTP does', async () => {
    const Key = "a b+c/é?&='(*)!~";
    await s3().send(new PutObjectCommand({ Bucket, Key, Body: 'té' }));
    for (const client of [s3(), s3({ requestHandler: {} })]) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      expect(await Body?.transformToString()).to.equal('té');
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: Key, StartAfter: '' }));
      expect(Contents.map((object) => object.Key)).to.deep.equal([Key]);
    }
  });

  it('reports errors, and records calls', async () => {
    const iam = new IAMClient(configuration());
    const request = { RoleName: 'red', AssumeRolePolicyDocument: 'no policy' };
    const error = await iam.send(new CreateRoleCommand(request)).catch((reason: unknown) => reason);
    expect(error).to.include({ name: 'MalformedPolicyDocumentException' });
    expect(emulator.calls().at(-1)).to.include({
      operation: 'CreateRole',
      errorCode: 'MalformedPolicyDocument',
    });
  });

  it('verifies signatures', async () => {
    const credentials = { ...keysOf(emulator.administrator), secretAccessKey: 'wrong' };
    const error = await s3({ credentials })
      .send(new ListObjectsV2Command({ Bucket }))
      .catch((reason: unknown) => reason);
    expect(error).to.include({ name: 'SignatureDoesNotMatch' });
  });

  it('rejects an aborted call', async () => {
    const end = emulator.addDisturbance({ service: 's3', operation: 'ListObjectsV2', delayMilliseconds: 600_000 });
    const abort = new AbortController();
    const call = s3().send(new ListObjectsV2Command({ Bucket }), { abortSignal: abort.signal });
    abort.abort();
    const error = await call.catch((reason: unknown) => reason);
    expect(error).to.include({ name: 'AbortError' });
    end();
  });
});
