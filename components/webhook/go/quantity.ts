const FORM = /^([+-]?)([0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$/;
const FORM_ERROR = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

const DECIMAL_SUFFIXES: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const BINARY_SUFFIXES: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };

/** An amount in units of 10^-9, the finest that a quantity keeps. */
const NANO = 9;
const LARGEST = (2n ** 63n - 1n) * 10n ** BigInt(NANO);

type Format = 'decimal' | 'exponent' | 'binary';

/**
 * A resource quantity in its canonical form, as Kubernetes writes it back: `1000m` is `1`, `1024Mi` is `1Gi`, `0.5` is
 * `500m`. Amounts finer than 10^-9 round away from zero; greater ones than 2^63-1 become that.
 * Source: Kubernetes API conventions, "Quantity".
 */
export function parseQuantity(text: string): { readonly quantity: string } | { readonly error: string } {
  const [, sign, digits, suffix] = FORM.exec(text) ?? [];
  if (sign === undefined || digits === undefined || suffix === undefined) return { error: FORM_ERROR };
  if (!/^(\d+\.?\d*|\.\d+)$/.test(digits)) return { error: FORM_ERROR };
  const scale = scaleOf(suffix);
  if (scale === undefined) return { error: "unable to parse quantity's suffix" };
  const magnitude = inNano(digits, scale);
  const nano = (sign === '-' ? -1n : 1n) * (magnitude > LARGEST ? LARGEST : magnitude);
  return { quantity: canonical(nano, scale.format) };
}

interface Scale {
  readonly format: Format;
  readonly base: 2n | 10n;
  readonly exponent: number;
}

function scaleOf(suffix: string): Scale | undefined {
  const decimal = DECIMAL_SUFFIXES[suffix];
  if (decimal !== undefined) return { format: 'decimal', base: 10n, exponent: decimal };
  const binary = BINARY_SUFFIXES[suffix];
  if (binary !== undefined) return { format: 'binary', base: 2n, exponent: binary };
  const exponent = /^[eE]([-+]?\d+)$/.exec(suffix)?.[1];
  return exponent === undefined ? undefined : { format: 'exponent', base: 10n, exponent: Number(exponent) };
}

function inNano(digits: string, scale: Scale): bigint {
  const [whole = '', fraction = ''] = digits.split('.');
  const unscaled = BigInt(`${whole}${fraction}` || '0');
  if (unscaled === 0n) return 0n;
  if (scale.base === 2n) {
    return ceilingDivide(unscaled * 2n ** BigInt(scale.exponent) * 10n ** BigInt(NANO), 10n ** BigInt(fraction.length));
  }
  const shift = NANO + scale.exponent - fraction.length;
  // Beyond these the amount is capped or rounded in any case; without them an exponent could ask for endless digits.
  if (shift > 400) return LARGEST + 1n;
  if (-shift > digits.length + 1) return 1n;
  return shift >= 0 ? unscaled * 10n ** BigInt(shift) : ceilingDivide(unscaled, 10n ** BigInt(-shift));
}

const ceilingDivide = (dividend: bigint, divisor: bigint): bigint => (dividend + divisor - 1n) / divisor;

function canonical(nano: bigint, format: Format): string {
  if (nano === 0n) return '0';
  const unit = 10n ** BigInt(NANO);
  const small = nano > -1024n * unit && nano < 1024n * unit;
  if (format === 'binary' && !small && nano % unit === 0n) return inBinary(nano / unit);
  return inDecimal(nano, format === 'exponent' ? 'exponent' : 'decimal');
}

function inBinary(amount: bigint): string {
  const [mantissa, steps] = reduced(amount, 1024n, 6);
  return `${mantissa}${suffixOf(BINARY_SUFFIXES, steps * 10)}`;
}

function inDecimal(nano: bigint, format: 'decimal' | 'exponent'): string {
  const [mantissa, steps] = reduced(nano, 1000n, format === 'decimal' ? 9 : Number.POSITIVE_INFINITY);
  const exponent = steps * 3 - NANO;
  if (format === 'decimal') return `${mantissa}${suffixOf(DECIMAL_SUFFIXES, exponent)}`;
  return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`;
}

/** The amount divided by the base as often as it goes evenly, and how often that was. */
function reduced(amount: bigint, base: bigint, limit: number): [mantissa: bigint, steps: number] {
  let mantissa = amount;
  let steps = 0;
  while (steps < limit && mantissa % base === 0n) {
    mantissa /= base;
    steps++;
  }
  return [mantissa, steps];
}

const suffixOf = (suffixes: Readonly<Record<string, number>>, exponent: number): string =>
  Object.keys(suffixes).find((suffix) => suffixes[suffix] === exponent) ?? '';
