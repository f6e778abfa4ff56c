import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
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
