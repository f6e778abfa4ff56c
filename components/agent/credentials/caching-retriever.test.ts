import { expect } from 'chai';
import type { PodCredentials } from '../eks-auth/answer.ts';
import { EksAuthError, FetchError } from '../eks-auth/errors.ts';
import { Logger } from '../log.ts';
import { Metrics } from '../metrics.ts';
import { CachingRetriever } from './caching-retriever.ts';

const HOUR = 3_600_000;
const START = Date.parse('2026-01-01T00:00:00Z');
const log = new Logger(() => undefined, 'panic');

interface World {
  readonly clock: { at: number };
  readonly source: { answer: (token: string) => Promise<PodCredentials> };
  /** The tokens of all fetches. */
  readonly asked: readonly string[];
  readonly metrics: Metrics;
  /** Returns the access key ID for a request with this token. */
  get(token: string): Promise<string>;
}

function world(overrides: { maxSize?: number; chained?: boolean } = {}): World {
  const clock = { at: START, now: () => clock.at };
  const metrics = new Metrics();
  const asked: string[] = [];
  const source = {
    answer: (token: string) => Promise.resolve(credentials(`${token}-${asked.length}`, clock.at + 6 * HOUR)),
    retrieve: (token: string) => {
      asked.push(token);
      return source.answer(token);
    },
  };
  const settings = {
    retention: 3 * HOUR,
    maxSize: 10,
    refreshesPerSecond: 3,
    ...byToken,
    ...overrides,
  };
  const cache = new CachingRetriever(source, { ...settings, clock, metrics });
  open.push(cache);
  return {
    clock,
    source,
    asked,
    metrics,
    get: async (token) => (await cache.retrieve(token, log, () => new AbortController().signal)).accessKeyId,
  };
}

function credentials(accessKeyId: string, expiration: number): PodCredentials {
  const rest = {
    secretAccessKey: 's',
    sessionToken: 't',
    accountId: '1',
    associationId: 'a',
    roleArn: 'r',
    roleId: 'i',
  };
  return { accessKeyId, expiration, ...rest };
}

const byToken = { keyOf: (token: string) => token, accepts: () => Promise.resolve(false) };
const open: CachingRetriever[] = [];

async function failure(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => new Error('the promise did not reject'),
    (error: Error) => error,
  );
}

describe('CachingRetriever', () => {
  afterEach(() => {
    for (const cache of open.splice(0)) cache.close();
  });

  it('fetches once for each token', async () => {
    const w = world();
    expect([await w.get('a'), await w.get('a'), await w.get('b'), await w.get('a')]).to.eql([
      'a-1',
      'a-1',
      'b-2',
      'a-1',
    ]);
    expect(w.asked).to.eql(['a', 'b']);
  });

  it('makes concurrent requests wait for the first', async () => {
    const w = world();
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    w.source.answer = () => gate.then(() => credentials('one', START + HOUR));
    const all = Array.from({ length: 16 }, () => w.get('a'));
    release();
    expect(new Set(await Promise.all(all))).to.eql(new Set(['one']));
    expect(w.asked).to.eql(['a']);
  });

  it('does not cache errors', async () => {
    const w = world();
    const good = w.source.answer;
    w.source.answer = () =>
      Promise.reject(new EksAuthError(400, 'id', { code: 'AccessDeniedException', message: 'no' }));
    expect(await failure(w.get('a'))).to.be.instanceOf(EksAuthError);
    w.source.answer = good;
    expect(await w.get('a')).to.equal('a-2');
  });

  it("adds the cache's prefix to a failure", async () => {
    const w = world();
    w.source.answer = () => Promise.reject(new FetchError('trouble'));
    expect((await failure(w.get('a'))).message).to.equal('error getting credentials to cache: trouble');
  });

  it('rejects credentials that expire within 15 s, and removes them from the cache', async () => {
    const w = world();
    w.source.answer = () => Promise.resolve(credentials('short', w.clock.at + 15_000));
    expect((await failure(w.get('a'))).message).to.equal(
      'fetched credentials are expired or will expire within the next 15.00 seconds',
    );
    w.source.answer = () => Promise.resolve(credentials('long', w.clock.at + 16_000));
    expect(await w.get('a')).to.equal('long');
    w.clock.at += 1000;
    w.source.answer = () => Promise.resolve(credentials('next', w.clock.at + HOUR));
    expect(await w.get('a')).to.equal('next');
    expect(w.metrics.text()).to.contain('pod_identity_cache_state{state="evicted"} 1');
  });

  it('evicts credentials of a chain only after an irrecoverable exception, and with the code of the chain', async () => {
    const w = world({ chained: true });
    await w.get('a');
    w.source.answer = () =>
      Promise.reject(new EksAuthError(400, 'i', { code: 'InvalidRequestException', message: '' }));
    w.clock.at += 4 * HOUR;
    expect(await w.get('a')).to.equal('a-1');
    w.source.answer = () => Promise.reject(new EksAuthError(400, 'i', { code: 'AccessDeniedException', message: '' }));
    w.clock.at += 130_000;
    expect(await failure(w.get('a'))).to.be.instanceOf(EksAuthError);
    expect(w.metrics.text())
      .to.contain('{code="Unknown",type="Recoverable"} 1')
      .and.contain('{code="AllDelegatesIrrecoverable",type="NonRecoverable"} 1');
  });

  it('keeps valid credentials if the clock is moved back during a sweep', async () => {
    const w = world();
    await w.get('old');
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const { answer } = w.source;
    w.source.answer = (token) => gate.then(() => answer(token));
    w.clock.at += 13 * HOUR;
    const swept = w.get('old');
    w.clock.at = START;
    w.source.answer = answer;
    const fresh = await w.get('new');
    release();
    await swept;
    expect(await w.get('new')).to.equal(fresh);
  });

  it('drops the least recently written entry when full, regardless of reads', async () => {
    const w = world({ maxSize: 2 });
    await w.get('a');
    await w.get('b');
    await w.get('a');
    await w.get('c');
    await w.get('b');
    expect(w.asked).to.eql(['a', 'b', 'c']);
    await w.get('a');
    expect(w.asked).to.eql(['a', 'b', 'c', 'a']);
  });

  it('refreshes after the retention, with the same token', async () => {
    const w = world();
    await w.get('a');
    w.clock.at += 3 * HOUR;
    expect(await w.get('a')).to.equal('a-1');
    w.clock.at += 2 * 60_000;
    expect(await w.get('a')).to.equal('a-2');
    expect(w.asked).to.eql(['a', 'a']);
    expect(w.metrics.text()).to.contain('pod_identity_cache_state{state="hit"} 1');
  });

  const irrecoverable = [
    'AccessDeniedException',
    'ExpiredTokenException',
    'InvalidTokenException',
    'ResourceNotFoundException',
  ];
  for (const code of [...irrecoverable, 'InternalServerException', 'ThrottlingException', 'Other']) {
    const dropped = irrecoverable.includes(code);
    it(`${dropped ? 'drops' : 'keeps'} an entry whose refresh fails with ${code}`, async () => {
      const w = world();
      await w.get('a');
      const good = w.source.answer;
      w.source.answer = () => {
        w.source.answer = good;
        return Promise.reject(new EksAuthError(400, 'id', { code, message: 'no' }));
      };
      w.clock.at += 3 * HOUR + 2 * 60_000;
      expect(await w.get('a')).to.equal(dropped ? 'a-3' : 'a-1');
      const type = dropped ? 'NonRecoverable' : 'Recoverable';
      expect(w.metrics.text()).to.contain(`pod_identity_cache_errors{code="${code}",type="${type}"} 1`);
    });
  }

  it('takes two permits per refresh, and keeps entries without a permit', async () => {
    const w = world();
    for (const token of ['a', 'b', 'c']) await w.get(token);
    w.clock.at += 3 * HOUR + 2 * 60_000;
    const keys = [await w.get('a'), await w.get('b'), await w.get('c')];
    expect(keys).to.eql(['a-4', 'b-5', 'c-3']);
  });
});
