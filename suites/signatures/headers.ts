/** Signatures in an Authorization header that S3 accepts. */
import { S3 } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import {
  advanceClock,
  allow,
  altered,
  asSession,
  check,
  fails,
  getObject,
  matching,
  signedRequest,
  succeeds,
  suite,
} from '../../harness/index.ts';
import { errorOf } from '../lib/errors.ts';
import { DENIED, ERRORS, get, IN_HEADER, MISMATCH, put, refusedWith, SIGNING } from '../lib/s3-requests.ts';
import { appWith } from '../lib/worlds.ts';

const MALFORMED = refusedWith('AuthorizationHeaderMalformed', 400);
const READER = appWith(allow(['s3:GetObject', 's3:GetObjectTagging'], 'data/*'));
const SIGNED_BEFORE_V4 = 'AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Expires=4102444800&Signature=c2lnbmF0dXJl';
const EXPIRED = refusedWith('ExpiredToken', 400);
const HOUR = 3600;
const WEEK = 7 * 24 * HOUR;
const authorization = (find: RegExp, by: string) => get(altered('authorization', find, by));

suite('signatures', ({ scenario }) => {
  scenario('SG-01', "S3 accepts a session's own signature, and rejects one with any error", {
    source: `${SIGNING}; ${ERRORS}`,
    ...READER,
    objects: ['data/key', 'data/key-another'],
    probes: [
      succeeds(get()),
      fails(authorization(/(?<=Signature=.*)[0-7]/, 'f'), {
        ...MISMATCH,
        facts: {
          StringToSign: matching(/^AWS4-HMAC-SHA256[^]+\/s3\/aws4_request[^]+[0-9a-f]{64}$/),
          StringToSignBytes: matching(/^41 57 53 34( [0-9a-f]{2})+$/),
          SignatureProvided: matching(/^[0-9a-f]{64}$/),
        },
      }),
      fails(get({ credentials: 'another-secret' }), MISMATCH),
      fails(get({ signedAs: 'GET data/key-another' }), MISMATCH),
      fails(get({ signedAs: 'GET data/key?response-content-type=text%2Fplain' }), MISMATCH),
      fails(get({ signedAs: 'HEAD data/key' }), MISMATCH),
      fails(get({ headers: { 'x-amz-meta-note': 'one' }, ...altered('x-amz-meta-note', /one/, 'two') }), MISMATCH),
      fails(get({ headers: { range: 'bytes=0-1' }, ...altered('range', /1/, '2') }), MISMATCH),
      fails(get({ unsignedHeaders: { 'x-amz-meta-unsigned': 'yes' } }), {
        ...DENIED,
        message: 'not signed',
        facts: { HeadersNotSigned: 'x-amz-meta-unsigned' },
      }),
      fails(get({ headers: { host: '' } }), { ...DENIED, facts: { HeadersNotSigned: 'host' } }),
      fails(get({ age: 3600 }), {
        ...refusedWith('RequestTimeTooSkewed', 403),
        facts: {
          RequestTime: matching(/^\d{8}T\d{6}Z$/),
          ServerTime: matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
          MaxAllowedSkewMilliseconds: '900000',
        },
      }),
      fails(get({ region: 'af-south-1' }), { ...MALFORMED, facts: { Region: matching(/^[a-z]+-[a-z]+-\d$/) } }),
    ],
  });

  scenario('SG-02', 'S3 requires key, secret and token of the same session', {
    source: `${ERRORS}: InvalidAccessKeyId, InvalidToken`,
    ...READER,
    objects: ['data/key'],
    probes: [
      succeeds(get()),
      fails(get({ credentials: 'unknown-key' }), refusedWith('InvalidAccessKeyId', 403)),
      fails(get({ credentials: 'another-session-token' }), refusedWith('InvalidToken', 400)),
      fails(get({ headers: { 'x-amz-security-token': 'short' } }), refusedWith('InvalidToken', 400)),
      check('a key does not work with an unknown session token', async ({ aws }) => {
        const { credentials, ...settings } = await aws('s3');
        const codeOf = (sessionToken: string | undefined) => {
          const session = { ...credentials, ...(sessionToken && { sessionToken }) };
          return errorOf(new S3({ ...settings, credentials: session }).listBuckets({ MaxBuckets: 1 }));
        };
        expect(await codeOf(credentials.sessionToken)).to.equal('none');
        expect(await codeOf('token-of-nobody')).to.equal('InvalidToken');
      }),
      // A key of a session is invalid without its token.
      fails(get({ credentials: 'no-session-token' }), refusedWith(['InvalidAccessKeyId', 'InvalidToken'])),
      fails(signedRequest(null, 'GET data/key'), DENIED),
    ],
  });

  scenario('SG-03', 'S3 rejects an expired session', {
    keywords: ['expired token'],
    source: `${ERRORS}: ExpiredToken; Amazon S3 User Guide, "Download and upload objects with presigned URLs"`,
    ...READER,
    objects: ['data/key'],
    probes: [
      succeeds(asSession('app', getObject('data/key'))),
      succeeds(get({ presigned: WEEK })),
      advanceClock(6 * HOUR + 60),
      fails(asSession('app', getObject('data/key')), EXPIRED),
      // A URL with a longer lifetime expires with the session that signed it.
      fails(get({ presigned: WEEK }), EXPIRED),
    ],
  });

  scenario('SG-04', 'a request has one canonical form, in every notation', {
    source: 'IAM User Guide, "Create a signed AWS API request": "Create a canonical request"',
    ...appWith(allow(['s3:GetObject', 's3:GetObjectTagging', 's3:PutObject'], 'data/*')),
    objects: ['data/key'],
    probes: [
      succeeds(get({}, 'GET data/key?response-content-type=text%2Fplain&response-cache-control=no-store')),
      succeeds(get({}, 'GET data/key?x-id=b&x-id=B&x-id=a')),
      // Parameters are sorted by name, not by the following characters.
      succeeds(get({}, 'GET data/key?x-id=b&x-id-2=a')),
      succeeds(get({}, 'GET data/key?response-content-disposition=attachment%3B%20filename%3D%22%28a%29.txt%22')),
      // A parameter without a value is signed with an empty one.
      succeeds(get({}, 'GET data/key?tagging')),
      succeeds(get({}, 'GET data/key?tagging=')),
      succeeds(get({ headers: { 'x-amz-meta-note': 'one   two    three' } })),
      succeeds(get({ headers: { 'x-amz-meta-note': '  one two  ' } })),
      succeeds(get({ byDate: true })),
      // If both headers exist, x-amz-date counts.
      succeeds(get({ headers: { date: 'Wed, 01 Jan 2020 00:00:00 GMT' } })),
      ...["a b/(1)'*!~.txt", 'ключ/日本', 'a+b=c&d:e@f,g;h', 'a//b', 'a/../b', '100%'].flatMap((key) => [
        succeeds(put(key, { body: 'one' })),
        succeeds(get({}, `GET data/${key}`), { bytes: 3 }),
      ]),
      // Signed in the canonical form, and sent in another form that decodes to the same.
      ...[altered('target', /%3A/, ':'), altered('target', /%2C/, '%2c')].map((sent) =>
        succeeds(get(sent, 'GET data/a+b=c&d:e@f,g;h')),
      ),
      succeeds(get(altered('target', /%2F/, '/'), 'GET data/key?response-content-type=text%2Fplain')),
      fails(get(altered('target', /%3A/, '%3B'), 'GET data/a:b'), MISMATCH),
      // Signed for another key, which would be the same path in a file system.
      fails(get({ signedAs: 'GET data/b' }, 'GET data/a/../b'), MISMATCH),
      fails(get({ signedAs: 'GET data/key?tagging' }, 'GET data/key?tagging=1'), MISMATCH),
    ],
  });

  scenario('SG-05', 'S3 rejects an Authorization header with a missing or wrong part', {
    source: `${IN_HEADER}; ${ERRORS}: AuthorizationHeaderMalformed, InvalidArgument, AccessDenied`,
    ...READER,
    objects: ['data/key'],
    probes: [
      succeeds(get()),
      succeeds(authorization(/, /, ',')),
      fails(authorization(/Credential=[^,]*/, ''), MALFORMED),
      fails(authorization(/Credential=\w+\//, 'Credential='), MALFORMED),
      fails(authorization(/Credential=\w+/, 'Credential='), MALFORMED),
      fails(authorization(/\/aws4_request/, ''), MALFORMED),
      fails(authorization(/\/aws4_request/, '/aws4_request/more'), MALFORMED),
      fails(authorization(/\/aws4_request/, '/aws4'), MALFORMED),
      fails(authorization(/(?<=Credential=\w+\/)\d{8}/, '20200101'), MALFORMED),
      fails(authorization(/(?<=Credential=\w+\/)(\d{6})\d\d/, '$1'), MALFORMED),
      fails(authorization(/SignedHeaders=[^,]*/, ''), MALFORMED),
      fails(authorization(/Signature=\w*/, ''), MALFORMED),
      // A digit too few, and one too many.
      ...[authorization(/\w$/, ''), authorization(/$/, '0')].map((request) =>
        fails(request, refusedWith(['AuthorizationHeaderMalformed', 'SignatureDoesNotMatch'])),
      ),
      fails(authorization(/AWS4-HMAC-SHA256/, 'Bearer'), refusedWith('InvalidArgument', 400)),
      // The previous signature version.
      fails(authorization(/.*/, 'AWS AKIAIOSFODNN7EXAMPLE:c2lnbmF0dXJl'), refusedWith('InvalidRequest', 400)),
      fails(signedRequest(null, `GET data/key?${SIGNED_BEFORE_V4}`), refusedWith('InvalidRequest', 400)),
      // An unknown algorithm, which leads to the same code.
      fails(authorization(/AWS4-HMAC-SHA256/, 'AWS4-HMAC-SHA1'), refusedWith('InvalidArgument', 400)),
      fails(get({ presigned: 60, unsignedHeaders: { authorization: 'AWS4-HMAC-SHA256' } }), {
        ...refusedWith('InvalidArgument', 400),
        message: 'Only one auth mechanism',
      }),
      fails(get(altered('x-amz-date', /.*/, '')), DENIED),
      fails(get(altered('x-amz-date', /Z$/, '')), DENIED),
      fails(get(altered('x-amz-date', /T\d{6}/, 'T246060')), DENIED),
      fails(get({ byDate: true, ...altered('date', /.*/, 'today') }), DENIED),
      ...['x-amz-date', 'x-amz-security-token'].map((name) =>
        fails(authorization(RegExp(`(SignedHeaders=.*);${name}`), '$1'), { ...DENIED, message: 'not signed' }),
      ),
    ],
  });

  scenario('SG-06', 'the time of a signature may differ by at most fifteen minutes', {
    keywords: ['clock skew'],
    source: `${SIGNING}: RequestTimeTooSkewed; IAM User Guide, "AWS Signature Version 4": signatures are valid for five to fifteen minutes`,
    ...READER,
    objects: ['data/key'],
    probes: [
      succeeds(get({ age: 240 })),
      fails(get({ age: 960 }), refusedWith('RequestTimeTooSkewed', 403)),
      succeeds(get({ age: -240 })),
      fails(get({ age: -960 }), refusedWith('RequestTimeTooSkewed', 403)),
      // S3 itself reports a limit of fifteen minutes.
      ...[780, -780].map((age) => succeeds(get({ age }))),
    ],
  });
});
