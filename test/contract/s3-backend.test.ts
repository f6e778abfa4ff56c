import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketTaggingCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetBucketTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutBucketTaggingCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { expect } from 'chai';
import type { Credentials } from '../../emulator/core/credentials.ts';
import type { World } from '../../emulator/world/world.ts';
import { startWithWorld, type Emulator } from '../../emulator/start.ts';
import { testSession } from '../support/emulator/session.ts';
import { startSubject, subjectTools, type ContractSubject } from './subjects.ts';

const Bucket = 'data';

describe('emulator with MiniStack as S3 backend', function () {
  let stack: ContractSubject | undefined;
  let emulator: Emulator;
  let world: World;
  let s3: S3Client;

  before(async function () {
    const tools = subjectTools('ministack');
    if ('missing' in tools) {
      process.stderr.write(`Skipping the tests of an S3 backend: ${tools.missing}.\n`);
      return this.skip();
    }
    stack = await startSubject('ministack');
    const { endpoint, accessKeyId, secretAccessKey } = stack;
    ({ emulator, world } = await startWithWorld({ s3Backend: { endpoint, accessKeyId, secretAccessKey } }));
    s3 = client(emulator.administrator);
    const Tags = [{ Key: 'team', Value: 'red' }];
    await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { Tags } }));
  });
  after(async () => {
    await emulator?.close();
    await stack?.close();
  });

  function client({ accessKeyId, secretAccessKey, sessionToken }: Credentials, endpoint = emulator.endpoint): S3Client {
    const credentials = { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
    return new S3Client({ endpoint, region: emulator.region, credentials, maxAttempts: 1, forcePathStyle: true });
  }

  it('stores tags of buckets', async () => {
    const TagSet = [{ Key: 'team', Value: 'red' }];
    expect((await s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet).to.deep.equal(TagSet);
    const direct = client(stack!, stack!.endpoint);
    expect((await direct.send(new GetBucketTaggingCommand({ Bucket }))).TagSet).to.deep.equal(TagSet);
    const other = [{ Key: 'a b', Value: 'c/d' }];
    await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: other } }));
    expect((await s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet).to.deep.equal(other);
    await s3.send(new DeleteBucketTaggingCommand({ Bucket }));
    expect(await outcome(s3.send(new GetBucketTaggingCommand({ Bucket })))).to.equal('404 NoSuchTagSet');
  });

  it("returns the emulator's region", async () => {
    expect((await s3.send(new HeadBucketCommand({ Bucket }))).BucketRegion).to.equal('us-west-2');
    expect((await s3.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint).to.equal('us-west-2');
  });

  for (const Key of ['plain', 'with space', 'é漢🎉', 'a+b', "(1)'*!~", '100%', 'deep/er/key', 'a//b', 'a/../b']) {
    it(`supports the key ${Key}`, async () => {
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key, Metadata: { note: 'n' }, ContentType: 'text/x' }));
      const { Body, Metadata, ContentType } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      expect([await Body?.transformToString(), Metadata, ContentType]).to.deep.equal([Key, { note: 'n' }, 'text/x']);
      const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: Key }));
      expect(Contents?.map((object) => object.Key)).to.deep.equal([Key]);
      await s3.send(new DeleteObjectCommand({ Bucket, Key }));
      expect(await outcome(s3.send(new HeadObjectCommand({ Bucket, Key })))).to.equal('404 NotFound');
    });
  }

  it('supports ranges, copies and lists in pages', async () => {
    for (const Key of ['l/1', 'l/2', 'l/3']) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'hello' }));
    const part = await s3.send(new GetObjectCommand({ Bucket, Key: 'l/1', Range: 'bytes=1-3' }));
    expect(await part.Body?.transformToString()).to.equal('ell');
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'l/4', CopySource: `${Bucket}/l/1` }));
    const first = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'l/', MaxKeys: 3 }));
    const rest = new ListObjectsV2Command({ Bucket, Prefix: 'l/', ContinuationToken: first.NextContinuationToken });
    expect((await s3.send(rest)).Contents?.map(({ Key }) => Key)).to.deep.equal(['l/4']);
    expect((await s3.send(new ListObjectsCommand({ Bucket, Delimiter: '/' }))).CommonPrefixes).to.deep.equal([
      { Prefix: 'l/' },
    ]);
  });

  it('authorizes by tags from the backend', async () => {
    const Tagging = { TagSet: [{ Key: 'team', Value: 'red' }] };
    await s3.send(new PutObjectCommand({ Bucket, Key: 'red', Body: 'red', Tagging: 'team=red' }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'blue', Body: 'blue' }));
    const StringEquals = { 's3:ExistingObjectTag/team': 'red' };
    const read = { Effect: 'Allow', Action: 's3:Get*', Resource: `arn:aws:s3:::${Bucket}/*` };
    const tagged = client(testSession(world, { allow: [{ ...read, Condition: { StringEquals } }] }).credentials);
    const get = (Key: string): Promise<string> => outcome(tagged.send(new GetObjectCommand({ Bucket, Key })));
    expect([await get('red'), await get('blue')]).to.deep.equal(['200', '403 AccessDenied']);
    await s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'blue', Tagging }));
    expect(await get('blue')).to.equal('200');
    expect((await tagged.send(new GetObjectTaggingCommand({ Bucket, Key: 'blue' }))).TagSet).to.deep.equal(
      Tagging.TagSet,
    );
    expect(
      emulator
        .calls()
        .at(-2)
        ?.authorizations.map(({ decision }) => decision.value),
    ).to.deep.equal(['allowed']);
  });

  it('returns NoSuchKey only to callers who may list', async () => {
    const get = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
    const list = { Effect: 'Allow', Action: 's3:ListBucket', Resource: '*' };
    const read = (...allow: object[]): Promise<string> =>
      outcome(
        client(testSession(world, { allow }).credentials).send(new GetObjectCommand({ Bucket, Key: 'no such key' })),
      );
    expect(await read(get)).to.equal('403 AccessDenied');
    expect(await read(get, list)).to.equal('404 NoSuchKey');
  });

  it('DeleteObjects deletes only allowed objects', async () => {
    for (const Key of ['mine/1', 'mine/2', 'theirs/1']) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    const allow = [{ Effect: 'Allow', Action: 's3:DeleteObject', Resource: `arn:aws:s3:::${Bucket}/mine/*` }];
    const Objects = ['mine/1', 'theirs/1', 'mine/2'].map((Key) => ({ Key }));
    const deleting = new DeleteObjectsCommand({ Bucket, Delete: { Objects } });
    const { Deleted, Errors } = await client(testSession(world, { allow }).credentials).send(deleting);
    expect(Deleted?.map(({ Key }) => Key)).to.deep.equal(['mine/1', 'mine/2']);
    expect(Errors?.map(({ Key, Code }) => `${Key} ${Code}`)).to.deep.equal(['theirs/1 AccessDenied']);
    const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'mine/' }));
    expect(KeyCount).to.equal(0);
  });

  it('rejects the deletion of a bucket that is not empty', async () => {
    const name = { Bucket: 'other' };
    await s3.send(new CreateBucketCommand(name));
    await s3.send(new PutObjectCommand({ ...name, Key: 'k', Body: 'x' }));
    expect(await outcome(s3.send(new DeleteBucketCommand(name)))).to.equal('409 BucketNotEmpty');
    await s3.send(new DeleteObjectCommand({ ...name, Key: 'k' }));
    await s3.send(new DeleteBucketCommand(name));
    expect(await outcome(s3.send(new HeadBucketCommand(name)))).to.equal('404 NotFound');
  });
});

async function outcome(sent: Promise<{ readonly $metadata: { readonly httpStatusCode?: number } }>): Promise<string> {
  try {
    return String((await sent).$metadata.httpStatusCode);
  } catch (error) {
    if (error instanceof S3ServiceException) return `${error.$metadata.httpStatusCode ?? 0} ${error.name}`;
    throw error;
  }
}
