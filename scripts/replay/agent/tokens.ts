import { randomUUID } from 'node:crypto';

export class UnknownPhrase extends Error {
  override readonly name = 'UnknownPhrase';
}

type Json = Record<string, unknown>;

const HEADER_MEMBERS = new Set(['alg', 'kid', 'typ']);
const SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  sec: 1,
  second: 1,
  min: 60,
  m: 60,
  minute: 60,
  h: 3600,
  hour: 3600,
};

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Parses times such as `10 s ago` and `in 600 s`. Returns seconds since the epoch. */
function time(text: string, now: number): number | undefined {
  if (text === 'now') return now;
  const match = /^(in )?([\d.]+) ?([a-z]+?)s?( ago)?$/.exec(text);
  const unit = SECONDS[match?.[3] ?? ''] ?? SECONDS[`${match?.[3] ?? ''}s`];
  const future = match?.[1] !== undefined;
  if (match === null || unit === undefined || future === (match[4] !== undefined)) return undefined;
  return now + Number(match[2]) * unit * (future ? 1 : -1);
}

/** Parses a claim as a time, as JSON or as text. */
function claimValue(claim: string, text: string, now: number): unknown {
  if (['exp', 'nbf', 'iat'].includes(claim)) {
    const seconds = time(text, now);
    if (seconds !== undefined) return seconds;
    if (/^(as )?a (string|text)$/.test(text)) return String(now + 3600);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function apply(phrase: string, header: Json, claims: Json, now: number): void {
  const without = /^without (\w+)$/.exec(phrase)?.[1];
  const [, claim, value] = /^with (\w+) (.+)$/.exec(phrase) ?? [];
  const name = without ?? claim;
  if (name === undefined) throw new UnknownPhrase(phrase);
  const part = HEADER_MEMBERS.has(name) ? header : claims;
  if (without !== undefined) delete part[name];
  else part[name] = claimValue(name, value ?? '', now);
}

/**
 * Creates a unique token from a phrase such as `token with exp 10 s ago and nbf in 600 s` or `token with alg none`. The signature
 * is invalid, since agents do not check it. Throws UnknownPhrase.
 */
export function tokenOf(phrase: string): string {
  const now = Math.floor(Date.now() / 1000);
  const header: Json = { alg: 'RS256', kid: 'replay' };
  const claims: Json = {
    aud: ['pods.eks.amazonaws.com'],
    exp: now + 3600,
    iat: now,
    iss: 'https://oidc.example.com/id/REPLAY',
    jti: randomUUID(),
    'kubernetes.io': {
      namespace: 'app',
      pod: { name: 'pod', uid: randomUUID() },
      serviceaccount: { name: 'reader', uid: randomUUID() },
    },
    nbf: now,
    sub: 'system:serviceaccount:app:reader',
  };
  if (!/^(a )?valid token$/.test(phrase)) {
    const [, parts] = /^(?:a )?token (.+)$/.exec(phrase) ?? [];
    if (parts === undefined) throw new UnknownPhrase(phrase);
    const [first = '', ...others] = parts.split(/ and (?=\w+ )/);
    // Later parts may omit "with".
    for (const part of [first, ...others.map((other) => (/^with(out)? /.test(other) ? other : `with ${other}`))]) {
      apply(part, header, claims, now);
    }
  }
  return `${encode(header)}.${encode(claims)}.${Buffer.from('signature').toString('base64url')}`;
}

/** Replaces phrases in angle brackets by tokens. */
export function fillTokens(text: string): string {
  return text.replace(/<([^<>]+)>/g, (_, phrase: string) => tokenOf(phrase));
}
