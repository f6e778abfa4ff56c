import type { ServiceRequest } from '../core/service.ts';
import { notImplemented, s3Error } from './errors.ts';

/** Without a bucket, the target is the service; without a key, the bucket. */
interface S3Address {
  readonly bucket: string | undefined;
  readonly key: string | undefined;
}

// `s3` is too short for a bucket name, so `s3.localhost` means the service.
const VIRTUAL_HOST = /^(?!s3[.-])(.+?)\.(?:s3[.-][^/]*|localhost)(?::\d+)?$/i;

/**
 * Reads the virtual-hosted (`<bucket>.s3.<region>.amazonaws.com`, `<bucket>.localhost`) or path form. Does not
 * normalize the path: `//`, `.` and `..` are part of a key. Throws `InvalidURI` unless it is percent-encoded UTF-8.
 */
export function s3Address(host: string, path: string): S3Address {
  const virtual = VIRTUAL_HOST.exec(host)?.[1]?.toLowerCase();
  if (virtual !== undefined) {
    return { bucket: virtual, key: path.length > 1 ? decode(path.slice(1)) : undefined };
  }
  if (path === '/' || path === '') return { bucket: undefined, key: undefined };
  const slash = path.indexOf('/', 1);
  if (slash < 0) return { bucket: decode(path.slice(1)), key: undefined };
  const key = path.slice(slash + 1);
  return { bucket: decode(path.slice(1, slash)), key: key === '' ? undefined : decode(key) };
}

/** Returns the target of an S3 Control call, if it is one (same signing name, account in a header). */
export function s3ControlPath({
  path,
  headers,
}: Pick<ServiceRequest, 'path' | 'headers'>): (S3Address & { readonly level: 'tags' | 'account' }) | undefined {
  if (headers['x-amz-account-id'] === undefined || !path.startsWith('/v20180820/')) return undefined;
  const bucket = /^arn:aws:s3:::([^/]+)$/.exec(decode(path.replace('/v20180820/tags/', '')))?.[1];
  if (bucket !== undefined) return { level: 'tags', bucket, key: undefined };
  if (path !== '/v20180820/configuration/publicAccessBlock') throw notImplemented(path);
  return { level: 'account', bucket: undefined, key: undefined };
}

function decode(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw s3Error('InvalidURI');
  }
}

/** Checks a name by the S3 User Guide, "General purpose bucket naming rules". */
export function isBucketName(name: string): boolean {
  return (
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !name.includes('..') &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name) &&
    !/^(?:xn--|sthree-|amzn-s3-demo-)/.test(name) &&
    !/(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(name)
  );
}
