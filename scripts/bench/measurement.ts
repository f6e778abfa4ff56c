/** What a benchmark found, and what it should be. */
export interface Measurement {
  readonly name: string;
  readonly value: number;
  readonly unit: 'ms' | 'per second' | 'MB' | '%';
  readonly target: number;
  /** How many times better than the target: 1 and more meets it. */
  readonly ratio: number;
  readonly met: boolean;
  /** How the value came about, in words. */
  readonly note: string;
}

/** Compares a value with its target: times and memory should be small, rates large. */
export function measurement(
  name: string,
  value: number,
  unit: Measurement['unit'],
  target: number,
  note: string,
): Measurement {
  const ratio = unit === 'per second' ? value / target : target / value;
  return { name, value: rounded(value), unit, target, ratio: Number(ratio.toFixed(2)), met: ratio >= 1, note };
}

/** The middle of the values; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new Error('There is no median of no values.');
  return (low + high) / 2;
}

function rounded(value: number): number {
  return value < 100 ? Number(value.toFixed(1)) : Math.round(value);
}
