/** Tokens for API servers like those of `aws eks get-token`, with variations. */
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { sessionOf } from '../../lib/account-session.ts';

export const PREFIX = 'k8s-aws-v1.';

/** Convert a presigned URL to a token, and back. */
export const tokenOf = (url: string): string => `${PREFIX}${Buffer.from(url).toString('base64url')}`;
export const urlOf = (token: string): string => Buffer.from(token.slice(PREFIX.length), 'base64url').toString();

/** Returns the URL of a token for the same cluster, signed `age` seconds earlier, with other parameters or headers. */
export async function signedLike(
  text: string,
  credentials: Awaited<ReturnType<typeof sessionOf>>,
  { query = {}, headers, seconds = 900, age = 0 }: SignedLike,
): Promise<string> {
  const { searchParams, protocol, hostname, host, origin } = new URL(text);
  const [, , region = ''] = (searchParams.get('X-Amz-Credential') ?? '').split('/');
  const time = (searchParams.get('X-Amz-Date') ?? '').replace(/(....)(..)(..T..)(..)/, '$1-$2-$3:$4:');
  const signed = await new SignatureV4({ credentials, region, service: 'sts', sha256: Sha256 }).presign(
    {
      method: 'GET',
      protocol,
      hostname,
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15', ...query },
      headers: { host, ...headers },
    },
    { expiresIn: seconds, signingDate: new Date(Date.parse(time) - age * 1000) },
  );
  const parameters = Object.entries(signed.query ?? {}).flatMap(([name, value]) =>
    [value ?? []].flat().map((one): [string, string] => [name, one]),
  );
  return `${origin}/?${new URLSearchParams(parameters).toString()}`;
}

interface SignedLike {
  /** A list gives the parameter several times. */
  readonly query?: Readonly<Record<string, string | string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly seconds?: number;
  /** Seconds before the original token. */
  readonly age?: number;
}
