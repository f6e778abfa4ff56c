export interface Measurement {
  readonly name: string;
  readonly value: number;
  readonly unit: 'ms' | 'per second' | 'MB' | 'times as long' | 'times as much';
  readonly target: number;
  /** Value relative to the target. 1 or more meets it. */
  readonly ratio: number;
  readonly met: boolean;
  readonly note: string;
}

/** Compares a value with its target: a maximum for times and memory, a minimum for rates. */
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

function rounded(value: number): number {
  return value < 100 ? Number(value.toFixed(1)) : Math.round(value);
}
