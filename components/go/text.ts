const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** strconv.ParseBool; `undefined` for any other word. */
export function parseBool(text: string): boolean | undefined {
  if (TRUE.has(text)) return true;
  return FALSE.has(text) ? false : undefined;
}

/** strconv.ParseInt(text, 10, bits); `undefined` for what is no such integer. */
export function parseInteger(text: string, bits: 32 | 64): bigint | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return BigInt.asIntN(bits, value) === value ? value : undefined;
}

/** A JavaScript number where it is exact. */
export function narrowed(value: bigint): number | bigint {
  return BigInt(Number(value)) === value && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/**
 * The first record of comma-separated values, by the rules of Go's encoding/csv: spaces belong to the field, quotes
 * stand around a whole field or nowhere. `undefined` when there is no record or it cannot be read.
 */
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
