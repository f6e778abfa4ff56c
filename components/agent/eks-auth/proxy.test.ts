import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { Bench, get, goodAnswer } from '../../../test/support/agent.ts';

describe("the agent's proxy for EKS Auth", () => {
  let bench: Bench;
  let proxy: Server;
  let seen: string[];

  beforeEach(async () => {
    bench = new Bench();
    await bench.open();
    seen = [];
    proxy = createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      response.end(JSON.stringify(goodAnswer(1)));
    }).listen(0, '127.0.0.1');
    proxy.on('connect', (request, socket) => {
      seen.push(`${request.method} ${request.url}`);
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    await once(proxy, 'listening');
  });

  afterEach(async () => {
    await bench.close();
    proxy.closeAllConnections();
    proxy.close();
  });

  const url = (): string => `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;

  it('gets the request of an HTTP endpoint with its whole URL', async () => {
    const agent = await bench.start({
      regionalEndpoint: 'http://eks-auth.test',
      proxyEnvironment: { HTTP_PROXY: url() },
    });
    expect((await get(agent)).status).to.equal(200);
    expect(seen).to.deep.equal(['POST http://eks-auth.test/clusters/c1/assume-role-for-pod-identity']);
  });

  it('is asked for a tunnel to an HTTPS endpoint', async () => {
    const agent = await bench.start({
      regionalEndpoint: 'https://eks-auth.test',
      proxyEnvironment: { HTTPS_PROXY: url() },
    });
    const { status, body } = await get(agent);
    expect(status).to.equal(500);
    expect(body).to.match(/Post "https:\/\/eks-auth\.test\/[^"]+": Bad Gateway\n$/);
    expect(new Set(seen)).to.deep.equal(new Set(['CONNECT eks-auth.test:443']));
  });

  it('is named in the error if it cannot be reached', async () => {
    const proxyUrl = url();
    proxy.close();
    const agent = await bench.start({
      regionalEndpoint: 'https://eks-auth.test',
      proxyEnvironment: { HTTPS_PROXY: proxyUrl },
    });
    const { body } = await get(agent);
    expect(body).to.contain(`proxyconnect tcp: dial tcp ${new URL(proxyUrl).host}: connect: connection refused`);
  });

  it('is not asked for an endpoint in NO_PROXY', async () => {
    const agent = await bench.start({ proxyEnvironment: { HTTP_PROXY: url(), NO_PROXY: 'test' } });
    expect((await get(agent)).status).to.equal(200);
    expect(seen).to.deep.equal([]);
  });
});
