import { createServer, type Server } from 'node:http';
import { STSClient, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { expect } from 'chai';
import { listen, stopServer } from '../foundation/node/listen.ts';
import { limit, RateLimiter } from './rate-limiter.ts';
import { retriesWithin } from './retries.ts';

describe('the rate limiter', () => {
  it('grants evenly spaced turns in request order', async () => {
    let now = 0;
    const waits: number[] = [];
    const limiter = new RateLimiter(
      10,
      () => now,
      async (milliseconds) => void waits.push(milliseconds),
    );
    await Promise.all([limiter.turn(), limiter.turn(), limiter.turn()]);
    expect(waits).to.deep.equal([100, 200]);
    now = 150;
    await limiter.turn();
    expect(waits).to.deep.equal([100, 200, 150]);
  });

  it('does not accumulate unused turns', async () => {
    let now = 0;
    const waits: number[] = [];
    const limiter = new RateLimiter(
      10,
      () => now,
      async (milliseconds) => void waits.push(milliseconds),
    );
    await limiter.turn();
    now = 10_000;
    await Promise.all([limiter.turn(), limiter.turn()]);
    expect(waits).to.deep.equal([100]);
  });

  describe('on a client', () => {
    let server: Server;
    let answers: number;
    let signed: string[];
    beforeEach(() => {
      answers = 0;
      signed = [];
      server = createServer((request, response) => {
        answers += 1;
        signed.push(request.headers['x-amz-date'] as string);
        response.writeHead(503).end();
      });
    });
    afterEach(() => stopServer(server));

    it('delays each attempt before it is signed', async () => {
      const client = new STSClient({
        endpoint: `http://127.0.0.1:${await listen(server)}`,
        region: 'us-west-2',
        credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
        retryStrategy: retriesWithin({ throttledMilliseconds: 0, transientMilliseconds: 900 }, { random: () => 0 }),
      });
      const log: string[] = [];
      const limiter = { turn: async () => void log.push(`turn after ${answers} answers`) };
      limit(client, limiter as unknown as RateLimiter);
      client.middlewareStack.addRelativeTo(
        <Args, Output>(next: (args: Args) => Promise<Output>) =>
          async (args: Args) => {
            log.push('signed and sent');
            return next(args);
          },
        { relation: 'after', toMiddleware: 'httpSigningMiddleware', name: 'watch' },
      );
      await client.send(new GetCallerIdentityCommand({})).then(
        () => expect.fail('it was answered'),
        () => undefined,
      );
      client.destroy();
      expect(answers).to.be.greaterThan(1);
      expect(log).to.deep.equal(
        Array.from({ length: answers }, (_, at) => [`turn after ${at} answers`, 'signed and sent']).flat(),
      );
    });
  });
});
