/** Signed requests to S3 and their expected responses, shared by several suites. */
import { createHash } from 'node:crypto';
import { fails, signedRequest, succeeds, type SignedRequestOptions } from '../../harness/index.ts';
import { NOT_ALLOWED } from './outcomes.ts';

export const SIGNING = 'Amazon S3 API Reference, "Authenticating Requests (AWS Signature Version 4)"';
export const IN_HEADER = `${SIGNING}, "Using the Authorization Header"`;
export const ERRORS = 'Amazon S3 API Reference, "Error responses"';

export const ask = (request: string, options: SignedRequestOptions = {}) => signedRequest('app', request, options);
export const get = (options: SignedRequestOptions = {}, request = 'GET data/key') => ask(request, options);
export const put = (key: string, options: SignedRequestOptions) => ask(`PUT data/${key}`, options);

export const refusedWith = (code: string | readonly string[], status?: number) => ({
  by: 's3' as const,
  code,
  ...(status !== undefined && { status }),
});
export const DENIED = refusedWith('AccessDenied', 403);
export const BAD_DIGEST = refusedWith('BadDigest', 400);
export const MISMATCH = refusedWith('SignatureDoesNotMatch', 403);
export const may = (request: string, options: SignedRequestOptions = {}) => succeeds(ask(request, options));
export const mayNot = (request: string, options: SignedRequestOptions = {}) =>
  fails(ask(request, options), NOT_ALLOWED);

/** Returns an XML document of S3, as a body. */
export const xml = (element: string, content: string): string =>
  `<${element} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${element}>`;
/** Returns a body with its checksum, which S3 requires for lists of objects or tags. */
export const withMd5 = (body: string): SignedRequestOptions => ({ body, headers: digests.md5(body) });
type TagPair = readonly [key: string, value: string];
export const xmlTags = (...tags: readonly TagPair[]): string =>
  tags.map(([key, value]) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`).join('');
/** Returns the body of PutObjectTagging. */
export const tagging = (...tags: readonly TagPair[]) => withMd5(xml('Tagging', `<TagSet>${xmlTags(...tags)}</TagSet>`));
export const teamTag = (value: string) => tagging(['team', value]);
/** Headers with the checksum of a text. */
export const digests = {
  md5: (text: string) => ({ 'content-md5': createHash('md5').update(text).digest('base64') }),
  sha256: (text: string) => ({ 'x-amz-checksum-sha256': createHash('sha256').update(text).digest('base64') }),
} as const;

export const HASH = 'x-amz-content-sha256';
/** SHA-256 of `one`. */
export const HASH_OF_ONE = '7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed';
/** The entity tag of `one` (Amazon S3 API Reference, "Object": its MD5). */
export const ETAG_OF_ONE = '"f97c5d29941bfb1b2fdab0874906ab82"';
/** The body of CompleteMultipartUpload. */
export const ONE_PART: SignedRequestOptions = {
  body: xml('CompleteMultipartUpload', `<Part><PartNumber>1</PartNumber><ETag>${ETAG_OF_ONE}</ETag></Part>`),
};
export const withHeader = (name: string, value: string): SignedRequestOptions => ({ headers: { [name]: value } });
/** Returns the headers to copy an object of the scenario. */
export const copyOf = (source: string, more: Readonly<Record<string, string>> = {}): SignedRequestOptions => ({
  headers: { 'x-amz-copy-source': source.replace(/^[^/]+/, '<bucket:$&>'), ...more },
});
