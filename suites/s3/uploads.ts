/** Multipart uploads and their parts. */
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { suite } from '../../harness/index.ts';
import { errorOf, refusalBy } from '../lib/errors.ts';
import { checkBucket } from './lib/check-bucket.ts';

type Part = { readonly PartNumber: number; readonly ETag: string | undefined };
const MD5_OF_ONE = createHash('md5').update('one').digest('base64');

suite('s3', ({ scenario }) => {
  scenario('OB-34', 'a multipart upload consists of the parts that its completion names, in order', {
    source:
      'Amazon S3 API Reference, CompleteMultipartUpload: InvalidPart, InvalidPartOrder, EntityTooSmall, NoSuchUpload, If-None-Match, x-amz-mp-object-size; UploadPart: a part with the same number, part numbers; ListParts',
    buckets: { data: {} },
    probes: [
      checkBucket('valid and invalid lists of parts', async (s3, bucket) => {
        const place = { ...bucket, Key: 'parts' };
        const given = { ContentType: 'text/plain', Metadata: { note: 'one' }, StorageClass: 'STANDARD_IA' as const };
        const begun = async (...texts: readonly string[]) => {
          const { UploadId } = await s3.createMultipartUpload({ ...place, ...given });
          const parts: Part[] = [];
          for (const [index, Body] of [...texts.entries()].reverse()) {
            const PartNumber = 10 * index + 2;
            const { ETag } = await s3.uploadPart({ ...place, UploadId, PartNumber, Body });
            parts.unshift({ PartNumber, ETag });
          }
          return { UploadId, parts };
        };
        const completed = (UploadId: string | undefined, Parts: Part[], more = {}) =>
          s3
            .completeMultipartUpload({ ...place, UploadId, MultipartUpload: { Parts }, ...more })
            .then(({ ETag }) => ETag)
            .catch((error: Error) => refusalBy(error).name);

        const empty = { ...place, UploadId: (await begun()).UploadId };
        expect(await errorOf(s3.listParts(empty)), 'ListParts without parts').to.equal('none');
        await s3.abortMultipartUpload(empty);
        const { UploadId, parts } = await begun('one', 'two');
        const [first, second] = parts as [Part, Part];
        const wrong = { ...place, UploadId, PartNumber: 10_001, Body: 'one' };
        expect(await errorOf(s3.uploadPart(wrong))).to.equal('InvalidArgument');
        const damaged = { ...place, UploadId, PartNumber: 2, Body: 'six', ContentMD5: MD5_OF_ONE };
        expect(await errorOf(s3.uploadPart(damaged))).to.equal('BadDigest');
        expect(await completed(UploadId, [second, first])).to.equal('InvalidPartOrder');
        expect(await completed(UploadId, [{ ...second, ETag: first.ETag }])).to.equal('InvalidPart');
        expect(await completed(UploadId, [{ ...second, PartNumber: 3 }])).to.equal('InvalidPart');
        expect(await completed(UploadId, [])).to.match(/^(InvalidRequest|MalformedXML)$/);
        // All parts except the last must have at least 5 MiB.
        expect(await completed(UploadId, parts)).to.equal('EntityTooSmall');
        expect(await completed(UploadId, [second], { MpuObjectSize: 6 })).to.equal('InvalidRequest');
        const asIs = { MpuObjectSize: 3, IfNoneMatch: '*' };
        expect(await completed(UploadId, [second], asIs)).to.match(/^"[0-9a-f]{32}-1"$/);
        const { Body, ContentType, Metadata, StorageClass: kept } = await s3.getObject(place);
        expect(await Body?.transformToString()).to.equal('two');
        expect({ ContentType, Metadata, StorageClass: kept }).to.deep.equal(given);

        const next = await begun('one');
        expect(await completed(next.UploadId, next.parts, { IfNoneMatch: '*' })).to.equal('PreconditionFailed');
        const aborted = { ...place, UploadId: next.UploadId };
        // A failed condition may have ended the upload.
        expect(await errorOf(s3.abortMultipartUpload(aborted))).to.be.oneOf(['none', 'NoSuchUpload']);
        expect(await completed(next.UploadId, next.parts)).to.equal('NoSuchUpload');

        // A repeated part replaces the first one.
        const last = await begun('one');
        const copied = { ...place, UploadId: last.UploadId, PartNumber: 2 };
        const CopySource = `${place.Bucket}/${place.Key}`;
        for (const condition of [{ CopySourceIfMatch: '"other"' }, { CopySourceIfModifiedSince: new Date(0) }]) {
          const end = 'CopySourceIfMatch' in condition ? 'PreconditionFailed' : 'none';
          expect(await errorOf(s3.uploadPartCopy({ ...copied, CopySource, ...condition }))).to.equal(end);
        }
        const { CopyPartResult } = await s3.uploadPartCopy({ ...copied, CopySource });
        expect(await completed(last.UploadId, last.parts)).to.equal('InvalidPart');
        const part = { PartNumber: 2, ETag: CopyPartResult?.ETag };
        expect(await completed(last.UploadId, [part])).to.match(/-1"$/);
        const attributes = await s3.getObjectAttributes({
          ...place,
          ObjectAttributes: ['ObjectSize', 'ObjectParts', 'StorageClass'],
        });
        expect(attributes).to.include({ ObjectSize: 3, StorageClass: 'STANDARD_IA' });
        expect(attributes.ETag).to.equal(undefined);
        expect(attributes.ObjectParts?.TotalPartsCount).to.equal(1);
      }),
    ],
  });
});
