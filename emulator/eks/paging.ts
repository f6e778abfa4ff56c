import { pageOf } from '../core/paging.ts';
import { invalidParameter } from './errors.ts';

const LARGEST_PAGE = 100;

/**
 * The page of a list that a call asks for.
 *
 * @throws AwsError `InvalidParameterException` for a `maxResults` that is no number or a `nextToken` that no list gave out.
 */
export function page<Item>(
  items: Iterable<Item>,
  key: (item: Item) => string,
  query: URLSearchParams,
): { readonly items: readonly Item[]; readonly nextToken: string | null } {
  const size = pageSize(query.get('maxResults'));
  const invalidToken = () => invalidParameter('nextToken is not valid.');
  const page = pageOf(items, key, { size, token: query.get('nextToken') || undefined, invalidToken });
  return { items: page.items, nextToken: page.next ?? null };
}

function pageSize(text: string | null): number {
  if (text === null || text === '') return LARGEST_PAGE;
  if (!/^\d{1,9}$/.test(text)) throw invalidParameter('maxResults must be a number.');
  return Number(text);
}
