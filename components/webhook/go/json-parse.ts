/** A number as it was written: Go decodes `1e3` into no integer, and 64-bit integers do not fit a JavaScript number. */
export class JsonNumber {
  readonly literal: string;
  constructor(literal: string) {
    this.literal = literal;
  }
}

export type JsonObject = Map<string, Json>;
export type Json = null | boolean | string | JsonNumber | Json[] | JsonObject;

/** Text that is no JSON; the message is that of Go's encoding/json. */
export class JsonSyntaxError extends Error {}

const MAX_DEPTH = 10_000;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** Parses one JSON value. Throws {@link JsonSyntaxError} with the words of Go's decoder. */
export function parseJson(text: string): Json {
  const reader = new Reader(text);
  const value = reader.value(1);
  reader.end();
  return value;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): Json {
    if (depth > MAX_DEPTH) throw new JsonSyntaxError('exceeded max depth');
    const char = this.#skipSpace();
    if (char === '{') return this.#object(depth);
    if (char === '[') return this.#array(depth);
    if (char === '"') return this.#string();
    if (char === 't') return this.#literal('true', true);
    if (char === 'f') return this.#literal('false', false);
    if (char === 'n') return this.#literal('null', null);
    if (char !== undefined && /[-0-9]/.test(char)) return this.#number();
    return this.#fail('looking for beginning of value');
  }

  end(): void {
    if (this.#skipSpace() !== undefined) this.#fail('after top-level value');
  }

  #object(depth: number): JsonObject {
    const object: JsonObject = new Map();
    this.#at++;
    if (this.#skipSpace() === '}') {
      this.#at++;
      return object;
    }
    for (;;) {
      if (this.#skipSpace() !== '"') this.#fail('looking for beginning of object key string');
      const key = this.#string();
      if (this.#skipSpace() !== ':') this.#fail('after object key');
      this.#at++;
      object.set(key, this.value(depth + 1));
      const next = this.#skipSpace();
      if (next !== ',' && next !== '}') this.#fail('after object key:value pair');
      this.#at++;
      if (next === '}') return object;
    }
  }

  #array(depth: number): Json[] {
    const array: Json[] = [];
    this.#at++;
    if (this.#skipSpace() === ']') {
      this.#at++;
      return array;
    }
    for (;;) {
      array.push(this.value(depth + 1));
      const next = this.#skipSpace();
      if (next !== ',' && next !== ']') this.#fail('after array element');
      this.#at++;
      if (next === ']') return array;
    }
  }

  #string(): string {
    let value = '';
    this.#at++;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || char < ' ') return this.#fail('in string literal');
      if (char === '"') break;
      value += char === '\\' ? this.#escape() : char;
      this.#at++;
    }
    this.#at++;
    return value;
  }

  #escape(): string {
    const char = this.#text[++this.#at];
    const plain = char === undefined ? undefined : ESCAPES[char];
    if (plain !== undefined) return plain;
    if (char !== 'u') return this.#fail('in string escape code');
    let code = '';
    while (code.length < 4) {
      const digit = this.#text[++this.#at];
      if (digit === undefined || !/[0-9a-fA-F]/.test(digit)) return this.#fail('in \\u hexadecimal character escape');
      code += digit;
    }
    return String.fromCharCode(Number.parseInt(code, 16));
  }

  #number(): JsonNumber {
    const start = this.#at;
    if (this.#text[this.#at] === '-') this.#at++;
    if (this.#text[this.#at] === '0') this.#at++;
    else this.#digits('in numeric literal');
    if (this.#text[this.#at] === '.') {
      this.#at++;
      this.#digits('after decimal point in numeric literal');
    }
    if (/[eE]/.test(this.#text[this.#at] ?? '')) {
      this.#at++;
      if (/[-+]/.test(this.#text[this.#at] ?? '')) this.#at++;
      this.#digits('in exponent of numeric literal');
    }
    return new JsonNumber(this.#text.slice(start, this.#at));
  }

  #digits(where: string): void {
    const start = this.#at;
    while (/[0-9]/.test(this.#text[this.#at] ?? '')) this.#at++;
    if (this.#at === start) this.#fail(where);
  }

  #literal<T>(word: string, value: T): T {
    for (const expected of word) {
      if (this.#text[this.#at] !== expected) this.#fail(`in literal ${word} (expecting '${expected}')`);
      this.#at++;
    }
    return value;
  }

  #skipSpace(): string | undefined {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at++;
    return this.#text[this.#at];
  }

  #fail(where: string): never {
    const char = this.#text[this.#at];
    throw new JsonSyntaxError(
      char === undefined ? 'unexpected end of JSON input' : `invalid character ${quoted(char)} ${where}`,
    );
  }
}

/** The character in quotes, escaped as Go does; of one beyond ASCII, Go's scanner sees the first byte alone. */
function quoted(char: string): string {
  if (char === "'") return "'\\''";
  if (char === '"') return `'"'`;
  if (char > '~') return `'${String.fromCharCode(Buffer.from(char)[0] ?? 0)}'`;
  if (char < ' ') return `'${CONTROLS[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`}'`;
  return char === '\\' ? "'\\\\'" : `'${char}'`;
}

const CONTROLS: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};
