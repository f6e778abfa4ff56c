/**
 * Returns one page and the next token, which encodes the last key so that changes between calls neither repeat
 * nor hide items. Throws `invalidToken` for an unknown token.
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
