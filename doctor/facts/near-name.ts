import { editDistance } from '../../foundation/node/nearest.ts';

/** Returns the largest edit distance of a typo. Short names differ by less, or `dev` would be near `db`. */
const limitOf = (name: string): number => Math.min(2, Math.floor((name.length - 1) / 2));

const digitsOf = (name: string): string => name.replace(/\D/g, '');

/** Returns the candidate nearest to `name` if a typo explains the difference. Different digits count things, as in `app-2`. */
export function nearName(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = limitOf(name) + 1;
  for (const candidate of candidates) {
    if (candidate === name || digitsOf(candidate) !== digitsOf(name)) continue;
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const distance = editDistance(name, candidate);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** Words that say what an object is, and not whose. */
const KINDS = new Set(['sa', 'serviceaccount', 'account', 'service', 'app', 'role', 'irsa', 'pod', 'identity']);

const wordsOf = (name: string): readonly string[] =>
  name.split(/[-_.]/).filter((word) => word !== '' && !KINDS.has(word));

/** Returns the candidate with all words of `name`, or whose words are all in it, as `grafana` and `grafana-agent`. */
export function nearWords(name: string, candidates: readonly string[]): string | undefined {
  const given = wordsOf(name);
  const near = candidates.filter((candidate) => {
    const words = wordsOf(candidate);
    const [fewer, more] = words.length < given.length ? [words, given] : [given, words];
    return candidate !== name && fewer.length > 0 && fewer.every((word) => more.includes(word));
  });
  return near.length === 1 ? near[0] : undefined;
}
