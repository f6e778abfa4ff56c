import { quoteByte } from './quote.ts';

/** A parsed JSON text that remembers where each value stood, since Go's decoding errors speak of the raw text. */
export type JsonNode =
  | { readonly kind: 'null'; readonly raw: string }
  | { readonly kind: 'bool'; readonly raw: string; readonly value: boolean }
  | { readonly kind: 'number'; readonly raw: string }
  | { readonly kind: 'string'; readonly raw: string; readonly value: string }
  | { readonly kind: 'array'; readonly raw: string; readonly items: readonly JsonNode[] }
  | { readonly kind: 'object'; readonly raw: string; readonly entries: readonly (readonly [string, JsonNode])[] };

/** Go's `json.SyntaxError`. */
export class JsonSyntaxError extends Error {}

const MAX_DEPTH = 10_000;
const SPACE = /[ \t\r\n]/;

/** Recursive descent over the bytes of a JSON text, stopping where Go's `encoding/json` scanner stops, with its words. */
class JsonParser {
  readonly #bytes: Buffer;
  /** One character a byte. */
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#text = bytes.toString('latin1');
  }

  parse(): JsonNode {
    const node = this.#value();
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#fail('after top-level value');
    return node;
  }

  /** At the end Go's scanner is shown one space, to end a number; whatever does not take it fails on that space. */
  #peek(): string {
    if (this.#at < this.#text.length) return this.#text.charAt(this.#at);
    if (this.#at === this.#text.length) return ' ';
    throw new JsonSyntaxError('unexpected end of JSON input');
  }

  #fail(context: string): never {
    const character = this.#peek();
    throw new JsonSyntaxError(`invalid character ${quoteByte(character.charCodeAt(0))} ${context}`);
  }

  #skipSpace(): void {
    while (this.#at < this.#text.length && SPACE.test(this.#peek())) this.#at += 1;
    // Space may follow, but nothing does: what was to come is missing.
  }

  #next(): string {
    this.#skipSpace();
    if (this.#at >= this.#text.length) throw new JsonSyntaxError('unexpected end of JSON input');
    return this.#peek();
  }

  #raw(from: number): string {
    return this.#bytes.toString('utf8', from, this.#at);
  }

  #value(): JsonNode {
    const character = this.#next();
    const from = this.#at;
    if (character === '{' || character === '[') {
      this.#depth += 1;
      if (this.#depth > MAX_DEPTH) throw new JsonSyntaxError('exceeded max depth');
      const node = character === '{' ? this.#object(from) : this.#array(from);
      this.#depth -= 1;
      return node;
    }
    if (character === '"') return { kind: 'string', value: this.#string(), raw: this.#raw(from) };
    if (character === 't') return this.#literal('true', { kind: 'bool', value: true, raw: 'true' });
    if (character === 'f') return this.#literal('false', { kind: 'bool', value: false, raw: 'false' });
    if (character === 'n') return this.#literal('null', { kind: 'null', raw: 'null' });
    if (character === '-' || /\d/.test(character)) return this.#number(from);
    this.#fail('looking for beginning of value');
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

  /** @returns the string's value, bytes that are not UTF-8 replaced */
  #string(): string {
    const from = this.#at;
    this.#at += 1;
    for (;;) {
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

  #array(from: number): JsonNode {
    const items: JsonNode[] = [];
    this.#at += 1;
    if (this.#next() === ']') this.#at += 1;
    else {
      for (;;) {
        items.push(this.#value());
        const separator = this.#next();
        if (separator !== ',' && separator !== ']') this.#fail('after array element');
        this.#at += 1;
        if (separator === ']') break;
      }
    }
    return { kind: 'array', items, raw: this.#raw(from) };
  }

  #object(from: number): JsonNode {
    const entries: [string, JsonNode][] = [];
    this.#at += 1;
    if (this.#next() === '}') this.#at += 1;
    else {
      for (;;) {
        if (this.#next() !== '"') this.#fail('looking for beginning of object key string');
        const key = this.#string();
        if (this.#next() !== ':') this.#fail('after object key');
        this.#at += 1;
        entries.push([key, this.#value()]);
        const separator = this.#next();
        if (separator !== ',' && separator !== '}') this.#fail('after object key:value pair');
        this.#at += 1;
        if (separator === '}') break;
      }
    }
    return { kind: 'object', entries, raw: this.#raw(from) };
  }
}

/**
 * Parses a JSON text.
 *
 * @throws JsonSyntaxError in the words of Go's `encoding/json`
 */
export function parseJson(text: Buffer): JsonNode {
  return new JsonParser(text).parse();
}

/** JSON text of a string as Go's `json.Marshal` writes it: with `<`, `>`, `&` and the two line separators escaped. */
export function marshalString(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
