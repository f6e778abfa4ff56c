import type { QueryParameters } from '../../query/parameters.ts';
import type { XmlStructure } from '../../query/xml.ts';
import { validationError } from './errors.ts';

export interface Page<Item> {
  readonly items: readonly Item[];
  /** `IsTruncated` and, when there is more, `Marker`. */
  readonly members: XmlStructure;
}

/**
 * The page that `Marker` and `MaxItems` (1 to 1000, 100 by default) ask for. Items come in the order of their keys; a
 * marker names the last one given, so that pages neither skip nor repeat when items come and go between them.
 */
export function page<Item>(
  items: Iterable<Item>,
  key: (item: Item) => string,
  parameters: QueryParameters,
): Page<Item> {
  const size = parameters.integer('MaxItems', { min: 1, max: 1000 }) ?? 100;
  const marker = parameters.text('Marker', { min: 1, max: 2048 });
  const after = marker !== undefined ? readMarker(marker) : undefined;
  const remaining = [...items]
    .map((item) => ({ item, key: key(item) }))
    .filter((entry) => after === undefined || entry.key > after)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const shown = remaining.slice(0, size);
  const last = shown.at(-1);
  return {
    items: shown.map((entry) => entry.item),
    members:
      remaining.length > shown.length && last !== undefined
        ? { IsTruncated: true, Marker: Buffer.from(`after:${last.key}`).toString('base64url') }
        : { IsTruncated: false },
  };
}

function readMarker(marker: string): string {
  const text = Buffer.from(marker, 'base64url').toString('utf8');
  if (!text.startsWith('after:')) throw validationError('Invalid Marker.');
  return text.slice('after:'.length);
}
