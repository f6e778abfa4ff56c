/** Copies JSON data, several times faster than structuredClone. */
export function copyOf<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf) as T;
  const copy: Record<string, unknown> = {};
  // A member called __proto__ must stay a member.
  for (const [key, member] of Object.entries(value)) {
    if (key === '__proto__')
      Object.defineProperty(copy, key, { value: copyOf(member), enumerable: true, writable: true, configurable: true });
    else copy[key] = copyOf(member);
  }
  return copy as T;
}
