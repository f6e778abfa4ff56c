import { AwsError } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import type { ServiceResponse } from '../core/service.ts';
import { bucketOf } from './authorize.ts';
import type { Handler } from './call.ts';
import { invalidRequest } from './errors.ts';
import { checkIntegrity } from './integrity.ts';
import { demandDelete } from './write-object.ts';
import { malformedXml, parseXml, xmlDocument } from './xml.ts';
import type { XmlStructure } from '../query/xml.ts';

const MOST_KEYS = 1000;

/** Each key is authorized by itself; one that is refused does not stop the others (S3 API Reference, DeleteObjects). */
export const deleteObjects: Handler = async (call) => {
  const bucket = bucketOf(call);
  const checksums = checkIntegrity(call.request);
  if (Object.keys(checksums).length === 0 && call.request.headers['content-md5'] === undefined) {
    throw invalidRequest('Missing required header for this request: Content-MD5 OR x-amz-checksum-*');
  }
  const { keys, quiet } = readDocument(call.request.body);
  const asked = await attempt(keys, (key) => demandDelete(call, bucket, key));
  const answer = ({ done, errors }: Attempts): ServiceResponse => ({
    status: 200,
    body: xmlDocument('DeleteResult', {
      Deleted: quiet ? [] : done.map((key) => ({ Key: key })),
      Error: [...asked.errors, ...errors],
    }),
  });
  return {
    perform: () => {
      for (const key of asked.done) bucket.objects.delete(key);
      return answer({ done: asked.done, errors: [] });
    },
    // The other S3 must not hear of keys that were refused, so it is asked for one after the other as well.
    forward: async (backend) => answer(await attempt(asked.done, (key) => backend.deleteObject(call, key))),
  };
};

/** The keys that something succeeded with, and the errors of the others. */
interface Attempts {
  readonly done: readonly string[];
  readonly errors: readonly XmlStructure[];
}

/** Does something with each key, one after the other. A server's error ends it all; others are those of their keys. */
async function attempt(keys: readonly string[], one: (key: string) => Promise<void>): Promise<Attempts> {
  const done: string[] = [];
  const errors: XmlStructure[] = [];
  for (const key of keys) {
    try {
      await one(key);
      done.push(key);
    } catch (error) {
      if (!(error instanceof AwsError) || error.status >= 500) throw error;
      errors.push({ Key: key, Code: error.code, Message: error.message });
    }
  }
  return { done, errors };
}

function readDocument(body: Buffer): { readonly keys: readonly string[]; readonly quiet: boolean } {
  const document = parseXml(body, 'Delete');
  const objects = document['Object'];
  if (!Array.isArray(objects) || objects.length === 0 || objects.length > MOST_KEYS) throw malformedXml();
  const keys = objects.map((object: unknown) => {
    const key = isJsonObject(object) ? object['Key'] : undefined;
    if (typeof key !== 'string' || key === '') throw malformedXml();
    return key;
  });
  return { keys, quiet: document['Quiet'] === 'true' };
}
