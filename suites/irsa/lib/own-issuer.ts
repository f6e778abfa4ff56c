/** An OIDC issuer that a check serves on this machine, with a provider that role `app` trusts. */
import { sign, type JsonWebKey } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { IAM } from '@aws-sdk/client-iam';
import { STS } from '@aws-sdk/client-sts';
import type { CheckContext } from '../../../harness/index.ts';
import { codeOf } from '../../lib/errors.ts';
import { encoded, newKeyPair } from '../../lib/forged-tokens.ts';

type Members = Readonly<Record<string, unknown>>;
/**
 * Calls AssumeRoleWithWebIdentity with a token that the issuer signed, or with what `forge` makes of its claims and the
 * issuer's key. `claims` and `header` override those of a valid token. Another issuer is published at its own address.
 * One call at a time. Returns the error code, or `none`.
 */
export type AssumeWith = (
  claims: Members,
  header?: Members,
  forge?: (claims: Members, key: JsonWebKey & { readonly kid: string }) => string | Promise<string>,
) => Promise<string>;
/** Replaces the answer with the key set: a text, or a document made of the issuer's own key. Undefined restores it. */
export type Publish = (answer?: string | ((own: Members) => unknown), status?: number) => void;

export const AUDIENCE = 'conformance.example.com';
export const SUBJECT = 'system:serviceaccount:red:app';
export const KEY_ID = 'own';

let sharedKeyPair: ReturnType<typeof newKeyPair> | undefined;

/** Runs `use` with the issuer, and then removes its provider. */
export async function withOwnIssuer(
  { aws, name }: CheckContext,
  use: (assumeWith: AssumeWith, publish: Publish, issuer: string) => Promise<void>,
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
    else response.end(JSON.stringify({ issuer: published, jwks_uri: `${origin}/keys` }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer = `${origin}/tenants/red`;
  let published = issuer;
  const iam = new IAM(await aws('iam'));
  try {
    const { OpenIDConnectProviderArn } = await iam.createOpenIDConnectProvider({
      Url: issuer,
      ClientIDList: [AUDIENCE],
    });
    try {
      const Action = 'sts:AssumeRoleWithWebIdentity';
      const Condition = { StringEquals: { [`${issuer.replace('http://', '')}:sub`]: SUBJECT } };
      const Statement = { Effect: 'Allow', Action, Principal: { Federated: OpenIDConnectProviderArn }, Condition };
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
      await iam.updateAssumeRolePolicy({ RoleName: name('<role-name:app>'), PolicyDocument });
      const sts = new STS(await aws('sts'));
      await use(
        async (claims, header = {}, forge) => {
          const iat = Math.floor(Date.now() / 1000);
          const valid = { iss: issuer, sub: SUBJECT, aud: AUDIENCE, iat, exp: iat + 600 };
          const all = { ...valid, ...claims };
          published = all.iss;
          const input = `${encoded({ alg: 'RS256', kid: KEY_ID, ...header })}.${encoded(all)}`;
          const signature = sign('RSA-SHA256', Buffer.from(input), privateKey).toString('base64url');
          return codeOf(
            sts.assumeRoleWithWebIdentity({
              RoleArn: name('<role:app>'),
              RoleSessionName: 'own-issuer',
              WebIdentityToken: (await forge?.(all, key)) ?? `${input}.${signature}`,
            }),
          );
        },
        publish,
        issuer,
      );
    } finally {
      await iam.deleteOpenIDConnectProvider({ OpenIDConnectProviderArn });
    }
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
