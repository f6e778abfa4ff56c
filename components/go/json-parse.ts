import { quoteByte } from './text.ts';

/**
 * A parsed JSON text. Numbers and strings keep their text (`raw`, with quotes) for Go's decoding rules and errors, and
 * because 64-bit integers exceed JavaScript's numbers. Members keep their order and duplicates.
 */
export type JsonNode =
  | { readonly kind: 'null' }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'number'; readonly raw: string }
  | { readonly kind: 'string'; readonly raw: string; readonly value: string }
  | { readonly kind: 'array'; readonly items: readonly JsonNode[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [string, JsonNode])[] };

/** Go's `json.SyntaxError`. */
export class JsonSyntaxError extends Error {}

const MAX_DEPTH = 10_000;
const SPACES = /[ \t\r\n]*/y;
const TOKEN =
  /[[\]{},:]|"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const UNFINISHED_STRING = /^"(?:[^"\\]|\\.)*\\?$/s;
const VALUE_START = '{["tfn-0123456789';

interface Open {
  readonly items: JsonNode[];
  readonly entries: [string, JsonNode][];
  /** The name of the current member; undefined in an array. */
  key: string | undefined;
}

/**
 * Parses a JSON text, with an explicit stack for up to 10,000 levels. @throws JsonSyntaxError with the message of Go's
 * `encoding/json`, except for a character inside a number, word or escape
 */
export function parseJson(given: Buffer | string): JsonNode {
  // One character per byte, because Go's messages name bytes.
  const text = Buffer.from(given).toString('latin1');
  const open: Open[] = [];
  let at = 0;

  /** Returns the next character that is not a space. */
  const peek = (): string => {
    SPACES.lastIndex = at;
    SPACES.test(text);
    at = SPACES.lastIndex;
    return text.charAt(at);
  };
  const invalid = (where: number, context: string): JsonSyntaxError =>
    new JsonSyntaxError(`invalid character ${quoteByte(text.charCodeAt(where))} ${context}`);
  /** Reads a token that starts with one of these characters. */
  const read = (starts: string, context: string): string => {
    const start = peek();
    if (start !== '' && !starts.includes(start)) throw invalid(at, context);
    TOKEN.lastIndex = at;
    const [token] = TOKEN.exec(text) ?? [];
    if (token === undefined) {
      if (start === '' || UNFINISHED_STRING.test(text.slice(at))) {
        throw new JsonSyntaxError('unexpected end of JSON input');
      }
      throw invalid(at, 'begins an invalid value');
    }
    at += token.length;
    return token;
  };
  const readKey = (): string => {
    const key = stringOf(read('"', 'looking for beginning of object key string')).value;
    read(':', 'after object key');
    return key;
  };

  for (;;) {
    const token = read(VALUE_START, 'looking for beginning of value');
    const isObject = token === '{';
    let node: JsonNode;
    if (isObject || token === '[') {
      if (open.length === MAX_DEPTH) throw invalid(at - 1, 'exceeded max depth');
      if (peek() !== (isObject ? '}' : ']')) {
        open.push({ items: [], entries: [], key: isObject ? readKey() : undefined });
        continue;
      }
      at += 1;
      node = isObject ? { kind: 'object', entries: [] } : { kind: 'array', items: [] };
    } else node = scalarOf(token);
    for (;;) {
      const parent = open.at(-1);
      if (parent === undefined) {
        if (peek() !== '') throw invalid(at, 'after top-level value');
        return node;
      }
      const { items, entries, key } = parent;
      if (key === undefined) items.push(node);
      else entries.push([key, node]);
      const separator =
        key === undefined ? read(',]', 'after array element') : read(',}', 'after object key:value pair');
      if (separator === ',') {
        if (key !== undefined) parent.key = readKey();
        break;
      }
      open.pop();
      node = key === undefined ? { kind: 'array', items } : { kind: 'object', entries };
    }
  }
}

function scalarOf(token: string): JsonNode {
  if (token.startsWith('"')) return { kind: 'string', ...stringOf(token) };
  if (token === 'null') return { kind: 'null' };
  return /^[tf]/.test(token) ? { kind: 'bool', value: token === 'true' } : { kind: 'number', raw: token };
}

/** Replaces invalid UTF-8. */
function stringOf(token: string): { readonly raw: string; readonly value: string } {
  const raw = Buffer.from(token, 'latin1').toString('utf8');
  return { raw, value: JSON.parse(raw) as string };
}
