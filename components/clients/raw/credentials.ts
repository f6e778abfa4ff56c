import { now } from './clock.ts';
import { Failure } from './failure.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Milliseconds since the epoch; undefined if they do not expire. */
  readonly expiresAt?: number;
}

/** Parses a credentials endpoint's response. Throws a transient `Failure` if it is incomplete or expired. */
export function parseCredentials(body: string): Credentials {
  const broken = (what: string): Failure =>
    new Failure('BrokenCredentials', `the credentials endpoint's response ${what}`, { isTransient: true });
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw broken('is not JSON');
  }
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = (parsed ?? {}) as Record<string, unknown>;
  if (!isText(AccessKeyId) || !isText(SecretAccessKey) || !isText(Token)) throw broken('has incomplete credentials');
  const expiresAt = isText(Expiration) ? Date.parse(Expiration) : NaN;
  if (Number.isNaN(expiresAt)) throw broken('has no Expiration');
  if (expiresAt <= now()) throw broken('has expired credentials');
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token, expiresAt };
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Remaining lifetime below which credentials are renewed. */
const RENEWED_BEFORE_MILLISECONDS = 300_000;

/** Caches credentials. Concurrent calls share a request. */
export class CredentialsCache {
  readonly #fetch: () => Promise<Credentials>;
  #held: Credentials | undefined;
  #fetching: Promise<Credentials> | undefined;

  constructor(fetch: () => Promise<Credentials>) {
    this.#fetch = fetch;
  }

  /** Returns current credentials. If a renewal fails, returns the cached ones until they expire. */
  async get(): Promise<Credentials> {
    const held = this.#held;
    if (held !== undefined && left(held) > RENEWED_BEFORE_MILLISECONDS) return held;
    try {
      return await this.#renewed();
    } catch (error) {
      if (held !== undefined && left(held) > 0) return held;
      throw error;
    }
  }

  async #renewed(): Promise<Credentials> {
    this.#fetching ??= this.#fetch().finally(() => (this.#fetching = undefined));
    this.#held = await this.#fetching;
    return this.#held;
  }
}

const left = ({ expiresAt = Infinity }: Credentials): number => expiresAt - now();
