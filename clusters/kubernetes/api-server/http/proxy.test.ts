import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { pod, startTestCluster, type TestCluster } from '../../../../test/support/api-server.ts';

const PODS = '/api/v1/namespaces/default/pods';

describe('the pod proxy', () => {
  let cluster: TestCluster;
  let backend: Server;
  let seen: { url: string | undefined; headers: IncomingHttpHeaders } | undefined;
  before(async () => {
    cluster = await startTestCluster();
    backend = createServer((request, response) => {
      seen = { url: request.url, headers: request.headers };
      if (request.url === '/broken') {
        response.writeHead(200, { 'content-length': 2 }).write('x', () => response.destroy());
        return;
      }
      response.statusCode = 418;
      response.end('metrics\n');
    });
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
    const { port } = backend.address() as AddressInfo;
    cluster.server.setKubelet('', {
      logs: () => Readable.from([]),
      proxy: (_namespace, name, asked) =>
        name === 'web' && asked === 2705 ? new URL(`http://127.0.0.1:${port}`) : undefined,
    });
    await cluster.call('POST', PODS, { body: pod('web') });
  });
  after(async () => {
    await cluster.close();
    backend.close();
  });

  it("forwards a request without the caller's credentials", async () => {
    const answer = await cluster.call('GET', `${PODS}/web:2705/proxy/a%2Fb?x=1`);
    expect([answer.status, answer.text]).to.deep.equal([418, 'metrics\n']);
    expect(seen?.url).to.equal('/a%2Fb?x=1');
    expect(seen?.headers).not.to.have.property('authorization');
  });

  for (const path of ['//127.0.0.1:1/x', '/\\127.0.0.1:1/x']) {
    it(`does not connect to another host for ${path}`, async () => {
      seen = undefined;
      expect((await cluster.call('GET', `${PODS}/web:2705/proxy${path}`)).status).to.equal(418);
      expect(seen).to.have.property('url').that.equals('//127.0.0.1:1/x');
    });
  }

  it("resets the connection if the pod's response breaks off", async () => {
    const broken = cluster.call('GET', `${PODS}/web:2705/proxy/broken`).then(
      ({ status }) => status,
      () => 'reset',
    );
    expect(await broken).to.equal('reset');
  });

  for (const [path, as, status] of [
    ['web:1/proxy/', 'admin', 503],
    ['web/proxy/', 'admin', 400],
    ['none:2705/proxy/', 'admin', 404],
    ['web:2705/proxy/', 'bob', 403],
    ['web/exec', 'admin', 501],
  ] as const) {
    it(`returns ${status} for ${path} to ${as}`, async () => {
      expect((await cluster.call('GET', `${PODS}/${path}`, { as })).status).to.equal(status);
    });
  }
});
