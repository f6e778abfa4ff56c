import { expect } from 'chai';
import { chunked, presignedQuery, sha256, withAuthorization, type Signature } from './sign-request.ts';

// The examples of the S3 API Reference, "Authenticating Requests (AWS Signature Version 4)".
const signing = {
  credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
  region: 'us-east-1',
  service: 's3',
  time: new Date('2013-05-24T00:00:00Z'),
};
const dated = { host: 'examplebucket.s3.amazonaws.com', 'x-amz-date': '20130524T000000Z' };
const get = { method: 'GET', path: '/', query: '', headers: dated, payload: sha256('') };
const withHash = (headers: object, payload: string) => ({ ...dated, ...headers, 'x-amz-content-sha256': payload });

describe('SigV4 signing without the SDK', () => {
  const examples = {
    'GET Object': [
      { ...get, path: '/test.txt', headers: withHash({ range: 'bytes=0-9' }, sha256('')) },
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    'PUT Object': [
      {
        method: 'PUT',
        path: '/test%24file.text',
        query: '',
        payload: sha256('Welcome to Amazon S3.'),
        headers: withHash(
          { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
          sha256('Welcome to Amazon S3.'),
        ),
      },
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
    'GET Bucket Lifecycle': [
      { ...get, query: 'lifecycle', headers: withHash({}, sha256('')) },
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    'Get Bucket (List Objects)': [
      { ...get, query: 'prefix=J&max-keys=2', headers: withHash({}, sha256('')) },
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  } as const;
  for (const [name, [request, signature]] of Object.entries(examples))
    it(`reproduces the signature of the example ${name}`, () =>
      expect(withAuthorization(request, signing).signed.signature).to.equal(signature));

  it('sorts parameters by name if one name is a prefix of another', () => {
    const request = { ...get, query: 'x-id-2=a&x-id=b', headers: withHash({}, sha256('')) };
    const signature = 'e4842852d1b84e70d418e64a2a554a30f8cf8b1edec632c96374e4455da45ca2';
    expect(withAuthorization(request, signing).signed.signature).to.equal(signature);
  });

  it('reproduces the query of the presigned URL example', () =>
    expect(
      presignedQuery(
        { ...get, path: '/test.txt', headers: { host: dated.host }, payload: 'UNSIGNED-PAYLOAD' },
        ...[signing, 86_400],
      ),
    ).to.match(/&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404$/));

  const body = Buffer.from('a'.repeat(66_560));
  const put = { ...get, method: 'PUT', path: '/examplebucket/chunkObject.txt' };
  const upload = {
    host: 's3.amazonaws.com',
    'x-amz-date': '20130524T000000Z',
    'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    'content-encoding': 'aws-chunked',
    'x-amz-decoded-content-length': '66560',
  };
  const signedFor = (payload: string, more: object): Signature =>
    withAuthorization({ ...put, headers: { ...upload, ...more, 'x-amz-content-sha256': payload }, payload }, signing)
      .signed;

  it('reproduces the signatures of the chunked upload example', () => {
    const first = signedFor('STREAMING-AWS4-HMAC-SHA256-PAYLOAD', { 'content-length': '66824' });
    expect(first.signature).to.equal('4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9');
    const text = chunked(body, { signed: true, chunkBytes: 65_536 }, first).toString();
    expect(text.match(/(?<=chunk-signature=)[0-9a-f]{64}/g)).to.deep.equal([
      'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
      '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
      'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    ]);
    expect(text).to.have.length(66_824);
  });

  it('reproduces the signatures of the chunked upload example with a trailer', () => {
    const first = {
      ...signedFor('STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', {}),
      signature: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
    };
    const trailer = ['x-amz-checksum-crc32c', 'sOO8/Q=='] as const;
    const text = chunked(body, { signed: true, chunkBytes: 65_536, trailer }, first).toString();
    expect(text).to.match(
      /\r\nx-amz-checksum-crc32c:sOO8\/Q==\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n$/,
    );
  });

  it('does not sign the chunks of an unsigned upload with a trailer', () => {
    const trailer = ['x-amz-checksum-crc32', 'AAAAAA=='] as const;
    const first = signedFor('STREAMING-UNSIGNED-PAYLOAD-TRAILER', {});
    expect(chunked(Buffer.from('abc'), { signed: false, trailer, chunkBytes: 2 }, first).toString()).to.equal(
      '2\r\nab\r\n1\r\nc\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n',
    );
  });
});
