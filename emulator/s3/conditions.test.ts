import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { testS3, type TestAnswer, type TestS3 } from '../../test/support/emulator/s3.ts';

const hour = 3_600_000;
const date = (offset: number): string => new Date(Date.now() + offset).toUTCString();

describe("S3's conditional requests and directives", () => {
  let s3: TestS3;
  let etag: string;
  const put = (target: string, headers: Record<string, string> = {}, body = 'x'): Promise<TestAnswer> =>
    s3.call(s3.root, 'PUT', target, { body, headers });
  const copy = (headers: Record<string, string>, target = '/data/copy'): Promise<TestAnswer> =>
    put(target, { 'x-amz-copy-source': 'data/key', ...headers }, '');
  const outcome = ({ status, code = '' }: TestAnswer): string => `${status} ${code}`.trimEnd();

  beforeEach(async () => {
    s3 = testS3();
    const location = '<LocationConstraint>us-west-2</LocationConstraint>';
    await put('/data', {}, `<CreateBucketConfiguration>${location}</CreateBucketConfiguration>`);
    etag = (await put('/data/key')).headers['etag'] ?? '';
  });

  it('a delete fails unless the entity tag matches', async () => {
    const remove = (ifMatch: string) => s3.call(s3.root, 'DELETE', '/data/key', { headers: { 'if-match': ifMatch } });
    expect(outcome(await remove('"other"'))).to.equal('412 PreconditionFailed');
    expect((await s3.call(s3.root, 'GET', '/data/key')).status).to.equal(200);
    expect(outcome(await remove(etag))).to.equal('204');
    expect(outcome(await remove('*'))).to.equal('404 NoSuchKey');
  });

  it('DeleteObjects checks the version and entity tag of each object', async () => {
    await put('/data/tagged');
    const body =
      '<Delete><Object><Key>key</Key><VersionId>3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH</VersionId></Object>' +
      '<Object><Key>tagged</Key><ETag>"other"</ETag></Object><Object><Key>none</Key></Object></Delete>';
    const headers = { 'content-md5': createHash('md5').update(body).digest('base64') };
    const answer = await s3.call(s3.root, 'POST', '/data?delete', { body, headers });
    expect(answer.body.match(/<Code>[^<]*/g)).to.deep.equal(['<Code>NoSuchVersion', '<Code>PreconditionFailed']);
    expect(answer.body).to.contain('<Deleted><Key>none</Key></Deleted>');
    for (const key of ['key', 'tagged']) {
      expect((await s3.call(s3.root, 'GET', `/data/${key}`)).status, key).to.equal(200);
    }
  });

  const sources: readonly (readonly [header: string, value: (etag: string) => string, outcome: string])[] = [
    ['if-match', (tag) => tag, '200'],
    ['if-match', () => '"other"', '412 PreconditionFailed'],
    ['if-none-match', () => '"other"', '200'],
    ['if-none-match', (tag) => tag, '412 PreconditionFailed'],
    ['if-unmodified-since', () => date(hour), '200'],
    ['if-unmodified-since', () => date(-hour), '412 PreconditionFailed'],
    ['if-modified-since', () => date(-hour), '200'],
    ['if-modified-since', () => date(0), '412 PreconditionFailed'],
    ['if-modified-since', () => date(hour), '200'],
  ];
  for (const [index, [header, value, expected]] of sources.entries()) {
    it(`a copy whose source must fulfil ${header} (case ${index}): ${expected}`, async () => {
      s3.world.clock.advance(1000);
      const answer = await copy({ [`x-amz-copy-source-${header}`]: value(etag) });
      expect(outcome(answer)).to.equal(expected);
      if (expected !== '200') expect(answer.body.toLowerCase()).to.contain(`<condition>x-amz-copy-source-${header}<`);
    });
  }

  it('a read ignores a future date in if-modified-since', async () => {
    const headers = { 'if-modified-since': date(hour) };
    expect((await s3.call(s3.root, 'GET', '/data/key', { headers })).status).to.equal(200);
  });

  it('a write with two conditions or an unsupported condition is rejected', async () => {
    const answers = [
      await put('/data/key', { 'if-match': etag, 'if-none-match': '*' }),
      await put('/data/key', { 'if-match': '*' }),
      await put('/data/key', { 'if-none-match': etag }),
      await put('/data/none', { 'if-match': etag }),
    ];
    expect(answers.map(outcome)).to.deep.equal([...Array<string>(3).fill('501 NotImplemented'), '404 NoSuchKey']);
  });

  const directives: readonly (readonly [headers: Record<string, string>, outcome: string])[] = [
    [{ 'x-amz-metadata-directive': 'MOVE' }, '400 InvalidArgument'],
    [{ 'x-amz-tagging-directive': 'MOVE' }, '400 InvalidArgument'],
    [{ 'x-amz-storage-class': 'COLD' }, '400 InvalidStorageClass'],
    [{ 'x-amz-storage-class': 'OUTPOSTS' }, '400 InvalidStorageClass'],
    [{}, '400 InvalidRequest'],
    [{ 'x-amz-storage-class': 'STANDARD_IA' }, '200'],
    [{ 'x-amz-metadata-directive': 'REPLACE' }, '200'],
  ];
  for (const [headers, expected] of directives) {
    it(`a copy in place with ${JSON.stringify(headers)}: ${expected}`, async () => {
      expect(outcome(await copy(headers, '/data/key'))).to.equal(expected);
      const { headers: sent } = await s3.call(s3.root, 'HEAD', '/data/key');
      expect(sent['x-amz-storage-class']).to.equal(expected === '200' ? headers['x-amz-storage-class'] : undefined);
    });
  }

  it('an archived object can be described but not read', async () => {
    await put('/data/key', { 'x-amz-storage-class': 'GLACIER' });
    expect(outcome(await s3.call(s3.root, 'GET', '/data/key'))).to.equal('403 InvalidObjectState');
    expect(outcome(await s3.call(s3.root, 'HEAD', '/data/key'))).to.equal('200');
    expect(outcome(await copy({}))).to.equal('403 InvalidObjectState');
  });

  it('an invalid x-amz-tagging header is an InvalidArgument', async () => {
    for (const tags of ['a=1&a=2', 'a=1,b=2']) {
      const answer = await put('/data/key', { 'x-amz-tagging': tags });
      expect(outcome(answer), tags).to.equal('400 InvalidArgument');
      expect(answer.body).to.contain('<ArgumentName>x-amz-tagging</ArgumentName>');
    }
  });

  it('the expected bucket owner must be the account that owns the bucket', async () => {
    const owned = (name: string, value: string) => copy({ [name]: value });
    expect(outcome(await owned('x-amz-expected-bucket-owner', '1234'))).to.equal('400 InvalidBucketOwnerAWSAccountID');
    expect(outcome(await owned('x-amz-expected-bucket-owner', '444455556666'))).to.equal('403 AccessDenied');
    expect(outcome(await owned('x-amz-source-expected-bucket-owner', '444455556666'))).to.equal('403 AccessDenied');
    expect(outcome(await owned('x-amz-source-expected-bucket-owner', '111122223333'))).to.equal('200');
  });
});
