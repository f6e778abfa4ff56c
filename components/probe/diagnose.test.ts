import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { diagnoseMissingCredentials, watchRequests } from './diagnose.ts';
import { setEnvironment } from '../../test/support/process-environment.ts';

/** Sets an unused documentation address (RFC 5737), different in each test because requests are remembered. */
const setUri = (host: string): void => {
  process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = `http://${host}/v1/credentials`;
};

const NONE = { code: 'CredentialsProviderError', message: 'no credentials' };

describe('the diagnosis for a pod with a foreign host in its settings', () => {
  const saved = { ...process.env };
  let stopWatching = (): void => undefined;
  beforeEach(() => {
    delete process.env['AWS_WEB_IDENTITY_TOKEN_FILE'];
  });
  after(() => {
    stopWatching();
    setEnvironment(saved);
  });

  it('is unknown if the requests of its SDK are not watched', async () => {
    setUri('192.0.2.1');
    const { outcome, message } = await diagnoseMissingCredentials(NONE);
    expect(outcome).to.equal('error');
    expect(message).to.contain('cannot observe');
    stopWatching = watchRequests();
  });

  it('is UriNotAccepted if nothing was sent to the host', async () => {
    setUri('192.0.2.1');
    expect(await diagnoseMissingCredentials(NONE)).to.include({
      outcome: 'refused',
      layer: 'injection',
      code: 'UriNotAccepted',
    });
  });

  for (const host of ['192.0.2.2', '[2001:db8::2]'])
    it(`is TokenSentElsewhere if a request was sent to ${host}, even without a response`, async () => {
      setUri(host);
      const sent = request({ host: host.replace(/[[\]]/g, ''), path: '/v1/credentials' }).on('error', () => undefined);
      sent.end();
      // A request counts as sent once it has a socket, even an unconnected one.
      await new Promise((resolve) => sent.once('socket', () => setImmediate(resolve)));
      const { code } = await diagnoseMissingCredentials({ code: 'TimeoutError', message: 'timed out' });
      sent.destroy();
      expect(code).to.equal('TokenSentElsewhere');
    });
});

describe('the diagnosis for a pod without settings', () => {
  let stopWatching: () => void;
  before(() => (stopWatching = watchRequests()));
  after(() => stopWatching());

  it('mentions that instance metadata did not answer in time', async () => {
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

describe('the diagnosis for an SDK without credentials although the agent answers', () => {
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

  /** Returns the diagnosis for an SDK that gave up `afterMilliseconds` after its request, without a reason. */
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

  it('does not mention a timeout if the SDK gave up at once', async () => {
    const { layer, message } = await diagnosed(0, 0);
    expect(layer).to.equal('agent');
    expect(message).to.contain('but the agent answers a direct request').and.not.to.contain('TIMEOUT');
  });

  it('mentions a timeout if the SDK waited, even if it reported another reason', async () =>
    expect((await diagnosed(1000, 0)).message).to.contain('TIMEOUT'));

  it('includes the response time of a slow agent', async () =>
    expect((await diagnosed(0, 600)).facts?.['lateMilliseconds']).to.be.at.least(500));
});
