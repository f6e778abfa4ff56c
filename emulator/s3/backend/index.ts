import { createHash } from 'node:crypto';
import type { ServiceResponse } from '../../core/service.ts';
import type { Backend, S3Call } from '../call.ts';
import { bucketAlreadyExists } from '../errors.ts';
import type { ExistingObject } from '../model.ts';
import { uriEncode } from '../../sigv4/index.ts';
import { tagSet, tagsOfDocument } from '../tags.ts';
import { xmlDocument } from '../xml.ts';
import { answerOf, unavailable } from './answer.ts';
import { passedHeaders, passedQuery } from './passed-request.ts';
import { BackendError, sender } from './send.ts';
import type { BackendRequest, S3Backend } from './send.ts';

/** @param region the emulator's */
export function backendS3(options: S3Backend, region: string): Backend {
  const backendRegion = options.region ?? region;
  const send = sender({ ...options, region: backendRegion });

  async function request(call: S3Call, what: BackendRequest): Promise<ServiceResponse> {
    return requestFor(call, what, (answer) => answer);
  }

  async function requestFor<T>(call: S3Call, what: BackendRequest, read: (answer: ServiceResponse) => T): Promise<T> {
    try {
      return read(answerOf(what, await send(what)));
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      call.context.trace(call.request).notes.push(error.message);
      throw unavailable(error);
    }
  }

  /** Whether the bucket is there to do this with. */
  async function exists(call: S3Call, bucket: BackendRequest): Promise<boolean> {
    try {
      await request(call, bucket);
      return true;
    } catch (error) {
      if (isError(error, 'NoSuchBucket')) return false;
      throw error;
    }
  }

  async function tagBucket(call: S3Call, tags: ReadonlyMap<string, string>): Promise<void> {
    const bucket = { bucketName: call.bucketName, key: '' };
    const body = Buffer.from(xmlDocument('Tagging', tagSet(tags)));
    const headers = {
      'content-type': 'application/xml',
      'content-md5': createHash('md5').update(body).digest('base64'),
    };
    await request(call, { method: 'PUT', ...bucket, query: 'tagging', headers, body });
  }

  return {
    pass: (call) =>
      request(call, {
        method: call.request.method,
        bucketName: call.bucketName,
        key: call.key,
        query: passedQuery(call.request.query),
        headers: passedHeaders(call.request.headers),
        body: call.request.body,
      }),
    tagBucket,
    async existing(call, bucketName, { key, versionId }) {
      const query = versionId === undefined ? 'tagging' : `tagging&versionId=${uriEncode(versionId)}`;
      try {
        return await requestFor(call, { method: 'GET', bucketName, key, query }, readTags);
      } catch (error) {
        // The last one is how a delete marker is answered for.
        if (['NoSuchKey', 'NoSuchVersion', 'MethodNotAllowed'].some((code) => isError(error, code))) return undefined;
        throw error;
      }
    },
    async createBucket(call, tags) {
      const bucket = { bucketName: call.bucketName, key: '' };
      // Where the other S3 answers 200 for a bucket that its caller has already, whoever asks would be given its objects.
      if (await exists(call, { method: 'GET', ...bucket, query: 'location' }))
        throw bucketAlreadyExists(call.bucketName);
      const location = { LocationConstraint: backendRegion };
      const body = backendRegion === 'us-east-1' ? '' : xmlDocument('CreateBucketConfiguration', location);
      await request(call, { method: 'PUT', ...bucket, body: Buffer.from(body) }).catch((error: unknown) => {
        throw isError(error, 'BucketAlreadyOwnedByYou') ? bucketAlreadyExists(call.bucketName) : error;
      });
      if (tags.size === 0) return;
      // By a call of its own: many an S3 overlooks tags in CreateBucket, and leftovers could not be found by them.
      await tagBucket(call, tags).catch(async (error: unknown) => {
        await request(call, { method: 'DELETE', ...bucket }).catch(() => undefined);
        throw error;
      });
    },
    async deleteBucket(call) {
      await exists(call, { method: 'DELETE', bucketName: call.bucketName, key: '' });
    },
    async deleteObject(call, { key, versionId, ifMatch }) {
      const query = versionId === undefined ? '' : `versionId=${uriEncode(versionId)}`;
      const sent = ifMatch === undefined ? {} : { 'if-match': ifMatch };
      const { headers = {} } = await request(call, {
        method: 'DELETE',
        bucketName: call.bucketName,
        key,
        query,
        headers: sent,
      });
      return headers;
    },
  };
}

function readTags({ body = '' }: ServiceResponse): ExistingObject {
  try {
    return { tags: tagsOfDocument(Buffer.from(body), 'object') };
  } catch {
    throw new BackendError('what it answered for the tags of an object cannot be read');
  }
}

function isError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
