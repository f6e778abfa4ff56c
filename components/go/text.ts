const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** Parses like strconv.ParseBool. Returns undefined for invalid words. */
export function parseBool(text: string): boolean | undefined {
  if (TRUE.has(text)) return true;
  return FALSE.has(text) ? false : undefined;
}

/** Parses like strconv.ParseInt(text, 10, bits). Returns undefined for invalid text. */
export function parseInteger(text: string, bits: 32 | 64): bigint | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return BigInt.asIntN(bits, value) === value ? value : undefined;
}

export function narrowed(value: bigint): number | bigint {
  return BigInt(Number(value)) === value && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** Returns the first record like Go's encoding/csv: spaces belong to fields, and quotes enclose whole fields. */
export function firstCsvRecord(text: string): readonly string[] | undefined {
  let rest = text.replaceAll('\r\n', '\n').replace(/\r$/, '').replace(/^\n+/, '');
  if (rest === '') return undefined;
  const fields: string[] = [];
  for (;;) {
    const field = /^"((?:[^"]|"")*)"(?=,|\n|$)/.exec(rest) ?? /^([^",\n]*)(?=,|\n|$)/.exec(rest);
    if (field?.[1] === undefined) return undefined;
    fields.push(field[0].startsWith('"') ? field[1].replaceAll('""', '"') : field[1]);
    rest = rest.slice(field[0].length);
    if (!rest.startsWith(',')) return fields;
    rest = rest.slice(1);
  }
}

/**
 * Decodes like Go's `base64.RawURLEncoding`, from one character per byte: without padding, skips line ends, ignores unused
 * low bits. @throws Error with the message of Go's `base64.CorruptInputError`
 */
export function decodeRawUrlBase64(text: string): Buffer {
  const digits = text.replace(/[\r\n]/g, '');
  const wrong = text.search(/[^A-Za-z0-9_\r\n-]/);
  const offset = wrong < 0 && digits.length % 4 === 1 ? text.length - 1 : wrong;
  if (offset >= 0) throw new Error(`illegal base64 data at input byte ${offset}`);
  return Buffer.from(digits, 'base64url');
}

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
/** Maximum in milliseconds: Go stores a duration as nanoseconds in 64 bits. */
const MOST = 2 ** 63 / 1e6;

/** Parses milliseconds like Go's `time.ParseDuration`: `3h`, `1h30m`, `-1.5s`, `0`. Returns undefined for invalid text. */
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

const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;
const SHORT = new Map([
  ['\x07', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
  ['\\', '\\\\'],
]);

const hex = (value: number, width: number): string => value.toString(16).padStart(width, '0');

function quoteCharacter(character: string, quote: string): string {
  if (character === quote) return `\\${quote}`;
  const short = SHORT.get(character);
  if (short !== undefined) return short;
  if (PRINTABLE.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

/** Quotes a text like Go's `strconv.Quote`. */
export function quoteString(text: string): string {
  return `"${[...text].map((character) => quoteCharacter(character, '"')).join('')}"`;
}

/** Quotes a byte like Go's JSON scanner, which shows bytes over 0x7f as the character with that number. */
export function quoteByte(byte: number): string {
  return `'${quoteCharacter(String.fromCharCode(byte), "'")}'`;
}
