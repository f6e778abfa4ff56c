/** What requests to S3 tell policies: headers, parameters, and how they are signed. */
import {
  DeleteBucketTaggingCommand,
  GetBucketTaggingCommand,
  PutBucketTaggingCommand,
  S3Client,
  type Tag,
} from '@aws-sdk/client-s3';
import { expect } from 'chai';
import {
  allow,
  check,
  deny,
  fails,
  podIdentityRole,
  suite,
  type Conditions,
  type SignedRequestOptions,
} from '../harness/index.ts';
import { errorOf, refusalBy } from './lib/errors.ts';
import { APP, ask, copyOf, ETAG_OF_ONE, may, mayNot, ONE_PART, refusedWith } from './lib/s3-requests.ts';
import { DENIED } from './lib/outcomes.ts';

const KEYS = 'Service Authorization Reference, Amazon S3, condition keys';
const SIGNATURE_KEYS = 'Amazon S3 API Reference, "Amazon S3 Signature Version 4 Authentication Specific Policy Keys"';

const forbidden = (request: string, options: SignedRequestOptions = {}) => fails(ask(request, options), DENIED);

/** SHA-256 of nothing. */
const HASH_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Headers of a PutObject, each a condition key, with a value that a bucket of today takes. */
const WRITTEN: Readonly<Record<string, string>> = {
  'x-amz-storage-class': 'STANDARD_IA',
  'x-amz-server-side-encryption': 'AES256',
  'x-amz-acl': 'bucket-owner-full-control',
  'x-amz-website-redirect-location': '/elsewhere',
  'if-none-match': '*',
  'x-amz-content-sha256': HASH_OF_NOTHING,
};

/** Of a PutObject, which ACLs that are turned off do not take, as they are of every new bucket. */
const GRANTS = ['full-control', 'read', 'read-acp', 'write', 'write-acp'].map((right) => `x-amz-grant-${right}`);
const GRANTEE = `id="${'0123456789abcdef'.repeat(4)}"`;
const KMS_KEY = 'arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

const COPIED_PART = 'PUT data/any/key?partNumber=1&uploadId=none';

const NO_UPLOAD = refusedWith('NoSuchUpload', 404);

const equals = (key: string, value: string): Conditions => ({ StringEquals: { [`s3:${key}`]: value } });

suite('s3', ({ scenario }) => {
  scenario('OB-06', 'headers of a request are condition keys, and are there where they are sent', {
    source: `${KEYS}; IAM User Guide, "AWS global condition context keys", aws:Referer`,
    roles: {
      app: podIdentityRole(
        allow('s3:PutObject', 'data/*'),
        ...Object.entries(WRITTEN).map(([name, value]) => deny('s3:PutObject', `data/${name}`, equals(name, value))),
        deny('s3:PutObject', 'data/referred', { StringEquals: { 'aws:Referer': 'https://example.com/' } }),
        deny('s3:PutObject', 'data/must', { Null: { 's3:x-amz-server-side-encryption': 'true' } }),
        deny('s3:PutObject', 'data/all', { StringLike: { 's3:x-amz-acl': '*' } }),
      ),
    },
    workloads: APP,
    buckets: { data: {} },
    probes: [
      ...Object.entries(WRITTEN).flatMap(([name, value]) => [
        may(`PUT data/other-${name}`, { headers: { [name]: value } }),
        forbidden(`PUT data/${name}`, { headers: { [name]: value } }),
      ]),
      may('PUT data/x-amz-acl'),
      may('PUT data/x-amz-storage-class', { headers: { 'x-amz-storage-class': 'STANDARD' } }),
      may('PUT data/referred'),
      forbidden('PUT data/referred', { headers: { referer: 'https://example.com/' } }),
      may('PUT data/must', { headers: { 'x-amz-server-side-encryption': 'AES256' } }),
      forbidden('PUT data/must'),
      // An upload in parts tells it as it begins.
      may('POST data/must?uploads', { headers: { 'x-amz-server-side-encryption': 'AES256' } }),
      forbidden('POST data/must?uploads'),
      may('PUT data/all'),
      forbidden('PUT data/all', { headers: { 'x-amz-acl': 'bucket-owner-full-control' } }),
      // In a URL they are parameters.
      may('PUT data/all', { presigned: 60 }),
      forbidden('PUT data/all?x-amz-acl=bucket-owner-full-control', { presigned: 60 }),
    ],
  });

  scenario('OB-21', 'so are those that grant, encrypt and make buckets', {
    source: `${KEYS}; Amazon S3 User Guide, "Controlling ownership of objects and disabling ACLs": AccessControlListNotSupported`,
    roles: {
      app: podIdentityRole(
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
    },
    workloads: APP,
    objects: ['data/key'],
    probes: [
      may('PUT data/kms'),
      may('PUT data/customer'),
      ...GRANTS.flatMap((name) => [
        forbidden(`PUT data/${name}`, { headers: { [name]: GRANTEE } }),
        fails(ask(`PUT data/other-${name}`, { headers: { [name]: GRANTEE } }), {
          ...refusedWith('AccessControlListNotSupported', 400),
        }),
      ]),
      // Whether an object is put, copied, or uploaded in parts.
      ...[
        ask('PUT data/acl', { headers: { 'x-amz-acl': 'bucket-owner-read' } }),
        ask('PUT data/acl', copyOf('data/key', { 'x-amz-acl': 'bucket-owner-read' })),
        ask('POST data/acl?uploads', { headers: { 'x-amz-acl': 'bucket-owner-read' } }),
      ].map((request) => fails(request, refusedWith('AccessControlListNotSupported', 400))),
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
      forbidden('PUT data/annotated', {
        headers: { 'x-amz-copy-source': '<bucket:data>/key', 'x-amz-object-annotation-directive': 'COPY' },
      }),
      forbidden('PUT none', { headers: { 'x-amz-object-ownership': 'ObjectWriter' } }),
      forbidden('PUT none', { headers: { 'x-amz-bucket-namespace': 'account-regional' } }),
      forbidden('PUT none', {
        body: '<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint><region:c1></LocationConstraint></CreateBucketConfiguration>',
      }),
    ],
  });

  scenario('OB-07', 'what a copy is of, and how, is a condition of writing it', {
    source: `${KEYS}: s3:x-amz-copy-source, s3:x-amz-metadata-directive; Amazon S3 API Reference, CopyObject and UploadPartCopy, permissions`,
    roles: {
      app: podIdentityRole(
        allow('s3:GetObject', ['data/source/*', 'data/other/*']),
        allow('s3:PutObject', 'data/copy/*', equals('x-amz-copy-source', '<bucket:data>/source/key')),
        allow('s3:PutObject', 'data/replaced/*', equals('x-amz-metadata-directive', 'REPLACE')),
        allow('s3:PutObject', 'data/any/*'),
      ),
    },
    workloads: APP,
    objects: ['data/source/key', 'data/other/key', 'data/other/a b+c', 'data/hidden/key'],
    probes: [
      // The header is percent-encoded.
      may('PUT data/any/key', { headers: { 'x-amz-copy-source': '<bucket:data>/%6Fther/a%20b%2Bc' } }),
      mayNot('PUT data/any/key', { headers: { 'x-amz-copy-source': '<bucket:data>/%68idden/key' } }),
      may('PUT data/copy/key', { headers: { 'x-amz-copy-source': '<bucket:data>/source/key' } }),
      mayNot('PUT data/copy/key', { headers: { 'x-amz-copy-source': '<bucket:data>/other/key' } }),
      mayNot('PUT data/copy/key'),
      may('PUT data/replaced/key', {
        headers: { 'x-amz-copy-source': '<bucket:data>/source/key', 'x-amz-metadata-directive': 'REPLACE' },
      }),
      mayNot('PUT data/replaced/key', { headers: { 'x-amz-copy-source': '<bucket:data>/source/key' } }),
      may('PUT data/any/key', { headers: { 'x-amz-copy-source': '<bucket:data>/other/key' } }),
      mayNot('PUT data/any/key', { headers: { 'x-amz-copy-source': '<bucket:data>/hidden/key' } }),
      // So is a part that is a copy.
      fails(ask(COPIED_PART, { headers: { 'x-amz-copy-source': '<bucket:data>/other/key' } }), {
        ...refusedWith('NoSuchUpload', 404),
      }),
      mayNot(COPIED_PART, { headers: { 'x-amz-copy-source': '<bucket:data>/hidden/key' } }),
      fails(ask('PUT data/copy/key?partNumber=1&uploadId=none', copyOf('data/source/key')), NO_UPLOAD),
      mayNot('PUT data/copy/key?partNumber=1&uploadId=none', copyOf('data/other/key')),
    ],
  });

  scenario('OB-28', 'a resource is compared with the whole key, decoded and as it is', {
    source:
      'Amazon S3 User Guide, "Naming Amazon S3 objects": a key is UTF-8 of at most 1,024 bytes; "Policy resources for Amazon S3"',
    roles: {
      app: podIdentityRole(
        allow('s3:PutObject', ['data/a b/*', 'data/é+%/*', 'data/part//*', 'data/up/*', 'data/Case/*', 'data/long/*']),
      ),
    },
    workloads: APP,
    buckets: { data: {} },
    probes: [
      may('PUT data/a b/key'),
      mayNot('PUT data/a+b/key'),
      mayNot('PUT data/a%20b/key'),
      may('PUT data/é+%/key'),
      may('PUT data/part//key'),
      mayNot('PUT data/part/key'),
      // What is a step up in a path is none in a key.
      may('PUT data/up/../key'),
      mayNot('PUT data/key'),
      may('PUT data/Case/key'),
      mayNot('PUT data/case/key'),
      may(`PUT data/long/${'é'.repeat(509)}x`),
      fails(ask(`PUT data/long/${'é'.repeat(510)}`), refusedWith('KeyTooLongError', 400)),
    ],
  });

  scenario('OB-08', 'prefix, delimiter and number of keys are conditions of listing, where they are asked for', {
    source: `${KEYS}: s3:prefix, s3:delimiter, s3:max-keys; Amazon S3 User Guide, "Bucket policy examples using condition keys"`,
    roles: {
      app: podIdentityRole(
        allow('s3:ListBucket', 'prefixed', { StringEquals: { 's3:prefix': ['', 'red/'] } }),
        allow('s3:ListBucket', 'delimited', equals('delimiter', '/')),
        allow('s3:ListBucket', 'few', { NumericLessThanEquals: { 's3:max-keys': '10' } }),
      ),
    },
    workloads: APP,
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

  scenario('OB-12', 'policies tell how a request was signed, and how old the signature of a URL is', {
    source: SIGNATURE_KEYS,
    roles: {
      app: podIdentityRole(
        allow('s3:GetObject', 'data/header', { StringEquals: { 's3:authType': 'REST-HEADER' } }),
        allow('s3:GetObject', 'data/url', { StringEquals: { 's3:authType': 'REST-QUERY-STRING' } }),
        allow('s3:GetObject', 'data/version', { StringEquals: { 's3:signatureversion': 'AWS4-HMAC-SHA256' } }),
        allow('s3:GetObject', 'data/new', { NumericLessThan: { 's3:signatureAge': '600000' } }),
        allow('s3:GetObject', 'data/old', { NumericGreaterThan: { 's3:signatureAge': '600000' } }),
        allow('s3:GetObject', 'data/none', { Null: { 's3:signatureAge': 'true' } }),
        allow('s3:GetObject', 'data/secure', { NumericGreaterThanEquals: { 's3:TlsVersion': '1.2' } }),
        allow('s3:GetObject', 'data/insecure', { NumericLessThan: { 's3:TlsVersion': '1.2' } }),
      ),
    },
    workloads: APP,
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

  const FORWARDED = { 'x-forwarded-for': '224.0.0.1', 'x-real-ip': '224.0.0.1' };

  scenario('OB-29', 'the address of a caller is that of its connection, whatever its headers say', {
    source: 'IAM User Guide, "AWS global condition context keys": aws:SourceIp',
    roles: {
      app: podIdentityRole(
        // A multicast address, from which nothing is sent.
        allow('s3:GetObject', 'data/said', { IpAddress: { 'aws:SourceIp': '224.0.0.0/4' } }),
        allow('s3:GetObject', 'data/real', { NotIpAddress: { 'aws:SourceIp': '224.0.0.0/4' } }),
      ),
    },
    workloads: APP,
    objects: ['data/said', 'data/real'],
    probes: [
      mayNot('GET data/said', { headers: FORWARDED }),
      may('GET data/real', { headers: FORWARDED }),
      may('GET data/real'),
    ],
  });

  const abac = (Status: string) =>
    may('PUT data?abac', {
      body: `<AbacStatus xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>${Status}</Status></AbacStatus>`,
    });

  /** Gives the bucket the tags that it has. */
  const retagged = (title: string, judge: (error: string) => void) =>
    check(title, async ({ aws, name }) => {
      const s3 = new S3Client(await aws('s3'));
      const bucket = { Bucket: name('<bucket:data>') };
      const { TagSet } = await s3.send(new GetBucketTaggingCommand(bucket));
      judge(await errorOf(s3.send(new PutBucketTaggingCommand({ ...bucket, Tagging: { TagSet } }))));
    });

  scenario('OB-23', "a bucket's tags decide once attribute-based access control is on for it, and only while it is", {
    source:
      'Amazon S3 User Guide, "Using tags with S3 general purpose buckets" and "Enabling ABAC in general purpose buckets"; Service Authorization Reference, Amazon S3: s3:BucketTag',
    needs: ['own-boundary'],
    roles: {
      app: podIdentityRole(
        allow('s3:PutBucketAbac', 'data'),
        allow('s3:ListBucket', 'data', { StringEquals: { 'aws:ResourceTag/conformance-region': '<region:c1>' } }),
        // A tag that every bucket of a run has.
        allow('s3:GetObject', 'data/resource', {
          StringEquals: { 'aws:ResourceTag/conformance-region': '<region:c1>' },
        }),
        allow('s3:GetObject', 'data/bucket', { StringEquals: { 's3:BucketTag/conformance-region': '<region:c1>' } }),
        allow('s3:GetObject', 'data/other', { StringEquals: { 's3:BucketTag/conformance-region': 'elsewhere' } }),
        allow('s3:GetObject', 'data/none', { Null: { 'aws:ResourceTag/conformance-region': 'true' } }),
      ),
    },
    workloads: APP,
    objects: ['resource', 'bucket', 'other', 'none'].map((key) => `data/${key}`),
    probes: [
      ...['resource', 'bucket', 'other'].map((key) => mayNot(`GET data/${key}`)),
      mayNot('GET data'),
      may('GET data/none'),
      retagged('tags are put as long as it is off', (error) => expect(error).to.equal('none')),
      abac('Enabled'),
      retagged('and by this call no longer', (error) => expect(error).not.to.equal('none')),
      may('GET data'),
      ...['resource', 'bucket'].map((key) => may(`GET data/${key}`)),
      ...['other', 'none'].map((key) => mayNot(`GET data/${key}`)),
      abac('Disabled'),
      mayNot('GET data/resource'),
      may('GET data/none'),
    ],
  });

  const tagsOf = (method: string, bucket: string, query = '') =>
    `${method} s3-control:/v20180820/tags/arn%3Aaws%3As3%3A%3A%3A<bucket:${bucket}>${query}`;
  const headers = { 'x-amz-account-id': '<account:main>' };
  const team = (value: string, key = 'team') => ({
    headers,
    body: `<TagResourceRequest xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/"><Tags><Tag><Key>${key}</Key><Value>${value}</Value></Tag></Tags></TagResourceRequest>`,
  });

  scenario('OB-39', 'tags are given to a bucket and taken from it by permissions of their own, and decide at once', {
    source:
      'Amazon S3 API Reference, TagResource, UntagResource and ListTagsForResource; Amazon S3 User Guide, "Using tags with S3 general purpose buckets"; Service Authorization Reference, Amazon S3: aws:RequestTag, aws:TagKeys',
    needs: ['own-boundary'],
    roles: {
      app: podIdentityRole(
        allow('s3:PutBucketAbac', 'data'),
        allow('s3:TagResource', 'data', { StringEquals: { 'aws:RequestTag/team': ['red', 'blue'] } }),
        allow('s3:UntagResource', 'data', { 'ForAllValues:StringEquals': { 'aws:TagKeys': 'team' } }),
        allow('s3:ListTagsForResource', 'data'),
        ...['red', 'blue'].map((value) =>
          allow('s3:GetObject', `data/${value}`, { StringEquals: { 'aws:ResourceTag/team': value } }),
        ),
        allow('s3:GetObject', 'data/kept', {
          StringEquals: { 'aws:ResourceTag/conformance-region': '<region:c1>' },
        }),
      ),
    },
    workloads: APP,
    objects: ['red', 'blue', 'kept'].map((key) => `data/${key}`),
    buckets: { other: {} },
    probes: [
      abac('Enabled'),
      may('GET data/kept'),
      mayNot('GET data/red'),
      mayNot(tagsOf('POST', 'data'), team('green')),
      mayNot(tagsOf('POST', 'data'), team('red', 'stage')),
      mayNot(tagsOf('POST', 'other'), team('red')),
      may(tagsOf('POST', 'data'), team('red')),
      may('GET data/red'),
      // Others are left as they were.
      may('GET data/kept'),
      may(tagsOf('POST', 'data'), team('blue')),
      may('GET data/blue'),
      mayNot('GET data/red'),
      may(tagsOf('GET', 'data'), { headers }),
      mayNot(tagsOf('GET', 'other'), { headers }),
      mayNot(tagsOf('DELETE', 'data', '?tagKeys=team&tagKeys=conformance-region'), { headers }),
      mayNot(tagsOf('DELETE', 'other', '?tagKeys=team'), { headers }),
      may(tagsOf('DELETE', 'data', '?tagKeys=team'), { headers }),
      mayNot('GET data/blue'),
      may('GET data/kept'),
    ],
  });

  scenario('OB-40', 'tags of a bucket are fifty at most, each with a key of its own, and are replaced in whole', {
    source:
      'Amazon S3 API Reference, PutBucketTagging, GetBucketTagging: NoSuchTagSet, and DeleteBucketTagging; Amazon S3 User Guide, "Using cost allocation S3 bucket tags": 50 tags',
    // A run on AWS finds its buckets by their tags.
    needs: ['call-record'],
    buckets: { data: {} },
    probes: [
      check('and there are none once they are taken away', async ({ aws, name }) => {
        const s3 = new S3Client(await aws('s3'));
        const bucket = { Bucket: name('<bucket:data>') };
        const tags = () =>
          s3.send(new GetBucketTaggingCommand(bucket)).then(
            ({ TagSet = [] }) => TagSet,
            (error: Error) => refusalBy(error).name,
          );
        const put = (TagSet: Tag[]) =>
          errorOf(s3.send(new PutBucketTaggingCommand({ ...bucket, Tagging: { TagSet } })));
        const before = await tags();
        const numbered = (count: number) => Array.from({ length: count }, (_, at) => ({ Key: `t${at}`, Value: 'x' }));
        for (const wrong of [
          numbered(51),
          [...numbered(1), ...numbered(1)],
          [{ Key: 'aws:team', Value: 'red' }],
          [{ Key: 't'.repeat(129), Value: 'x' }],
          [{ Key: 'team', Value: 'x'.repeat(257) }],
        ])
          expect(await put(wrong)).to.be.oneOf(['InvalidTag', 'BadRequest', 'MalformedXML']);
        expect(await tags()).to.deep.equal(before);
        expect(await put(numbered(50))).to.equal('none');
        expect(await tags()).to.have.deep.members(numbered(50));
        expect(await put([{ Key: 'team', Value: '' }])).to.equal('none');
        expect(await tags()).to.deep.equal([{ Key: 'team', Value: '' }]);
        await s3.send(new DeleteBucketTaggingCommand(bucket));
        expect(await tags()).to.equal('NoSuchTagSet');
      }),
    ],
  });

  const WRONG_NAMES = [
    ...['ab', 'a'.repeat(64), 'Conformance', 'conformance_a', 'conformance..a', '-conformance', 'conformance-'],
    ...['192.168.5.4', 'xn--conformance', 'sthree-conformance', 'amzn-s3-demo-conformance'],
    ...['conformance-s3alias', 'conformance--ol-s3', 'conformance.mrap', 'conformance--x-s3', 'conformance--table-s3'],
  ];

  scenario('OB-41', 'no bucket is made of a name that breaks the rules for names', {
    source:
      'Amazon S3 User Guide, "General purpose bucket naming rules"; Amazon S3 API Reference, "Error responses": InvalidBucketName',
    // Where it says so before it asks for the permission to make one is not documented.
    needs: ['call-record'],
    roles: { app: podIdentityRole(allow('s3:ListBucket', 'data')) },
    workloads: APP,
    buckets: { data: {} },
    probes: [
      may('HEAD s3:/<bucket:data>'),
      ...WRONG_NAMES.map((bucket) => fails(ask(`PUT s3:/${bucket}`), refusedWith('InvalidBucketName', 400))),
    ],
  });

  scenario('OB-13', 'a bucket may demand that objects are written only where there is none', {
    source:
      'Amazon S3 User Guide, "Enforce conditional writes on Amazon S3 buckets": s3:if-none-match, s3:if-match, s3:ObjectCreationOperation',
    roles: {
      app: podIdentityRole(
        allow(['s3:GetObject', 's3:PutObject'], 'data/*'),
        deny('s3:PutObject', 'data/new/*', {
          Null: { 's3:if-none-match': 'true' },
          Bool: { 's3:ObjectCreationOperation': 'true' },
        }),
        deny('s3:PutObject', 'data/same/*', { StringNotEquals: { 's3:if-match': ETAG_OF_ONE } }),
        // S3 reads the object whose tag is compared.
        allow('s3:PutObject', ['read/*']),
        allow('s3:GetObject', 'read/*', { StringEquals: { 's3:ExistingObjectTag/team': 'red' } }),
      ),
    },
    workloads: APP,
    objects: ['data/key', { at: 'read/red', tags: { team: 'red' } }, { at: 'read/blue', tags: { team: 'blue' } }],
    probes: [
      forbidden('PUT data/new/key'),
      may('PUT data/new/key', { headers: { 'if-none-match': '*' } }),
      fails(ask('PUT data/new/key', { headers: { 'if-none-match': '*' } }), refusedWith('PreconditionFailed', 412)),
      // An upload in parts writes no object until it is complete.
      may('POST data/new/parts?uploads'),
      fails(ask('PUT data/new/parts?partNumber=1&uploadId=none'), NO_UPLOAD),
      forbidden('POST data/new/parts?uploadId=none', ONE_PART),
      fails(ask('POST data/new/parts?uploadId=none', { ...ONE_PART, headers: { 'if-none-match': '*' } }), NO_UPLOAD),
      may('PUT data/copy', copyOf('data/key')),
      forbidden('PUT data/new/copy', copyOf('data/key')),
      forbidden('PUT data/same/key'),
      forbidden('PUT data/same/key', { headers: { 'if-match': '"another"' } }),
      // This one is not denied, so that S3 looks for an object to compare with.
      fails(ask('PUT data/same/key', { headers: { 'if-match': ETAG_OF_ONE } }), refusedWith('NoSuchKey', 404)),
      fails(ask('PUT read/red', { headers: { 'if-match': '"another"' } }), refusedWith('PreconditionFailed', 412)),
      mayNot('PUT read/blue', { headers: { 'if-match': '"another"' } }),
    ],
  });
});
