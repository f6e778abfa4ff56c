/** An OIDC issuer that a check serves on this machine, with a provider that role `app` trusts. */
import { generateKeyPair, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { IAM } from '@aws-sdk/client-iam';
import { STS } from '@aws-sdk/client-sts';
import type { CheckContext } from '../../../harness/index.ts';
import { codeOf } from '../../lib/errors.ts';

type Members = Readonly<Record<string, unknown>>;
/**
 * Calls AssumeRoleWithWebIdentity with a token that the issuer signed. `claims` and `header` override those of a valid
 * token. Returns the error code, or `none`.
 */
export type AssumeWith = (claims: Members, header?: Members) => Promise<string>;
/** Replaces the answer with the key set: a text, or a document made of the issuer's own key. Undefined restores it. */
export type Publish = (answer?: string | ((own: Members) => unknown), status?: number) => void;

const AUDIENCE = 'conformance.example.com';
export const KEY_ID = 'own';
const encoded = (part: Members): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/** Off the main thread, which serves the other scenarios. */
export const newKeyPair = () => promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
let sharedKeyPair: ReturnType<typeof newKeyPair> | undefined;

/** Runs `use` with the issuer, and then removes its provider. */
export async function withOwnIssuer(
  { aws, name }: CheckContext,
  use: (assumeWith: AssumeWith, publish: Publish) => Promise<void>,
): Promise<void> {
  const { publicKey, privateKey } = await (sharedKeyPair ??= newKeyPair());
  const key = { ...publicKey.export({ format: 'jwk' }), alg: 'RS256', kid: KEY_ID, use: 'sig' };
  let keys = { status: 200, body: '' };
  const publish: Publish = (answer = (own) => ({ keys: [own] }), status = 200) => {
    keys = { status, body: typeof answer === 'string' ? answer : JSON.stringify(answer(key)) };
  };
  publish();
  const server = createServer(({ url }, response) => {
    if (url === '/keys') response.writeHead(keys.status).end(keys.body);
    else response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const iam = new IAM(await aws('iam'));
  try {
    const { OpenIDConnectProviderArn } = await iam.createOpenIDConnectProvider({
      Url: issuer,
      ClientIDList: [AUDIENCE],
    });
    try {
      const Action = 'sts:AssumeRoleWithWebIdentity';
      const Statement = { Effect: 'Allow', Action, Principal: { Federated: OpenIDConnectProviderArn } };
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
      await iam.updateAssumeRolePolicy({ RoleName: name('<role-name:app>'), PolicyDocument });
      const sts = new STS(await aws('sts'));
      await use((claims, header = {}) => {
        const iat = Math.floor(Date.now() / 1000);
        const valid = { iss: issuer, sub: 'somebody', aud: AUDIENCE, iat, exp: iat + 600 };
        const input = `${encoded({ alg: 'RS256', kid: KEY_ID, ...header })}.${encoded({ ...valid, ...claims })}`;
        const signature = sign('RSA-SHA256', Buffer.from(input), privateKey).toString('base64url');
        return codeOf(
          sts.assumeRoleWithWebIdentity({
            RoleArn: name('<role:app>'),
            RoleSessionName: 'own-issuer',
            WebIdentityToken: `${input}.${signature}`,
          }),
        );
      }, publish);
    } finally {
      await iam.deleteOpenIDConnectProvider({ OpenIDConnectProviderArn });
    }
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
