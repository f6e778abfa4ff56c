import { expect } from 'chai';
import type { AnonymousPrincipal, Caller } from '../../identity/policy/principal.ts';
import { decodeChunks } from './chunks.ts';
import { SignatureProblem } from './problem.ts';
import { signingKeys } from './signing-keys.ts';
import type { PayloadKind } from './payload.ts';
import type { VerifiedSignature } from './verifier.ts';

// The example of the S3 API Reference, "Transferring payload in multiple chunks": 66,560 letters in chunks of 64 KiB.
const SCOPE = '20130524/us-east-1/s3/aws4_request';
const KEY = signingKeys().get('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', '20130524', 'us-east-1', 's3');
const NOBODY = { kind: 'anonymous' } satisfies AnonymousPrincipal as unknown as Caller;

function signature(payload: PayloadKind, seed: string): VerifiedSignature {
  return { caller: NOBODY, payload, signingKey: KEY, scope: SCOPE, timestamp: '20130524T000000Z', signature: seed };
}

const SIGNED = signature('chunks-signed', '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9');
const SIGNED_TRAILER = signature(
  'chunks-signed-trailer',
  '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
);
const UNSIGNED_TRAILER = signature('chunks-unsigned-trailer', '0'.repeat(64));

function chunked(chunks: readonly (readonly [data: string, signature: string])[], trailers = ''): string {
  const body = chunks.map(
    ([data, s]) => `${data.length.toString(16)};chunk-signature=${s}\r\n${data}${data === '' ? '' : '\r\n'}`,
  );
  return `${body.join('')}${trailers}\r\n`;
}

const EXAMPLE = chunked([
  ['a'.repeat(65_536), 'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648'],
  ['a'.repeat(1024), '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497'],
  ['', 'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9'],
]);
const TRAILER_EXAMPLE = chunked(
  [
    ['a'.repeat(65_536), 'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2'],
    ['a'.repeat(1024), '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7'],
    ['', '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992'],
  ],
  'x-amz-checksum-crc32c:sOO8/Q==\r\n' +
    'x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n',
);
const LENGTH = { 'x-amz-decoded-content-length': '66560' };

const decode = (body: string, headers: Readonly<Record<string, string>>, by: VerifiedSignature) =>
  decodeChunks(Buffer.from(body, 'latin1'), headers, by);

describe('decodeChunks', () => {
  it("verifies AWS's example of signed chunks", () => {
    expect(decode(EXAMPLE, LENGTH, SIGNED).data.length).to.equal(66_560);
  });

  it("verifies AWS's example of signed chunks with a signed trailer", () => {
    const headers = { ...LENGTH, 'x-amz-trailer': 'x-amz-checksum-crc32c' };
    const { data, trailers } = decode(TRAILER_EXAMPLE, headers, SIGNED_TRAILER);
    expect(data.length).to.equal(66_560);
    expect(trailers).to.deep.equal({ 'x-amz-checksum-crc32c': 'sOO8/Q==' });
  });

  it('decodes unsigned chunks with a trailer', () => {
    const body = '3\r\nhel\r\n2\r\nlo\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n';
    const headers = { 'x-amz-decoded-content-length': '5', 'x-amz-trailer': 'x-amz-checksum-crc32' };
    const { data, trailers } = decode(body, headers, UNSIGNED_TRAILER);
    expect(data.toString()).to.equal('hello');
    expect(trailers).to.deep.equal({ 'x-amz-checksum-crc32': 'NhCmhg==' });
  });

  const trailer = { ...LENGTH, 'x-amz-trailer': 'x-amz-checksum-crc32c' };
  const five = { 'x-amz-decoded-content-length': '5' };
  const cases: readonly (readonly [string, string, Readonly<Record<string, string>>, VerifiedSignature, string])[] = [
    ['a changed byte', EXAMPLE.replace('aaa', 'aab'), LENGTH, SIGNED, 'mismatch'],
    ['chunks of another request', EXAMPLE, LENGTH, { ...SIGNED, signature: '0'.repeat(64) }, 'mismatch'],
    ['a changed trailer', TRAILER_EXAMPLE.replace('sOO8', 'sOO9'), trailer, SIGNED_TRAILER, 'mismatch'],
    [
      'a missing trailer signature',
      TRAILER_EXAMPLE.replace(/x-amz-trailer-signature.*\r\n/, ''),
      trailer,
      SIGNED_TRAILER,
      'malformed-trailer',
    ],
    ['a trailer that was not announced', TRAILER_EXAMPLE, LENGTH, SIGNED_TRAILER, 'malformed-trailer'],
    [
      'a missing trailer',
      '5\r\nhello\r\n0\r\n\r\n',
      { ...five, 'x-amz-trailer': 'x-amz-checksum-crc32' },
      UNSIGNED_TRAILER,
      'malformed-trailer',
    ],
    ['no length', EXAMPLE, {}, SIGNED, 'missing-decoded-length'],
    ['a wrong length', EXAMPLE, { 'x-amz-decoded-content-length': '66561' }, SIGNED, 'wrong-decoded-length'],
    ['no last chunk', '5\r\nhello\r\n', five, UNSIGNED_TRAILER, 'malformed-chunks'],
    ['a truncated chunk', 'ff\r\nhello\r\n0\r\n\r\n', five, UNSIGNED_TRAILER, 'malformed-chunks'],
    ['a size that is not hexadecimal', 'xx\r\nhello\r\n0\r\n\r\n', five, UNSIGNED_TRAILER, 'malformed-chunks'],
    ['a chunk longer than its size', '4\r\nhello\r\n0\r\n\r\n', five, UNSIGNED_TRAILER, 'malformed-chunks'],
    ['unsigned chunks instead of signed ones', '5\r\nhello\r\n0\r\n\r\n', five, SIGNED, 'malformed-chunks'],
    ['signed chunks instead of unsigned ones', EXAMPLE, LENGTH, UNSIGNED_TRAILER, 'malformed-chunks'],
    ['data after the end', '5\r\nhello\r\n0\r\n\r\nmore', five, UNSIGNED_TRAILER, 'malformed-chunks'],
    ['an empty payload', '', five, UNSIGNED_TRAILER, 'malformed-chunks'],
  ];
  for (const [what, body, headers, by, kind] of cases) {
    it(`rejects ${what}`, () => {
      try {
        decode(body, headers, by);
      } catch (error) {
        expect(error).to.be.instanceOf(SignatureProblem).with.property('kind', kind);
        return;
      }
      throw new Error('the payload was accepted');
    });
  }
});
