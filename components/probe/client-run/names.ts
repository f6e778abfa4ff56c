/** Tokens and access keys of a client's run, and their names in records. */
import { randomBytes } from 'node:crypto';

/** An invented access key, secret and session token. */
interface MadeUpKey {
  readonly id: string;
  readonly secret: string;
  readonly session: string;
}

interface KnownKey {
  readonly source: string;
  readonly expires: number;
  readonly madeUp: boolean;
}

const random = (bytes: number): string => randomBytes(bytes).toString('hex');

export class Names {
  readonly #tokens = new Map<string, string>();
  readonly #keys = new Map<string, KnownKey>();
  readonly #made: MadeUpKey[] = [];

  addToken(token: string, name: string): void {
    if (token !== '') this.#tokens.set(token, name);
  }

  /** Returns a well-formed token that no service accepts. */
  makeToken(name: string): string {
    const token = `${random(16)}.${random(64)}.${random(32)}`;
    this.addToken(token, name);
    return token;
  }

  /** Returns the name of a sent token: a token's name, with `changed` if it has additional text, or `none` or `other`. */
  tokenOf(sent: string | undefined): string {
    if (sent === undefined || sent === '') return 'none';
    return this.#tokens.get(sent) ?? this.tokenIn(sent)?.concat(' changed') ?? 'other';
  }

  tokenIn(text: string): string | undefined {
    for (const [token, name] of this.#tokens) if (text.includes(token)) return name;
    return undefined;
  }

  secrets(): string[] {
    return [...this.#tokens.keys(), ...this.#made.flatMap(({ secret, session }) => [secret, session])];
  }

  addKey(id: string, source: string, expires: number, madeUp = false): void {
    this.#keys.set(id, { source, expires, madeUp });
  }

  /** @param expires milliseconds since the epoch */
  makeKey(source: string, expires: number): MadeUpKey {
    const id = `ASIA${random(8).toUpperCase()}`;
    this.addKey(id, source, expires, true);
    const key = { id, secret: random(20), session: random(48) };
    this.#made.push(key);
    return key;
  }

  keyOf(id: string): KnownKey | undefined {
    return this.#keys.get(id);
  }
}
