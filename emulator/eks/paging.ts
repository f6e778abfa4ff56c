import { invalidParameter } from './errors.ts';

const LARGEST_PAGE = 100;

/**
 * One page of a list in the order of its keys, with the token of the next. A token stands for the last key answered, so
 * that items which come or go between two calls neither repeat nor hide others.
 *
 * @throws AwsError `InvalidParameterException` for a `maxResults` out of 1–100 or a `nextToken` that no list gave out.
 */
export function page<Item>(
  items: Iterable<Item>,
  key: (item: Item) => string,
  query: URLSearchParams,
): { readonly items: readonly Item[]; readonly nextToken: string | null } {
  const size = pageSize(query.get('maxResults'));
  const after = lastKey(query.get('nextToken'));
  const sorted = [...items]
    .filter((item) => after === undefined || key(item) > after)
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const answered = sorted.slice(0, size);
  const last = answered.at(-1);
  const more = sorted.length > size && last !== undefined;
  return { items: answered, nextToken: more ? Buffer.from(`after:${key(last)}`).toString('base64url') : null };
}

function pageSize(text: string | null): number {
  if (text === null || text === '') return LARGEST_PAGE;
  const size = Number(text);
  if (!/^\d{1,9}$/.test(text) || size < 1 || size > LARGEST_PAGE)
    throw invalidParameter(`maxResults must be a number from 1 to ${LARGEST_PAGE}.`);
  return size;
}

function lastKey(token: string | null): string | undefined {
  if (token === null || token === '') return undefined;
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (!text.startsWith('after:')) throw invalidParameter('nextToken is not valid.');
  return text.slice('after:'.length);
}
