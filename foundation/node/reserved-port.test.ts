import { expect } from 'chai';
import { createServer } from 'node:http';
import { listenOnReservedPort } from './reserved-port.ts';
import { listen, stopServer } from './listen.ts';

describe('a reserved port', () => {
  it('stays reserved while its server is closed, and is free after the release', async () => {
    const [server, other] = [createServer(), createServer()];
    let reserved = 0;
    const release = await listenOnReservedPort(async (port) => (reserved = await listen(server, '127.0.0.1', port)));
    await stopServer(server);
    const guard = (): Promise<unknown> =>
      listen(other, '127.0.0.1', reserved + 1).catch((error: NodeJS.ErrnoException) => error.code);
    expect(await guard()).to.equal('EADDRINUSE');
    await listen(server, '127.0.0.1', reserved);
    await stopServer(server);
    release();
    expect(await guard()).to.equal(reserved + 1);
    await stopServer(other);
  });

  it('is replaced if taken, but other errors are thrown', async () => {
    const tried: number[] = [];
    const release = await listenOnReservedPort(async (port) => {
      tried.push(port);
      if (tried.length < 3) throw Object.assign(new Error('taken'), { code: 'EADDRINUSE' });
    });
    release();
    expect(new Set(tried).size).to.equal(3);
    const error = await listenOnReservedPort(() => Promise.reject(new Error('denied'))).catch((one: Error) => one);
    expect(error).to.be.an('error').with.property('message', 'denied');
  });
});
