import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import {
  ChecksumAlgorithm,
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { expect } from 'chai';
import { startEmulator, type Emulator } from '../start.ts';

const Bucket = 'data';

describe('the S3 emulator', () => {
  let emulator: Emulator;
  let s3: S3Client;

  before(async () => {
    emulator = await startEmulator();
    s3 = client();
    await s3.send(new CreateBucketCommand({ Bucket }));
  });
  after(async () => {
    s3.destroy();
    await emulator.close();
  });

  function client(options: ConstructorParameters<typeof S3Client>[0] = {}): S3Client {
    const { accessKeyId, secretAccessKey } = emulator.administrator;
    return new S3Client({
      endpoint: emulator.endpoint,
      region: emulator.region,
      credentials: { accessKeyId, secretAccessKey },
      maxAttempts: 1,
      ...options,
    });
  }

  async function failure(sent: Promise<unknown>): Promise<string> {
    try {
      await sent;
    } catch (error) {
      if (error instanceof S3ServiceException) return `${error.$metadata.httpStatusCode ?? 0} ${error.name}`;
      throw error;
    }
    throw new Error('the call succeeded');
  }

  const text = async (key: string, range?: string): Promise<string> => {
    const answer = await s3.send(
      new GetObjectCommand({ Bucket, Key: key, ...(range === undefined ? {} : { Range: range }) }),
    );
    return (await answer.Body?.transformToString()) ?? '';
  };

  describe('objects', () => {
    for (const key of [
      'plain',
      'a//b',
      'a/../b',
      './x',
      'with space',
      "(1)'*!~",
      'é漢🎉',
      'a+b',
      '100%',
      'a%2Fb',
      'q?x=1',
      '&<>"',
      '..',
      'tail/',
    ]) {
      it(`preserves the key ${key}`, async () => {
        await s3.send(new PutObjectCommand({ Bucket, Key: key, Body: key }));
        expect(await text(key)).to.equal(key);
        const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: key }));
        expect(Contents?.map(({ Key }) => Key)).to.include(key);
        await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: key }] } }));
        expect(await failure(s3.send(new GetObjectCommand({ Bucket, Key: key })))).to.equal('404 NoSuchKey');
      });
    }

    it('accepts a stream in chunks with a trailer', async () => {
      const Body = Readable.from(['hel', 'lo']);
      await s3.send(new PutObjectCommand({ Bucket, Key: 'stream', Body, ContentLength: 5, ContentEncoding: 'gzip' }));
      const { Body: body, ContentEncoding } = await s3.send(new GetObjectCommand({ Bucket, Key: 'stream' }));
      expect(await body?.transformToString()).to.equal('hello');
      expect(ContentEncoding).to.equal('gzip');
    });

    it('returns metadata, content type and checksums', async () => {
      const put = await s3.send(
        new PutObjectCommand({
          Bucket,
          Key: 'm',
          Body: 'x',
          Metadata: { note: 'two  words' },
          ContentType: 'text/x',
          CacheControl: 'no-store',
        }),
      );
      const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'm', ChecksumMode: 'ENABLED' }));
      expect(head).to.deep.include({
        ContentLength: 1,
        ContentType: 'text/x',
        CacheControl: 'no-store',
        Metadata: { note: 'two  words' },
        ETag: put.ETag,
        ChecksumCRC32: put.ChecksumCRC32,
      });
    });

    for (const algorithm of Object.values(ChecksumAlgorithm).filter((name) => !/^(MD5|SHA512|XXHASH)/.test(name))) {
      it(`checks ${algorithm}`, async () => {
        // The SDK does not include CRC64NVME, so this sends the value of "123456789" from the algorithm's definition.
        const own =
          algorithm === 'CRC64NVME' ? { ChecksumCRC64NVME: 'rosUhgp5mIg=' } : { ChecksumAlgorithm: algorithm };
        await s3.send(new PutObjectCommand({ Bucket, Key: 'sum', Body: '123456789', ...own }));
        const name = `Checksum${algorithm}` as const;
        const wrong = {
          [name]: Buffer.alloc(
            algorithm === 'SHA256' ? 32 : algorithm === 'SHA1' ? 20 : algorithm === 'CRC64NVME' ? 8 : 4,
          ).toString('base64'),
        };
        expect(
          await failure(s3.send(new PutObjectCommand({ Bucket, Key: 'sum', Body: '123456789', ...wrong }))),
        ).to.equal('400 BadDigest');
      });
    }

    it('checks Content-MD5', async () => {
      const put = (ContentMD5: string) => s3.send(new PutObjectCommand({ Bucket, Key: 'md5', Body: 'x', ContentMD5 }));
      await put(createHash('md5').update('x').digest('base64'));
      expect(await failure(put(createHash('md5').update('y').digest('base64')))).to.equal('400 BadDigest');
      expect(await failure(put('short'))).to.equal('400 InvalidDigest');
    });

    it('returns ranges', async () => {
      await s3.send(new PutObjectCommand({ Bucket, Key: 'range', Body: '0123456789' }));
      expect(await text('range', 'bytes=2-4')).to.equal('234');
      expect(await text('range', 'bytes=8-')).to.equal('89');
      expect(await text('range', 'bytes=-3')).to.equal('789');
      expect(await text('range', 'bytes=5-100')).to.equal('56789');
      expect(await text('range', 'bytes=0-1,3-4')).to.equal('0123456789');
      expect(await failure(text('range', 'bytes=10-'))).to.equal('416 InvalidRange');
      const { ContentRange } = await s3.send(new GetObjectCommand({ Bucket, Key: 'range', Range: 'bytes=2-4' }));
      expect(ContentRange).to.equal('bytes 2-4/10');
    });

    it('checks conditions', async () => {
      const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key: 'if', Body: 'x' }));
      const { LastModified } = await s3.send(new HeadObjectCommand({ Bucket, Key: 'if' }));
      const get = (options: object) => s3.send(new GetObjectCommand({ Bucket, Key: 'if', ...options }));
      const put = (options: object) => s3.send(new PutObjectCommand({ Bucket, Key: 'if', Body: 'y', ...options }));
      expect(await failure(get({ IfMatch: '"other"' }))).to.equal('412 PreconditionFailed');
      expect(await failure(get({ IfNoneMatch: ETag }))).to.match(/^304 /);
      expect(await failure(get({ IfModifiedSince: LastModified }))).to.match(/^304 /);
      expect(await text('if')).to.equal('x');
      await get({ IfModifiedSince: new Date(Date.now() + 60_000) });
      expect(await failure(get({ IfUnmodifiedSince: new Date(0) }))).to.equal('412 PreconditionFailed');
      expect(await failure(put({ IfNoneMatch: '*' }))).to.equal('412 PreconditionFailed');
      expect(await failure(put({ IfMatch: '"other"' }))).to.equal('412 PreconditionFailed');
      await put({ IfMatch: ETag });
    });

    it('copies objects, metadata and tags', async () => {
      await s3.send(
        new PutObjectCommand({ Bucket, Key: 'from é', Body: 'copied', Tagging: 'a=b', Metadata: { note: 'n' } }),
      );
      await s3.send(new CopyObjectCommand({ Bucket, Key: 'to', CopySource: encodeURI('data/from é') }));
      expect(await text('to')).to.equal('copied');
      const { TagSet } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'to' }));
      expect(TagSet).to.deep.equal([{ Key: 'a', Value: 'b' }]);
      const replaced = { MetadataDirective: 'REPLACE', TaggingDirective: 'REPLACE' } as const;
      const source = { Bucket, Key: 'next', CopySource: encodeURI('data/from é') };
      await s3.send(new CopyObjectCommand({ ...source, ...replaced, Metadata: { other: 'o' }, Tagging: 'c=d' }));
      expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'next' }))).Metadata).to.deep.equal({ other: 'o' });
      const { TagSet: tags } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'next' }));
      expect(tags).to.deep.equal([{ Key: 'c', Value: 'd' }]);
      const onto = new CopyObjectCommand({ Bucket, Key: 'to', CopySource: 'data/to' });
      expect(await failure(s3.send(onto))).to.equal('400 InvalidRequest');
      for (const CopySource of ['data/from+%C3%A9', 'data%2Ffrom%20%C3%A9', '/data/from%20%C3%A9'])
        await s3.send(new CopyObjectCommand({ Bucket, Key: 'to', CopySource }));
      const plus = new CopyObjectCommand({ Bucket, Key: 'to', CopySource: 'data/from%2B%C3%A9' });
      expect(await failure(s3.send(plus))).to.equal('404 NoSuchKey');
      const missing = new CopyObjectCommand({ Bucket, Key: 'to', CopySource: 'data/missing' });
      expect(await failure(s3.send(missing))).to.equal('404 NoSuchKey');
    });

    it('rejects long keys, large metadata and unsupported features', async () => {
      const put = (options: object) => s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', ...options }));
      expect(await failure(put({ Key: 'k'.repeat(1025) }))).to.equal('400 KeyTooLongError');
      expect(await failure(put({ Metadata: { big: 'x'.repeat(2048) } }))).to.equal('400 MetadataTooLarge');
      expect(await failure(put({ ACL: 'public-read' }))).to.equal('400 AccessControlListNotSupported');
      expect(await failure(put({ ServerSideEncryption: 'aws:kms' }))).to.equal('501 NotImplemented');
    });

    it('accepts the deletion of a missing object', async () => {
      await s3.send(new DeleteObjectCommand({ Bucket, Key: 'never' }));
    });
  });

  describe('tags', () => {
    it('of objects can be read, replaced and deleted', async () => {
      const Key = 'tagged';
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x', Tagging: 'team=red&a%20b=c%2Fd' }));
      const get = async () => (await s3.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet;
      expect(await get()).to.deep.equal([
        { Key: 'a b', Value: 'c/d' },
        { Key: 'team', Value: 'red' },
      ]);
      const put = (TagSet: { Key: string; Value: string }[]) =>
        s3.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet } }));
      await put([{ Key: 'one', Value: '' }]);
      expect(await get()).to.deep.equal([{ Key: 'one', Value: '' }]);
      expect(await failure(put([{ Key: 'aws:x', Value: '' }]))).to.equal('400 InvalidTag');
      const twice = [
        { Key: 'x', Value: '1' },
        { Key: 'x', Value: '2' },
      ];
      expect(await failure(put(twice))).to.equal('400 InvalidTag');
      const reserved = s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x', Tagging: 'aws%3Afoo=bar' }));
      expect(await reserved.catch((error: Error) => `${error.name}: ${error.message}`)).to.equal(
        'InvalidTag: Your TagKey cannot be prefixed with aws:',
      );
      const eleven = Array.from({ length: 11 }, (_, i) => ({ Key: `k${i}`, Value: '' }));
      expect(await failure(put(eleven))).to.equal('400 BadRequest');
      await s3.send(new DeleteObjectTaggingCommand({ Bucket, Key }));
      expect(await get()).to.deep.equal([]);
    });

    it('of buckets can be set and read', async () => {
      expect(await failure(s3.send(new GetBucketTaggingCommand({ Bucket })))).to.equal('404 NoSuchTagSet');
      const TagSet = [{ Key: 'run', Value: '1' }];
      await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
      expect((await s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet).to.deep.equal(TagSet);
    });
  });

  describe('ListObjectsV2 with', () => {
    const list = 'listing';
    const keys = ['a', 'b/1', 'b/2', 'b/c/3', 'd', '\u{1f389}', '\uff5e'];

    before(async () => {
      await s3.send(new CreateBucketCommand({ Bucket: list }));
      for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket: list, Key, Body: Key }));
    });

    /** Returns all pages, separated by `|`, with keys and common prefixes (in brackets). */
    async function pages(options: object): Promise<string> {
      const seen: string[] = [];
      let token: string | undefined;
      do {
        const page = await s3.send(
          new ListObjectsV2Command({
            Bucket: list,
            ...options,
            ...(token === undefined ? {} : { ContinuationToken: token }),
          }),
        );
        const items = [
          ...(page.Contents ?? []).map(({ Key }) => Key),
          ...(page.CommonPrefixes ?? []).map(({ Prefix }) => `[${Prefix ?? ''}]`),
        ];
        expect(page.KeyCount).to.equal(items.length);
        seen.push(items.join(' '));
        token = page.NextContinuationToken;
        expect(page.IsTruncated).to.equal(token !== undefined);
      } while (token !== undefined);
      return seen.join(' | ');
    }

    const cases: readonly (readonly [object, string])[] = [
      [{}, 'a b/1 b/2 b/c/3 d \uff5e \u{1f389}'],
      [{ Delimiter: '/' }, 'a d \uff5e \u{1f389} [b/]'],
      [{ Prefix: 'b/' }, 'b/1 b/2 b/c/3'],
      [{ Prefix: 'b/', Delimiter: '/' }, 'b/1 b/2 [b/c/]'],
      [{ StartAfter: 'b/2' }, 'b/c/3 d \uff5e \u{1f389}'],
      [{ MaxKeys: 2 }, 'a b/1 | b/2 b/c/3 | d \uff5e | \u{1f389}'],
      [{ MaxKeys: 2, Delimiter: '/' }, 'a [b/] | d \uff5e | \u{1f389}'],
      [{ MaxKeys: 1, Prefix: 'b/', Delimiter: '/' }, 'b/1 | b/2 | [b/c/]'],
      [{ MaxKeys: 7 }, 'a b/1 b/2 b/c/3 d \uff5e \u{1f389}'],
      [{ MaxKeys: 0 }, ''],
      [{ Prefix: 'none' }, ''],
      [{ EncodingType: 'url', Prefix: '\u{1f389}' }, '%F0%9F%8E%89'],
    ];
    for (const [options, expected] of cases) {
      it(JSON.stringify(options), async () => {
        expect(await pages(options)).to.equal(expected);
      });
    }

    it('FetchOwner returns owners; ListObjects works too', async () => {
      const owned = await s3.send(new ListObjectsV2Command({ Bucket: list, FetchOwner: true }));
      expect(owned.Contents?.[0]?.Owner?.ID).to.match(/^[0-9a-f]{64}$/);
      const old = await s3.send(new ListObjectsCommand({ Bucket: list, MaxKeys: 2, Delimiter: '/' }));
      expect([old.IsTruncated, old.NextMarker]).to.deep.equal([true, 'b/']);
      const rest = await s3.send(new ListObjectsCommand({ Bucket: list, Marker: 'b/', Delimiter: '/' }));
      expect(rest.Contents?.map(({ Key }) => Key)).to.deep.equal(['d', '\uff5e', '\u{1f389}']);
    });

    it('an invalid token is rejected', async () => {
      const bad = new ListObjectsV2Command({ Bucket: list, ContinuationToken: 'bad' });
      expect(await failure(s3.send(bad))).to.equal('400 InvalidArgument');
    });
  });

  describe('buckets', () => {
    it('can be created, found, listed and deleted', async () => {
      const create = () => s3.send(new CreateBucketCommand({ Bucket: 'made' }));
      await create();
      expect(await failure(create())).to.equal('409 BucketAlreadyOwnedByYou');
      await s3.send(new HeadBucketCommand({ Bucket: 'made' }));
      expect((await s3.send(new GetBucketLocationCommand({ Bucket: 'made' }))).LocationConstraint).to.equal(
        'us-west-2',
      );
      expect((await s3.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name)).to.include('made');
      await s3.send(new PutObjectCommand({ Bucket: 'made', Key: 'k', Body: '' }));
      expect(await failure(s3.send(new DeleteBucketCommand({ Bucket: 'made' })))).to.equal('409 BucketNotEmpty');
      await s3.send(new DeleteObjectCommand({ Bucket: 'made', Key: 'k' }));
      await s3.send(new DeleteBucketCommand({ Bucket: 'made' }));
      expect(await failure(s3.send(new HeadBucketCommand({ Bucket: 'made' })))).to.equal('404 NotFound');
    });

    it('have unique names across accounts', async () => {
      const { accessKeyId, secretAccessKey } = emulator.createAccount('444455556666');
      const other = client({ credentials: { accessKeyId, secretAccessKey } });
      expect(await failure(other.send(new CreateBucketCommand({ Bucket })))).to.equal('409 BucketAlreadyExists');
      expect((await other.send(new ListBucketsCommand({}))).Buckets ?? []).to.deep.equal([]);
      expect(await failure(other.send(new ListObjectsV2Command({ Bucket })))).to.equal('403 AccessDenied');
      other.destroy();
    });

    it('can have policies', async () => {
      expect(await failure(s3.send(new GetBucketPolicyCommand({ Bucket })))).to.equal('404 NoSuchBucketPolicy');
      const Policy = JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::data/secret' }],
      });
      await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
      expect((await s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy).to.equal(Policy);
      expect(await failure(text('secret'))).to.equal('403 AccessDenied');
      await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
      expect(await failure(text('secret'))).to.equal('404 NoSuchKey');
    });

    for (const name of [
      'ab',
      'UPPER',
      'under_score',
      '192.168.1.1',
      'a..b',
      '-a-',
      'xn--bucket',
      'bucket-s3alias',
      'amzn-s3-demo-bucket',
    ]) {
      it(`cannot have the name ${name}`, async () => {
        const answer = await raw('PUT', `/${name}`);
        expect([answer.status, answer.code]).to.deep.equal([400, 'InvalidBucketName']);
      });
    }

    it('can be addressed by virtual host', async () => {
      await s3.send(new PutObjectCommand({ Bucket, Key: 'virtual/key', Body: 'v' }));
      for (const host of ['data.s3.us-west-2.amazonaws.com', 'data.localhost:4566', 'data.s3.localhost']) {
        expect((await raw('GET', '/virtual/key', { host })).body, host).to.equal('v');
      }
    });

    it('reject unsupported subresources and methods', async () => {
      expect(await raw('GET', '/data?acl')).to.include({ status: 501, code: 'NotImplemented' });
      expect(await raw('GET', '/data/key?torrent')).to.include({ status: 501, code: 'NotImplemented' });
      expect(await raw('POST', '/data/key')).to.include({ status: 405, code: 'MethodNotAllowed' });
      expect(await raw('PATCH', '/data/key')).to.include({ status: 405, code: 'MethodNotAllowed' });
    });
  });

  it('returns errors as XML with both ids, but no body for HEAD', async () => {
    const error = await raw('GET', '/data/nothing-here');
    expect(error.body).to.match(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<Error><Code>NoSuchKey<\/Code><Message>[^<]+<\/Message><Key>nothing-here<\/Key><RequestId>\w{16}<\/RequestId><HostId>[^<]+<\/HostId><\/Error>$/,
    );
    expect(await raw('HEAD', '/data/nothing-here')).to.include({ status: 404, body: '' });
  });

  it('accepts presigned URLs until they expire', async () => {
    const { accessKeyId, secretAccessKey } = emulator.administrator;
    const signer = new SignatureV4({
      service: 's3',
      region: emulator.region,
      credentials: { accessKeyId, secretAccessKey },
      sha256: Sha256,
      uriEscapePath: false,
    });
    const { hostname, port, host } = new URL(emulator.endpoint);
    const presign = async (method: string) => {
      const signed = await signer.presign(
        {
          method,
          protocol: 'http:',
          hostname,
          port: Number(port),
          path: '/data/presigned%20key',
          headers: { host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
        },
        { expiresIn: 60 },
      );
      const query = new URLSearchParams(signed.query as Record<string, string>);
      return `${emulator.endpoint}${signed.path}?${query.toString().replaceAll('+', '%20')}`;
    };
    const [put, get] = [await presign('PUT'), await presign('GET')];
    expect((await fetch(put, { method: 'PUT', body: 'by URL' })).status).to.equal(200);
    expect(await (await fetch(get)).text()).to.equal('by URL');
    expect((await fetch(get, { method: 'PUT', body: 'x' })).status).to.equal(403);
    emulator.clock.advance(61_000);
    const late = await fetch(get);
    emulator.clock.reset();
    expect([late.status, await late.text()].join(' ')).to.match(
      /^403 .*<Code>AccessDenied<\/Code><Message>Request has expired/s,
    );
  });

  /** Sends a signed request with exactly this path and host. */
  async function raw(
    method: string,
    target: string,
    { host = new URL(emulator.endpoint).host }: { readonly host?: string } = {},
  ): Promise<{ status: number; code: string | undefined; body: string }> {
    const { signedHeaders } = await import('../../test/support/emulator/sign.ts');
    const [path = '', query = ''] = target.split('?');
    const { administrator: credentials, region } = emulator;
    const headers = signedHeaders(
      { method, path, query, headers: { host } },
      { credentials, region, service: 's3', time: emulator.clock.now() },
    );
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(emulator.endpoint);
      const sent = httpRequest({ hostname, port, method, path: target, headers, setHost: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const body = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, code: /<Code>(\w+)</.exec(body)?.[1], body });
        });
      });
      sent.on('error', reject);
      sent.end();
    });
  }
});
