import { createHash } from 'node:crypto';
import * as S3 from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { testS3 } from '../../../test/support/emulator/s3.ts';
import { testSession } from '../../../test/support/emulator/session.ts';
import { startEmulator, type Emulator } from '../../start.ts';

const Bucket = 'data';
const Key = 'large';
const FIRST = Buffer.alloc(5 * 1024 * 1024, 'a');
const LAST = Buffer.from('the end');
const md5 = (data: Buffer): Buffer => createHash('md5').update(data).digest();
const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('base64');

describe('multipart uploads', () => {
  let emulator: Emulator;
  let s3: S3.S3Client;
  before(async () => {
    emulator = await startEmulator();
    const { endpoint, region, administrator } = emulator;
    const { accessKeyId, secretAccessKey } = administrator;
    s3 = new S3.S3Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 });
    await s3.send(new S3.CreateBucketCommand({ Bucket }));
  });
  after(async () => {
    s3.destroy();
    await emulator.close();
  });

  const begin = async (options: Partial<S3.CreateMultipartUploadCommandInput> = {}) =>
    (await s3.send(new S3.CreateMultipartUploadCommand({ Bucket, Key, ...options }))).UploadId;
  const part = async (UploadId: string | undefined, PartNumber: number, Body: Buffer, options = {}) => {
    const { ETag, ChecksumSHA256 } = await s3.send(
      new S3.UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ...options }),
    );
    return { PartNumber, ETag, ...(ChecksumSHA256 !== undefined && { ChecksumSHA256 }) };
  };
  const complete = (UploadId: string | undefined, Parts: S3.CompletedPart[], options = {}) =>
    s3.send(new S3.CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...options }));
  const failure = (sent: Promise<unknown>): Promise<string> =>
    sent.then(
      () => 'none',
      (error: S3.S3ServiceException) => `${error.$metadata.httpStatusCode ?? 0} ${error.name}`,
    );

  it('create an object from their parts', async () => {
    const id = await begin({ Metadata: { note: 'n' }, Tagging: 'team=red', ContentType: 'text/plain' });
    const parts = [await part(id, 1, FIRST), await part(id, 3, LAST)];
    const { ETag } = await complete(id, parts);
    const digests = createHash('md5').update(Buffer.concat([md5(FIRST), md5(LAST)]));
    expect(ETag).to.equal(`"${digests.digest('hex')}-2"`);
    // A repeated call succeeds.
    expect((await complete(id, parts)).ETag).to.equal(ETag);
    expect(await failure(part(id, 1, LAST))).to.equal('404 NoSuchUpload');

    const got = await s3.send(new S3.GetObjectCommand({ Bucket, Key, PartNumber: 3 }));
    expect([await got.Body?.transformToString(), got.PartsCount]).to.deep.equal(['the end', 2]);
    const head = await s3.send(new S3.HeadObjectCommand({ Bucket, Key }));
    expect(head).to.include({ ContentLength: FIRST.length + LAST.length, ContentType: 'text/plain', TagCount: 1 });
    expect(head.Metadata).to.deep.equal({ note: 'n' });
    expect(await failure(s3.send(new S3.GetObjectCommand({ Bucket, Key, PartNumber: 2 })))).to.match(/^416 /);
  });

  it('reject invalid parts', async () => {
    const id = await begin();
    const [small, next] = [await part(id, 1, LAST), await part(id, 2, LAST)];
    expect(await failure(complete(id, [small, next]))).to.equal('400 EntityTooSmall');
    expect(await failure(complete(id, [next, small]))).to.equal('400 InvalidPartOrder');
    expect(await failure(complete(id, [{ ...small, ETag: next.ETag?.replace(/./g, '0') }]))).to.equal(
      '400 InvalidPart',
    );
    expect(await failure(complete(id, [{ ...small, PartNumber: 7 }]))).to.equal('400 InvalidPart');
    expect(await failure(complete(id, [{ PartNumber: 1 }]))).to.equal('400 MalformedXML');
    expect(await failure(complete(id, [small], { MpuObjectSize: 1 }))).to.equal('400 InvalidRequest');
    expect(await failure(part(id, 10_001, LAST))).to.equal('400 InvalidArgument');
    await s3.send(new S3.AbortMultipartUploadCommand({ Bucket, Key, UploadId: id }));
    expect(await failure(complete(id, [small]))).to.equal('404 NoSuchUpload');
  });

  it('have composite or full-object checksums', async () => {
    const id = await begin({ ChecksumAlgorithm: 'SHA256' });
    const parts = [await part(id, 1, FIRST, { ChecksumAlgorithm: 'SHA256' })];
    expect(parts[0]?.ChecksumSHA256).to.equal(sha256(FIRST));
    expect(await failure(part(id, 1, LAST, { ChecksumAlgorithm: 'CRC32' }))).to.equal('400 InvalidRequest');
    expect(await failure(complete(id, [{ PartNumber: 1, ETag: parts[0]?.ETag }]))).to.equal('400 InvalidRequest');
    const { ChecksumSHA256, ChecksumType } = await complete(id, parts);
    expect(ChecksumSHA256).to.equal(`${sha256(Buffer.from(sha256(FIRST), 'base64'))}-1`);
    expect(ChecksumType).to.equal('COMPOSITE');

    const whole = await begin({ ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' });
    const only = await part(whole, 1, Buffer.from('0123456789'), { ChecksumAlgorithm: 'CRC32' });
    expect(await failure(complete(whole, [only], { ChecksumCRC32: 'AAAAAA==' }))).to.equal('400 BadDigest');
    expect((await complete(whole, [only], { ChecksumCRC32: 'poTHxg==' })).ChecksumCRC32).to.equal('poTHxg==');
    expect(await failure(begin({ ChecksumAlgorithm: 'SHA256', ChecksumType: 'FULL_OBJECT' }))).to.match(/^400 /);
  });

  it('can copy parts of objects', async () => {
    const source = { Bucket, CopySource: `${Bucket}/source`, Key, PartNumber: 1 };
    await s3.send(new S3.PutObjectCommand({ Bucket, Key: 'source', Body: '0123456789' }));
    const UploadId = await begin();
    const copy = (options: object) => s3.send(new S3.UploadPartCopyCommand({ ...source, UploadId, ...options }));
    expect(await failure(copy({ CopySourceRange: 'bytes=2-99' }))).to.equal('400 InvalidArgument');
    expect(await failure(copy({ CopySourceIfMatch: '"other"' }))).to.equal('412 PreconditionFailed');
    const { CopyPartResult } = await copy({ CopySourceRange: 'bytes=2-4' });
    await complete(UploadId, [{ PartNumber: 1, ETag: CopyPartResult?.ETag }]);
    const { Body } = await s3.send(new S3.GetObjectCommand({ Bucket, Key }));
    expect(await Body?.transformToString()).to.equal('234');
  });

  it('complete only if their conditions hold', async () => {
    const id = await begin();
    const only = await part(id, 1, LAST);
    expect(await failure(complete(id, [only], { IfNoneMatch: '*' }))).to.equal('412 PreconditionFailed');
    await s3.send(new S3.DeleteObjectCommand({ Bucket, Key }));
    await complete(id, [only], { IfNoneMatch: '*' });
  });

  it('can be listed, as can their parts', async () => {
    const ids = [await begin({ Key: 'l/1' }), await begin({ Key: 'l/2' }), await begin({ Key: 'l/2' })];
    await begin({ Key: 'z' });
    const list = (input: object) => s3.send(new S3.ListMultipartUploadsCommand({ Bucket, Prefix: 'l/', ...input }));
    const { Uploads, IsTruncated, NextKeyMarker, NextUploadIdMarker } = await list({ MaxUploads: 2 });
    expect([Uploads?.map(({ Key: key }) => key), IsTruncated]).to.deep.equal([['l/1', 'l/2'], true]);
    const rest = await list({ KeyMarker: NextKeyMarker, UploadIdMarker: NextUploadIdMarker });
    expect(rest.Uploads).to.have.length(1);
    expect([...(Uploads ?? []), ...(rest.Uploads ?? [])].map(({ UploadId }) => UploadId)).to.have.members(ids);
    const common = await list({ Prefix: '', Delimiter: '/', MaxUploads: 1 });
    expect(common).to.deep.include({ CommonPrefixes: [{ Prefix: 'l/' }], IsTruncated: true, NextKeyMarker: 'l/' });
    const other = await list({ Prefix: '', Delimiter: '/', KeyMarker: common.NextKeyMarker });
    expect([other.CommonPrefixes, other.Uploads?.map(({ Key: key }) => key)]).to.deep.equal([undefined, ['z']]);

    const id = await begin();
    for (const number of [2, 1, 3]) await part(id, number, LAST);
    const page = await s3.send(new S3.ListPartsCommand({ Bucket, Key, UploadId: id, MaxParts: 2 }));
    expect([page.Parts?.map(({ PartNumber }) => PartNumber), page.NextPartNumberMarker]).to.deep.equal([[1, 2], '2']);
  });
});

describe('permissions of multipart uploads', () => {
  const OBJECT = 'arn:aws:s3:::data/large';
  const allow = (action: string, resource = OBJECT): object => ({
    Effect: 'Allow',
    Action: action,
    Resource: resource,
  });
  const cases: readonly (readonly [statements: readonly object[], call: string, refused: string | undefined])[] = [
    [[allow('s3:PutObject')], 'POST /data/large?uploads', undefined],
    [[allow('s3:AbortMultipartUpload')], 'POST /data/large?uploads', 's3:PutObject'],
    [[allow('s3:PutObject')], 'POST /data/large?uploads tagged', 's3:PutObjectTagging'],
    [[allow('s3:PutObject')], 'PUT /data/large?partNumber=1&uploadId=ID', undefined],
    [[allow('s3:GetObject')], 'PUT /data/large?partNumber=1&uploadId=ID', 's3:PutObject'],
    [[allow('s3:PutObject')], 'PUT /data/large?partNumber=1&uploadId=ID copy', 's3:GetObject'],
    [[allow('s3:PutObject'), allow('s3:GetObject', '*')], 'PUT /data/large?partNumber=1&uploadId=ID copy', undefined],
    [[allow('s3:PutObject')], 'DELETE /data/large?uploadId=ID', 's3:AbortMultipartUpload'],
    [[allow('s3:AbortMultipartUpload')], 'DELETE /data/large?uploadId=ID', undefined],
    [[allow('s3:PutObject')], 'GET /data/large?uploadId=ID', 's3:ListMultipartUploadParts'],
    [[allow('s3:ListMultipartUploadParts')], 'GET /data/large?uploadId=ID', undefined],
    [[allow('s3:ListBucket', 'arn:aws:s3:::data')], 'GET /data?uploads', 's3:ListBucketMultipartUploads'],
    [[allow('s3:ListBucketMultipartUploads', 'arn:aws:s3:::data')], 'GET /data?uploads', undefined],
    [[allow('s3:AbortMultipartUpload')], 'POST /data/large?uploadId=ID', 's3:PutObject'],
  ];
  for (const [statements, call, refused] of cases) {
    const names = statements.map((statement) => (statement as { Action: string }).Action).join(', ');
    it(`${call} with ${names}: ${refused === undefined ? 'allowed' : `${refused} is missing`}`, async () => {
      const s3 = testS3();
      const location = '<LocationConstraint>us-west-2</LocationConstraint>';
      const body = `<CreateBucketConfiguration>${location}</CreateBucketConfiguration>`;
      await s3.call(s3.root, 'PUT', '/data', { body });
      await s3.call(s3.root, 'PUT', '/data/source', { body: 'x' });
      const begun = await s3.call(s3.root, 'POST', '/data/large?uploads');
      const id = /<UploadId>([^<]*)/.exec(begun.body)?.[1] ?? '';
      const [method = '', target = '', form] = call.split(' ');
      const headers = {
        ...(form === 'copy' && { 'x-amz-copy-source': 'data/source' }),
        ...(form === 'tagged' && { 'x-amz-tagging': 'team=red' }),
      };
      const { session } = testSession(s3.world, { allow: statements });
      const answer = await s3.call(session, method, target.replace('ID', id), { headers });
      expect(answer.code).to.equal(refused === undefined ? undefined : 'AccessDenied');
      if (refused !== undefined) expect(answer.message).to.contain(`not authorized to perform: ${refused} on`);
    });
  }
});
