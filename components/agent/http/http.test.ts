import { expect } from 'chai';
import { Bench, HOST, send, sendRaw } from '../../../test/support/agent.ts';

describe("the agent's HTTP", () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = new Bench();
    await bench.open();
  });

  afterEach(() => bench.close());

  it('limits the rate of requests, and does not count limited ones', async () => {
    const agent = await bench.start({ verbosity: 'panic' });
    const started = performance.now();
    const one = 'GET /v1/credentials HTTP/1.1\r\nHost: localhost\r\n';
    const answer = await sendRaw(agent.urls[0] ?? '', `${`${one}\r\n`.repeat(1199)}${one}Connection: close\r\n\r\n`);
    const most = Math.ceil(500 + performance.now() - started);
    const served = answer.split('HTTP/1.1 403 ').length - 1;
    const limited = answer.split('HTTP/1.1 429 ').length - 1;
    expect(served + limited).to.equal(1200);
    expect(served).to.be.at.least(500).and.at.most(most);
    if (limited > 0) expect(answer).to.contain('Too Many Requests\n');
    const { body } = await send(`${agent.metricsUrl}/metrics`);
    expect(body).to.equal(
      '# HELP pod_identity_http_response Pod Identity http response code\n' +
        `# TYPE pod_identity_http_response counter\npod_identity_http_response{code="403"} ${served}\n`,
    );
  });

  it('keeps an idle connection for 30 seconds, like a Go server with this read timeout', async () => {
    const agent = await bench.start();
    for (const url of [agent.urls[0], agent.probeUrl, agent.metricsUrl]) {
      const { headers } = await send(`${url ?? ''}/healthz`, { connection: 'keep-alive' });
      expect(headers['keep-alive']).to.equal('timeout=30');
    }
  });

  const paths: [request: string, status: string, part: string][] = [
    ['GET /v1/%63redentials', '400 Bad Request', 'Service account token cannot be empty\n'],
    ['GET /v1/credentials/', '404 Not Found', '404 page not found\n'],
    ['GET /V1/credentials', '404 Not Found', 'X-Content-Type-Options: nosniff'],
    ['GET //v1/credentials?a=1', '307 Temporary Redirect', 'Location: /v1/credentials?a=1'],
    ['GET /a/./../b?x="<"', '307 Temporary Redirect', '<a href="/b?x=&#34;&lt;&#34;">Temporary Redirect</a>.\n\n'],
    ['HEAD /v1/./credentials', '307 Temporary Redirect', 'Content-Type: text/html; charset=utf-8'],
    ['POST /v1/./credentials', '307 Temporary Redirect', 'Content-Length: 0'],
    ['GET /%zz', '400 Bad Request', '400 Bad Request'],
    ['OPTIONS *', '200 OK', 'Content-Length: 0'],
    ['GET *', '400 Bad Request', 'Content-Length: 0'],
    ['BREW /v1/credentials', '400 Bad Request', 'Service account token cannot be empty\n'],
    ['CONNECT /v1/credentials', '400 Bad Request', 'Service account token cannot be empty\n'],
    ['GET http://example.com/v1/credentials', '403 Forbidden', 'not example.com\n'],
  ];
  for (const [request, status, part] of paths) {
    it(`responds to ${request} like Go`, async () => {
      const agent = await bench.start();
      const answer = await sendRaw(
        agent.urls[0] ?? '',
        `${request} HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`,
      );
      expect(answer).to.contain(`HTTP/1.1 ${status}\r\n`).and.contain(part);
    });
  }

  for (const [head, reason] of [
    ['', ': missing required Host header'],
    ['Host: a"b\r\n', ': malformed Host header'],
    [`Host: ${HOST}\r\nHost: ${HOST}\r\n`, ''],
  ] as const) {
    it(`rejects a request with header ${JSON.stringify(head)} before any handler`, async () => {
      const agent = await bench.start();
      const answer = await sendRaw(agent.urls[0] ?? '', `GET /v1/credentials HTTP/1.1\r\n${head}\r\n`);
      expect(answer.split('\r\n')[0]).to.equal(`HTTP/1.1 400 Bad Request${reason}`);
    });
  }
});
