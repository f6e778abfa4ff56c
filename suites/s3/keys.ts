/** Keys that differ by a slash, a dot, an escape or a case, which are different objects. */
import {
  allow,
  asSession,
  deleteObjects,
  deny,
  fails,
  forPrincipal,
  podIdentityRole,
  signedRequest,
  succeeds,
  suite,
} from '../../harness/index.ts';
import { DENIED_BY_BUCKET, NOT_ALLOWED } from '../lib/outcomes.ts';
import { copyOf, MISMATCH, SIGNING } from '../lib/s3-requests.ts';
import { APP } from '../lib/worlds.ts';

/** The key that policies name. */
const NAMED = 'a/b';
const SLASHES = ['a//b', '/a/b', 'a/b/', 'a%2Fb'];
const NEAR = [...SLASHES, 'a%2fb', 'a/./b', 'a/x/../b', './a/b', 'a\\b', 'A/b', 'a/b ', 'a/%62'];
/** In the header, a key is percent-encoded. */
const copied = (key: string) => copyOf(`data/${key.split('/').map(encodeURIComponent).join('/')}`);
const write = (request: string, options = {}) => signedRequest('writer', request, options);
const read = (request: string, options = {}) => signedRequest('app', request, options);
const list = (prefix: string) => read(`GET data?list-type=2&prefix=${encodeURIComponent(prefix)}`);

suite('s3', ({ scenario }) => {
  scenario('OB-43', 'keys that differ by a slash, a dot or an escape are different objects to every policy', {
    source: `Amazon S3 User Guide, "Naming Amazon S3 objects" and "Policy resources for Amazon S3"; Amazon S3 API Reference, CopyObject: x-amz-copy-source; ${SIGNING}: the path is not normalized`,
    roles: {
      writer: podIdentityRole(allow(['s3:PutObject', 's3:GetObject'], ['data/*', 'barred/*'])),
      app: podIdentityRole(
        allow(['s3:GetObject', 's3:DeleteObject'], `data/${NAMED}`),
        allow('s3:PutObject', 'data/copies/*'),
        allow('s3:ListBucket', 'data', { StringEquals: { 's3:prefix': 'a/' } }),
      ),
    },
    workloads: { ...APP, writer: { serviceAccount: 'writer', role: 'writer' } },
    buckets: {
      data: {},
      barred: { policy: [forPrincipal('<role:writer>', deny('s3:GetObject', `barred/${NAMED}`))] },
    },
    probes: [
      ...[NAMED, ...NEAR].flatMap((key, index) => [
        succeeds(write(`PUT data/${key}`, { body: index + 1 })),
        succeeds(write(`PUT barred/${key}`)),
      ]),
      // Each has its own content.
      ...[NAMED, ...NEAR].map((key, index) => succeeds(write(`GET data/${key}`), { bytes: index + 1 })),
      succeeds(read(`GET data/${NAMED}`), { bytes: 1 }),
      succeeds(read(`GET data/${NAMED}`, { presigned: 60 }), { bytes: 1 }),
      ...NEAR.map((key) => fails(read(`GET data/${key}`), NOT_ALLOWED)),
      ...SLASHES.map((key) => fails(read(`GET data/${key}`, { presigned: 60 }), NOT_ALLOWED)),
      fails(write(`GET barred/${NAMED}`), DENIED_BY_BUCKET),
      ...NEAR.map((key) => succeeds(write(`GET barred/${key}`))),
      succeeds(read('PUT data/copies/key', copied(NAMED))),
      ...NEAR.map((key) => fails(read('PUT data/copies/key', copied(key)), NOT_ALLOWED)),
      ...NEAR.map((key) => fails(write(`GET data/${key}`, { signedAs: `GET data/${NAMED}` }), MISMATCH)),
      succeeds(list('a/')),
      ...['a//', '/a/', 'a%2F', 'a', 'a/./', './a/', 'A/', 'a/ '].map((prefix) => fails(list(prefix), NOT_ALLOWED)),
      ...SLASHES.map((key) => fails(read(`DELETE data/${key}`), NOT_ALLOWED)),
      succeeds(asSession('app', deleteObjects('data', [...SLASHES, NAMED])), {
        deleted: 1,
        refusals: SLASHES.map(() => 'AccessDenied').join(),
      }),
      ...SLASHES.map((key) => succeeds(write(`GET data/${key}`))),
    ],
  });
});
