import { createHash, webcrypto } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { expect } from 'chai';
import { fetchIssuerKeys, ThumbprintError } from './issuer-keys.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

async function selfSigned() {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    { name: 'CN=issuer', keys, signingAlgorithm: ALGORITHM },
    webcrypto,
  );
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    cert: certificate.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
    thumbprint: createHash('sha1').update(Buffer.from(certificate.rawData)).digest('hex'),
  };
}

/** Serves an issuer. `discovery` returns its discovery document for the issuer's URL. */
async function withIssuer(
  discovery: (issuer: string) => unknown,
  use: (issuer: string, thumbprint: string) => Promise<void>,
): Promise<void> {
  const { cert, key, thumbprint } = await selfSigned();
  const server = createServer({ cert, key }, (request, response) => {
    response.end(JSON.stringify(request.url === '/keys' ? { keys: [{ kid: 'one' }] } : discovery(issuer)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    await use(issuer, thumbprint);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

const honest = (issuer: string) => ({ issuer, jwks_uri: `${issuer}/keys` });

describe('issuer keys over HTTPS', () => {
  it("are accepted if the provider lists the certificate's thumbprint", () =>
    withIssuer(honest, async (issuer, thumbprint) => {
      const { keys } = await fetchIssuerKeys(issuer, ['0'.repeat(40), thumbprint.toUpperCase()]);
      expect(keys).to.deep.equal([{ kid: 'one' }]);
    }));

  it('are rejected with other thumbprints or none', () =>
    withIssuer(honest, async (issuer) => {
      expect(await failure(fetchIssuerKeys(issuer, ['0'.repeat(40)]))).to.be.instanceOf(ThumbprintError);
      expect(await failure(fetchIssuerKeys(issuer, []))).to.be.instanceOf(ThumbprintError);
    }));

  const dishonest: readonly [string, (issuer: string) => unknown, RegExp][] = [
    ['of another issuer', (issuer) => ({ ...honest(issuer), issuer: `${issuer}/other` }), /another issuer/],
    ['without jwks_uri', (issuer) => ({ issuer }), /no jwks_uri/],
    [
      'with keys on another machine',
      (issuer) => ({ issuer, jwks_uri: 'https://10.0.0.1/keys' }),
      /not on this machine/,
    ],
    ['that is not an object', () => 'text', /did not return a JSON object/],
    ['that is too long', () => ({ padding: 'x'.repeat(300_000) }), /too long/],
  ];
  for (const [name, discovery, message] of dishonest) {
    it(`are rejected for a discovery document ${name}`, () =>
      withIssuer(discovery, async (issuer, thumbprint) => {
        expect(await failure(fetchIssuerKeys(issuer, [thumbprint])))
          .to.be.instanceOf(Error)
          .with.property('message')
          .that.matches(message);
      }));
  }

  it('are not requested from hosts that only look like this machine', async () => {
    for (const host of ['127.0.0.1.example.com', 'localhost.example.com', '10.0.0.1', '169.254.169.254']) {
      const error = await failure(fetchIssuerKeys(`http://${host}`, []));
      expect(error, host)
        .to.have.property('message')
        .that.matches(/not on this machine$/);
    }
  });
});
