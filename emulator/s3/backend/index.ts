import { createHash } from 'node:crypto';
import type { ServiceResponse } from '../../core/service.ts';
import type { Backend, S3Call } from '../call.ts';
import { s3Error } from '../errors.ts';
import type { ExistingObject, Tags } from '../../world/s3-model.ts';
import { uriEncode, queryPairs } from '../../sigv4/index.ts';
import { tagSet, tagsOfDocument } from '../tags.ts';
import { xmlDocument } from '../xml.ts';
import { answerOf, unavailable } from './answer.ts';
import { BackendError, sender, type BackendRequest, type S3Backend } from './send.ts';
import { contentEncoding } from '../write-object.ts';

/** Default: the bucket of the call. */
type About = Partial<BackendRequest> & Pick<BackendRequest, 'method'>;

/** @param region the emulator's region */
export function backendS3(options: S3Backend, region: string): Backend {
  const backendRegion = options.region ?? region;
  const send = sender({ ...options, region: backendRegion });

  async function request(call: S3Call, about: About): Promise<ServiceResponse> {
    return requestFor(call, about, (answer) => answer);
  }

  async function requestFor<T>(call: S3Call, about: About, read: (answer: ServiceResponse) => T): Promise<T> {
    const what = { bucketName: call.bucketName, key: '', ...about };
    try {
      return read(answerOf(what, await send(what)));
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      call.context.trace(call.request).notes.push(error.message);
      throw unavailable(error);
    }
  }

  async function exists(call: S3Call, about: About): Promise<boolean> {
    return request(call, about).then(
      () => true,
      (error: unknown) => {
        if (isError(error, 'NoSuchBucket')) return false;
        throw error;
      },
    );
  }

  async function tagBucket(call: S3Call, tags: Tags): Promise<void> {
    const body = Buffer.from(xmlDocument('Tagging', tagSet(tags)));
    const headers = {
      'content-type': 'application/xml',
      'content-md5': createHash('md5').update(body).digest('base64'),
    };
    await request(call, { method: 'PUT', query: 'tagging', headers, body });
  }

  return {
    pass: (call) =>
      request(call, {
        method: call.request.method,
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
        // S3 answers MethodNotAllowed for a delete marker.
        if (['NoSuchKey', 'NoSuchVersion', 'MethodNotAllowed'].some((code) => isError(error, code))) return undefined;
        throw error;
      }
    },
    async createBucket(call, tags) {
      // If the backend answers 200 for an existing bucket, callers would get its objects.
      if (await exists(call, { method: 'GET', query: 'location' }))
        throw s3Error('BucketAlreadyExists', { BucketName: call.bucketName });
      const location = { LocationConstraint: backendRegion };
      const body = backendRegion === 'us-east-1' ? '' : xmlDocument('CreateBucketConfiguration', location);
      await request(call, { method: 'PUT', body: Buffer.from(body) }).catch((error: unknown) => {
        throw isError(error, 'BucketAlreadyOwnedByYou')
          ? s3Error('BucketAlreadyExists', { BucketName: call.bucketName })
          : error;
      });
      if (tags.size === 0) return;
      // A separate call, because many S3 implementations ignore tags in CreateBucket, and leftovers are found by tags.
      await tagBucket(call, tags).catch(async (error: unknown) => {
        await request(call, { method: 'DELETE' }).catch(() => undefined);
        throw error;
      });
    },
    async deleteBucket(call) {
      await exists(call, { method: 'DELETE' });
    },
    async deleteObject(call, { key, versionId, ifMatch }) {
      const query = versionId === undefined ? '' : `versionId=${uriEncode(versionId)}`;
      const headers = ifMatch === undefined ? {} : { 'if-match': ifMatch };
      return (await request(call, { method: 'DELETE', key, query, headers })).headers ?? {};
    },
  };
}

function readTags({ body = '' }: ServiceResponse): ExistingObject {
  try {
    return { tags: tagsOfDocument(Buffer.from(body), 'object') };
  } catch {
    throw new BackendError('invalid tags of an object');
  }
}

function isError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

type Headers = Readonly<Record<string, string>>;

const PASSED = /^(?:content-(?:type|md5|language|disposition)|cache-control|expires|range|if-[a-z-]+|x-amz-.+)$/;

/** Parts of the client's signature and transfer, and account ids, which the backend does not know. */
const DROPPED: ReadonlySet<string> = new Set([
  'x-amz-date',
  'x-amz-security-token',
  'x-amz-content-sha256',
  'x-amz-decoded-content-length',
  'x-amz-trailer',
  'x-amz-user-agent',
  'x-amz-expected-bucket-owner',
  'x-amz-source-expected-bucket-owner',
]);

/** Includes the headers of the trailer. */
function passedHeaders(headers: Headers): Record<string, string> {
  const passed = Object.entries(headers).filter(([name]) => PASSED.test(name) && !DROPPED.has(name));
  return { ...Object.fromEntries(passed), ...contentEncoding(headers) };
}

const SIGNATURE_PARAMETER =
  /^x-amz-(?:algorithm|credential|date|expires|signedheaders|signature|security-token|content-sha256)$/i;

/** Omits the signature of a presigned URL. */
function passedQuery(query: string): string {
  return queryPairs(query)
    .filter(([name]) => !SIGNATURE_PARAMETER.test(name))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
    .join('&');
}
