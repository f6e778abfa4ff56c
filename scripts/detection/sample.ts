import { seededOrder } from '../../foundation/node/seeded-order.ts';

/** Chooses `count` items by seed, and keeps their order. */
export function sample<Item extends { readonly name: string }>(
  items: readonly Item[],
  count: number,
  seed: string,
): Item[] {
  const chosen = new Set(seededOrder(items, seed, ({ name }) => name).slice(0, count));
  return items.filter((item) => chosen.has(item));
}
