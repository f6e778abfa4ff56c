/** Returns the cached value of a key, computed on first use. */
export function remembered<Key extends object, Value>(
  map: Pick<WeakMap<Key, Value>, 'get' | 'set'>,
  key: Key,
  make: () => Value,
): Value {
  const value = map.get(key);
  if (value !== undefined) return value;
  const made = make();
  map.set(key, made);
  return made;
}
