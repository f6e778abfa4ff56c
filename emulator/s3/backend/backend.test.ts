import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketTaggingCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { startEmulator, type Emulator } from '../../start.ts';
import { newBucket } from '../../world/s3-model.ts';
import { testS3 } from '../../../test/support/emulator/s3.ts';

const KEY = { accessKeyId: 'AKIAOFTHEOTHERS300', secretAccessKey: 'the-secret-of-the-other-S3' };
const Bucket = 'data';

describe('an S3 backend of the emulator', () => {
  let other: Emulator;
  let emulator: Emulator;
  let s3: S3Client;
  let direct: S3Client;

  beforeEach(async () => {
    other = await startEmulator({ administrator: KEY });
    emulator = await startEmulator({ s3Backend: { endpoint: other.endpoint, ...KEY } });
    [s3, direct] = [clientOf(emulator), clientOf(other)];
    await s3.send(new CreateBucketCommand({ Bucket }));
  });
  afterEach(() => Promise.all([emulator.close(), other.close()]));

  it('stores buckets, objects and tags, but no policies', async () => {
    const Tags = [{ Key: 'run', Value: 'r1' }];
    await s3.send(new CreateBucketCommand({ Bucket: 'tagged', CreateBucketConfiguration: { Tags } }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'a/../b', Body: 'text', Metadata: { note: 'n' } }));
    const policy = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Deny', Principal: '*', Action: 's3:DeleteObject', Resource: `arn:aws:s3:::${Bucket}/*` }],
    };
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(policy) }));

    expect((await direct.send(new GetBucketTaggingCommand({ Bucket: 'tagged' }))).TagSet).to.deep.equal(Tags);
    const object = await direct.send(new GetObjectCommand({ Bucket, Key: 'a/../b' }));
    expect([await object.Body?.transformToString(), object.Metadata]).to.deep.equal(['text', { note: 'n' }]);
    await direct.send(new PutObjectCommand({ Bucket, Key: 'put past the emulator', Body: 'x' }));
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket }));
    expect(Contents?.map(({ Key }) => Key)).to.deep.equal(['a/../b', 'put past the emulator']);
    expect(other.calls().map(({ operation }) => operation)).to.not.include('PutBucketPolicy');
  });

  it('does not receive calls that the emulator rejects', async () => {
    const before = other.calls().length;
    const stranger = clientOf(emulator, emulator.createAccount('444455556666'));
    expect(await failure(stranger.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' })))).to.equal(
      '403 AccessDenied',
    );
    expect(other.calls().length).to.equal(before);
  });

  it('may contain other buckets, whose names are taken', async () => {
    await direct.send(new CreateBucketCommand({ Bucket: 'theirs' }));
    expect(await failure(s3.send(new ListObjectsV2Command({ Bucket: 'theirs' })))).to.equal('404 NoSuchBucket');
    expect(await failure(s3.send(new CreateBucketCommand({ Bucket: 'theirs' })))).to.equal('409 BucketAlreadyExists');
    expect((await s3.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name)).to.deep.equal([Bucket]);
  });

  it('may lose a bucket, which can still be deleted in the emulator', async () => {
    await direct.send(new DeleteBucketCommand({ Bucket }));
    expect(await failure(s3.send(new GetObjectCommand({ Bucket, Key: 'k' })))).to.equal('404 NoSuchBucket');
    await s3.send(new DeleteBucketCommand({ Bucket }));
    await s3.send(new CreateBucketCommand({ Bucket }));
  });

  it('has its own clock', async () => {
    emulator.clock.advance(24 * 3600_000);
    // The SDK adopts the emulator's clock after a first call.
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' })).catch(() => undefined);
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'k' }))).ContentLength).to.equal(1);
  });

  it('answers with the emulator’s request ids, as in the call record', async () => {
    const { $metadata } = await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
    const { operation, service, authorizations } = emulator.findCall($metadata.requestId ?? '')!;
    expect([service, operation, authorizations[0]?.action]).to.deep.equal(['s3', 'PutObject', 's3:PutObject']);
    expect(await failure(s3.send(new GetObjectCommand({ Bucket, Key: 'none' })))).to.equal('404 NoSuchKey');
    expect(emulator.calls().at(-1)).to.deep.include({ status: 404, errorCode: 'NoSuchKey', notes: [] });
  });

  it('with another secret key causes a 503, and a note without the key', async () => {
    const wrong = { ...KEY, secretAccessKey: 'another-secret' };
    const misled = await startEmulator({ s3Backend: { endpoint: other.endpoint, ...wrong } });
    try {
      const made = clientOf(misled).send(new CreateBucketCommand({ Bucket: 'new' }));
      expect(await failure(made)).to.equal('503 ServiceUnavailable');
      const message = await made.then(String, (error: unknown) => (error as Error).message);
      expect(message).to.include('the S3 behind the emulator failed: status 403 SignatureDoesNotMatch');
      const record = misled.calls().at(-1)!;
      expect(record.notes).to.deep.equal(['the S3 behind the emulator failed: status 403 SignatureDoesNotMatch']);
      expect(JSON.stringify(record)).to.not.include(wrong.secretAccessKey);
    } finally {
      await misled.close();
    }
  });
});

describe('a failing S3 backend', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  /** Returns the emulator's answer to a read of an object from the backend `listener`, and the notes in its record. */
  async function read(
    listener: RequestListener | undefined,
    method = 'GET',
  ): Promise<{ answer: string; notes: unknown }> {
    server = createServer(listener ?? (() => undefined));
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    if (listener === undefined) await new Promise((resolve) => server?.close(resolve));
    const s3 = testS3({ endpoint: `http://127.0.0.1:${port}`, ...KEY });
    const accountId = s3.root.accountId;
    s3.world.buckets.set(Bucket, newBucket({ name: Bucket, accountId, createdAt: 0, tags: new Map() }));
    const { status, code, trace } = await s3.call(s3.root, method, `/${Bucket}/k`);
    return { answer: `${status} ${code ?? ''}`, notes: trace.notes.map((note) => note.replace(/^.*failed: /, '')) };
  }

  const tagsThen =
    (then: RequestListener): RequestListener =>
    (request, response) => {
      if (request.url?.endsWith('?tagging') === true) response.end('<Tagging><TagSet/></Tagging>');
      else then(request, response);
    };
  const answers =
    (status: number, body = '', headers = {}): RequestListener =>
    (_, response) =>
      response.writeHead(status, headers).end(body);
  const error = (code: string): string => `<Error><Code>${code}</Code><Message>m</Message></Error>`;

  const cases: readonly (readonly [string, RequestListener | undefined, answer: string, notes: readonly string[]])[] = [
    ['does not listen', undefined, '503 ServiceUnavailable', ['cannot connect (ECONNREFUSED)']],
    [
      'closes the connection',
      (request) => request.socket.destroy(),
      '503 ServiceUnavailable',
      ['cannot connect (ECONNRESET)'],
    ],
    ['returns 500 without a body', answers(500), '503 ServiceUnavailable', ['status 500 without an S3 error']],
    [
      'returns 502 with a page',
      answers(502, '<html><body>Bad Gateway</body></html>'),
      '503 ServiceUnavailable',
      ['status 502 without an S3 error'],
    ],
    ['returns 404 with a page', answers(404, 'no'), '503 ServiceUnavailable', ['status 404 without an S3 error']],
    ['denies the call', answers(403, error('AccessDenied')), '503 ServiceUnavailable', ['status 403 AccessDenied']],
    ['returns 401', answers(401), '503 ServiceUnavailable', ['status 401']],
    [
      'redirects the call',
      answers(301, error('PermanentRedirect'), { location: 'http://127.0.0.1:1/' }),
      '503 ServiceUnavailable',
      ['status 301 PermanentRedirect'],
    ],
    ['returns an S3 error', answers(503, error('SlowDown')), '503 SlowDown', []],
    ['reports an archived object', answers(403, error('InvalidObjectState')), '403 InvalidObjectState', []],
    ['reports a missing object', answers(404, error('NoSuchKey')), '404 NoSuchKey', []],
  ];
  for (const [what, listener, answer, notes] of cases) {
    it(`that ${what}: ${answer}`, async () => {
      expect(await read(listener)).to.deep.equal({ answer, notes });
      if (listener === undefined) return;
      server?.close();
      expect(await read(tagsThen(listener))).to.deep.equal({ answer, notes });
    });
  }

  it('that returns invalid tags causes a 503, because a policy may depend on them', async () => {
    const notes = ['invalid tags of an object'];
    expect(await read(answers(200, 'text'))).to.deep.equal({ answer: '503 ServiceUnavailable', notes });
  });

  it('that answers a HEAD: the error follows from the status', async () => {
    expect(await read(tagsThen(answers(404)), 'HEAD')).to.deep.equal({ answer: '404 NoSuchKey', notes: [] });
    server?.close();
    expect(await read(tagsThen(answers(412)), 'HEAD')).to.deep.equal({ answer: '412 PreconditionFailed', notes: [] });
    server?.close();
    expect((await read(tagsThen(answers(500)), 'HEAD')).answer).to.equal('503 ServiceUnavailable');
  });
});

function clientOf(emulator: Emulator, credentials = emulator.administrator): S3Client {
  const { accessKeyId, secretAccessKey } = credentials;
  const { endpoint, region } = emulator;
  return new S3Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 });
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
