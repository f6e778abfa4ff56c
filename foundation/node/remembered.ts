/** Returns the cached value of a key, computed on first use. */
export function remembered<Key extends object, Value>(
  map: Pick<WeakMap<Key, Value>, 'get' | 'set'>,
  key: Key,
  make: () => Value,
): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
