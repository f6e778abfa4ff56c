const FORM = /^([+-]?)([0-9]*)(?:\.([0-9]*))?((?:[eEinumkKMGTP]+[-+]?|[-+])[0-9]*)?$/;
const FORM_ERROR = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const SUFFIX_ERROR = "unable to parse quantity's suffix";

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
/** Power of ten of the smallest amount that a quantity can represent. */
const NANO = -9;
const INT64_DIGITS = 18;
const INT64_MAX = 2n ** 63n - 1n;

interface Suffix {
  readonly format: 'decimal' | 'exponent' | 'binary';
  readonly exponent: number;
}

/** mantissa × 10^exponent, without the sign. */
interface Amount {
  readonly mantissa: bigint;
  readonly exponent: number;
}

/**
 * Converts a quantity to Kubernetes's canonical form: `1024Mi` becomes `1Gi`, and `0.5` becomes `500m`. Keeps some other
 * forms, like Kubernetes. Rounds away from zero at 10^-9. Source: Kubernetes API conventions, "Quantity", and
 * k8s.io/apimachinery's package resource.
 */
export function parseQuantity(text: string): { readonly quantity: string } | { readonly error: string } {
  const [, sign, whole, fraction = '', letters = ''] = FORM.exec(text) ?? [];
  if (text === '' || sign === undefined || whole === undefined) return { error: FORM_ERROR };
  const suffix = parseSuffix(letters);
  if (suffix === undefined) return { error: SUFFIX_ERROR };
  const digits = `${whole.replace(/^0+/, '') || '0'}${fraction}`;
  if (isKept(digits, fraction.length, suffix)) return { quantity: text };
  const amount = amountOf(digits, fraction.length, suffix);
  return { quantity: amount.mantissa === 0n ? '0' : `${sign === '-' ? '-' : ''}${canonical(amount, suffix.format)}` };
}

function parseSuffix(letters: string): Suffix | undefined {
  const decimal = DECIMAL_SUFFIXES[letters];
  if (decimal !== undefined) return { format: 'decimal', exponent: decimal };
  const binary = BINARY_SUFFIXES[letters];
  if (binary !== undefined) return { format: 'binary', exponent: binary };
  const exponent = /^[eE]([-+]?\d+)$/.exec(letters)?.[1];
  return exponent === undefined ? undefined : { format: 'exponent', exponent: Number(exponent) };
}

/** Returns whether Kubernetes keeps the text. Its test for the canonical form also accepts `1.` and `+2`. */
function isKept(digits: string, decimals: number, { format, exponent }: Suffix): boolean {
  if (format === 'binary') {
    const precision = 15 - digits.length - Math.trunc((exponent * 3) / 10) - 1;
    return decimals === 0 && precision >= 0 && BigInt(digits) % 8n !== 0n;
  }
  const scale = exponent - decimals;
  if (digits.length > INT64_DIGITS || scale < NANO) return false;
  return scale % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0');
}

function amountOf(digits: string, decimals: number, { format, exponent }: Suffix): Amount {
  const unscaled = BigInt(digits);
  if (format !== 'binary') return roundedToNano({ mantissa: unscaled, exponent: exponent - decimals });
  const amount = roundedToNano({ mantissa: unscaled * 2n ** BigInt(exponent), exponent: -decimals });
  return inUnits(amount) > INT64_MAX ? { mantissa: INT64_MAX, exponent: 0 } : amount;
}

function roundedToNano(amount: Amount): Amount {
  const excess = NANO - amount.exponent;
  if (excess <= 0 || amount.mantissa === 0n) return amount;
  // Any smaller amount is rounded up to one unit.
  if (excess > amount.mantissa.toString().length) return { mantissa: 1n, exponent: NANO };
  return { mantissa: ceilingDivide(amount.mantissa, 10n ** BigInt(excess)), exponent: NANO };
}

/** Returns the amount in whole units, rounded up. The exponent of a binary amount is at most 0. */
const inUnits = ({ mantissa, exponent }: Amount): bigint => ceilingDivide(mantissa, 10n ** BigInt(-exponent));

const ceilingDivide = (dividend: bigint, divisor: bigint): bigint => (dividend + divisor - 1n) / divisor;

function canonical(amount: Amount, format: Suffix['format']): string {
  if (format !== 'binary') return inDecimal(amount, format);
  const units = inUnits(amount);
  const exact = units * 10n ** BigInt(-amount.exponent) === amount.mantissa;
  // Small and fractional amounts are only exact in decimal form.
  if (!exact || units < 1024n) return inDecimal(amount, 'decimal');
  const [mantissa, steps] = withoutFactors(units, 1024n);
  return `${mantissa}${suffixOf(BINARY_SUFFIXES, steps * 10)}`;
}

function inDecimal(amount: Amount, format: 'decimal' | 'exponent'): string {
  const [stripped, zeros] = withoutFactors(amount.mantissa, 10n);
  const exponent = amount.exponent + zeros;
  const surplus = ((exponent % 3) + 3) % 3;
  const mantissa = stripped * 10n ** BigInt(surplus);
  const power = exponent - surplus;
  if (format === 'exponent') return power === 0 ? `${mantissa}` : `${mantissa}e${power}`;
  // Kubernetes writes no suffix beyond E.
  return `${mantissa}${suffixOf(DECIMAL_SUFFIXES, power)}`;
}

/** Divides out a factor as often as possible. Returns the rest and the count. */
function withoutFactors(number: bigint, factor: bigint): [rest: bigint, times: number] {
  let rest = number;
  let times = 0;
  while (rest % factor === 0n) {
    rest /= factor;
    times++;
  }
  return [rest, times];
}

const suffixOf = (suffixes: Readonly<Record<string, number>>, exponent: number): string =>
  Object.keys(suffixes).find((suffix) => suffixes[suffix] === exponent) ?? '';
