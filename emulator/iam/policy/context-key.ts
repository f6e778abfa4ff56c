/** Name of a condition key. Keys compare without regard to case (IAM User Guide, "Condition"). */
export interface ContextKey {
  readonly name: string;
  readonly lowerCase: string;
}

export function contextKey(name: string): ContextKey {
  return { name, lowerCase: name.toLowerCase() };
}
