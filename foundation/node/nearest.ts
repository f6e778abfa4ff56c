/** Returns the candidate nearest to `word` by edit distance, if it is near enough for a typo. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(word.length / 2)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best ?? candidates.find((candidate) => word.length > 2 && candidate.includes(word));
}

/** Returns `did you mean "x"?`, the candidates, or if they are many, `otherwise`. `show` formats a candidate for the user. */
export function suggestion(
  word: string,
  candidates: readonly string[],
  show: (candidate: string) => string = (candidate) => `"${candidate}"`,
  otherwise = 'see --help',
): string {
  const near = nearest(word, candidates);
  if (near !== undefined) return `did you mean ${show(near)}?`;
  return candidates.length <= 12 ? `choose from ${candidates.join(', ')}.` : `${otherwise}.`;
}

/** Returns the number of inserted, deleted and replaced characters between two words. */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
