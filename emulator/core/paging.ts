/**
 * One page of a list in the order of its keys, with the token of the next. A token stands for the last key answered, so
 * that items which come or go between two calls neither repeat nor hide others.
 *
 * @throws `invalidToken` for a token that no list gave out.
 */
export function pageOf<Item>(
  items: Iterable<Item>,
  key: (item: Item) => string,
  {
    size,
    token,
    invalidToken,
  }: { readonly size: number; readonly token?: string | undefined; readonly invalidToken: () => Error },
): { readonly items: readonly Item[]; readonly next: string | undefined } {
  const text = token === undefined ? '' : Buffer.from(token, 'base64url').toString('utf8');
  if (token !== undefined && !text.startsWith(PREFIX)) throw invalidToken();
  const remaining = [...items]
    .filter((item) => token === undefined || key(item) > text.slice(PREFIX.length))
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const shown = remaining.slice(0, size);
  const last = remaining.length > shown.length ? shown.at(-1) : undefined;
  const next = last === undefined ? undefined : Buffer.from(PREFIX + key(last)).toString('base64url');
  return { items: shown, next };
}

const PREFIX = 'after:';
