/** Access to the keys of the cluster's token issuer. */
import { expect } from 'chai';
import { createHmac, createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { check, fails, irsaRole, kubernetesGet, matching, succeeds, suite } from '../../harness/index.ts';
import { FORBIDDEN } from '../lib/outcomes.ts';
import { JWKS } from '../lib/signing-keys.ts';
import { isGood, newToken, readParts, STS } from './lib/token-requests.ts';

suite('service-accounts', ({ scenario }) => {
  scenario('RB-10', 'service accounts may read the keys of the token issuer, anonymous callers may not', {
    source:
      'Kubernetes documentation, "Managing Service Accounts", service account issuer discovery; "Using RBAC Authorization", system:public-info-viewer; "Authenticating", putting a bearer token in a request',
    workloads: { app: {} },
    tokens: { api: { serviceAccount: 'app/app' } },
    probes: [
      succeeds(kubernetesGet(JWKS, { token: 'api' }), { body: matching(/"keys"/) }),
      ...[/"jwks_uri"/, /"issuer": *"https:\/\/<issuer:c1>"/].map((body) =>
        succeeds(kubernetesGet('/.well-known/openid-configuration', { token: 'api' }), { body: matching(body) }),
      ),
      check('the keys verify tokens and have no private parts', async (context) => {
        const token = await newToken(context);
        const { kid } = readParts(token);
        const headers = { authorization: `Bearer ${token}` };
        const published = await context.kubernetes({ path: JWKS, as: 'anonymous', headers });
        const { keys } = JSON.parse(published.body) as { readonly keys: readonly JsonWebKey[] };
        const key = keys.find((candidate) => candidate['kid'] === kid);
        expect(key, `key ${kid}`).to.include({ kty: 'RSA', alg: 'RS256', use: 'sig' });
        for (const secret of keys) expect(secret, String(secret['kid'])).not.to.have.any.keys('d', 'p', 'q');
        const [header, claims, signature = ''] = token.split('.');
        const signed = Buffer.from(`${header}.${claims}`);
        const publicKey = createPublicKey({ key: key ?? {}, format: 'jwk' });
        const isVerified = verify('RSA-SHA256', signed, publicKey, Buffer.from(signature, 'base64url'));
        expect(isVerified, 'the signature of a token').to.equal(true);
      }),
      // A service account may not read other objects.
      fails(kubernetesGet('/api/v1/namespaces/kube-system/secrets', { token: 'api' }), FORBIDDEN),
      // Everybody may read the health of the API server.
      succeeds(kubernetesGet('/livez', 'anonymous')),
      // 401 if the API server disables anonymous access, 403 otherwise.
      fails(kubernetesGet(JWKS, 'anonymous'), { by: 'kubernetes', code: ['Forbidden', 'Unauthorized'] }),
      check('only a bearer token identifies the caller', async (context) => {
        const token = await newToken(context);
        const ask = async (path: string, header: string): Promise<number> => {
          const headers = { authorization: header.replace('TOKEN', token) };
          return (await context.kubernetes({ path, as: 'anonymous', headers })).status;
        };
        for (const header of ['Bearer TOKEN', 'bearer TOKEN', 'BEARER TOKEN more'])
          expect(await ask(JWKS, header), header).to.equal(200);
        for (const header of ['Bearer more TOKEN', 'Bearer more'])
          for (const path of [JWKS, '/livez']) expect(await ask(path, header), `${path}: ${header}`).to.equal(401);
        // The API server ignores other authorization headers.
        for (const header of ['Basic TOKEN', 'Basic eDp5', 'Bearer', 'Bearer  TOKEN', 'TOKEN']) {
          expect(await ask('/livez', header), header).to.equal(200);
          expect(await ask(JWKS, header), header).to.be.oneOf([401, 403]);
        }
      }),
    ],
  });

  scenario('RB-44', 'the API server and STS reject tokens signed with the published keys as a secret', {
    source: 'RFC 8725, "JSON Web Token Best Current Practices", 2.1; STS API Reference, AssumeRoleWithWebIdentity',
    roles: { app: irsaRole('app/app') },
    workloads: { app: { irsa: 'app' } },
    probes: [
      check('a token with the algorithm HS256 is invalid for each form of the key', async (context) => {
        const token = await newToken(context, { audiences: [STS] });
        const api = await newToken(context);
        const { keys } = JSON.parse((await context.kubernetes({ path: JWKS })).body) as {
          readonly keys: readonly JsonWebKey[];
        };
        const sts = new STSClient(await context.aws('sts'));
        const assume = async (WebIdentityToken: string): Promise<string> => {
          const RoleArn = context.name('<role:app>');
          return sts
            .send(new AssumeRoleWithWebIdentityCommand({ RoleArn, RoleSessionName: 'forged', WebIdentityToken }))
            .then(
              () => 'granted',
              (error: Error) => error.name,
            );
        };
        expect(await isGood(context, api), 'the token for the API server').to.equal(true);
        expect(await assume(token), 'the token for STS').to.equal('granted');
        for (const key of keys)
          for (const [form, secret] of secretsOf(key))
            for (const kid of [String(key['kid']), undefined]) {
              const what = `key ${String(key['kid'])}, ${form}, ${kid === undefined ? 'without' : 'with'} key id`;
              expect(await isGood(context, forged(api, secret, kid)), `API server: ${what}`).to.equal(false);
              expect(await assume(forged(token, secret, kid)), `STS: ${what}`).to.equal(
                'InvalidIdentityTokenException',
              );
            }
      }),
    ],
  });
});

/** Forms of a public key that a verifier might take for the secret of HS256. */
function secretsOf(key: JsonWebKey): readonly (readonly [form: string, secret: string | Buffer])[] {
  const publicKey = createPublicKey({ key, format: 'jwk' });
  const pem = String(publicKey.export({ type: 'spki', format: 'pem' }));
  return [
    ['PEM', pem],
    ['PEM without the last line break', pem.trimEnd()],
    ['PEM of PKCS #1', String(publicKey.export({ type: 'pkcs1', format: 'pem' }))],
    ['DER', publicKey.export({ type: 'spki', format: 'der' })],
    ['JWK', JSON.stringify(key)],
    ['modulus', String(key.n)],
    ['bytes of the modulus', Buffer.from(String(key.n), 'base64url')],
  ];
}

function forged(token: string, secret: string | Buffer, kid: string | undefined): string {
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', ...(kid !== undefined && { kid }) })).toString('base64url');
  const input = `${header}.${token.split('.')[1]}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}
