import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { KubernetesClient } from './client.ts';

describe('reading a log', () => {
  let server: Server;
  let client: KubernetesClient;
  let answer: { readonly status: number; readonly chunks: readonly string[] };
  let asked = '';

  before(async () => {
    server = createServer((request, response) => {
      asked = request.url ?? '';
      response.writeHead(answer.status);
      for (const chunk of answer.chunks) response.write(chunk);
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const config = new KubeConfig();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    config.loadFromClusterAndUser({ name: 'c', server: url, skipTLSVerify: true }, { name: 'u' });
    client = new KubernetesClient(config);
  });
  after(() => {
    client.close();
    server.close();
    server.closeAllConnections();
  });

  const read = (maxBytes = 1000, previous = false): Promise<string> =>
    client.readLog('red', 'app-1', 'probe', {
      since: new Date('2026-03-04T05:06:07.890Z'),
      tailLines: 7,
      maxBytes,
      previous,
      signal: new AbortController().signal,
    });

  it('sends container, start time, number of lines, and whether to read the previous container', async () => {
    answer = { status: 200, chunks: ['one\n', 'two\n'] };
    expect(await read()).to.equal('one\ntwo\n');
    const { pathname, searchParams } = new URL(asked, 'http://localhost');
    expect(pathname).to.equal('/api/v1/namespaces/red/pods/app-1/log');
    const query = { container: 'probe', timestamps: 'true', sinceTime: '2026-03-04T05:06:07Z', tailLines: '7' };
    expect(Object.fromEntries(searchParams)).to.deep.equal(query);
    await read(1000, true);
    expect(Object.fromEntries(new URL(asked, 'http://localhost').searchParams)).to.deep.equal({
      ...query,
      previous: 'true',
    });
  });

  it('keeps whole lines at the end of a log that is too long', async () => {
    const lines = Array.from({ length: 5000 }, (_, index) => `line ${index} ${'x'.repeat(90)}\n`);
    answer = { status: 200, chunks: lines };
    const text = await read(200_000);
    expect(text.length).to.be.at.most(200_000).and.above(50_000);
    expect(text.split('\n')[0]).to.match(/^line \d+ x{90}$/);
    expect(text.endsWith(lines.at(-1)!)).to.equal(true);
  });

  it("fails with the API server's error", async () => {
    const status = { kind: 'Status', reason: 'BadRequest', message: 'container "probe" is waiting to start' };
    answer = { status: 400, chunks: [JSON.stringify(status)] };
    const error = await read().then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(error).to.include({ status: 400, reason: 'BadRequest', message: status.message });
  });
});
