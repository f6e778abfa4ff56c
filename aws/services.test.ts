import { createServer, type Server } from 'node:http';
import { expect } from 'chai';
import { listen, stopServer } from '../foundation/node/listen.ts';
import { startEmulator, type Emulator } from '../emulator/index.ts';
import { callCounter } from './call-counter.ts';
import { limitersOfAccount, type ClientOptions } from './clients.ts';
import { askEksAuth } from './eks-auth.ts';
import { parseEndpoints, type Endpoints } from './endpoints.ts';
import { missingServices } from './services.ts';

/** Which services are not there, as the harness asks. */
async function missingAt(
  endpoints: Endpoints,
  { accessKeyId, secretAccessKey } = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
): Promise<Record<string, string>> {
  const counter = callCounter();
  const options: ClientOptions = {
    region: 'us-west-2',
    endpoints,
    credentials: async () => ({ accessKeyId, secretAccessKey }),
    counter,
    limiters: limitersOfAccount(),
    retries: { throttledMilliseconds: 0, transientMilliseconds: 0 },
  };
  const eksAuth = { ...options, endpoint: endpoints['eks-auth'] ?? '', limiter: options.limiters['eks-auth'] };
  return Object.fromEntries(await missingServices(options, () => askEksAuth(eksAuth, 'c1', 'no-token')));
}

describe('the services of an endpoint', () => {
  describe('of the emulator', () => {
    let emulator: Emulator;
    before(async () => (emulator = await startEmulator()));
    after(() => emulator.close());

    it('are all there', async () => {
      expect(await missingAt(parseEndpoints([emulator.endpoint], 'account'), emulator.administrator)).to.deep.equal({});
    });

    it('are there for who may not use them', async () => {
      expect(await missingAt(parseEndpoints([emulator.endpoint], 'account'))).to.deep.equal({});
    });

    it('are asked for where they are at an endpoint alone', async () => {
      expect(await missingAt({ sts: emulator.endpoint }, emulator.administrator)).to.deep.equal({});
    });
  });

  describe('of others', () => {
    let server: Server;
    let answer: { status: number; body: string; type: string };
    beforeEach(() => {
      server = createServer((_request, response) =>
        response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body),
      );
    });
    afterEach(() => stopServer(server));

    const missing = async (): Promise<Record<string, string>> => {
      const url = `http://127.0.0.1:${await listen(server)}`;
      const found = await missingAt(parseEndpoints([url], 'account'));
      return Object.fromEntries(Object.entries(found).map(([name, why]) => [name, why.replace(url, 'URL')]));
    };

    it('are not there where nothing is found', async () => {
      answer = { status: 404, body: 'not found', type: 'text/plain' };
      expect(await missing()).to.deep.equal({
        s3: 'URL has no S3 (it answers 404)',
        iam: 'URL has no IAM (it answers 404)',
        sts: 'URL has no STS (it answers 404)',
        eks: 'URL has no EKS (it answers 404)',
        'eks-auth': 'URL has no EKS Auth (it answers 404)',
      });
    });

    it('are not there where they are said not to be implemented', async () => {
      const body = JSON.stringify({ __type: 'InternalFailure', message: "API for service 'eks' not yet implemented" });
      answer = { status: 501, body, type: 'application/json' };
      expect(Object.keys(await missing())).to.have.members(['s3', 'iam', 'sts', 'eks', 'eks-auth']);
    });

    it('are not there where the service is not supported, though the status is another', async () => {
      answer = {
        status: 400,
        body: JSON.stringify({ error: 'Unsupported service: eks-auth' }),
        type: 'application/json',
      };
      expect(Object.keys(await missing())).to.have.members(['s3', 'iam', 'sts', 'eks', 'eks-auth']);
    });

    it('are there where EKS Auth refuses the token in its own words, even with status 404', async () => {
      const body = JSON.stringify({ __type: 'ResourceNotFoundException', message: 'No cluster found for name: c1.' });
      answer = { status: 404, body, type: 'application/json' };
      expect(await missing()).not.to.have.property('eks-auth');
    });

    it('are not EKS Auth where anything is taken for a token', async () => {
      const arn = 'arn:aws:sts::000000000000:assumed-role/any/session';
      answer = { status: 200, body: JSON.stringify({ assumedRoleUser: { arn } }), type: 'application/json' };
      expect((await missing())['eks-auth']).to.include('gives credentials for an invalid token');
    });

    it('are not there where nobody listens', async () => {
      const url = `http://127.0.0.1:${await listen(server)}`;
      await stopServer(server);
      expect(await missingAt(parseEndpoints([`s3=${url}`, `eks-auth=${url}`], 'account'))).to.deep.equal({
        s3: `${url} has no S3 (ECONNREFUSED)`,
        'eks-auth': `${url} has no EKS Auth (ECONNREFUSED)`,
      });
    });
  });
});
