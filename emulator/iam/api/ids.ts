const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** A unique id (IAM User Guide, "IAM identifiers"): a prefix such as `AROA` and 17 letters or digits. */
export function uniqueId(prefix: 'AROA' | 'ANPA', random: () => number): string {
  let id: string = prefix;
  for (let index = 0; index < 17; index += 1) id += LETTERS.charAt(Math.floor(random() * LETTERS.length));
  return id;
}
