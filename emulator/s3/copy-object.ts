import type { ServiceResponse } from '../core/service.ts';
import { bucketOf, demandOnObject, existingTagKeys, objectFor } from './authorize.ts';
import type { Handler, S3Call } from './call.ts';
import { invalidArgument, invalidRequest, preconditionFailed } from './errors.ts';
import { storedObject } from './model.ts';
import type { S3Object } from './model.ts';
import { etagListed } from './read-object.ts';
import { tagsOfHeader } from './tags.ts';
import { checkConditions, checkHeaders, demandWrite, metadataOf, store } from './write-object.ts';
import { xmlDocument } from './xml.ts';

/** Needs to read the source (its tags too when they are copied) and to write the target (S3 API Reference, CopyObject). */
export const copyObject: Handler = async (call) => {
  const { request, key } = call;
  const { headers } = request;
  checkHeaders(request);
  const target = bucketOf(call);
  const source = sourceOf(call);
  const sourceBucket = bucketOf(call, source.bucket);
  const existing = await objectFor(call, sourceBucket, 's3:GetObject', source.key);

  const replaceTags = headers['x-amz-tagging-directive']?.toUpperCase() === 'REPLACE';
  const tags = replaceTags ? tagsOfHeader(headers['x-amz-tagging']) : existing.tags;
  if (!replaceTags && tags.size > 0) {
    demandOnObject(call, sourceBucket, source.key, 's3:GetObjectTagging', existingTagKeys(existing));
  }
  demandWrite(call, target, tags);

  const replaceMetadata = headers['x-amz-metadata-directive']?.toUpperCase() === 'REPLACE';
  if (!replaceMetadata && !replaceTags && sourceBucket === target && source.key === key) {
    throw invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's " +
        'metadata, storage class, website redirect location or encryption attributes.',
    );
  }
  const metadata = replaceMetadata ? { metadata: metadataOf(request), contentType: headers['content-type'] } : {};
  const perform = (): ServiceResponse => {
    const object = storedObject(sourceBucket, source.key);
    checkSourceConditions(headers, object);
    checkConditions(request, target.objects.get(key));
    const copy = store(target, { ...object, key, tags, lastModified: request.time, ...metadata });
    return {
      status: 200,
      headers: { 'x-amz-server-side-encryption': 'AES256' },
      body: xmlDocument('CopyObjectResult', {
        LastModified: new Date(copy.lastModified).toISOString(),
        ETag: copy.etag,
      }),
    };
  };
  return { perform };
};

function sourceOf({ request }: S3Call): { readonly bucket: string; readonly key: string } {
  const header = request.headers['x-amz-copy-source'] ?? '';
  const [path = ''] = header.split('?versionId=');
  let decoded: string;
  try {
    decoded = decodeURIComponent(path).replace(/^\//, '');
  } catch {
    throw invalidArgument('Invalid copy source encoding.', 'x-amz-copy-source', header);
  }
  const slash = decoded.indexOf('/');
  if (slash <= 0 || slash === decoded.length - 1) {
    throw invalidArgument('Invalid copy source object key', 'x-amz-copy-source', header);
  }
  return { bucket: decoded.slice(0, slash), key: decoded.slice(slash + 1) };
}

function checkSourceConditions(headers: Readonly<Record<string, string>>, object: S3Object): void {
  const ifMatch = headers['x-amz-copy-source-if-match'];
  if (ifMatch !== undefined && !etagListed(ifMatch, object.etag)) {
    throw preconditionFailed('x-amz-copy-source-If-Match');
  }
  const ifNoneMatch = headers['x-amz-copy-source-if-none-match'];
  if (ifNoneMatch !== undefined && etagListed(ifNoneMatch, object.etag)) {
    throw preconditionFailed('x-amz-copy-source-If-None-Match');
  }
}
