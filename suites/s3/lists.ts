/** Listing objects: keys, prefixes, order and pages. */
import { paginateListObjectsV2, S3 } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { check, suite } from '../../harness/index.ts';
import { errorOf } from '../lib/errors.ts';

/** The entity tag of `two`. */
const ETAG_OF_TWO = '"b8a9f715dbb64fd5c56e7783c6820a61"';
const LISTS = 'Amazon S3 API Reference, ListObjectsV2, ListObjects and ListObjectVersions';

suite('s3', ({ scenario }) => {
  /** In the order of their UTF-8 bytes, which is neither that of UTF-16 nor that of an alphabet. */
  const KEYS = ['B', 'a/1', 'a/b/2', 'a/b/3', 'c&<1>', 'c(1)', 'ä', '\u{ff5e}', '\u{1f600}'];

  scenario('OB-01b', 'a listing by pages has each key and each common prefix once', {
    source: 'Amazon S3 API Reference, ListObjectsV2: KeyCount, CommonPrefixes, continuation-token',
    objects: ['data/a/1', 'data/a/2', 'data/b/1', 'data/c'],
    probes: [
      check('with a delimiter, one at a time', async ({ aws, name }) => {
        const client = new S3(await aws('s3'));
        const asked = { Bucket: name('<bucket:data>'), Delimiter: '/' };
        const found: unknown[] = [];
        for await (const page of paginateListObjectsV2({ client, pageSize: 1 }, asked)) {
          expect(page.KeyCount).to.equal(1);
          found.push(
            ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
            ...(page.Contents ?? []).map(({ Key }) => Key),
          );
          if (found.length > 3) break;
        }
        expect(found).to.deep.equal(['a/', 'b/', 'c']);
      }),
    ],
  });

  scenario('OB-36', 'a listing has the keys after a start, with a prefix, in the order of their bytes', {
    source: `${LISTS}: start-after, prefix, delimiter, encoding-type, fetch-owner, marker, NextMarker; Amazon S3 User Guide, "Listing object keys programmatically": in UTF-8 binary order`,
    objects: KEYS.map((key) => `data/${key}`),
    probes: [
      check('all, and parts of them', async ({ aws, name }) => {
        const s3 = new S3(await aws('s3'));
        const Bucket = name('<bucket:data>');
        const keysOf = async (input: object) => {
          const { Contents = [], CommonPrefixes = [] } = await s3.listObjectsV2({ Bucket, ...input });
          return [...Contents.map(({ Key }) => Key), ...CommonPrefixes.map(({ Prefix }) => Prefix)];
        };
        expect(await keysOf({})).to.deep.equal(KEYS);
        expect(await keysOf({ StartAfter: 'a/b/2' })).to.deep.equal(KEYS.slice(3));
        expect(await keysOf({ StartAfter: 'a/' })).to.deep.equal(KEYS.slice(1));
        expect(await keysOf({ Prefix: 'a/', Delimiter: '/' })).to.deep.equal(['a/1', 'a/b/']);
        expect(await keysOf({ Prefix: 'a', Delimiter: '/' })).to.deep.equal(['a/']);
        expect(await keysOf({ Prefix: 'a', Delimiter: '/b/' })).to.deep.equal(['a/1', 'a/b/']);
        expect(await keysOf({ Prefix: 'c', EncodingType: 'url' })).to.deep.equal(['c%26%3C1%3E', 'c%281%29']);
        expect(await keysOf({ Prefix: 'c', Delimiter: '(', EncodingType: 'url' })).to.deep.equal([
          'c%26%3C1%3E',
          'c%28',
        ]);
        const encoded = { Prefix: 'c&', Delimiter: '&<', StartAfter: 'b&', EncodingType: 'url' } as const;
        expect(await s3.listObjectsV2({ Bucket, ...encoded })).to.include({
          Name: Bucket,
          Prefix: 'c%26',
          Delimiter: '%26%3C',
          StartAfter: 'b%26',
          EncodingType: 'url',
        });
        expect(await keysOf({ MaxKeys: 0 })).to.deep.equal([]);
        expect(await errorOf(keysOf({ MaxKeys: -1 }))).to.equal('InvalidArgument');
        expect(await errorOf(keysOf({ ContinuationToken: 'of no listing' }))).to.equal('InvalidArgument');
        const paged: unknown[] = [];
        for await (const page of paginateListObjectsV2({ client: s3, pageSize: 2 }, { Bucket, StartAfter: 'a/1' })) {
          paged.push(...(page.Contents ?? []).map(({ Key }) => Key));
          if (paged.length > KEYS.length) break;
        }
        expect(paged).to.deep.equal(KEYS.slice(2));
        const names = (prefix: string) => s3.listObjectVersions({ Bucket, Prefix: prefix, Delimiter: '/' });
        const { Versions = [], CommonPrefixes = [] } = await names('a/');
        expect([...Versions.map(({ Key }) => Key), ...CommonPrefixes.map(({ Prefix }) => Prefix)]).to.deep.equal([
          'a/1',
          'a/b/',
        ]);
        // A version is where a page begins only together with its key.
        const versionAlone = { Bucket, VersionIdMarker: 'null' };
        expect(await errorOf(s3.listObjectVersions(versionAlone))).to.equal('InvalidArgument');
      }),
      check('what is told of each', async ({ aws, name }) => {
        const s3 = new S3(await aws('s3'));
        const Bucket = name('<bucket:data>');
        await s3.putObject({ Bucket, Key: 'B', Body: 'two', StorageClass: 'STANDARD_IA' });
        const first = async (more: object) => {
          const { Contents: [object] = [] } = await s3.listObjectsV2({ Bucket, MaxKeys: 1, ...more });
          return object;
        };
        const { LastModified: written } = await s3.headObject({ Bucket, Key: 'B' });
        const plain = await first({});
        expect(plain).to.include({ Key: 'B', ETag: ETAG_OF_TWO, Size: 3, StorageClass: 'STANDARD_IA' });
        expect(plain?.LastModified).to.deep.equal(written);
        // Whose it is, is told where that is asked for, and always by the first version of the call.
        expect(plain?.Owner).to.equal(undefined);
        expect((await first({ FetchOwner: false }))?.Owner).to.equal(undefined);
        const { Contents: [older] = [] } = await s3.listObjects({ Bucket, MaxKeys: 1 });
        expect(older?.Owner?.ID).to.match(/^[0-9a-f]{64}$/);
        expect((await first({ FetchOwner: true }))?.Owner?.ID).to.equal(older?.Owner?.ID);
      }),
      check('by the first version of the call', async ({ aws, name }) => {
        const s3 = new S3(await aws('s3'));
        const page = async (input: object) => {
          const asked = { Bucket: name('<bucket:data>'), MaxKeys: 2, ...input };
          const { Contents = [], IsTruncated, NextMarker } = await s3.listObjects(asked);
          return { keys: Contents.map(({ Key }) => Key), IsTruncated, NextMarker };
        };
        // Without a delimiter the last key is where the next page begins.
        expect(await page({})).to.deep.equal({ keys: KEYS.slice(0, 2), IsTruncated: true, NextMarker: undefined });
        expect(await page({ Marker: 'a/1' })).to.deep.include({ keys: KEYS.slice(2, 4), IsTruncated: true });
        expect(await page({ Delimiter: '/' })).to.deep.equal({ keys: ['B'], IsTruncated: true, NextMarker: 'a/' });
        expect(await page({ Delimiter: '/', Marker: 'a/' })).to.deep.include({ keys: KEYS.slice(4, 6) });
        const encoded = { Prefix: 'c', Marker: 'b&', Delimiter: '&', EncodingType: 'url', MaxKeys: 1 } as const;
        expect(await s3.listObjects({ Bucket: name('<bucket:data>'), ...encoded })).to.include({
          Prefix: 'c',
          Marker: 'b%26',
          Delimiter: '%26',
          NextMarker: 'c%26',
        });
        expect(await page({ Marker: KEYS.at(-2) })).to.deep.include({ keys: KEYS.slice(-1), IsTruncated: false });
        // What has a meaning in XML has none in a key.
        const Objects = ['c&<1>', 'c(1)'].map((Key) => ({ Key }));
        await s3.deleteObjects({ Bucket: name('<bucket:data>'), Delete: { Objects } });
        expect(await page({ Prefix: 'c' })).to.deep.include({ keys: [] });
      }),
    ],
  });
});
