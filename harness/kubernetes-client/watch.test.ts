import { PassThrough } from 'node:stream';
import type { V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import { KubernetesError, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { patient } from './patient.ts';
import { watchPods } from './watch.ts';

const pod = (name: string): V1Pod => ({ metadata: { name, uid: name } });
const line = (type: string, name: string): string => `${JSON.stringify({ type, object: pod(name) })}\n`;

/** Returns an API server whose list of pods and streams the test controls. */
function server(): { connection: Connection; pods: string[]; streams: PassThrough[]; failing: number } {
  const state = {
    pods: [] as string[],
    streams: [] as PassThrough[],
    failing: 0,
    connection: {
      json: async () => {
        if (state.failing > 0) {
          state.failing -= 1;
          throw new Error('no connection');
        }
        return { items: state.pods.map(pod), metadata: { resourceVersion: '1' } };
      },
      open: async () => {
        const stream = new PassThrough();
        state.streams.push(stream);
        return stream;
      },
      send: () => Promise.reject(new Error('not used')),
      close: () => undefined,
    } as unknown as Connection,
  };
  return state;
}

async function until(satisfies: () => boolean): Promise<void> {
  while (!satisfies()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a watch of pods', () => {
  let api: ReturnType<typeof server>;
  let seen: string[];
  let watch: { stop(): void } | undefined;
  beforeEach(() => {
    api = server();
    seen = [];
  });
  afterEach(() => watch?.stop());
  const start = async (): Promise<void> => {
    watch = await watchPods(api.connection, 'a=b', ({ metadata }, deleted) =>
      seen.push(`${deleted ? '-' : '+'}${metadata?.name}`),
    );
  };

  it('reports existing pods, and then changes', async () => {
    api.pods = ['a'];
    await start();
    api.streams[0]?.write(line('ADDED', 'b') + line('MODIFIED', 'a') + line('DELETED', 'b') + line('BOOKMARK', 'x'));
    await until(() => seen.length === 4);
    expect(seen).to.deep.equal(['+a', '+b', '+a', '-b']);
  });

  for (const [what, end] of [
    ['the server ends it', (stream: PassThrough) => stream.end()],
    ['it breaks', (stream: PassThrough) => stream.destroy(new Error('reset'))],
    ['its history has expired', (stream: PassThrough) => stream.write(line('ERROR', 'x'))],
  ] as const)
    it(`restarts when ${what}, and reports pods that were deleted meanwhile`, async () => {
      api.pods = ['a', 'b'];
      await start();
      api.pods = ['b', 'c'];
      end(api.streams[0] as PassThrough);
      await until(() => api.streams.length === 2);
      expect(seen).to.deep.equal(['+a', '+b', '-a', '+b', '+c']);
    });

  it('continues after the API server was unreachable', async () => {
    await start();
    api.failing = 2;
    api.streams[0]?.end();
    await until(() => api.streams.length === 2);
    api.streams[1]?.write(line('ADDED', 'late'));
    await until(() => seen.length === 1);
  });

  it('rejects if it cannot start', async () => {
    api.failing = 1;
    const error: unknown = await start().catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(Error);
  });
});

describe('a patient connection', () => {
  const QUICK = { networkMilliseconds: 10_000, firstPause: 1 };
  const busy = new KubernetesError(429, 'TooManyRequests', 'later');
  const connection = (failures: number, error: Error = busy): { tries: number; connection: Connection } => {
    const state = {
      tries: 0,
      connection: {
        json: async () => {
          state.tries += 1;
          if (state.tries <= failures) throw error;
          return 'answer';
        },
        send: async () => {
          state.tries += 1;
          return { statusCode: state.tries <= failures ? 429 : 200, resume: () => undefined };
        },
      } as unknown as Connection,
    };
    return state;
  };

  it('repeats a request while the API server is too busy', async () => {
    const state = connection(3);
    expect(await patient(state.connection, QUICK).json('GET', '/')).to.equal('answer');
    expect(state.tries).to.equal(4);
    const raw = connection(3);
    expect((await patient(raw.connection, QUICK).send({ method: 'GET', path: '/' })).statusCode).to.equal(200);
  });

  it('gives up after six attempts at a busy API server', async () => {
    const state = connection(100);
    const error: unknown = await patient(state.connection, QUICK)
      .json('GET', '/')
      .catch((reason: unknown) => reason);
    expect(error).to.equal(busy);
    expect(state.tries).to.equal(6);
    expect((await patient(connection(100).connection, QUICK).send({ method: 'GET', path: '/' })).statusCode).to.equal(
      429,
    );
  });

  const broken = (code: string): Error => Object.assign(new Error('socket hang up'), { code });

  it('repeats a request after a broken connection if it was not sent or is idempotent', async () => {
    for (const [code, method, path] of [
      ['ECONNRESET', 'GET', '/'],
      ['ECONNRESET', 'DELETE', '/'],
      ['ECONNRESET', 'PATCH', '/'],
      ['ECONNRESET', 'POST', '/api/v1/namespaces/red/serviceaccounts/app/token'],
      ['ECONNREFUSED', 'POST', '/'],
      ['ENOTFOUND', 'POST', '/'],
    ] as const) {
      // More failures than the attempts at a busy API server.
      const state = connection(9, broken(code));
      expect(await patient(state.connection, QUICK).json(method, path)).to.equal('answer');
      expect(state.tries).to.equal(10);
    }
  });

  it('counts attempts at a busy API server separately from network failures', async () => {
    const errors = [
      ...Array.from({ length: 9 }, () => broken('ECONNREFUSED')),
      ...Array.from({ length: 5 }, () => busy),
    ];
    const answered = async (): Promise<unknown> => {
      const error = errors.shift();
      if (error !== undefined) throw error;
      return 'answer';
    };
    const { connection: other } = connection(0);
    const json = answered as Connection['json'];
    expect(await patient({ ...other, json }, QUICK).json('GET', '/')).to.equal('answer');
    errors.push(...Array.from({ length: 9 }, () => broken('ECONNREFUSED')));
    let answers = 0;
    const send = async (): Promise<unknown> => {
      const error = errors.shift();
      if (error !== undefined) throw error;
      answers += 1;
      return { statusCode: 429, resume: () => undefined };
    };
    const raw = patient({ ...other, send: send as Connection['send'] }, QUICK);
    expect((await raw.send({ method: 'GET', path: '/' })).statusCode).to.equal(429);
    expect(answers).to.equal(6);
  });

  it('treats 404 as success of a deletion if an earlier attempt may have deleted the object', async () => {
    const gone = new KubernetesError(404, 'NotFound', 'no');
    const answers = [broken('ECONNRESET'), gone, gone];
    const json = () => Promise.reject(answers.shift() ?? new Error('once more'));
    const { connection: other } = connection(0);
    const remove = () => patient({ ...other, json }, QUICK).json('DELETE', '/');
    expect(await remove()).to.equal(undefined);
    expect(await remove().catch((error: unknown) => error)).to.equal(gone);
  });

  it('stops waiting for the network after its limit, or when it is closed', async () => {
    const gone = connection(100, broken('ECONNREFUSED'));
    const error: unknown = await patient(gone.connection, { ...QUICK, networkMilliseconds: 10 })
      .json('GET', '/')
      .catch((reason: unknown) => reason);
    expect(error).to.include({ code: 'ECONNREFUSED' });
    const closed = patient(
      { ...gone.connection, close: () => undefined },
      { ...QUICK, networkMilliseconds: 120_000, firstPause: 60_000 },
    );
    const waiting = closed.json('GET', '/').catch((reason: unknown) => reason);
    closed.close();
    expect(await waiting).to.be.instanceOf(Error);
  });

  it('does not repeat a change that may have had an effect', async () => {
    const state = connection(1, broken('ECONNRESET'));
    const error: unknown = await patient(state.connection, QUICK)
      .json('POST', '/')
      .catch((reason: unknown) => reason);
    expect(error).to.include({ code: 'ECONNRESET' });
    expect(state.tries).to.equal(1);
  });

  it('passes on other errors', async () => {
    const state = connection(1, new KubernetesError(403, 'Forbidden', 'no'));
    const error: unknown = await patient(state.connection, QUICK)
      .json('GET', '/')
      .catch((reason: unknown) => reason);
    expect(error).to.include({ status: 403 });
    expect(state.tries).to.equal(1);
  });
});
