import { notImplemented, s3Error } from './errors.ts';
import type { S3Object } from '../world/s3-model.ts';

type Headers = Readonly<Record<string, string>>;

/**
 * Returns the first failed condition of a read (RFC 9110, section 13; S3 API Reference, GetObject). Ignores future
 * dates. @param prefix of the headers: `x-amz-copy-source-` for the source of a copy
 */
function failedCondition(headers: Headers, object: S3Object, now: number, prefix = ''): string | undefined {
  // HTTP dates have no milliseconds.
  const lastModified = Math.floor(object.lastModified / 1000) * 1000;
  const ifMatch = headers[`${prefix}if-match`];
  if (ifMatch !== undefined) {
    if (!etagListed(ifMatch, object.etag)) return 'If-Match';
  } else if (Date.parse(headers[`${prefix}if-unmodified-since`] ?? '') < lastModified) {
    return 'If-Unmodified-Since';
  }
  const ifNoneMatch = headers[`${prefix}if-none-match`];
  if (ifNoneMatch !== undefined) return etagListed(ifNoneMatch, object.etag) ? 'If-None-Match' : undefined;
  const since = Date.parse(headers[`${prefix}if-modified-since`] ?? '');
  return lastModified <= since && since <= now ? 'If-Modified-Since' : undefined;
}

/** Throws `PreconditionFailed`. */
export function isNotModified(headers: Headers, object: S3Object, now: number): boolean {
  const failed = failedCondition(headers, object, now);
  if (failed === 'If-None-Match' || failed === 'If-Modified-Since') return true;
  if (failed !== undefined) throw s3Error('PreconditionFailed', { Condition: failed });
  return false;
}

/** Throws `PreconditionFailed`. */
export function checkSourceConditions(headers: Headers, object: S3Object, now: number): void {
  const failed = failedCondition(headers, object, now, 'x-amz-copy-source-');
  if (failed !== undefined) throw s3Error('PreconditionFailed', { Condition: `x-amz-copy-source-${failed}` });
}

/** Implements S3 User Guide, "… conditional writes". Throws `PreconditionFailed`, `NoSuchKey` or `NotImplemented`. */
export function checkWriteConditions(headers: Headers, key: string, existing: S3Object | undefined): void {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  if (ifMatch !== undefined && ifNoneMatch !== undefined) {
    throw notImplemented('If-Match,If-None-Match', 'Multiple conditional request headers present in the request');
  }
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch !== '*') throw valueNotImplemented('If-None-Match');
    if (existing !== undefined) throw s3Error('PreconditionFailed', { Condition: 'If-None-Match' });
  }
  if (ifMatch === undefined) return;
  if (ifMatch === '*') throw valueNotImplemented('If-Match');
  if (existing === undefined) throw s3Error('NoSuchKey', { Key: key });
  if (!etagListed(ifMatch, existing.etag)) throw s3Error('PreconditionFailed', { Condition: 'If-Match' });
}

function valueNotImplemented(header: string): Error {
  return notImplemented(header, `We don't accept the provided value of ${header} header for this API`);
}

/** Throws `NoSuchKey` (recorded on AWS by moto), or `PreconditionFailed` for another tag. `*` matches any tag. */
export function checkDeleteCondition(ifMatch: string | undefined, key: string, existing: S3Object | undefined): void {
  if (ifMatch === undefined) return;
  if (existing === undefined) throw s3Error('NoSuchKey', { Key: key });
  if (!etagListed(ifMatch, existing.etag)) throw s3Error('PreconditionFailed', { Condition: 'If-Match' });
}

/** Tags may be quoted. `*` matches all. */
function etagListed(list: string, etag: string): boolean {
  return list.split(',').some((item) => {
    const tag = item.trim().replace(/^W\//, '');
    return tag === '*' || tag === etag || `"${tag}"` === etag;
  });
}
