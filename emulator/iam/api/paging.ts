import { pageOf } from '../../core/paging.ts';
import type { QueryParameters } from '../../query/parameters.ts';
import type { XmlStructure } from '../../query/xml.ts';
import { validationError } from './errors.ts';

/**
 * The page that `Marker` and `MaxItems` (1 to 1000, 100 by default) ask for; `members` are `IsTruncated` and, when there is
 * more, `Marker`.
 */
export function page<Item>(
  items: Iterable<Item>,
  key: (item: Item) => string,
  parameters: QueryParameters,
): { readonly items: readonly Item[]; readonly members: XmlStructure } {
  const size = parameters.integer('MaxItems') ?? 100;
  const token = parameters.text('Marker');
  const { items: shown, next } = pageOf(items, key, {
    size,
    token,
    invalidToken: () => validationError('Invalid Marker.'),
  });
  return { items: shown, members: { IsTruncated: next !== undefined, Marker: next } };
}
