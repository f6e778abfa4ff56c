import { expect } from 'chai';
import { createServer, request } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { LinkLocalAddress } from './link-local.ts';
import { listen, stopServer } from '../../../foundation/node/listen.ts';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: readonly string[];
  readonly body: string;
}

describe('a link-local address', () => {
  let address: LinkLocalAddress;
  let server: Server;
  const seen: Seen[] = [];

  beforeEach(async () => {
    seen.length = 0;
    address = await LinkLocalAddress.open('[fd00:ec2::23]');
    server = createServer((incoming, answer) => {
      void text(incoming).then((body) => {
        seen.push({ method: incoming.method, url: incoming.url, headers: incoming.rawHeaders, body });
        answer.writeHead(418, 'Teapot', { 'X-Answer': 'yes' }).end('answered\n');
      });
    });
    await listen(server);
  });
  afterEach(async () => {
    await address.close();
    await stopServer(server);
  });

  async function text(stream: IncomingMessage): Promise<string> {
    return Buffer.concat((await stream.toArray()) as Buffer[]).toString();
  }

  function send(options: { method?: string; path: string; host?: string; body?: string }): Promise<string> {
    return new Promise((resolve, reject) => {
      const { port } = new URL(address.url);
      const { path, method = 'GET' } = options;
      const host = options.host ?? `127.0.0.1:${port}`;
      const outgoing = request({
        host: '127.0.0.1',
        port,
        path,
        method,
        setHost: false,
        agent: false,
        headers: { Host: host, 'X-Case': 'Kept', Connection: 'keep-alive' },
      });
      outgoing.once('error', reject);
      outgoing.once('response', (response) => {
        text(response).then(
          (body) => resolve(`${response.statusCode} ${String(response.headers['x-answer'])} ${body}`),
          reject,
        );
      });
      outgoing.end(options.body);
    });
  }

  it('forwards method, raw path, headers and body, and returns the response', async () => {
    await address.setTarget(server);
    const answer = await send({ method: 'POST', path: '/v1//credentials/../x?a=%2F', body: 'hello' });
    expect(answer).to.equal('418 yes answered\n');
    expect(seen).to.have.length(1);
    expect(seen[0]).to.include({ method: 'POST', url: '/v1//credentials/../x?a=%2F', body: 'hello' });
    expect(seen[0]?.headers.join('|')).to.contain('X-Case|Kept');
  });

  for (const [host, expected] of [
    [undefined, '[fd00:ec2::23]'],
    ['127.0.0.1', '[fd00:ec2::23]'],
    ['localhost', 'localhost'],
    ['rebound.example.test', 'rebound.example.test'],
    ['127.0.0.1:1', '127.0.0.1:1'],
  ] as const) {
    it(`forwards Host ${expected} for ${host ?? 'its own address'}`, async () => {
      await address.setTarget(server);
      await send({ path: '/', ...(host === undefined ? {} : { host }) });
      const headers = seen[0]?.headers ?? [];
      expect(headers[headers.findIndex((name) => name.toLowerCase() === 'host') + 1]).to.equal(expected);
    });
  }

  it('refuses connections while it has no server, and keeps its port', async () => {
    const refused = (): Promise<unknown> => send({ path: '/' }).catch((error: NodeJS.ErrnoException) => error.code);
    expect(await refused()).to.equal('ECONNREFUSED');
    await address.setTarget(server);
    expect(await send({ path: '/' })).to.contain('418');
    await address.setTarget(undefined);
    expect(await refused()).to.equal('ECONNREFUSED');
  });

  it('has a unique port even while it has no server', async () => {
    const others = await Promise.all(Array.from({ length: 200 }, () => LinkLocalAddress.open('169.254.170.23')));
    expect(new Set([address, ...others].map(({ url }) => url)).size).to.equal(201);
  });

  it('tolerates a caller that disconnects and a server that fails during a response', async () => {
    await address.setTarget(server);
    server.removeAllListeners('request');
    server.on('request', (incoming: IncomingMessage, answer) => {
      answer.write('begun');
      if (incoming.url === '/dies') setImmediate(() => answer.socket?.resetAndDestroy());
    });
    const dies = await send({ path: '/dies' }).catch((error: NodeJS.ErrnoException) => error.code);
    expect(dies).to.equal('ECONNRESET');
    const left = new Promise<void>((resolve) => server.once('request', (_, answer) => answer.once('close', resolve)));
    const caller = request(`${address.url}/leaves`, { agent: false });
    caller.on('response', () => caller.destroy());
    caller.on('error', () => undefined);
    caller.end();
    await left;
  });
});
