import { expect } from 'chai';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { connect } from '../../../foundation/protocols/kubernetes-connection.ts';
import { ServiceAccountCache } from './service-accounts.ts';

const object = (name: string, resourceVersion: string, role?: string) => ({
  metadata: {
    namespace: 'ns',
    name,
    resourceVersion,
    ...(role === undefined ? {} : { annotations: { 'eks.amazonaws.com/role-arn': role } }),
  },
});

/** An API server for the cache's requests: lists, watches and single service accounts. */
class ApiServer {
  readonly server: Server;
  readonly asked: string[] = [];
  readonly tokens = new Set<string | undefined>();
  items = [object('app', '1', 'one')];
  watches: ServerResponse[] = [];

  constructor() {
    this.server = createServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://api');
      this.asked.push(`${request.url}`);
      this.tokens.add(request.headers.authorization);
      response.setHeader('content-type', 'application/json');
      if (url.searchParams.has('watch')) {
        response.flushHeaders();
        this.watches.push(response);
      } else if (url.pathname === '/api/v1/serviceaccounts') {
        response.end(JSON.stringify({ metadata: { resourceVersion: '7' }, items: this.items }));
      } else if (url.pathname === '/api/v1/namespaces/ns/serviceaccounts/single') {
        response.end(JSON.stringify(object('single', '8', 'single')));
      } else {
        response.writeHead(404).end('{}');
      }
    });
  }

  send(...events: unknown[]): void {
    for (const event of events) this.watches.at(-1)?.write(`${JSON.stringify(event)}\n`);
  }
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await delay(5);
};

describe('ServiceAccountCache', () => {
  let api: ApiServer;
  let cache: ServiceAccountCache;
  let made: ServiceAccountCache[];
  /** Creates a cache with this grace period and waits for its first list. */
  const cacheOf = async (gracePeriod: number): Promise<ServiceAccountCache> => {
    const url = `http://127.0.0.1:${(api.server.address() as AddressInfo).port}`;
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: 'api', server: url, skipTLSVerify: true },
      { name: 'webhook', token: 't0ken' },
    );
    const one = new ServiceAccountCache(connect(config), () => undefined, gracePeriod);
    made.push(one);
    const watches = api.watches.length;
    await one.start();
    await until(() => api.watches.length > watches);
    return one;
  };
  beforeEach(async () => {
    api = new ApiServer();
    await new Promise<void>((resolve) => api.server.listen(0, '127.0.0.1', resolve));
    made = [];
    cache = await cacheOf(5000);
  });
  afterEach(async () => {
    await Promise.all(made.map((one) => one.stop()));
    api.server.closeAllConnections();
    await new Promise((resolve) => api.server.close(resolve));
  });

  const role = (name: string): string | undefined => cache.get('ns', name)?.annotations['eks.amazonaws.com/role-arn'];

  it('lists service accounts, then watches from the version of the list', async () => {
    expect(role('app')).to.equal('one');
    expect(api.asked.at(-1)).to.contain('resourceVersion=7');
    expect([...api.tokens]).to.deep.equal(['Bearer t0ken']);
    api.send({ type: 'MODIFIED', object: object('app', '8', 'two') }, { type: 'ADDED', object: object('other', '9') });
    await until(() => role('app') === 'two' && cache.get('ns', 'other') !== undefined);
    api.send({ type: 'DELETED', object: object('app', '10') });
    await until(() => cache.get('ns', 'app') === undefined);
  });

  it('continues to watch from the last version when a watch ends', async () => {
    api.send({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '42' } } });
    api.watches[0]?.end();
    await until(() => api.watches.length === 2);
    expect(api.asked.at(-1)).to.contain('resourceVersion=42');
  });

  it('looks up a missing service account with one request at a time, and caches it', async () => {
    const [first, second] = await Promise.all([cache.fetch('ns', 'single'), cache.fetch('ns', 'single')]);
    expect(first).to.deep.equal(second);
    expect(api.asked.filter((path) => path.endsWith('/single'))).to.have.lengthOf(1);
    expect(role('single')).to.equal('single');
  });

  it('looks up nothing without a grace period, and gives up at its end', async () => {
    expect(await (await cacheOf(0)).fetch('ns', 'single')).to.equal(undefined);
    expect(api.asked.filter((path) => path.endsWith('/single'))).to.have.lengthOf(0);
    expect(await (await cacheOf(20)).fetch('ns', 'nobody')).to.equal(undefined);
  });

  it('finds a service account that the watch reports after the failed lookup', async () => {
    const found = cache.fetch('ns', 'late');
    await until(() => api.asked.some((path) => path.endsWith('/late')));
    api.send({ type: 'ADDED', object: object('late', '9', 'late') });
    expect(await found).to.deep.equal({ annotations: { 'eks.amazonaws.com/role-arn': 'late' } });
  });
});
