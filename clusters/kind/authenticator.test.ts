import { Agent, request } from 'node:https';
import { expect } from 'chai';
import { parse } from 'yaml';
import { startAuthenticator, type Authenticator } from './authenticator.ts';

interface Kubeconfig {
  readonly clusters: readonly [{ readonly cluster: Readonly<Record<string, string>> }];
  readonly users: readonly [{ readonly user: { readonly token: string } }];
}

describe('the token authenticator', () => {
  let authenticator: Authenticator;
  let asked: string[];
  beforeEach(async () => {
    asked = [];
    authenticator = await startAuthenticator({ bindAddress: '127.0.0.1', host: '127.0.0.1' }, async (token) => {
      asked.push(token);
      return token === 'good' ? { username: 'ann', groups: ['system:masters'] } : undefined;
    });
  });
  afterEach(() => authenticator.close());

  /** Sends a review like the API server, with the kubeconfig. */
  async function ask(body: string, secret?: string): Promise<{ status: number; body: string }> {
    const { clusters, users } = parse(authenticator.kubeconfig) as Kubeconfig;
    const { server = '', 'certificate-authority-data': authority = '' } = clusters[0].cluster;
    const agent = new Agent({ ca: Buffer.from(authority, 'base64') });
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${secret ?? users[0].user.token}` };
      const sent = request(server, { method: 'POST', agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  const review = (spec: object): string =>
    JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec });

  it('returns the user of a token without audiences', async () => {
    const { status, body } = await ask(review({ token: 'good', audiences: ['https://kubernetes.default.svc'] }));
    expect(status).to.equal(200);
    expect(JSON.parse(body)).to.deep.equal({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      status: { authenticated: true, user: { username: 'ann', groups: ['system:masters'] } },
    });
  });

  it('rejects an unknown token', async () => {
    const { status, body } = await ask(review({ token: 'bad' }));
    expect(status).to.equal(200);
    expect((JSON.parse(body) as { status: object }).status).to.deep.equal({ authenticated: false });
  });

  for (const secret of ['', 'guess', 'x'.repeat(43)]) {
    it(`returns 401 for the secret ${JSON.stringify(secret)} without looking up the token`, async () => {
      expect((await ask(review({ token: 'good' }), secret)).status).to.equal(401);
      expect(asked).to.deep.equal([]);
    });
  }

  it('returns 400 for an invalid or too long review', async () => {
    expect((await ask('{')).status).to.equal(400);
    expect((await ask(review({ token: 'x'.repeat(70_000) }))).status).to.equal(400);
    expect(asked).to.deep.equal([]);
  });
});
