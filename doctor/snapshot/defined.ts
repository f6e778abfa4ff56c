type Defined<T> = { readonly [Key in keyof T]?: Exclude<T[Key], undefined> };

/** Omits undefined members. */
export function defined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
}

/** Returns some members of an object, without undefined ones. */
export function pick<T extends object, Key extends keyof T>(object: T, ...keys: readonly Key[]): Defined<Pick<T, Key>> {
  return defined(Object.fromEntries(keys.map((key) => [key, object[key]])) as Pick<T, Key>);
}
