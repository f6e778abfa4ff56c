import { AwsError } from '../core/errors.ts';
import { bucketOf, demandOnObject, existingTagKeys } from './authorize.ts';
import type { Handler } from './call.ts';
import { invalidRequest } from './errors.ts';
import { checkIntegrity } from './integrity.ts';
import { isElement, malformedXml, parseXml, xmlDocument } from './xml.ts';
import type { XmlElements } from './xml.ts';

const MOST_KEYS = 1000;

/** Each key is authorized by itself; one that is refused does not stop the others (S3 API Reference, DeleteObjects). */
export const deleteObjects: Handler = (call) => {
  const bucket = bucketOf(call);
  const checksums = checkIntegrity(call.request);
  if (Object.keys(checksums).length === 0 && call.request.headers['content-md5'] === undefined) {
    throw invalidRequest('Missing required header for this request: Content-MD5 OR x-amz-checksum-*');
  }
  const { keys, quiet } = readDocument(call.request.body);
  const deleted: XmlElements[] = [];
  const errors: XmlElements[] = [];
  for (const key of keys) {
    try {
      demandOnObject(call, bucket, key, 's3:DeleteObject', existingTagKeys(bucket.objects.get(key)));
      bucket.objects.delete(key);
      deleted.push({ Key: key });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      errors.push({ Key: key, Code: error.code, Message: error.message });
    }
  }
  return { status: 200, body: xmlDocument('DeleteResult', { Deleted: quiet ? [] : deleted, Error: errors }) };
};

function readDocument(body: Buffer): { readonly keys: readonly string[]; readonly quiet: boolean } {
  const document = parseXml(body, 'Delete');
  const objects = document['Object'];
  if (!Array.isArray(objects) || objects.length === 0 || objects.length > MOST_KEYS) throw malformedXml();
  const keys = objects.map((object: unknown) => {
    const key = isElement(object) ? object['Key'] : undefined;
    if (typeof key !== 'string' || key === '') throw malformedXml();
    return key;
  });
  return { keys, quiet: document['Quiet'] === 'true' };
}
