import type { Bucket, S3Object } from './model.ts';

export interface PageOptions {
  readonly prefix: string;
  readonly delimiter: string | undefined;
  readonly maxKeys: number;
  /** Only what comes after this key, or this common prefix with all below it. */
  readonly after: string;
}

export interface Page {
  readonly objects: readonly S3Object[];
  readonly commonPrefixes: readonly string[];
  /** The last key or common prefix of a page that is not the last one. */
  readonly last: string | undefined;
}

/** One page of a bucket in the order of the keys' UTF-8 bytes; keys that share a common prefix count once. */
export function listPage(bucket: Bucket, { prefix, delimiter, maxKeys, after }: PageOptions): Page {
  const objects: S3Object[] = [];
  const commonPrefixes: string[] = [];
  if (maxKeys === 0) return { objects, commonPrefixes, last: undefined };

  const keys: string[] = [];
  for (const key of bucket.objects.keys()) if (key.startsWith(prefix)) keys.push(key);
  keys.sort(compareUtf8);

  let last: string | undefined;
  for (const key of keys) {
    const common = commonPrefix(key, prefix, delimiter);
    const item = common ?? key;
    if (item === commonPrefixes.at(-1)) continue;
    if (after !== '' && compareUtf8(item, after) <= 0) continue;
    if (objects.length + commonPrefixes.length === maxKeys) return { objects, commonPrefixes, last };
    last = item;
    const object = bucket.objects.get(key);
    if (common !== undefined) commonPrefixes.push(common);
    else if (object !== undefined) objects.push(object);
  }
  return { objects, commonPrefixes, last: undefined };
}

function commonPrefix(key: string, prefix: string, delimiter: string | undefined): string | undefined {
  if (delimiter === undefined) return undefined;
  const end = key.indexOf(delimiter, prefix.length);
  return end < 0 ? undefined : key.slice(0, end + delimiter.length);
}

/** JavaScript compares by UTF-16 units, which differs from UTF-8 order only where a surrogate meets U+E000…U+FFFF. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
