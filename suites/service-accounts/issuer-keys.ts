/** Access to the keys of the cluster's token issuer. */
import { expect } from 'chai';
import { createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { check, fails, kubernetesGet, matching, succeeds, suite } from '../../harness/index.ts';
import { FORBIDDEN } from '../lib/outcomes.ts';
import { JWKS } from '../lib/signing-keys.ts';
import { newToken, readParts } from './lib/token-requests.ts';

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
        const key = keys.find((of) => of['kid'] === kid);
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
});
