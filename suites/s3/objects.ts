/** Reading and writing objects: expected owner, HTTP conditions, ranges. */
import type { GetObjectCommandInput, S3ServiceException } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { allow, fails, signedRequest, succeeds, suite, type SignedRequestOptions } from '../../harness/index.ts';
import { errorOf, refusalBy } from '../lib/errors.ts';
import {
  ask,
  BAD_DIGEST,
  copyOf,
  DENIED,
  ETAG_OF_ONE,
  may,
  mayNot,
  refusedWith,
  withHeader,
  withMd5,
  xml,
} from '../lib/s3-requests.ts';
import { appWith } from '../lib/worlds.ts';
import { checkBucket } from './lib/check-bucket.ts';

/** Returns the body of DeleteObjects. */
const deletion = (...objects: readonly string[]): string => xml('Delete', objects.join(''));
const NONE = '<Object><Key>none</Key></Object>';
const ONE = '<Object><Key>one</Key></Object>';
/** The MD5 of `0123456789`. */
const ETAG_OF_DIGITS = '"781e5e245d69b566979b86e28d23f2c7"';
const NOT_IMPLEMENTED = refusedWith('NotImplemented', 501);
const INVALID_RANGE = refusedWith('InvalidRange', 416);
const NEXT_CENTURY = 'Mon, 01 Jan 2120 00:00:00 GMT';

suite('s3', ({ scenario }) => {
  const hidden = (request: string, options: SignedRequestOptions) =>
    fails(ask(request, options), refusedWith('304', 304));
  const failed = (request: string, options: SignedRequestOptions, Condition?: string) =>
    fails(ask(request, options), {
      ...refusedWith('PreconditionFailed', 412),
      ...(Condition !== undefined && { facts: { Condition } }),
    });
  const expecting = (owner: string) => withHeader('x-amz-expected-bucket-owner', owner);
  const [LONG_AGO, FAR_AHEAD] = ['Wed, 01 Jan 2020 00:00:00 GMT', NEXT_CENTURY];

  scenario('OB-11', 'S3 rejects a request with the wrong expected bucket owner', {
    source: 'Amazon S3 User Guide, "Verifying bucket ownership with bucket owner condition"',
    ...appWith(allow(['s3:GetObject', 's3:PutObject'], 'data/*'), allow('s3:ListBucket', 'data')),
    objects: ['data/key'],
    probes: [
      may('GET data/key', expecting('<account:main>')),
      may('GET data?list-type=2', expecting('<account:main>')),
      ...['GET data/key', 'GET data?list-type=2', 'PUT data/new'].map((request) =>
        fails(ask(request, expecting('000000000000')), DENIED),
      ),
      fails(ask('GET data/key', expecting('1234')), refusedWith('InvalidBucketOwnerAWSAccountID', 400)),
      may('PUT data/copy', copyOf('data/key', { 'x-amz-source-expected-bucket-owner': '<account:main>' })),
      fails(ask('PUT data/copy', copyOf('data/key', { 'x-amz-source-expected-bucket-owner': '000000000000' })), DENIED),
      fails(ask('PUT data/copy', withHeader('x-amz-copy-source', 'No_Bucket/key')), {
        ...refusedWith('InvalidBucketName', 400),
        facts: { BucketName: 'No_Bucket' },
      }),
      // S3 reports missing buckets and invalid names to every caller.
      fails(ask('GET none/key'), { ...refusedWith('NoSuchBucket', 404), facts: { BucketName: '<bucket:none>' } }),
      fails(signedRequest(null, 'GET none/key'), refusedWith('NoSuchBucket', 404)),
    ],
  });

  scenario('OB-14', 'S3 evaluates HTTP conditions when an object is read', {
    source:
      'Amazon S3 API Reference, GetObject, GetObjectAttributes and CopyObject: If-Match and the others; RFC 9110, section 13',
    ...appWith(allow(['s3:GetObject', 's3:GetObjectAttributes', 's3:PutObject'], 'data/*')),
    buckets: { data: {} },
    probes: [
      may('PUT data/one', { body: 'one' }),
      ...[ETAG_OF_ONE, '"other"'].map((etag) => {
        const asked = { headers: { 'x-amz-object-attributes': 'ObjectSize', 'if-match': etag } };
        return (etag === ETAG_OF_ONE ? may : failed)('GET data/one?attributes', asked);
      }),
      may('GET data/one', withHeader('if-match', ETAG_OF_ONE)),
      may('GET data/one', withHeader('if-match', `"other", ${ETAG_OF_ONE}`)),
      failed('GET data/one', withHeader('if-match', '"other"'), 'If-Match'),
      hidden('GET data/one', withHeader('if-none-match', ETAG_OF_ONE)),
      hidden('GET data/one', withHeader('if-none-match', '*')),
      // If-None-Match ignores whether an entity tag is weak (RFC 9110, section 13.1.2).
      hidden('GET data/one', withHeader('if-none-match', `W/${ETAG_OF_ONE}`)),
      hidden('GET data/one', withHeader('if-none-match', `"other", ${ETAG_OF_ONE}`)),
      may('GET data/one', withHeader('if-none-match', '"other"')),
      may('GET data/one', withHeader('if-unmodified-since', FAR_AHEAD)),
      failed('GET data/one', withHeader('if-unmodified-since', LONG_AGO), 'If-Unmodified-Since'),
      may('GET data/one', withHeader('if-modified-since', LONG_AGO)),
      // A date in the future is invalid (RFC 9110, section 13.1.3).
      may('GET data/one', withHeader('if-modified-since', FAR_AHEAD)),
      may('GET data/one', withHeader('if-unmodified-since', 'some day')),
      may('GET data/one', withHeader('if-modified-since', 'some day')),
      // An entity tag takes precedence over a date.
      may('GET data/one', { headers: { 'if-match': ETAG_OF_ONE, 'if-unmodified-since': LONG_AGO } }),
      hidden('GET data/one', { headers: { 'if-none-match': ETAG_OF_ONE, 'if-modified-since': LONG_AGO } }),
      checkBucket('conditions use the returned modification time', async (s3, bucket) => {
        const object = { ...bucket, Key: 'one' };
        const { LastModified: written = new Date(0) } = await s3.headObject(object);
        // Dates in headers are rounded to whole seconds, up or down.
        const before = new Date(written.getTime() - 2000);
        const statusOf = (conditions: Partial<GetObjectCommandInput>): Promise<number | undefined> =>
          s3.getObject({ ...object, ...conditions }).then(
            ({ $metadata }) => $metadata.httpStatusCode,
            ({ $metadata }: S3ServiceException) => $metadata.httpStatusCode,
          );
        expect(await statusOf({ IfModifiedSince: written })).to.equal(304);
        expect(await statusOf({ IfModifiedSince: before })).to.equal(200);
        // A 304 response contains the entity tag (RFC 9110, section 15.4.5).
        const unchangedTag = await s3.getObject({ ...object, IfModifiedSince: written }).then(
          () => 'an object',
          ({ $response }: S3ServiceException) => $response?.headers['etag'],
        );
        expect(unchangedTag).to.equal(ETAG_OF_ONE);
        expect(await statusOf({ IfUnmodifiedSince: written })).to.equal(200);
        expect(await statusOf({ IfUnmodifiedSince: before })).to.equal(412);
        // A date next to an entity tag is ignored, whether the tag matches or not (RFC 9110, section 13.1.3).
        expect(await statusOf({ IfNoneMatch: '"other"', IfModifiedSince: written })).to.equal(200);
        const unchanged = { CopySource: `${object.Bucket}/one`, CopySourceIfModifiedSince: written };
        const refusal = await errorOf(s3.copyObject({ ...object, Key: 'copy', ...unchanged }));
        expect(refusal).to.equal('PreconditionFailed');
      }),
      ...[
        { 'x-amz-copy-source-if-match': ETAG_OF_ONE },
        { 'x-amz-copy-source-if-none-match': '"other"' },
        { 'x-amz-copy-source-if-modified-since': LONG_AGO },
        { 'x-amz-copy-source-if-unmodified-since': FAR_AHEAD },
        { 'x-amz-copy-source-if-match': ETAG_OF_ONE, 'x-amz-copy-source-if-unmodified-since': LONG_AGO },
      ].map((condition) => may('PUT data/copy', copyOf('data/one', condition))),
      ...[
        { 'x-amz-copy-source-if-match': '"other"' },
        { 'x-amz-copy-source-if-none-match': ETAG_OF_ONE },
        { 'x-amz-copy-source-if-unmodified-since': LONG_AGO },
        { 'x-amz-copy-source-if-none-match': ETAG_OF_ONE, 'x-amz-copy-source-if-modified-since': LONG_AGO },
      ].map((condition) => failed('PUT data/copy', copyOf('data/one', condition))),
    ],
  });

  scenario('OB-30', 'a range request returns part of an object, and parameters override response headers', {
    source:
      'Amazon S3 API Reference, GetObject: Range, partNumber, response-content-type and the others, InvalidObjectState; RFC 9110, sections 14.1.1 and 14.1.2; Amazon S3 User Guide, "Working with object metadata": Content-Type; "Signature calculations for the Authorization header": aws-chunked is not stored',
    ...appWith(allow(['s3:GetObject', 's3:PutObject'], 'data/*')),
    buckets: { data: {} },
    probes: [
      // The encoding of the transfer is not an encoding of the object.
      may('PUT data/key', {
        body: '0123456789',
        payload: 'chunks',
        headers: {
          'content-type': 'text/plain',
          'content-encoding': 'aws-chunked,gzip',
          'content-language': 'de',
          expires: NEXT_CENTURY,
        },
      }),
      checkBucket('ranges from either end', async (s3, bucket) => {
        const object = { ...bucket, Key: 'key' };
        const got = async (more: Partial<GetObjectCommandInput>) => {
          // The SDK verifies the checksum of a response. A part must not come with the checksum of the whole object.
          const asked = s3.getObject({ ...object, ChecksumMode: 'ENABLED', ...more });
          return asked
            .then(async ({ Body, ...answer }) => ({ ...answer, text: await Body?.transformToString() }))
            .catch((error: Error) => ({
              text: (/checksum/i.test(error.message) ? error : refusalBy(error)).message,
            }));
        };
        for (const [Range, text, ContentRange] of [
          ['bytes=0-0', '0', 'bytes 0-0/10'],
          ['bytes=2-4', '234', 'bytes 2-4/10'],
          ['bytes=7-', '789', 'bytes 7-9/10'],
          ['bytes=-4', '6789', 'bytes 6-9/10'],
          ['bytes=8-99', '89', 'bytes 8-9/10'],
        ] as const)
          expect(await got({ Range }), Range).to.include({ text, ContentRange, ContentLength: text.length });
        expect(await got({ PartNumber: 1 })).to.include({ text: '0123456789' });
        const ofPart = await got({ Range: 'bytes=0-0', ResponseContentType: 'image/png' });
        expect(ofPart).to.include({ text: '0', ContentType: 'image/png' });
        expect(await errorOf(s3.getObject({ ...object, PartNumber: 2 }))).to.match(/^InvalidPart/);
        const disposition = 'attachment; filename="a.txt"';
        expect(await got({ ResponseContentType: 'image/png', ResponseContentDisposition: disposition })).to.include({
          ContentType: 'image/png',
          ContentDisposition: disposition,
        });
        expect(
          await got({
            ResponseCacheControl: 'no-store',
            ResponseContentLanguage: 'fr',
            ResponseContentEncoding: 'br',
            ResponseExpires: new Date(0),
          }),
        ).to.include({
          CacheControl: 'no-store',
          ContentLanguage: 'fr',
          ContentEncoding: 'br',
          ContentType: 'text/plain',
          ExpiresString: new Date(0).toUTCString(),
        });
        const head = await s3.headObject(object);
        expect(head).to.include({
          ContentLength: 10,
          ContentType: 'text/plain',
          ContentEncoding: 'gzip',
          ETag: ETAG_OF_DIGITS,
          ContentLanguage: 'de',
          ExpiresString: NEXT_CENTURY,
        });
        const part = await s3.headObject({ ...object, Range: 'bytes=2-4' });
        expect(part).to.include({ ContentLength: 3, ContentRange: 'bytes 2-4/10' });
      }),
      // S3 ignores a range that ends before it begins.
      succeeds(ask('GET data/key', { headers: { range: 'bytes=4-2' } }), { bytes: 10 }),
      fails(ask('GET data/key', { headers: { range: 'bytes=10-' } }), {
        ...INVALID_RANGE,
        facts: { RangeRequested: 'bytes=10-', ActualObjectSize: '10' },
      }),
      fails(ask('GET data/key', { headers: { range: 'bytes=-0' } }), INVALID_RANGE),
      // An empty object has no first byte.
      may('PUT data/empty'),
      succeeds(ask('GET data/empty'), { bytes: 0 }),
      fails(ask('GET data/empty', { headers: { range: 'bytes=0-' } }), INVALID_RANGE),
      // Metadata may have at most two kilobytes.
      may('PUT data/new', withHeader('x-amz-meta-note', 'x'.repeat(2000))),
      fails(ask('PUT data/new', withHeader('x-amz-meta-note', 'x'.repeat(2100))), refusedWith('MetadataTooLarge', 400)),
      fails(ask('PUT data/new', withHeader('x-amz-storage-class', 'WARM')), refusedWith('InvalidStorageClass', 400)),
      // This storage class is not an archive.
      may('PUT data/instant', withHeader('x-amz-storage-class', 'GLACIER_IR')),
      may('GET data/instant'),
      checkBucket('the default type is binary', async (s3, bucket) => {
        const { ContentType } = await s3.headObject({ ...bucket, Key: 'instant' });
        expect(ContentType).to.equal('binary/octet-stream');
      }),
      ...['GLACIER', 'DEEP_ARCHIVE'].flatMap((storage) => [
        may('PUT data/cold', { headers: { 'x-amz-storage-class': storage } }),
        may('HEAD data/cold'),
        fails(ask('GET data/cold'), refusedWith('InvalidObjectState', 403)),
        fails(
          ask('PUT data/copy', copyOf('data/cold')),
          refusedWith(['InvalidObjectState', 'ObjectNotInActiveTierError'], 403),
        ),
      ]),
    ],
  });

  scenario('OB-15', 'S3 evaluates HTTP conditions when an object is written or deleted', {
    source:
      'Amazon S3 User Guide, "How to prevent object overwrites with conditional writes" and "How to perform conditional deletes", "Enforce conditional deletes on Amazon S3 buckets"; Amazon S3 API Reference, DeleteObjects: Quiet and ETag',
    ...appWith(
      allow(['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], 'data/*'),
      allow(['s3:ListBucket'], 'data'),
      allow(['s3:PutObject', 's3:DeleteObject'], 'blind/*'),
      allow('s3:DeleteObject', 'safe/*', { Null: { 's3:if-match': 'false' } }),
      allow('s3:GetObject', 'safe/*'),
      allow('s3:ListBucket', 'safe'),
    ),
    objects: ['blind/key', 'safe/one', 'safe/two'],
    buckets: { data: {}, blind: {} },
    probes: [
      may('PUT data/one', { body: 'one', ...withHeader('if-none-match', '*') }),
      failed('PUT data/one', { body: 'two', ...withHeader('if-none-match', '*') }, 'If-None-Match'),
      may('PUT data/one', { body: 'one', ...withHeader('if-match', ETAG_OF_ONE) }),
      failed('PUT data/one', { body: 'two', ...withHeader('if-match', '"other"') }, 'If-Match'),
      // The same applies to a copy.
      may('PUT data/copy', copyOf('data/one', { 'if-none-match': '*' })),
      failed('PUT data/copy', copyOf('data/one', { 'if-none-match': '*' })),
      fails(ask('PUT data/none', withHeader('if-match', ETAG_OF_ONE)), refusedWith('NoSuchKey', 404)),
      ...Object.entries({ 'If-None-Match': '"other"', 'If-Match': '*' }).map(([Header, value]) =>
        fails(ask('PUT data/one', withHeader(Header.toLowerCase(), value)), { ...NOT_IMPLEMENTED, facts: { Header } }),
      ),
      fails(ask('PUT data/one', { headers: { 'if-match': ETAG_OF_ONE, 'if-none-match': '*' } }), NOT_IMPLEMENTED),
      // A comparison requires the permission to read.
      mayNot('PUT blind/key', withHeader('if-match', ETAG_OF_ONE)),
      mayNot('DELETE blind/key', withHeader('if-match', ETAG_OF_ONE)),
      may('DELETE blind/key', withHeader('if-match', '*')),
      fails(ask('DELETE blind/key', withHeader('if-match', '*')), refusedWith('NoSuchKey', 404)),
      checkBucket('a quiet deletion still reports failures', async (s3, bucket) => {
        const Objects = [{ Key: 'nothing' }, { Key: 'one', ETag: '"of-another"' }];
        const { Deleted = [], Errors = [] } = await s3.deleteObjects({ ...bucket, Delete: { Objects, Quiet: true } });
        expect(Deleted).to.deep.equal([]);
        expect(Errors.map(({ Key, Code }) => `${Key}: ${Code}`)).to.deep.equal(['one: PreconditionFailed']);
      }),
      may('POST data?delete', withMd5(deletion('<Quiet>true</Quiet>', NONE.repeat(1000)))),
      fails(ask('POST data?delete', withMd5(deletion(NONE.repeat(1001)))), refusedWith('MalformedXML', 400)),
      // A policy can require conditions, also for each object in a list.
      mayNot('DELETE safe/one'),
      may('POST safe?delete', withMd5(deletion(ONE))),
      may('GET safe/one'),
      may('POST safe?delete', withMd5(deletion('<Object><Key>one</Key><ETag>*</ETag></Object>'))),
      fails(ask('GET safe/one'), refusedWith('NoSuchKey', 404)),
      failed('DELETE safe/two', withHeader('if-match', '"other"'), 'If-Match'),
      may('DELETE safe/two', withHeader('if-match', '*')),
      // S3 rejects a list with a missing or wrong checksum.
      fails(ask('POST data?delete', { ...withMd5(deletion(NONE)), body: deletion(ONE) }), BAD_DIGEST),
      may('GET data/one'),
      fails(ask('POST data?delete', { body: deletion(ONE) }), refusedWith('InvalidRequest', 400)),
      failed('DELETE data/one', withHeader('if-match', '"other"'), 'If-Match'),
      may('DELETE data/one', withHeader('if-match', ETAG_OF_ONE)),
    ],
  });
});
