import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { NoAnswer, Poster } from './post.ts';

describe('a request to EKS Auth', () => {
  it('emits no unhandled error if the caller has already disconnected', async () => {
    const server = createServer((_, response) => response.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const poster = new Poster(new URL('http://127.0.0.1'));
    const unheard: unknown[] = [];
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => unheard.push(error));
    try {
      const asked = poster.post(new URL(`http://127.0.0.1:${port}/`), {}, '', AbortSignal.abort());
      const error = await asked.catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(NoAnswer).and.to.have.property('cancelled', true);
      // A destroyed request emits its error when it gets a socket.
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(unheard).to.deep.equal([]);
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of listeners) process.on('uncaughtException', listener);
      poster.close();
      server.close();
    }
  });
});
