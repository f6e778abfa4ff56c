/** Uploads in parts: what they are made of, and the checksum that they have. */
import { type CompletedPart, S3 } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { check, suite } from '../../harness/index.ts';
import { errorOf, refusalBy } from '../lib/errors.ts';

/** What all parts but the last have at least. */
const LEAST_PART = 5 * 1024 * 1024;
const MD5_OF_ONE = createHash('md5').update('one').digest('base64');

suite('s3', ({ scenario }) => {
  scenario('OB-34', 'an upload is of the parts that its end names, in their order', {
    source:
      'Amazon S3 API Reference, CompleteMultipartUpload: InvalidPart, InvalidPartOrder, EntityTooSmall, NoSuchUpload, If-None-Match, x-amz-mp-object-size; UploadPart: a part with the same number, part numbers; ListParts and ListMultipartUploads',
    buckets: { data: {} },
    probes: [
      check('it ends with these parts or not at all', async ({ aws, name }) => {
        const s3 = new S3(await aws('s3'));
        const place = { Bucket: name('<bucket:data>'), Key: 'parts' };
        const given = { ContentType: 'text/plain', Metadata: { note: 'one' }, StorageClass: 'STANDARD_IA' as const };
        const begun = async (...texts: readonly string[]) => {
          const { UploadId } = await s3.createMultipartUpload({ ...place, ...given });
          const parts: { PartNumber: number; ETag: string | undefined }[] = [];
          for (const [index, Body] of [...texts.entries()].reverse()) {
            const PartNumber = 10 * index + 2;
            const { ETag } = await s3.uploadPart({ ...place, UploadId, PartNumber, Body });
            parts.unshift({ PartNumber, ETag });
          }
          return { UploadId, parts };
        };
        const completed = (
          UploadId: string | undefined,
          Parts: Awaited<ReturnType<typeof begun>>['parts'],
          more = {},
        ) =>
          s3
            .completeMultipartUpload({ ...place, UploadId, MultipartUpload: { Parts }, ...more })
            .then(({ ETag }) => ETag)
            .catch((error: Error) => refusalBy(error).name);

        const { UploadId, parts } = await begun('one', 'two');
        const [first, second] = parts as [(typeof parts)[0], (typeof parts)[0]];
        const { Parts: listed = [], ...told } = await s3.listParts({ ...place, UploadId });
        expect(told).to.include({ ...place, UploadId, StorageClass: 'STANDARD_IA', IsTruncated: false });
        expect(listed.map(({ PartNumber, ETag, Size }) => ({ PartNumber, ETag, Size }))).to.deep.equal(
          parts.map((part) => ({ ...part, Size: 3 })),
        );
        const pageOf = async (page: object) => {
          const asked = { ...place, UploadId, MaxParts: 1, ...page };
          const { Parts = [], IsTruncated, NextPartNumberMarker } = await s3.listParts(asked);
          return [Parts.map(({ PartNumber }) => PartNumber).join(), IsTruncated, NextPartNumberMarker];
        };
        expect(await pageOf({})).to.deep.equal(['2', true, '2']);
        expect(await pageOf({ PartNumberMarker: '2' })).to.deep.equal(['12', false, '12']);
        const wrong = { ...place, UploadId, PartNumber: 10_001, Body: 'one' };
        expect(await errorOf(s3.uploadPart(wrong))).to.equal('InvalidArgument');
        const damaged = { ...place, UploadId, PartNumber: 2, Body: 'six', ContentMD5: MD5_OF_ONE };
        expect(await errorOf(s3.uploadPart(damaged))).to.equal('BadDigest');
        expect(await completed(UploadId, [second, first])).to.equal('InvalidPartOrder');
        expect(await completed(UploadId, [{ ...second, ETag: first.ETag }])).to.equal('InvalidPart');
        expect(await completed(UploadId, [{ ...second, PartNumber: 3 }])).to.equal('InvalidPart');
        expect(await completed(UploadId, [])).to.match(/^(InvalidRequest|MalformedXML)$/);
        // All but the last have 5 MiB at least.
        expect(await completed(UploadId, parts)).to.equal('EntityTooSmall');
        expect(await completed(UploadId, [second], { MpuObjectSize: 6 })).to.equal('InvalidRequest');
        expect(await completed(UploadId, [second], { MpuObjectSize: 3, IfNoneMatch: '*' })).to.match(
          /^"[0-9a-f]{32}-1"$/,
        );
        const { Body, ContentType, Metadata, StorageClass: kept } = await s3.getObject(place);
        expect(await Body?.transformToString()).to.equal('two');
        expect({ ContentType, Metadata, StorageClass: kept }).to.deep.equal(given);

        const next = await begun('one');
        const before = { Bucket: place.Bucket, Key: 'pa' };
        const { UploadId: begunLast } = await s3.createMultipartUpload(before);
        const uploads = async (more: object) => {
          const asked = { Bucket: place.Bucket, Prefix: 'pa', ...more };
          return ((await s3.listMultipartUploads(asked)).Uploads ?? []).map((upload) => upload.UploadId);
        };
        // In the order of their keys.
        expect(await uploads({})).to.deep.equal([begunLast, next.UploadId]);
        expect(await uploads({ MaxUploads: 1 })).to.deep.equal([begunLast]);
        expect(await uploads({ KeyMarker: 'pa' })).to.deep.equal([next.UploadId]);
        // Of one key those that began first come first, and a page may end between them.
        const { UploadId: begunAgain } = await s3.createMultipartUpload(place);
        const pageOfUploads = async (more: object) => {
          const asked = { Bucket: place.Bucket, Prefix: 'pa', ...more };
          const { Uploads = [], CommonPrefixes = [], ...page } = await s3.listMultipartUploads(asked);
          const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = page;
          return {
            found: [...Uploads.map((upload) => upload.UploadId), ...CommonPrefixes.map(({ Prefix }) => Prefix)],
            ...(IsTruncated === true && { next: { KeyMarker: NextKeyMarker, UploadIdMarker: NextUploadIdMarker } }),
          };
        };
        const following = { KeyMarker: place.Key, UploadIdMarker: next.UploadId };
        expect(await pageOfUploads({ MaxUploads: 2 })).to.deep.equal({
          found: [begunLast, next.UploadId],
          next: following,
        });
        expect(await pageOfUploads(following)).to.deep.equal({ found: [begunAgain] });
        expect(await pageOfUploads({ KeyMarker: place.Key })).to.deep.equal({ found: [] });
        expect(await pageOfUploads({ Delimiter: 'r' })).to.deep.equal({ found: [begunLast, 'par'] });
        await s3.abortMultipartUpload({ ...place, UploadId: begunAgain });
        await s3.abortMultipartUpload({ ...before, UploadId: begunLast });
        expect(await uploads({})).to.deep.equal([next.UploadId]);
        expect(await completed(next.UploadId, next.parts, { IfNoneMatch: '*' })).to.equal('PreconditionFailed');
        const aborted = { ...place, UploadId: next.UploadId };
        // A condition that fails may have ended it.
        expect(await errorOf(s3.abortMultipartUpload(aborted))).to.be.oneOf(['none', 'NoSuchUpload']);
        expect(await completed(next.UploadId, next.parts)).to.equal('NoSuchUpload');

        // A part that is put again takes the place of the first.
        const last = await begun('one');
        const copied = { ...place, UploadId: last.UploadId, PartNumber: 2 };
        const CopySource = `${place.Bucket}/${place.Key}`;
        const { CopyPartResult } = await s3.uploadPartCopy({ ...copied, CopySource });
        expect(await completed(last.UploadId, last.parts)).to.equal('InvalidPart');
        const part = { PartNumber: 2, ETag: CopyPartResult?.ETag };
        expect(await completed(last.UploadId, [part])).to.match(/-1"$/);
        const ObjectAttributes = ['ObjectSize', 'ObjectParts', 'StorageClass'] as const;
        const { ETag, ObjectSize, ObjectParts, StorageClass } = await s3.getObjectAttributes({
          ...place,
          ObjectAttributes: [...ObjectAttributes],
        });
        expect({ ETag, ObjectSize, count: ObjectParts?.TotalPartsCount, StorageClass }).to.deep.equal({
          ETag: undefined,
          ObjectSize: 3,
          count: 1,
          StorageClass: 'STANDARD_IA',
        });
      }),
    ],
  });

  scenario('OB-38', 'an upload in parts may be of ranges of another object, and has a checksum made of theirs', {
    source:
      'Amazon S3 API Reference, UploadPartCopy: x-amz-copy-source-range; GetObject: partNumber; GetObjectAttributes: ObjectParts; Amazon S3 User Guide, "Checking object integrity in Amazon S3": COMPOSITE and FULL_OBJECT; "Amazon S3 multipart upload limits": 5 MiB',
    buckets: { data: {} },
    probes: [
      check('two parts of more than 5 MiB', async ({ aws, name }) => {
        const s3 = new S3(await aws('s3'));
        const place = { Bucket: name('<bucket:data>'), Key: 'parts' };
        const sha256 = (...data: readonly Buffer[]) =>
          data.reduce((hash, bytes) => hash.update(bytes), createHash('sha256')).digest('base64');
        // A range is of an object that is longer than the least part.
        const Body = Buffer.concat([Buffer.alloc(LEAST_PART, 'x'), Buffer.from('yz')]);
        await s3.putObject({ ...place, Key: 'source', Body });
        const asked = { ChecksumAlgorithm: 'SHA256' } as const;
        const { UploadId, ...begun } = await s3.createMultipartUpload({ ...place, ...asked });
        expect(begun).to.include({ ...place, ...asked, ChecksumType: 'COMPOSITE', ServerSideEncryption: 'AES256' });
        const upload = { ...place, UploadId };
        const copied = (PartNumber: number, first: number, last: number) => {
          const source = { CopySource: `${place.Bucket}/source`, CopySourceRange: `bytes=${first}-${last}` };
          return s3.uploadPartCopy({ ...upload, PartNumber, ...source });
        };
        expect(await errorOf(copied(1, 0, Body.length))).to.equal('InvalidArgument');
        const ofAnother = { ...upload, PartNumber: 1, Body: 'one', ChecksumAlgorithm: 'CRC32' } as const;
        expect(await errorOf(s3.uploadPart(ofAnother))).to.equal('InvalidRequest');
        const Parts: CompletedPart[] = [];
        const pieces = [Body.subarray(0, LEAST_PART), Body.subarray(LEAST_PART - 1, LEAST_PART + 1)];
        for (const [index, bounds] of [[0, LEAST_PART - 1] as const, [LEAST_PART - 1, LEAST_PART] as const].entries()) {
          const { ETag, ChecksumSHA256 } = (await copied(index + 1, ...bounds)).CopyPartResult ?? {};
          expect(ChecksumSHA256).to.equal(sha256(pieces[index] ?? Body));
          Parts.push({ PartNumber: index + 1, ETag, ChecksumSHA256 });
        }
        const completed = (parts: readonly CompletedPart[]) =>
          s3.completeMultipartUpload({ ...upload, MultipartUpload: { Parts: [...parts] } });
        const [one = {}, two = {}] = Parts;
        // Each part is named by its checksum too.
        expect(await errorOf(completed(Parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag }))))).to.match(
          /^Invalid/,
        );
        const other = { ...two, ChecksumSHA256: one.ChecksumSHA256 };
        expect(await errorOf(completed([one, other]))).to.match(/^(InvalidPart|BadDigest|InvalidRequest)$/);
        const digest = sha256(...Parts.map(({ ChecksumSHA256 = '' }) => Buffer.from(ChecksumSHA256, 'base64')));
        const whole = { ChecksumSHA256: `${digest}-2`, ChecksumType: 'COMPOSITE' } as const;
        const done = await completed(Parts).catch(refusalBy);
        expect(done).to.include({ ...whole, ...place });
        expect(done)
          .to.have.property('Location')
          .that.matches(/[/.][^/]+\/parts$/);
        const head = (more: object) => s3.headObject({ ...place, ChecksumMode: 'ENABLED', ...more });
        expect(await head({})).to.include({ ...whole, ContentLength: LEAST_PART + 2 });
        expect((await head({ ChecksumMode: undefined })).ChecksumSHA256).to.equal(undefined);
        expect(await head({ PartNumber: 2 })).to.include({
          ContentLength: 2,
          PartsCount: 2,
          ContentRange: `bytes ${LEAST_PART}-${LEAST_PART + 1}/${LEAST_PART + 2}`,
        });
        const { Body: last } = await s3.getObject({ ...place, Range: 'bytes=-3' });
        expect(await last?.transformToString()).to.equal('xxy');
        const attributes = (more: object) =>
          s3.getObjectAttributes({
            ...place,
            ObjectAttributes: ['Checksum', 'ObjectParts'],
            MaxParts: 1,
            ...more,
          });
        const { Checksum, ObjectParts } = await attributes({});
        const { ObjectParts: rest } = await attributes({ PartNumberMarker: '1' });
        expect(rest?.IsTruncated).to.equal(false);
        expect(rest?.Parts?.map(({ PartNumber }) => PartNumber)).to.deep.equal([2]);
        expect(Checksum).to.deep.equal({ ...whole, ChecksumSHA256: digest });
        expect(ObjectParts).to.deep.include({ TotalPartsCount: 2, IsTruncated: true, NextPartNumberMarker: '1' });
        expect(ObjectParts?.Parts).to.deep.equal([
          { PartNumber: 1, Size: LEAST_PART, ChecksumSHA256: one.ChecksumSHA256 },
        ]);
      }),
      check('of some algorithms the checksum is that of all data, and of some it cannot be', async ({ aws, name }) => {
        const s3 = new S3(await aws('s3'));
        const place = { Bucket: name('<bucket:data>'), Key: 'whole' };
        const begun = (ChecksumAlgorithm?: 'SHA256' | 'CRC32') =>
          s3.createMultipartUpload({
            ...place,
            ...(ChecksumAlgorithm && { ChecksumAlgorithm, ChecksumType: 'FULL_OBJECT' }),
          });
        expect(await errorOf(begun('SHA256'))).to.equal('InvalidRequest');
        for (const [algorithm, member, value] of [
          ['CRC32', 'ChecksumCRC32', 'y/Q5Jg=='],
          [undefined, 'ChecksumCRC64NVME', 'rosUhgp5mIg='],
        ] as const) {
          const { UploadId } = await begun(algorithm);
          const part = { ...place, UploadId, PartNumber: 1, Body: '123456789' };
          const { ETag } = await s3.uploadPart({ ...part, ChecksumAlgorithm: algorithm });
          const complete = { ...place, UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } };
          const other = { [member]: algorithm === undefined ? 'AAAAAAAAAAA=' : 'AAAAAA==' };
          expect(await errorOf(s3.completeMultipartUpload({ ...complete, ...other }))).to.match(
            /^(BadDigest|InvalidRequest)$/,
          );
          const ofParts = { ...complete, ChecksumType: 'COMPOSITE' } as const;
          expect(await errorOf(s3.completeMultipartUpload(ofParts))).to.match(/^(BadDigest|InvalidRequest)$/);
          await s3.completeMultipartUpload(complete);
          expect(await s3.headObject({ ...place, ChecksumMode: 'ENABLED' })).to.include({
            [member]: value,
            ChecksumType: 'FULL_OBJECT',
          });
        }
      }),
    ],
  });
});
