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
/** Characters of a string that need no decoding. */
const PLAIN = /[^"\\\u0000-\u001f]*/y;

interface Open {
  readonly items: JsonNode[];
  readonly entries: [string, JsonNode][];
  /** The name of the current member; undefined in an array. */
  key: string | undefined;
}

/** Fails at the same character as Go's scanner, with its messages. Uses an explicit stack for up to 10,000 levels. */
class JsonParser {
  readonly #bytes: Buffer;
  /** The text with one character per byte. */
  readonly #text: string;
  readonly #open: Open[] = [];
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#text = bytes.toString('latin1');
  }

  parse(): JsonNode {
    let node = this.#begin();
    for (;;) {
      const open = this.#open.at(-1);
      if (open === undefined) break;
      // Undefined: a non-empty array or object has just begun.
      node = node === undefined ? this.#begin() : this.#add(open, node);
    }
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#fail('after top-level value');
    return node ?? this.#fail('looking for beginning of value');
  }

  /** Returns the next character. At the end, Go's scanner reads a space, which ends a number and fails other states. */
  #peek(): string {
    if (this.#at < this.#text.length) return this.#text.charAt(this.#at);
    if (this.#at === this.#text.length) return ' ';
    throw new JsonSyntaxError('unexpected end of JSON input');
  }

  #fail(context: string): never {
    throw new JsonSyntaxError(`invalid character ${quoteByte(this.#peek().charCodeAt(0))} ${context}`);
  }

  #skipSpace(): void {
    this.#skip(SPACES);
  }

  /** @param pattern a sticky pattern that may match an empty text, but fails beyond the end */
  #skip(pattern: RegExp): void {
    pattern.lastIndex = this.#at;
    if (pattern.test(this.#text)) this.#at = pattern.lastIndex;
  }

  #next(): string {
    this.#skipSpace();
    if (this.#at >= this.#text.length) throw new JsonSyntaxError('unexpected end of JSON input');
    return this.#peek();
  }

  #raw(from: number): string {
    return this.#bytes.toString('utf8', from, this.#at);
  }

  /** Starts a value. Returns undefined for a non-empty array or object, whose first value follows. */
  #begin(): JsonNode | undefined {
    const character = this.#next();
    const from = this.#at;
    if (character === '{' || character === '[') return this.#beginNested(character);
    if (character === '"') return { kind: 'string', value: this.#string(), raw: this.#raw(from) };
    if (character === 't') return this.#literal('true', { kind: 'bool', value: true });
    if (character === 'f') return this.#literal('false', { kind: 'bool', value: false });
    if (character === 'n') return this.#literal('null', { kind: 'null' });
    if (character === '-' || /\d/.test(character)) return this.#number(from);
    this.#fail('looking for beginning of value');
  }

  #beginNested(character: '{' | '['): JsonNode | undefined {
    if (this.#open.length === MAX_DEPTH) this.#fail('exceeded max depth');
    this.#at += 1;
    const object = character === '{';
    if (this.#next() === (object ? '}' : ']')) {
      this.#at += 1;
      return object ? { kind: 'object', entries: [] } : { kind: 'array', items: [] };
    }
    this.#open.push({ items: [], entries: [], key: object ? this.#key() : undefined });
    return undefined;
  }

  #key(): string {
    if (this.#next() !== '"') this.#fail('looking for beginning of object key string');
    const key = this.#string();
    if (this.#next() !== ':') this.#fail('after object key');
    this.#at += 1;
    return key;
  }

  /** Adds a value to the open array or object. Returns that if it is complete, or undefined if another value follows. */
  #add(open: Open, node: JsonNode): JsonNode | undefined {
    const separator = this.#next();
    if (open.key === undefined) {
      open.items.push(node);
      if (separator !== ',' && separator !== ']') this.#fail('after array element');
    } else {
      open.entries.push([open.key, node]);
      if (separator !== ',' && separator !== '}') this.#fail('after object key:value pair');
    }
    this.#at += 1;
    if (separator === ',') {
      if (open.key !== undefined) open.key = this.#key();
      return undefined;
    }
    this.#open.pop();
    return open.key === undefined ? { kind: 'array', items: open.items } : { kind: 'object', entries: open.entries };
  }

  #literal(word: string, node: JsonNode): JsonNode {
    this.#at += 1;
    for (const expected of word.slice(1)) {
      if (this.#peek() !== expected) this.#fail(`in literal ${word} (expecting '${expected}')`);
      this.#at += 1;
    }
    return node;
  }

  #digits(context: string): void {
    if (!/\d/.test(this.#peek())) this.#fail(context);
    while (/\d/.test(this.#peek())) this.#at += 1;
  }

  #number(from: number): JsonNode {
    if (this.#peek() === '-') this.#at += 1;
    if (this.#peek() === '0') this.#at += 1;
    else this.#digits('in numeric literal');
    if (this.#peek() === '.') {
      this.#at += 1;
      this.#digits('after decimal point in numeric literal');
    }
    if (/[eE]/.test(this.#peek())) {
      this.#at += 1;
      if (/[+-]/.test(this.#peek())) this.#at += 1;
      this.#digits('in exponent of numeric literal');
    }
    return { kind: 'number', raw: this.#raw(from) };
  }

  /** Reads a string and returns its value, with invalid UTF-8 replaced. */
  #string(): string {
    const from = this.#at;
    this.#at += 1;
    for (;;) {
      this.#skip(PLAIN);
      const character = this.#peek();
      if (character === '"') break;
      if (character.charCodeAt(0) < 0x20) this.#fail('in string literal');
      this.#at += 1;
      if (character === '\\') this.#escape();
    }
    this.#at += 1;
    return JSON.parse(this.#raw(from)) as string;
  }

  #escape(): void {
    const character = this.#peek();
    if (!/["\\/bfnrtu]/.test(character)) this.#fail('in string escape code');
    this.#at += 1;
    if (character !== 'u') return;
    for (let digit = 0; digit < 4; digit += 1) {
      if (!/[0-9a-fA-F]/.test(this.#peek())) this.#fail('in \\u hexadecimal character escape');
      this.#at += 1;
    }
  }
}

/** Parses a JSON text. @throws JsonSyntaxError with the message of Go's `encoding/json` */
export function parseJson(text: Buffer | string): JsonNode {
  return new JsonParser(Buffer.from(text)).parse();
}
