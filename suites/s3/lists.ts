/** Lists of objects: pages and encoded keys. */
import type { S3 } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { suite } from '../../harness/index.ts';
import { checkBucket } from './lib/check-bucket.ts';

/** In the order of their bytes. Each needs an encoding. */
const KEYS = ['a b', 'a%20b', 'a+b', 'a=b', '\u00e9'].map((key) => `listed/${key}`);
const ENCODINGS = [undefined, 'url'] as const;

interface Input {
  readonly Bucket: string;
  readonly Prefix: string;
  readonly MaxKeys: number;
  readonly EncodingType: (typeof ENCODINGS)[number];
}
/** A list with its encoded keys, and the parameters of the next page. */
type List = (
  s3: S3,
  input: Input,
) => Promise<{ readonly listed: readonly Listed[]; readonly next: object | undefined }>;
interface Listed {
  readonly Key?: string | undefined;
}
const decoded = ({ EncodingType }: Input, key = ''): string =>
  EncodingType === undefined ? key : decodeURIComponent(key.replaceAll('+', ' '));

const LISTS: Readonly<Record<string, List>> = {
  ListObjectsV2: async (s3, input) => {
    const { Contents: listed = [], NextContinuationToken } = await s3.listObjectsV2(input);
    return { listed, next: NextContinuationToken ? { ContinuationToken: NextContinuationToken } : undefined };
  },
  // Without a delimiter, the last key is the next marker.
  ListObjects: async (s3, input) => {
    const { Contents: listed = [], IsTruncated } = await s3.listObjects(input);
    return { listed, next: IsTruncated ? { Marker: decoded(input, listed.at(-1)?.Key) } : undefined };
  },
  ListObjectVersions: async (s3, input) => {
    const { Versions: listed = [], NextKeyMarker, NextVersionIdMarker } = await s3.listObjectVersions(input);
    const next = { KeyMarker: decoded(input, NextKeyMarker), VersionIdMarker: NextVersionIdMarker };
    return { listed, next: NextKeyMarker ? next : undefined };
  },
};

suite('s3', ({ scenario }) => {
  scenario('OB-46', 'pages of a list contain each key once, also in encoded form', {
    source:
      'Amazon S3 API Reference, ListObjectsV2, ListObjects and ListObjectVersions: encoding-type, max-keys, continuation-token, marker, key-marker',
    buckets: { data: {} },
    probes: [
      checkBucket('pages of one key', async (s3, bucket) => {
        for (const Key of KEYS) await s3.putObject({ ...bucket, Key, Body: 'one' });
        for (const [name, list] of Object.entries(LISTS))
          for (const EncodingType of ENCODINGS) {
            const input = { ...bucket, Prefix: 'listed/', MaxKeys: 1, EncodingType };
            const seen: string[] = [];
            let next: object | undefined = {};
            while (next !== undefined && seen.length <= KEYS.length) {
              const page = await list(s3, { ...input, ...next });
              expect(page.listed, `page ${seen.length + 1} of ${name}, encoding ${EncodingType}`).to.have.length(1);
              seen.push(decoded(input, page.listed[0]?.Key));
              next = page.next;
            }
            expect(seen, `${name}, encoding ${EncodingType}`).to.deep.equal(KEYS);
          }
      }),
    ],
  });
});
