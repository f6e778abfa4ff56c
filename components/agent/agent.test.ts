import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { AgentRefusal } from './index.ts';
import { Bench, get, goodAnswer, HOST, json, newToken, send } from '../../test/support/agent.ts';

describe('the agent', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = new Bench();
    await bench.open();
  });

  afterEach(() => bench.close());

  it('returns the five members in order, on one line', async () => {
    const { status, headers, body } = await get(await bench.start());
    expect(status).to.equal(200);
    expect(headers['content-type']).to.equal('application/json');
    expect(body).to.equal(
      '{"AccessKeyId":"ASIA1","SecretAccessKey":"a\\u003cb\\u003e\\u0026c","Token":"session-token",' +
        '"AccountId":"111122223333","Expiration":"2100-01-01T00:00:00.123Z"}',
    );
  });

  it('signs all headers that it sets itself in its call', async () => {
    const token = newToken();
    await get(await bench.start(), token);
    const [call] = bench.calls;
    expect(call?.headers.authorization).to.match(
      /^AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE\/\d{8}\/us-west-2\/eks-auth\/aws4_request, SignedHeaders=content-length;content-type;host;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
    );
    expect(call?.headers['x-amz-security-token']).to.equal('node-session');
    expect(JSON.parse(call?.body ?? '')).to.eql({ token });
  });

  it('keeps tokens, keys and signatures out of its logs', async () => {
    const agent = await bench.start({ verbosity: 'trace' });
    const token = newToken();
    await get(agent, token);
    await get(agent, token);
    bench.respond = json(400, { message: 'no' }, { 'x-amzn-errortype': 'AccessDeniedException' });
    await get(agent);
    const signature = /Signature=(\w+)/.exec(bench.calls[0]?.headers.authorization ?? '')?.[1] ?? 'none';
    const text = bench.logs.join('\n');
    expect(text).to.contain('"cache-hit":1').and.contain('"association-id":"a-1"');
    for (const secret of [
      token,
      token.split('.')[1]!,
      'node-secret',
      'node-session',
      'session-token',
      'a<b>&c',
      signature,
    ]) {
      expect(text).not.to.contain(secret);
    }
    for (const line of bench.logs) expect(JSON.parse(line)).to.include.keys('level', 'msg', 'time');
  });

  it('finishes a pending request when it stops, and then closes the connection', async () => {
    const agent = await bench.start();
    const client = new Agent({ keepAlive: true });
    let stopped: Promise<void> | undefined;
    bench.respond = (response) => {
      stopped = agent.stop();
      json(200, goodAnswer(1))(response);
    };
    const asking = request(`${agent.urls[0]}/v1/credentials`, {
      agent: client,
      headers: { host: HOST, authorization: newToken() },
    }).end();
    const [answer] = (await once(asking, 'response')) as [IncomingMessage];
    answer.resume();
    expect([answer.statusCode, answer.headers.connection]).to.eql([200, 'close']);
    await stopped;
    client.destroy();
  });

  it('has a separate cache for each bind host', async () => {
    const agent = await bench.start({ bindHosts: ['127.0.0.1', '[::1]'] });
    const token = newToken();
    for (const at of [0, 1, 0, 1]) expect((await get(agent, token, HOST, at)).status).to.equal(200);
    expect(bench.calls).to.have.length(2);
  });

  for (const off of [{ maxCredentialRetentionBeforeRenewal: 0 }, { maxCacheSize: 0 }]) {
    it(`has no cache with ${JSON.stringify(off)}`, async () => {
      const agent = await bench.start(off);
      const token = newToken();
      expect((await get(agent, token)).body).to.contain('ASIA1');
      expect((await get(agent, token)).body).to.contain('ASIA2');
      bench.respond = json(200, {});
      expect((await get(agent, token)).body).to.match(
        /^invalid response from server: credentials or assumed role empty/,
      );
    });
  }

  it('reports on both ports that it is ready while its servers answer', async () => {
    const agent = await bench.start();
    for (const url of [agent.probeUrl, agent.metricsUrl]) {
      for (const path of ['/healthz', '/readyz']) {
        const { status, headers, body } = await send(url + path);
        expect([status, headers['content-type'], body]).to.eql([200, undefined, '']);
      }
    }
    expect((await send(`${agent.probeUrl}/metrics`)).status).to.equal(404);
  });

  it('does not start if refreshes could not keep up with the cache', async () => {
    const failure = await bench.start({ maxCredentialRetentionBeforeRenewal: 60_000 }).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(AgentRefusal).with.property('code', 'cache-outgrows-refresh');
    await bench.start({ maxCredentialRetentionBeforeRenewal: 60_000, maxCacheSize: 361 });
  });

  it('does not start on an address in use', async () => {
    const { port } = bench;
    const failure = await bench.start({ port }).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(AgentRefusal).with.property('code', 'cannot-listen');
    expect((failure as Error).message).to.contain('another process listens there');
  });
});
