/** Signed payloads: whole or in chunks, with and without a trailer. */
import {
  allow,
  altered,
  deny,
  fails,
  matching,
  succeeds,
  suite,
  type SignedRequestOptions,
} from '../../harness/index.ts';
import {
  ask,
  BAD_DIGEST,
  digests,
  ERRORS,
  get,
  HASH,
  HASH_OF_ONE,
  IN_HEADER,
  MISMATCH,
  put,
  refusedWith,
  SIGNING,
  teamTag,
  withHeader,
} from '../lib/s3-requests.ts';
import { DENIED as DENIED_BY_POLICY } from '../lib/outcomes.ts';
import { appWith } from '../lib/worlds.ts';

const CHUNKS = `${SIGNING}, "Transferring payload in multiple chunks"; "Including trailing headers"`;
const WRITER = appWith(allow(['s3:GetObject', 's3:PutObject'], 'data/*'));
const DIGITS = '123456789';
/** Check values of these digits, from the definitions of the algorithms. */
const CHECKSUMS = {
  crc32: 'y/Q5Jg==',
  crc32c: '4waSgw==',
  crc64nvme: 'rosUhgp5mIg=',
  sha1: '98O8HYCOBHMq32eZZczDTKeuNEE=',
  sha256: 'FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=',
};
const TWO_CHECKSUMS = { ...digests.sha256(DIGITS), 'x-amz-checksum-crc32': CHECKSUMS.crc32 };
const LENGTH = 'x-amz-decoded-content-length';
/** The signature of the last chunk, up to a digit that `f` changes. */
const LAST_SIGNATURE = /(\r\n0;chunk-signature=\w*?)[0-7]/;
const WITHOUT_CHUNKS: readonly SignedRequestOptions[] = [{}, { payload: 'unsigned' }, { presigned: 60 }];
const FORMS: readonly SignedRequestOptions[] = [
  ...WITHOUT_CHUNKS,
  ...(['chunks', 'chunks-and-trailer', 'unsigned-chunks-and-trailer'] as const).map((payload) => ({ payload })),
];
/** Signatures for another region, request, key or session. */
const wrongly = (request: (options: SignedRequestOptions) => ReturnType<typeof ask>) => [
  fails(
    request({ region: 'af-south-1' }),
    refusedWith(['AuthorizationHeaderMalformed', 'AuthorizationQueryParametersError'], 400),
  ),
  ...['PUT data/other', 'DELETE data/key'].map((signedAs) => fails(request({ signedAs }), MISMATCH)),
  fails(request({ credentials: 'unknown-key' }), refusedWith('InvalidAccessKeyId', 403)),
  fails(request({ credentials: 'another-session-token' }), refusedWith('InvalidToken', 400)),
];

suite('signatures', ({ scenario }) => {
  const TRAILER_LOST = refusedWith(['MalformedTrailerError', 'SignatureDoesNotMatch', 'InvalidRequest', 'BadDigest']);
  const CHUNK_LOST = refusedWith([
    'SignatureDoesNotMatch',
    'IncompleteBody',
    'InvalidRequest',
    'InvalidChunkSizeError',
  ]);
  const inChunks = (change: SignedRequestOptions) => put('wrong', { payload: 'chunks', body: 20_000, ...change });
  type Trailed = 'chunks-and-trailer' | 'unsigned-chunks-and-trailer';
  const withTrailer = (payload: Trailed, change: SignedRequestOptions) =>
    put('wrong', { payload, body: 20_000, ...change });
  const trailed = (payload: Trailed) => [
    succeeds(put('key', { payload, body: 20_000 })),
    succeeds(get({}, 'GET data/key'), { bytes: 20_000 }),
    succeeds(put('empty', { payload })),
    ...[
      altered('body', /x-amz-checksum-crc32:[^\r]*\r\n/, ''),
      altered('body', /x-amz-checksum-crc32:/, 'x-amz-checksum-sha1:'),
      altered('body', /x-amz-checksum-crc32:/, ':'),
      altered('body', /x-amz-checksum-crc32:/, 'x-amz-checksum-crc32'),
      altered('body', /(?<=x-amz-checksum-crc32:[^\r]*\r\n)/, 'x-amz-meta-note:one\r\n'),
    ].map((change) => fails(withTrailer(payload, change), TRAILER_LOST)),
  ];

  scenario('SG-07', 'S3 rejects a payload that was not signed, unless the request declares it unsigned', {
    source: `${IN_HEADER}, x-amz-content-sha256; ${ERRORS}: XAmzContentSHA256Mismatch, InvalidRequest, InvalidArgument, BadDigest, InvalidDigest; Amazon S3 User Guide, "Checking object integrity in Amazon S3"`,
    ...appWith(
      allow(['s3:GetObject', 's3:PutObject'], 'data/*'),
      deny('s3:PutObject', 'data/signed/*', { StringEquals: { 's3:x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }),
    ),
    buckets: { data: {} },
    probes: [
      succeeds(put('hash', { body: 'one' })),
      fails(put('hash', { body: 'one', ...altered('body', /one/, 'two') }), {
        ...refusedWith('XAmzContentSHA256Mismatch', 400),
        facts: { ClientComputedContentSHA256: HASH_OF_ONE, S3ComputedContentSHA256: matching(/^[0-9a-f]{64}$/) },
      }),
      fails(put('hash', { body: 'one', ...altered(HASH, /^7/, '8') }), MISMATCH),
      succeeds(put('unsigned', { body: 'one', payload: 'unsigned', ...altered('body', /one/, 'other') })),
      succeeds(get({}, 'GET data/unsigned'), { bytes: 5 }),
      fails(put('hash', { body: 'one', payload: 'unsigned', ...altered(HASH, /.*/, HASH_OF_ONE) }), MISMATCH),
      fails(put('hash', { body: 'one', ...withHeader(HASH, '') }), refusedWith('InvalidRequest', 400)),
      fails(put('hash', { body: 'one', headers: { [HASH]: 'SIGNED' } }), refusedWith('InvalidArgument', 400)),
      ...Object.values(digests).flatMap((checksum) => [
        succeeds(put('hash', { body: 'one', headers: checksum('one') })),
        fails(put('hash', { body: 'one', headers: checksum('two') }), BAD_DIGEST),
      ]),
      ...Object.entries(CHECKSUMS).flatMap(([algorithm, checksum]) =>
        [DIGITS, '123456788'].map((body) => {
          const request = put('hash', { body, headers: { [`x-amz-checksum-${algorithm}`]: checksum } });
          return body === DIGITS ? succeeds(request) : fails(request, BAD_DIGEST);
        }),
      ),
      fails(put('hash', { body: DIGITS, headers: TWO_CHECKSUMS }), refusedWith('InvalidRequest', 400)),
      fails(put('hash', { body: 'one', headers: { 'content-md5': 'b25l' } }), refusedWith('InvalidDigest', 400)),
      // A policy can forbid unsigned payloads.
      succeeds(put('signed/hash', { body: 'one' })),
      fails(put('signed/unsigned', { body: 'one', payload: 'unsigned' }), DENIED_BY_POLICY),
    ],
  });

  scenario('SG-08', 'chunks are signed one by one, each with the previous one', {
    source: CHUNKS,
    ...WRITER,
    buckets: { data: {} },
    probes: [
      succeeds(put('long', { payload: 'chunks', body: 20_000 })),
      succeeds(get({}, 'GET data/long'), { bytes: 20_000 }),
      succeeds(put('one', { payload: 'chunks', body: 'one' })),
      succeeds(get({}, 'GET data/one'), { bytes: 3 }),
      succeeds(put('empty', { payload: 'chunks' })),
      ...[
        // A changed byte in the first chunk, and in the last.
        altered('body', /x/, 'y'),
        altered('body', /x(?=\r\n0;)/, 'y'),
        altered('body', /^(2000;chunk-signature=\w*?)[0-7]/, '$1f'),
        altered('body', LAST_SIGNATURE, '$1f'),
        // Two swapped chunks with the same data but different signatures.
        altered('body', /^(2000;[^x]*x+\r\n)(2000;[^x]*x+\r\n)/, '$2$1'),
      ].map((change) => fails(inChunks(change), MISMATCH)),
      ...[
        // A missing chunk: the first, and the last.
        altered('body', /^2000;[^x]*x+\r\n/, ''),
        altered('body', /0;chunk-signature=.*$/, ''),
        altered('body', /\r\n0;.*$/, ''),
        altered('body', /;chunk-signature=\w+/, ''),
        altered('body', /(?<=\r\n0);chunk-signature=\w+/, ''),
        altered('body', /^(2000);[^x]*(x+\r\n2000);[^x]*(x+\r\n\w+);[^x]*(x+\r\n0);.*/, '$1\r\n$2\r\n$3\r\n$4\r\n\r\n'),
        altered('body', /^2000;/, 'many;'),
        altered('body', /\r\n(?=2000;)/, 'x\n'),
        altered('body', /\r\n(?=2000;)/, '\rx'),
        altered('body', /$/, 'more\r\n'),
        altered('body', /x+\r\n0;/, 'xxx\r\n0;'),
      ].map((change) => fails(inChunks(change), CHUNK_LOST)),
      fails(inChunks(withHeader(LENGTH, '19999')), refusedWith(['IncompleteBody', 'InvalidRequest'])),
      fails(inChunks(withHeader(LENGTH, '')), refusedWith('MissingContentLength', 411)),
      // A body without chunks cannot have this header value.
      fails(
        put('wrong', { body: 'one', ...withHeader(HASH, 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD') }),
        refusedWith(['IncompleteBody', 'InvalidRequest', 'MissingContentLength', 'SignatureDoesNotMatch']),
      ),
    ],
  });

  scenario('SG-09', 'a trailer is signed with the last chunk, and must match the data', {
    source: `${CHUNKS}; ${ERRORS}: MalformedTrailerError`,
    ...WRITER,
    buckets: { data: {} },
    probes: [
      ...trailed('chunks-and-trailer'),
      ...[
        altered('body', /(?<=x-amz-checksum-crc32:)\w/, '_'),
        altered('body', /(x-amz-trailer-signature:\w*?)[0-7]/, '$1f'),
        altered('body', LAST_SIGNATURE, '$1f'),
        altered('body', /x/, 'y'),
      ].map((change) => fails(withTrailer('chunks-and-trailer', change), MISMATCH)),
      ...[
        altered('body', /x-amz-trailer-signature:[^\r]*\r\n/, ''),
        altered('body', /(?<=x-amz-trailer-signature:\w{10})\w*/, ''),
      ].map((change) => fails(withTrailer('chunks-and-trailer', change), TRAILER_LOST)),
    ],
  });

  scenario('SG-10', 'the trailer of unsigned chunks is checked against the data', {
    source: `${CHUNKS}; Amazon S3 User Guide, "Checking object integrity in Amazon S3": BadDigest`,
    ...WRITER,
    buckets: { data: {} },
    probes: [
      ...trailed('unsigned-chunks-and-trailer'),
      ...[
        altered('body', /x/, 'y'),
        // Another checksum in the same format.
        altered('body', /(?<=x-amz-checksum-crc32:).{6}/, 'AAAAAA'),
      ].map((change) => fails(withTrailer('unsigned-chunks-and-trailer', change), BAD_DIGEST)),
      fails(withTrailer('unsigned-chunks-and-trailer', altered(HASH, /.*/, 'UNSIGNED-PAYLOAD')), MISMATCH),
    ],
  });

  scenario('SG-16', 'each form of a payload requires a valid signature of the request itself', {
    source: `${IN_HEADER}, x-amz-content-sha256; ${SIGNING}, "Using Query Parameters"; ${CHUNKS}; ${ERRORS}`,
    ...appWith(allow(['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:PutObjectTagging'], 'data/*')),
    objects: ['data/key'],
    probes: [
      ...FORMS.flatMap((form) => {
        const part = (options: SignedRequestOptions) =>
          ask('PUT data/key?partNumber=1&uploadId=none', { ...form, body: 20_000, ...options });
        return [
          ...['one', ''].flatMap((body) => [
            succeeds(put('key', { ...form, body })),
            fails(put('key', { ...form, body, credentials: 'another-secret' }), MISMATCH),
          ]),
          // A part whose upload does not exist.
          fails(part({}), refusedWith('NoSuchUpload', 404)),
          fails(part({ credentials: 'another-secret' }), MISMATCH),
          fails(part({ signedAs: 'POST data/key?partNumber=1&uploadId=none' }), MISMATCH),
          ...wrongly((options) => put('key', { ...form, body: 'one', ...options })),
        ];
      }),
      ...FORMS.filter(({ payload }) => payload !== undefined && payload !== 'unsigned').map((form) =>
        fails(put('key', { ...form, body: 'one', ...altered(HASH, /.*/, 'UNSIGNED-PAYLOAD') }), MISMATCH),
      ),
      ...WITHOUT_CHUNKS.flatMap((form) => [
        succeeds(ask('PUT data/key?tagging', { ...form, ...teamTag('red') })),
        fails(ask('PUT data/key?tagging', { ...form, ...teamTag('red'), credentials: 'another-secret' }), MISMATCH),
        succeeds(ask('POST data/key?uploads', form)),
        fails(ask('POST data/key?uploads', { ...form, credentials: 'another-secret' }), MISMATCH),
        ...wrongly((options) => get({ ...form, ...options })),
        succeeds(get(form), { bytes: 0 }),
        succeeds(ask('HEAD data/key', form)),
        fails(ask('HEAD data/key', { ...form, credentials: 'another-secret' }), refusedWith('403', 403)),
        fails(ask('DELETE data/key', { ...form, credentials: 'another-secret' }), MISMATCH),
        succeeds(ask('DELETE data/none', form)),
      ]),
      succeeds(get()),
    ],
  });
});
