/** Placeholders in recordings, with the patterns that they stand for. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/RFC3339|TIME/, String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)`],
  [/0xPTR/, '0x[0-9a-f]+'],
  [/-?\d+\.\d\d seconds/, String.raw`-?\d+\.\d\d seconds`],
  [/http:\/\/127\.0\.0\.1:\d+/, String.raw`http://127\.0\.0\.1:\d+`],
  // The stub used for recordings reported "client" even for service faults.
  [/(?<=\((?:InternalServer|ServiceUnavailable)Exception\): .*)fault: client/, 'fault: server'],
];

const ANY_VARYING = new RegExp(VARYING.map(([pattern]) => `(${pattern.source})`).join('|'), 'g');

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** Whether texts are equal, apart from varying parts. */
export function sameText(expected: string, actual: string): boolean {
  let pattern = '';
  let from = 0;
  for (const match of expected.matchAll(ANY_VARYING)) {
    const varying = VARYING[match.slice(1).findIndex((group) => group !== undefined)];
    pattern += escape(expected.slice(from, match.index)) + (varying?.[1] ?? escape(match[0]));
    from = match.index + match[0].length;
  }
  return new RegExp(`^${pattern}${escape(expected.slice(from))}$`, 's').test(actual);
}

/** Whether JSON values are equal, including the order of members. */
function sameJson(expected: unknown, actual: unknown): boolean {
  if (typeof expected === 'string') return typeof actual === 'string' && sameText(expected, actual);
  if (typeof expected !== 'object' || expected === null) return expected === actual;
  if (typeof actual !== 'object' || actual === null || Array.isArray(expected) !== Array.isArray(actual)) return false;
  const wanted = Object.entries(expected);
  const actualEntries = Object.entries(actual);
  return (
    wanted.length === actualEntries.length &&
    wanted.every(([name, value], at) => actualEntries[at]?.[0] === name && sameJson(value, actualEntries[at][1]))
  );
}

/** Whether a body equals the recorded text, or recorded JSON. */
export function sameBody(expected: unknown, actual: string): boolean {
  if (typeof expected === 'string') return sameText(expected, actual);
  try {
    return sameJson(expected, JSON.parse(actual));
  } catch {
    return false;
  }
}
