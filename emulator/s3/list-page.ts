import { textOf } from '../../foundation/node/json.ts';
import { uriEncode } from '../sigv4/index.ts';
import type { S3Call } from './call.ts';
import { invalidArgument } from './errors.ts';
import type { XmlStructure } from '../query/xml.ts';

/** Parameters that a bucket's lists share. */
interface ListParameters {
  readonly prefix: string;
  readonly delimiter: string | undefined;
  readonly encode: (text: string) => string;
  readonly encodingType: string | undefined;
  readonly size: number;
}

/** @param sizeName the name of the page size parameter */
export function listParameters({ query }: S3Call, sizeName: 'max-keys' | 'max-uploads'): ListParameters {
  const encodingType = query.get('encoding-type');
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: textOf(query.get('delimiter')),
    encodingType,
    size: numberOf(query, sizeName),
    encode: encodingType === undefined ? (text) => text : encodeKey,
  };
}

function encodeKey(key: string): string {
  return key.split('/').map(uriEncode).join('/');
}

/** Reads a whole number. `to` is its maximum and default. Throws `InvalidArgument`. */
export function numberOf(query: ReadonlyMap<string, string>, name: string, to = 1000): number {
  const text = query.get(name) ?? '';
  if (text === '') return to;
  if (!/^-?\d{1,10}$/.test(text)) {
    throw invalidArgument(`Provided ${name} not an integer or within integer range`, name, text);
  }
  const number = Number(text);
  if (number >= 0 && number <= 2147483647) return Math.min(number, to);
  const member = name.replace(/-./g, (dash) => dash.slice(1).toUpperCase());
  throw invalidArgument(`Argument ${member} must be an integer between 0 and 2147483647`, member, text);
}

interface Page<Item> {
  readonly items: readonly Item[];
  readonly commonPrefixes: readonly string[];
  /** The last item or common prefix; undefined on the last page. */
  readonly last: Item | string | undefined;
}

/** Returns a page of items and common prefixes. @param after a key or common prefix, or an item with it */
export function listPage<Item extends { readonly key: string }>(
  items: readonly Item[],
  { prefix, delimiter, size }: ListParameters,
  after: { readonly key: string; readonly item?: Item | undefined; readonly next?: Item | undefined },
): Page<Item> {
  const position = after.item === undefined ? items.length : items.indexOf(after.item) + 1;
  const first = after.item === undefined && after.next ? items.indexOf(after.next) : position;
  const shown: Item[] = [];
  const commonPrefixes: string[] = [];
  if (size === 0) return { items: shown, commonPrefixes, last: undefined };
  let last: Item | string | undefined;
  for (const [index, item] of items.entries()) {
    const common = commonPrefix(item.key, prefix, delimiter);
    if (common !== undefined && common === commonPrefixes.at(-1)) continue;
    const isRest = item.key === after.key && index >= first && common === undefined;
    if (!isRest && compareUtf8(common ?? item.key, after.key) <= 0) continue;
    if (shown.length + commonPrefixes.length === size) return { items: shown, commonPrefixes, last };
    last = common ?? item;
    if (common === undefined) shown.push(item);
    else commonPrefixes.push(common);
  }
  return { items: shown, commonPrefixes, last: undefined };
}

export function nameOf(item: { readonly key: string } | string): string {
  return typeof item === 'string' ? item : item.key;
}

export function listElements(
  { prefix, delimiter, encode, encodingType }: ListParameters,
  { commonPrefixes, last }: Page<unknown>,
): XmlStructure {
  return {
    Prefix: encode(prefix),
    Delimiter: delimiter && encode(delimiter),
    EncodingType: encodingType,
    IsTruncated: last !== undefined,
    CommonPrefixes: commonPrefixes.map((common) => ({ Prefix: encode(common) })),
  };
}

/** Compares in the order of UTF-8 bytes. */
export function sortedKeys(keys: Iterable<string>, prefix: string): readonly string[] {
  return [...keys].filter((key) => key.startsWith(prefix)).sort(compareUtf8);
}

function commonPrefix(key: string, prefix: string, delimiter: string | undefined): string | undefined {
  if (delimiter === undefined) return undefined;
  const end = key.indexOf(delimiter, prefix.length);
  return end < 0 ? undefined : key.slice(0, end + delimiter.length);
}

/** Compares texts by their bytes in UTF-8. JavaScript compares UTF-16 units. */
export function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
