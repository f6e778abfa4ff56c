import type { Verdict } from '../results/results.ts';

const SYMBOLS: Readonly<Record<Verdict, string>> = {
  passed: '✓',
  failed: '✕',
  inconclusive: '?',
  error: '!',
  skipped: '–',
};

/** A verdict as a colored symbol and a word. Without `word`, only screen readers get the word. */
export const Mark = ({ verdict, word = false }: { readonly verdict: Verdict; readonly word?: boolean }) => (
  <span class={`mark ${verdict}`}>
    <span class="symbol" aria-hidden="true">
      {SYMBOLS[verdict]}
    </span>{' '}
    <span class={word ? '' : 'unseen'}>{verdict}</span>
  </span>
);
