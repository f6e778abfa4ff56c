/** Tokens that anyone can make from what an issuer publishes (RFC 8725, "JSON Web Token Best Current Practices"). */
import { createHmac, createPublicKey, generateKeyPair, sign, type JsonWebKey } from 'node:crypto';
import { promisify } from 'node:util';

type Members = Readonly<Record<string, unknown>>;
/** Off the main thread, which serves the other scenarios. */
export const newKeyPair = () => promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
let forgersKeyPair: ReturnType<typeof newKeyPair> | undefined;
export const encoded = (part: Members): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/** Returns tokens with these claims, by the kind of forgery. `key`: a public key of the issuer, with its `kid`. */
export async function forgedTokens(
  claims: Members,
  key: JsonWebKey & { readonly kid?: string },
): Promise<Readonly<Record<string, string>>> {
  const { kid } = key;
  const payload = encoded(claims);
  const publicKey = createPublicKey({ key, format: 'jwk' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const secrets: Readonly<Record<string, string | Buffer>> = {
    'the PEM of the public key': pem,
    'the PEM without its last line break': pem.trimEnd(),
    'the PKCS #1 PEM of the public key': publicKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    'the DER of the public key': publicKey.export({ type: 'spki', format: 'der' }),
    'the JWK': JSON.stringify(key),
    'the modulus': Buffer.from(key.n ?? '', 'base64url'),
    'the text of the modulus': key.n ?? '',
    'the key id': kid ?? '',
    'the issuer': String(claims['iss']),
    'no text': '',
  };
  const hmacs = Object.entries(secrets).flatMap(([secret, value]) =>
    (['HS256', 'HS512'] as const).map((alg): readonly [string, string] => {
      const input = `${encoded({ alg, kid })}.${payload}`;
      const signature = createHmac(alg.replace('HS', 'sha'), value).update(input).digest('base64url');
      return [`${alg} with ${secret}`, `${input}.${signature}`];
    }),
  );
  const own = await (forgersKeyPair ??= newKeyPair());
  const ownKey = { ...own.publicKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' };
  const signed = (header: Members): string => {
    const input = `${encoded({ alg: 'RS256', ...header })}.${payload}`;
    return `${input}.${sign('RSA-SHA256', Buffer.from(input), own.privateKey).toString('base64url')}`;
  };
  const unsigned = ['none', 'None', 'NONE', 'nOnE', ''].flatMap((alg): (readonly [string, string])[] => [
    [`algorithm "${alg}"`, `${encoded({ alg, kid })}.${payload}.`],
    [`algorithm "${alg}" with a signature`, `${encoded({ alg, kid })}.${payload}.${signed({}).split('.')[2] ?? ''}`],
  ]);
  return Object.fromEntries<string>([
    ...hmacs,
    ...unsigned,
    ['no signature', `${encoded({ alg: 'RS256', kid })}.${payload}.`],
    ["another key with the issuer's key id", signed({ kid })],
    ['another key without a key id', signed({})],
    ['another key in the header jwk', signed({ kid, jwk: ownKey })],
    ['another key in the header jwk, with its own id', signed({ kid: 'own', jwk: { ...ownKey, kid: 'own' } })],
    ['another key by the header jku', signed({ kid, jku: 'http://127.0.0.1:9/keys' })],
  ]);
}
