/** Condition keys of requests to S3: headers, parameters, signature, address. */
import { allow, deny, fails, suite, type Conditions, type SignedRequestOptions } from '../../harness/index.ts';
import { DENIED } from '../lib/outcomes.ts';
import { ask, copyOf, ETAG_OF_ONE, may, mayNot, ONE_PART, refusedWith, withHeader, xml } from '../lib/s3-requests.ts';
import { appWith } from '../lib/worlds.ts';

const KEYS = 'Service Authorization Reference, Amazon S3, condition keys';
const SIGNATURE_KEYS = 'Amazon S3 API Reference, "Amazon S3 Signature Version 4 Authentication Specific Policy Keys"';
const forbidden = (request: string, options: SignedRequestOptions = {}) => fails(ask(request, options), DENIED);
/** SHA-256 of an empty body. */
const HASH_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
/** Headers of PutObject that are condition keys, with values that a new bucket accepts. */
const WRITTEN: Readonly<Record<string, string>> = {
  'x-amz-storage-class': 'STANDARD_IA',
  'x-amz-server-side-encryption': 'AES256',
  'x-amz-acl': 'bucket-owner-full-control',
  'x-amz-website-redirect-location': '/elsewhere',
  'if-none-match': '*',
  'x-amz-content-sha256': HASH_OF_NOTHING,
};
/** Headers of PutObject that new buckets reject, because their ACLs are disabled. */
const GRANTS = ['full-control', 'read', 'read-acp', 'write', 'write-acp'].map((right) => `x-amz-grant-${right}`);
const GRANTEE = `id="${'0123456789abcdef'.repeat(4)}"`;
const KMS_KEY = 'arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const COPIED_PART = 'PUT data/any/key?partNumber=1&uploadId=none';
const NO_ACLS = refusedWith('AccessControlListNotSupported', 400);
const NO_UPLOAD = refusedWith('NoSuchUpload', 404);
const equals = (key: string, value: string): Conditions => ({ StringEquals: { [`s3:${key}`]: value } });

suite('s3', ({ scenario }) => {
  const FORWARDED = { 'x-forwarded-for': '224.0.0.1', 'x-real-ip': '224.0.0.1' };

  scenario('OB-06', 'request headers are condition keys, which exist only if the headers are sent', {
    source: `${KEYS}; IAM User Guide, "AWS global condition context keys", aws:Referer`,
    ...appWith(
      allow('s3:PutObject', 'data/*'),
      ...Object.entries(WRITTEN).map(([name, value]) => deny('s3:PutObject', `data/${name}`, equals(name, value))),
      deny('s3:PutObject', 'data/referred', { StringEquals: { 'aws:Referer': 'https://example.com/' } }),
      deny('s3:PutObject', 'data/must', { Null: { 's3:x-amz-server-side-encryption': 'true' } }),
      deny('s3:PutObject', 'data/all', { StringLike: { 's3:x-amz-acl': '*' } }),
    ),
    buckets: { data: {} },
    probes: [
      ...Object.entries(WRITTEN).flatMap(([name, value]) => [
        may(`PUT data/other-${name}`, withHeader(name, value)),
        forbidden(`PUT data/${name}`, withHeader(name, value)),
      ]),
      may('PUT data/x-amz-acl'),
      may('PUT data/x-amz-storage-class', withHeader('x-amz-storage-class', 'STANDARD')),
      may('PUT data/referred'),
      forbidden('PUT data/referred', { headers: { referer: 'https://example.com/' } }),
      may('PUT data/must', withHeader('x-amz-server-side-encryption', 'AES256')),
      forbidden('PUT data/must'),
      // A multipart upload sends the header at its start.
      may('POST data/must?uploads', withHeader('x-amz-server-side-encryption', 'AES256')),
      forbidden('POST data/must?uploads'),
      may('PUT data/all'),
      forbidden('PUT data/all', withHeader('x-amz-acl', 'bucket-owner-full-control')),
      // A presigned URL has parameters instead of headers.
      may('PUT data/all', { presigned: 60 }),
      forbidden('PUT data/all?x-amz-acl=bucket-owner-full-control', { presigned: 60 }),
    ],
  });

  scenario('OB-21', 'headers for grants, encryption and bucket creation are condition keys', {
    source: `${KEYS}; Amazon S3 User Guide, "Controlling ownership of objects and disabling ACLs": AccessControlListNotSupported`,
    ...appWith(
      allow(['s3:PutObject', 's3:GetObject'], 'data/*'),
      allow('s3:CreateBucket', 'none'),
      ...GRANTS.map((name) => deny('s3:PutObject', `data/${name}`, equals(name, GRANTEE))),
      deny('s3:PutObject', 'data/kms', equals('x-amz-server-side-encryption-aws-kms-key-id', KMS_KEY)),
      deny('s3:PutObject', 'data/customer', equals('x-amz-server-side-encryption-customer-algorithm', 'AES256')),
      deny('s3:PutObject', 'data/annotated', equals('x-amz-object-annotation-directive', 'COPY')),
      deny('s3:CreateBucket', 'none', equals('x-amz-object-ownership', 'ObjectWriter')),
      deny('s3:CreateBucket', 'none', equals('x-amz-bucket-namespace', 'account-regional')),
      deny('s3:CreateBucket', 'none', equals('LocationConstraint', '<region:c1>')),
    ),
    objects: ['data/key'],
    probes: [
      may('PUT data/kms'),
      may('PUT data/customer'),
      ...GRANTS.flatMap((name) => [
        forbidden(`PUT data/${name}`, withHeader(name, GRANTEE)),
        fails(ask(`PUT data/other-${name}`, withHeader(name, GRANTEE)), NO_ACLS),
      ]),
      // For a put, a copy and a multipart upload.
      ...[
        ask('PUT data/acl', withHeader('x-amz-acl', 'bucket-owner-read')),
        ask('PUT data/acl', copyOf('data/key', { 'x-amz-acl': 'bucket-owner-read' })),
        ask('POST data/acl?uploads', withHeader('x-amz-acl', 'bucket-owner-read')),
      ].map((request) => fails(request, NO_ACLS)),
      forbidden('PUT data/kms', {
        headers: {
          'x-amz-server-side-encryption': 'aws:kms',
          'x-amz-server-side-encryption-aws-kms-key-id': KMS_KEY,
        },
      }),
      forbidden('PUT data/customer', {
        headers: {
          'x-amz-server-side-encryption-customer-algorithm': 'AES256',
          'x-amz-server-side-encryption-customer-key': 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=',
          'x-amz-server-side-encryption-customer-key-md5': 'hRasmdxgYDKV3nvbahU1MA==',
        },
      }),
      forbidden('PUT data/annotated', copyOf('data/key', { 'x-amz-object-annotation-directive': 'COPY' })),
      forbidden('PUT none', withHeader('x-amz-object-ownership', 'ObjectWriter')),
      forbidden('PUT none', withHeader('x-amz-bucket-namespace', 'account-regional')),
      forbidden('PUT none', {
        body: xml('CreateBucketConfiguration', '<LocationConstraint><region:c1></LocationConstraint>'),
      }),
    ],
  });

  scenario('OB-07', 'conditions can limit the source and the options of a copy', {
    source: `${KEYS}: s3:x-amz-copy-source, s3:x-amz-metadata-directive; Amazon S3 API Reference, CopyObject and UploadPartCopy, permissions`,
    ...appWith(
      allow('s3:GetObject', ['data/source/*', 'data/other/*']),
      allow('s3:PutObject', 'data/copy/*', equals('x-amz-copy-source', '<bucket:data>/source/key')),
      allow('s3:PutObject', 'data/replaced/*', equals('x-amz-metadata-directive', 'REPLACE')),
      allow('s3:PutObject', 'data/any/*'),
    ),
    objects: ['data/source/key', 'data/other/key', 'data/other/a b+c', 'data/hidden/key'],
    probes: [
      // The header is percent-encoded.
      may('PUT data/any/key', copyOf('data/%6Fther/a%20b%2Bc')),
      mayNot('PUT data/any/key', copyOf('data/%68idden/key')),
      may('PUT data/copy/key', copyOf('data/source/key')),
      mayNot('PUT data/copy/key', copyOf('data/other/key')),
      mayNot('PUT data/copy/key'),
      may('PUT data/replaced/key', copyOf('data/source/key', { 'x-amz-metadata-directive': 'REPLACE' })),
      mayNot('PUT data/replaced/key', copyOf('data/source/key')),
      may('PUT data/any/key', copyOf('data/other/key')),
      mayNot('PUT data/any/key', copyOf('data/hidden/key')),
      // The same applies to a copied part.
      fails(ask(COPIED_PART, copyOf('data/other/key')), refusedWith('NoSuchUpload', 404)),
      mayNot(COPIED_PART, copyOf('data/hidden/key')),
      fails(ask('PUT data/copy/key?partNumber=1&uploadId=none', copyOf('data/source/key')), NO_UPLOAD),
      mayNot('PUT data/copy/key?partNumber=1&uploadId=none', copyOf('data/other/key')),
    ],
  });

  scenario('OB-28', 'a resource is compared with the whole decoded key, without normalization', {
    source:
      'Amazon S3 User Guide, "Naming Amazon S3 objects": a key is UTF-8 of at most 1,024 bytes; "Policy resources for Amazon S3"',
    ...appWith(
      allow('s3:PutObject', ['data/a b/*', 'data/é+%/*', 'data/part//*', 'data/up/*', 'data/Case/*', 'data/long/*']),
    ),
    buckets: { data: {} },
    probes: [
      may('PUT data/a b/key'),
      mayNot('PUT data/a+b/key'),
      mayNot('PUT data/a%20b/key'),
      may('PUT data/é+%/key'),
      may('PUT data/part//key'),
      mayNot('PUT data/part/key'),
      // Dots have no special meaning in a key.
      may('PUT data/up/../key'),
      mayNot('PUT data/key'),
      may('PUT data/Case/key'),
      mayNot('PUT data/case/key'),
      may(`PUT data/long/${'é'.repeat(509)}x`),
      fails(ask(`PUT data/long/${'é'.repeat(510)}`), refusedWith('KeyTooLongError', 400)),
    ],
  });

  scenario('OB-08', 'prefix, delimiter and max-keys are condition keys of a listing that sends them', {
    source: `${KEYS}: s3:prefix, s3:delimiter, s3:max-keys; Amazon S3 User Guide, "Bucket policy examples using condition keys"`,
    ...appWith(
      allow('s3:ListBucket', 'prefixed', { StringEquals: { 's3:prefix': ['', 'red/'] } }),
      allow('s3:ListBucket', 'delimited', equals('delimiter', '/')),
      allow('s3:ListBucket', 'few', { NumericLessThanEquals: { 's3:max-keys': '10' } }),
    ),
    buckets: { prefixed: {}, delimited: {}, few: {} },
    probes: [
      may('GET prefixed?list-type=2&prefix=red%2F'),
      may('GET prefixed?list-type=2&prefix='),
      mayNot('GET prefixed?list-type=2&prefix=red'),
      mayNot('GET prefixed?list-type=2'),
      // HeadBucket has no prefix.
      fails(ask('HEAD prefixed'), refusedWith('403', 403)),
      may('GET prefixed?prefix=red%2F'),
      mayNot('GET prefixed?prefix=blue%2F'),
      may('GET delimited?list-type=2&delimiter=%2F'),
      mayNot('GET delimited?list-type=2&delimiter=-'),
      mayNot('GET delimited?list-type=2'),
      may('GET delimited?delimiter=%2F'),
      mayNot('GET delimited?delimiter=-'),
      may('GET few?max-keys=10'),
      mayNot('GET few?max-keys=11'),
      may('GET few?list-type=2&max-keys=10'),
      mayNot('GET few?list-type=2&max-keys=11'),
      mayNot('GET few?list-type=2'),
    ],
  });

  scenario('OB-12', 'condition keys describe how a request was signed, and the age of a presigned URL', {
    source: SIGNATURE_KEYS,
    ...appWith(
      allow('s3:GetObject', 'data/header', { StringEquals: { 's3:authType': 'REST-HEADER' } }),
      allow('s3:GetObject', 'data/url', { StringEquals: { 's3:authType': 'REST-QUERY-STRING' } }),
      allow('s3:GetObject', 'data/version', { StringEquals: { 's3:signatureversion': 'AWS4-HMAC-SHA256' } }),
      allow('s3:GetObject', 'data/new', { NumericLessThan: { 's3:signatureAge': '600000' } }),
      allow('s3:GetObject', 'data/old', { NumericGreaterThan: { 's3:signatureAge': '600000' } }),
      allow('s3:GetObject', 'data/none', { Null: { 's3:signatureAge': 'true' } }),
      allow('s3:GetObject', 'data/secure', { NumericGreaterThanEquals: { 's3:TlsVersion': '1.2' } }),
      allow('s3:GetObject', 'data/insecure', { NumericLessThan: { 's3:TlsVersion': '1.2' } }),
    ),
    objects: ['header', 'url', 'version', 'new', 'old', 'none', 'secure', 'insecure'].map((key) => `data/${key}`),
    probes: [
      may('GET data/header'),
      mayNot('GET data/header', { presigned: 60 }),
      may('GET data/url', { presigned: 60 }),
      mayNot('GET data/url'),
      may('GET data/version'),
      may('GET data/version', { presigned: 60 }),
      may('GET data/new', { presigned: 7200 }),
      mayNot('GET data/new', { presigned: 7200, age: 1200 }),
      may('GET data/old', { presigned: 7200, age: 1200 }),
      mayNot('GET data/old', { presigned: 7200 }),
      may('GET data/none'),
      mayNot('GET data/none', { presigned: 60 }),
      may('GET data/secure'),
      mayNot('GET data/insecure'),
    ],
  });

  scenario('OB-29', 'the source address of a request is that of its connection, regardless of headers', {
    keywords: ['spoofed address'],
    source: 'IAM User Guide, "AWS global condition context keys": aws:SourceIp',
    ...appWith(
      // A multicast address, which is never a source.
      allow('s3:GetObject', 'data/said', { IpAddress: { 'aws:SourceIp': '224.0.0.0/4' } }),
      allow('s3:GetObject', 'data/real', { NotIpAddress: { 'aws:SourceIp': '224.0.0.0/4' } }),
    ),
    objects: ['data/said', 'data/real'],
    probes: [
      mayNot('GET data/said', { headers: FORWARDED }),
      may('GET data/real', { headers: FORWARDED }),
      may('GET data/real'),
    ],
  });

  scenario('OB-13', 'policies can require that writes do not overwrite objects', {
    source:
      'Amazon S3 User Guide, "Enforce conditional writes on Amazon S3 buckets": s3:if-none-match, s3:if-match, s3:ObjectCreationOperation',
    ...appWith(
      allow(['s3:GetObject', 's3:PutObject'], 'data/*'),
      deny('s3:PutObject', 'data/new/*', {
        Null: { 's3:if-none-match': 'true' },
        Bool: { 's3:ObjectCreationOperation': 'true' },
      }),
      deny('s3:PutObject', 'data/same/*', { StringNotEquals: { 's3:if-match': ETAG_OF_ONE } }),
      // S3 reads the object whose entity tag is compared.
      allow('s3:PutObject', ['read/*']),
      allow('s3:GetObject', 'read/*', { StringEquals: { 's3:ExistingObjectTag/team': 'red' } }),
    ),
    objects: ['data/key', { at: 'read/red', tags: { team: 'red' } }, { at: 'read/blue', tags: { team: 'blue' } }],
    probes: [
      forbidden('PUT data/new/key'),
      may('PUT data/new/key', withHeader('if-none-match', '*')),
      fails(ask('PUT data/new/key', withHeader('if-none-match', '*')), refusedWith('PreconditionFailed', 412)),
      // A multipart upload writes no object until it is complete.
      may('POST data/new/parts?uploads'),
      fails(ask('PUT data/new/parts?partNumber=1&uploadId=none'), NO_UPLOAD),
      forbidden('POST data/new/parts?uploadId=none', ONE_PART),
      fails(ask('POST data/new/parts?uploadId=none', { ...ONE_PART, headers: { 'if-none-match': '*' } }), NO_UPLOAD),
      may('PUT data/copy', copyOf('data/key')),
      forbidden('PUT data/new/copy', copyOf('data/key')),
      forbidden('PUT data/same/key'),
      forbidden('PUT data/same/key', withHeader('if-match', '"another"')),
      // This request is allowed, so S3 looks for an object to compare with.
      fails(ask('PUT data/same/key', withHeader('if-match', ETAG_OF_ONE)), refusedWith('NoSuchKey', 404)),
      fails(ask('PUT read/red', withHeader('if-match', '"another"')), refusedWith('PreconditionFailed', 412)),
      mayNot('PUT read/blue', withHeader('if-match', '"another"')),
    ],
  });
});
