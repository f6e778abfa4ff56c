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

/** Go's `strconv.Quote`. */
export function quoteString(text: string): string {
  return `"${[...text].map((character) => quoteCharacter(character, '"')).join('')}"`;
}

/** How Go's JSON scanner shows the byte that it did not expect; bytes over 0x7f are shown as the character of that number. */
export function quoteByte(byte: number): string {
  return `'${quoteCharacter(String.fromCharCode(byte), "'")}'`;
}
