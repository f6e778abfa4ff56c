import { expect } from 'chai';
import { testS3, type TestS3 } from '../../test/support/emulator/s3.ts';

describe("S3's checksums and dates", () => {
  let s3: TestS3;
  const put = (target: string, headers: Record<string, string> = {}, body = '0123456789') =>
    s3.call(s3.root, 'PUT', target, { body, headers });
  const MODE = { 'x-amz-checksum-mode': 'ENABLED' };

  beforeEach(async () => {
    s3 = testS3();
    const location = '<LocationConstraint>us-west-2</LocationConstraint>';
    await put('/data', {}, `<CreateBucketConfiguration>${location}</CreateBucketConfiguration>`);
    await put('/data/key', { 'x-amz-checksum-crc32': 'poTHxg==' });
  });

  it('a copy keeps the algorithm unless the request names another', async () => {
    const source = { 'x-amz-copy-source': 'data/key' };
    const kept = await put('/data/copy', source, '');
    expect(kept.body).to.contain('<ChecksumCRC32>poTHxg==</ChecksumCRC32><ChecksumType>FULL_OBJECT</ChecksumType>');
    const other = await put('/data/copy', { ...source, 'x-amz-checksum-algorithm': 'SHA1' }, '');
    expect(other.body).to.contain('<ChecksumSHA1>h6zsF82dzSCnFsws9nQXtxyKcBY=</ChecksumSHA1>').and.not.contain('CRC32');
    const { headers } = await s3.call(s3.root, 'GET', '/data/copy', { headers: MODE });
    expect(headers).to.include({ 'x-amz-checksum-sha1': 'h6zsF82dzSCnFsws9nQXtxyKcBY=' });
  });

  for (const [range, whole] of [
    ['bytes=0-8', false],
    ['bytes=0-100', true],
    ['bytes=-15', true],
  ] as const) {
    it(`the range ${range} is returned ${whole ? 'with' : 'without'} the object's checksum`, async () => {
      const answer = await s3.call(s3.root, 'GET', '/data/key', { headers: { ...MODE, range } });
      expect(answer.status).to.equal(206);
      expect(answer.headers['x-amz-checksum-crc32']).to.equal(whole ? 'poTHxg==' : undefined);
    });
  }

  it('the checksum mode may be in lower case, as the SDK for C++ sends it', async () => {
    const answer = await s3.call(s3.root, 'GET', '/data/key', { headers: { 'x-amz-checksum-mode': 'enabled' } });
    expect(answer.status).to.equal(200);
    expect(answer.headers['x-amz-checksum-crc32']).to.equal('poTHxg==');
    const other = await s3.call(s3.root, 'GET', '/data/key', { headers: { 'x-amz-checksum-mode': 'some' } });
    expect(other.status).to.equal(400);
  });

  it('times in lists have no fraction of a second', async () => {
    for (const target of ['/data', '/data?list-type=2', '/data?versions', '/']) {
      const { body } = await s3.call(s3.root, 'GET', target);
      expect(body, target).to.match(/(?:LastModified|CreationDate)>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z</);
    }
  });
});
