type Defined<T> = { readonly [Key in keyof T]?: Exclude<T[Key], undefined> };

/** Omits undefined members. */
export function defined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
}
