import { createHash } from 'node:crypto';

/** So many of the items, chosen by a seed: the same of the same items, in their order. */
export function sample<Item extends { readonly name: string }>(
  items: readonly Item[],
  count: number,
  seed: string,
): Item[] {
  const rank = ({ name }: Item): string => createHash('sha256').update(`${seed}\0${name}`).digest('hex');
  const chosen = [...items].sort((one, other) => (rank(one) < rank(other) ? -1 : 1)).slice(0, count);
  return items.filter((item) => chosen.includes(item));
}
