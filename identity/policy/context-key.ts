/** Keys are case-insensitive (IAM User Guide, "Condition"). */
export interface ContextKey {
  readonly name: string;
  readonly lowerCase: string;
}

export function contextKey(name: string): ContextKey {
  return { name, lowerCase: name.toLowerCase() };
}
