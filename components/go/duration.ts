const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;
const WHOLE = new RegExp(`^(${PART.source})+$`);
/** Go keeps a duration as nanoseconds in 64 bits. */
const MOST = 2 ** 63 / 1e6;

/**
 * Milliseconds of a duration by the rules of Go's `time.ParseDuration`: `3h`, `1h30m`, `-1.5s`, `0`.
 *
 * @returns undefined if it is none
 */
export function parseDuration(text: string): number | undefined {
  const unsigned = text.replace(/^[+-]/, '');
  if (unsigned === '0') return 0;
  if (!WHOLE.test(unsigned)) return undefined;
  const total = [...unsigned.matchAll(PART)].reduce(
    (sum, [, number, unit = '']) => sum + Number(number) * (UNITS[unit] ?? 0),
    0,
  );
  if (total >= MOST) return undefined;
  return text.startsWith('-') ? -total : total;
}
