import { createServer, type Server } from 'node:http';
import { expect } from 'chai';
import { listen, stopServer } from '../foundation/node/listen.ts';
import { startEmulator, type Emulator } from '../emulator/index.ts';
import { callCounter } from './call-counter.ts';
import { limitersOfAccount, type ClientOptions } from './clients.ts';
import { askEksAuth } from './eks-auth.ts';
import { parseEndpoints, type Endpoints } from './endpoints.ts';
import { missingServices } from './services.ts';

/** Returns the missing services, with the harness's own check. */
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

describe('missingServices', () => {
  describe('on the emulator', () => {
    let emulator: Emulator;
    before(async () => (emulator = await startEmulator()));
    after(() => emulator.close());

    it('finds all services', async () => {
      expect(await missingAt(parseEndpoints([emulator.endpoint], 'account'), emulator.administrator)).to.deep.equal({});
    });

    it('finds all services without permission to call them', async () => {
      expect(await missingAt(parseEndpoints([emulator.endpoint], 'account'))).to.deep.equal({});
    });

    it('checks only services that have an endpoint', async () => {
      expect(await missingAt({ sts: emulator.endpoint }, emulator.administrator)).to.deep.equal({});
    });
  });

  describe('on another server', () => {
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

    it('reports all services if each call returns 404', async () => {
      answer = { status: 404, body: 'not found', type: 'text/plain' };
      expect(await missing()).to.deep.equal({
        s3: 'URL has no S3 (status 404)',
        iam: 'URL has no IAM (status 404)',
        sts: 'URL has no STS (status 404)',
        eks: 'URL has no EKS (status 404)',
        'eks-auth': 'URL has no EKS Auth (status 404)',
      });
    });

    it('reports services that are not implemented', async () => {
      const body = JSON.stringify({ __type: 'InternalFailure', message: "API for service 'eks' not yet implemented" });
      answer = { status: 501, body, type: 'application/json' };
      expect(Object.keys(await missing())).to.have.members(['s3', 'iam', 'sts', 'eks', 'eks-auth']);
    });

    it('reports unsupported services, also with status 400', async () => {
      answer = {
        status: 400,
        body: JSON.stringify({ error: 'Unsupported service: eks-auth' }),
        type: 'application/json',
      };
      expect(Object.keys(await missing())).to.have.members(['s3', 'iam', 'sts', 'eks', 'eks-auth']);
    });

    it('finds an EKS Auth that answers with its own error codes, even with status 404', async () => {
      const body = JSON.stringify({ __type: 'ResourceNotFoundException', message: 'No cluster found for name: c1.' });
      answer = { status: 404, body, type: 'application/json' };
      expect(await missing()).not.to.have.property('eks-auth');
    });

    it('reports an EKS Auth that accepts any token', async () => {
      const arn = 'arn:aws:sts::000000000000:assumed-role/any/session';
      answer = { status: 200, body: JSON.stringify({ assumedRoleUser: { arn } }), type: 'application/json' };
      expect((await missing())['eks-auth']).to.include('accepts an invalid token');
    });

    it('reports services without a listening server', async () => {
      const url = `http://127.0.0.1:${await listen(server)}`;
      await stopServer(server);
      expect(await missingAt(parseEndpoints([`s3=${url}`, `eks-auth=${url}`], 'account'))).to.deep.equal({
        s3: `${url} has no S3 (ECONNREFUSED)`,
        'eks-auth': `${url} has no EKS Auth (ECONNREFUSED)`,
      });
    });
  });
});
