import { createHash } from 'node:crypto';

export function seededOrder<Item>(items: readonly Item[], seed: string, keyOf: (item: Item) => string): Item[] {
  const rank = (item: Item): string =>
    createHash('sha256')
      .update(`${seed}\0${keyOf(item)}`)
      .digest('hex');
  const ranked = items.map((item) => ({ item, rank: rank(item) }));
  return ranked.sort((one, other) => (one.rank < other.rank ? -1 : 1)).map(({ item }) => item);
}
