import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { diagnoseMissingCredentials, watchRequests } from './diagnose.ts';
import { setEnvironment } from '../../test/support/process-environment.ts';

/** A documentation address (RFC 5737), where nobody is; another for each test, since requests are remembered. */
const setUri = (host: string): void => {
  process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = `http://${host}/v1/credentials`;
};

const NONE = { code: 'CredentialsProviderError', message: 'no credentials' };

describe('why a pod with a foreign host in its settings has no credentials', () => {
  const saved = { ...process.env };
  let stopWatching = (): void => undefined;
  beforeEach(() => {
    delete process.env['AWS_WEB_IDENTITY_TOKEN_FILE'];
  });
  after(() => {
    stopWatching();
    setEnvironment(saved);
  });

  it('is not told where the requests of its SDK are not seen', async () => {
    setUri('192.0.2.1');
    const { outcome, message } = await diagnoseMissingCredentials(NONE);
    expect(outcome).to.equal('error');
    expect(message).to.contain('192.0.2.1 is not seen here');
    stopWatching = watchRequests();
  });

  it('is that its SDK does not accept it, where nothing was sent there', async () => {
    setUri('192.0.2.1');
    expect(await diagnoseMissingCredentials(NONE)).to.include({
      outcome: 'refused',
      layer: 'injection',
      code: 'UriNotAccepted',
    });
  });

  for (const host of ['192.0.2.2', '[2001:db8::2]'])
    it(`is another reason where something was sent to ${host}, though nobody answered`, async () => {
      setUri(host);
      const sent = request({ host: host.replace(/[[\]]/g, ''), path: '/v1/credentials' }).on('error', () => undefined);
      sent.end();
      // A request begins when it has a socket, connected or not.
      await new Promise((resolve) => sent.once('socket', () => setImmediate(resolve)));
      const { code } = await diagnoseMissingCredentials({ code: 'TimeoutError', message: 'timed out' });
      sent.destroy();
      expect(code).to.equal('TokenSentElsewhere');
    });
});

describe('why a pod without settings has no credentials', () => {
  let stopWatching: () => void;
  before(() => (stopWatching = watchRequests()));
  after(() => stopWatching());

  it('tells that instance metadata did not answer in time', async () => {
    delete process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'];
    delete process.env['AWS_WEB_IDENTITY_TOKEN_FILE'];
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    expect((await diagnoseMissingCredentials(NONE)).message).not.to.contain('TIMEOUT');
    const sent = request({ host: '127.0.0.1', port, timeout: 10 }).on('error', () => undefined);
    sent.end();
    await once(sent, 'timeout');
    const { code, message } = await diagnoseMissingCredentials(NONE);
    sent.destroy();
    silent.close();
    expect(code).to.equal('NoCredentialsSettings');
    expect(message).to.contain('instance metadata did not answer the SDK in time (TIMEOUT)');
  });
});

describe('why an SDK has no credentials where the agent answers', () => {
  const saved = { ...process.env };
  const folder = mkdtempSync(join(tmpdir(), 'pod-'));
  let stopWatching: () => void;
  before(() => {
    writeFileSync(join(folder, 'token'), 'token');
    stopWatching = watchRequests();
  });
  after(() => {
    stopWatching();
    setEnvironment(saved);
    rmSync(folder, { recursive: true, force: true });
  });

  /** What is told when an SDK gave up without a word, `afterMilliseconds` after it had asked. */
  const diagnosed = async (afterMilliseconds: number, agentMilliseconds: number) => {
    const credentials = JSON.stringify({ AccessKeyId: 'ASIAEXAMPLE' });
    const agent = createServer(({ url }, response) => {
      if (url !== '/never') setTimeout(() => response.end(credentials), agentMilliseconds);
    }).listen(0, '127.0.0.1');
    await once(agent, 'listening');
    const { port } = agent.address() as AddressInfo;
    delete process.env['AWS_WEB_IDENTITY_TOKEN_FILE'];
    process.env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'] = join(folder, 'token');
    setUri(`127.0.0.1:${port}`);
    const sent = request({ host: '127.0.0.1', port, path: '/never' }).on('error', () => undefined);
    sent.end();
    if (afterMilliseconds > 0) await new Promise((resolve) => setTimeout(resolve, afterMilliseconds));
    sent.destroy();
    const result = await diagnoseMissingCredentials(NONE);
    agent.close().closeAllConnections();
    return result;
  };

  it('is not said to be a limit of time where it gave up at once', async () => {
    const { layer, message } = await diagnosed(0, 0);
    expect(layer).to.equal('agent');
    expect(message).to.contain('yet the agent answers a request made by hand').and.not.to.contain('TIMEOUT');
  });

  it('is its limit of time where it waited for one, and said another thing', async () =>
    expect((await diagnosed(1000, 0)).message).to.contain('TIMEOUT'));

  it('may be an agent that is slow', async () =>
    expect((await diagnosed(0, 600)).facts?.['lateMilliseconds']).to.be.at.least(500));
});
