/** Presigned URLs: required parameters, lifetime, and unsigned parts. */
import {
  allow,
  altered,
  fails,
  matching,
  signedRequest,
  succeeds,
  suite,
  type SignedRequestOptions,
} from '../../harness/index.ts';
import { DENIED, ERRORS, get, HASH, HASH_OF_ONE, MISMATCH, refusedWith, SIGNING } from '../lib/s3-requests.ts';
import { appWith } from '../lib/worlds.ts';

const IN_QUERY = `${SIGNING}, "Using Query Parameters"`;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const WRITER = appWith(allow(['s3:GetObject', 's3:PutObject'], 'data/*'));
const WEEK_SECONDS = 604_800;
const WRONG = `X-Amz-Signature=${'0'.repeat(64)}`;
/** Parameters that every presigned URL has, with other values than a URL of these scenarios. */
const OF_SIGNATURE = [
  'X-Amz-Algorithm=AWS4-HMAC-SHA256',
  'X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F20250101%2Fus-west-2%2Fs3%2Faws4_request',
  'X-Amz-Date=20250101T000000Z',
  'X-Amz-Expires=604800',
  'X-Amz-Security-Token=c2Vzc2lvbg%3D%3D',
  'X-Amz-SignedHeaders=host',
];
type Change = readonly [find: RegExp, by: string];
/** Returns changes of a URL that add the parameter at either end, also in lower case, or write its own in lower case. */
function changesBy(parameter: string): readonly Change[] {
  const [name = ''] = parameter.split('=');
  const inLowerCase = name.toLowerCase();
  return [
    ...[...new Set([name, inLowerCase])].flatMap((written): readonly Change[] => {
      const added = parameter.replace(name, written);
      return [
        [/$/, `&${added}`],
        [/\?/, `?${added}&`],
      ];
    }),
    ...(OF_SIGNATURE.includes(parameter) ? [[RegExp(name), inLowerCase] as const] : []),
  ];
}
const identity = (options: SignedRequestOptions = {}) =>
  signedRequest('app', 'GET sts:/?Action=GetCallerIdentity&Version=2011-06-15', { presigned: 60, ...options });

suite('signatures', ({ scenario }) => {
  const NOT_READ = refusedWith('AuthorizationQueryParametersError', 400);
  const url = (options: SignedRequestOptions = {}, request?: string) => get({ presigned: 600, ...options }, request);
  const urlWith = (find: RegExp, by: string) => url(altered('target', find, by));
  const upload = (options: SignedRequestOptions, query = '') =>
    signedRequest('app', `PUT data/new${query}`, { presigned: 600, body: 'one', ...options });
  const otherBody = altered('body', /one/, 'other');

  scenario('SG-11', 'a presigned URL has its signature and lifetime in the query', {
    source: `${IN_QUERY}; ${ERRORS}: AuthorizationQueryParametersError`,
    ...WRITER,
    objects: ['data/key', 'data/other'],
    probes: [
      succeeds(url()),
      succeeds(url({}, 'GET data/key?response-content-type=text%2Fplain')),
      succeeds(url({ age: 500 })),
      fails(url({ age: 700 }), {
        ...DENIED,
        message: 'Request has expired',
        facts: { 'X-Amz-Expires': '600', Expires: matching(ISO), ServerTime: matching(ISO) },
      }),
      fails(url({ presigned: 0, age: 60 }), { ...DENIED, message: 'Request has expired' }),
      // A lifetime can exceed fifteen minutes, but not a week.
      succeeds(url({ presigned: 7200, age: 3600 })),
      succeeds(url({ presigned: WEEK_SECONDS })),
      // Signed with a clock that is some minutes fast.
      succeeds(url({ age: -240 })),
      fails(url({ age: -3600 }), { ...DENIED, message: 'not valid yet' }),
      fails(urlWith(/X-Amz-Expires=600/, 'X-Amz-Expires=604801'), { ...NOT_READ, message: 'week' }),
      fails(urlWith(/X-Amz-Expires=600/, 'X-Amz-Expires=-1'), { ...NOT_READ, message: 'non-negative' }),
      fails(urlWith(/X-Amz-Expires=600/, 'X-Amz-Expires=long'), { ...NOT_READ, message: 'number' }),
      fails(urlWith(/X-Amz-Expires=600&/, ''), { ...NOT_READ, message: 'and X-Amz-Expires parameters' }),
      fails(urlWith(/X-Amz-Algorithm=[^&]*&/, ''), NOT_READ),
      fails(urlWith(/HMAC-SHA256/, 'HMAC-SHA1'), NOT_READ),
      fails(urlWith(/X-Amz-Credential=[^&]*&/, ''), NOT_READ),
      fails(urlWith(/%2Faws4_request/, ''), NOT_READ),
      fails(urlWith(/%2Faws4_request/, '%2Faws4'), NOT_READ),
      fails(urlWith(/X-Amz-Date=[^&]*&/, ''), NOT_READ),
      fails(urlWith(/(X-Amz-Date=\d+T\d+)Z/, '$1'), NOT_READ),
      fails(urlWith(/X-Amz-SignedHeaders=[^&]*&/, ''), NOT_READ),
      fails(urlWith(/&X-Amz-Signature=.*/, ''), NOT_READ),
      // Each of three parameters alone marks a URL as signed.
      fails(urlWith(/X-Amz-Algorithm=[^&]*&(.*)&X-Amz-Signature=.*/, '$1'), NOT_READ),
      fails(urlWith(/X-Amz-Algorithm=[^&]*&(.*)X-Amz-Credential=[^&]*&/, '$1'), NOT_READ),
      fails(urlWith(/X-Amz-Credential=[^&]*&(.*)&X-Amz-Signature=.*/, '$1'), NOT_READ),
      fails(url({ region: 'af-south-1' }), NOT_READ),
      fails(urlWith(/(?<=X-Amz-Signature=.*)[0-7]/, 'f'), MISMATCH),
      fails(urlWith(/X-Amz-Expires=600/, 'X-Amz-Expires=601'), MISMATCH),
      fails(urlWith(/\/key/, '/other'), MISMATCH),
      fails(urlWith(/$/, '&response-content-type=text%2Fplain'), MISMATCH),
      fails(url({ signedAs: 'PUT data/key' }), MISMATCH),
      fails(url({ credentials: 'another-session-token' }), refusedWith('InvalidToken', 400)),
      fails(url({ credentials: 'unknown-key' }), refusedWith('InvalidAccessKeyId', 403)),
      fails(url({ headers: { host: '', 'x-amz-meta-note': 'one' } }), DENIED),
      succeeds(url({ headers: { 'x-amz-meta-note': 'one' } })),
      fails(url({ headers: { 'x-amz-meta-note': 'one' }, ...altered('x-amz-meta-note', /.*/, '') }), MISMATCH),
      fails(url({ unsignedHeaders: { 'x-amz-meta-note': 'one' } }), { ...DENIED, message: 'not signed' }),
    ],
  });

  scenario('SG-12', 'a presigned URL does not cover the payload, unless it includes the hash', {
    source: `${IN_QUERY}: the payload is UNSIGNED-PAYLOAD, because it is unknown when the URL is created`,
    ...WRITER,
    buckets: { data: {} },
    probes: [
      succeeds(upload({})),
      succeeds(upload(otherBody)),
      succeeds(get({}, 'GET data/new'), { bytes: 5 }),
      succeeds(upload({ headers: { [HASH]: HASH_OF_ONE } })),
      fails(upload({ headers: { [HASH]: HASH_OF_ONE }, ...otherBody }), refusedWith('XAmzContentSHA256Mismatch', 400)),
      // Current SDKs send the hash with every upload, but many URLs were created without it.
      succeeds(upload({ unsignedHeaders: { [HASH]: HASH_OF_ONE } })),
      succeeds(upload({ unsignedHeaders: { [HASH]: 'UNSIGNED-PAYLOAD' }, ...otherBody })),
    ],
  });

  scenario('SG-17', 'no parameter can be added to a presigned URL, doubled, or written in another case', {
    source: `${IN_QUERY}: the canonical query string has every parameter except X-Amz-Signature; IAM User Guide, "Create a signed AWS API request"`,
    ...WRITER,
    objects: ['data/key'],
    probes: [
      succeeds(url()),
      succeeds(identity()),
      ...[...OF_SIGNATURE, 'response-content-type=text%2Fhtml', 'versionId=null']
        .flatMap(changesBy)
        .map((change) => fails(urlWith(...change), { by: 's3' })),
      ...[...OF_SIGNATURE, 'Action=GetAccessKeyInfo', 'Version=2011-06-15']
        .flatMap(changesBy)
        .map((change) => fails(identity(altered('target', ...change)), { by: 'sts' })),
      // A longer lifetime does not revive an expired URL.
      ...['&X-Amz-Expires=604800', '&x-amz-expires=604800'].map((more) =>
        fails(url({ age: 700, ...altered('target', /$/, more) }), { by: 's3' }),
      ),
      ...[url, identity].map((request, index) =>
        fails(request(altered('target', /X-Amz-Signature=\w+/, `${WRONG}&${WRONG}`)), {
          ...MISMATCH,
          by: index === 0 ? 's3' : 'sts',
        }),
      ),
    ],
  });
});
