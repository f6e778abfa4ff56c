import type { Verdict } from '../results/results.ts';

const SYMBOLS: Readonly<Record<Verdict, string>> = {
  passed: '✓',
  failed: '✕',
  inconclusive: '?',
  error: '!',
  skipped: '–',
};

/** A verdict by its shape and its colour, and its word: shown, or only read aloud. */
export const Mark = ({ verdict, word = false }: { readonly verdict: Verdict; readonly word?: boolean }) => (
  <span class={`mark ${verdict}`}>
    <span class="symbol" aria-hidden="true">
      {SYMBOLS[verdict]}
    </span>{' '}
    <span class={word ? '' : 'unseen'}>{verdict}</span>
  </span>
);
