import { createServer, type Server } from 'node:http';
import { expect } from 'chai';
import type { ClusterHost } from '../../clusters/driver.ts';
import { listen, stopServer } from '../../clusters/listen.ts';
import type { ManagedCluster } from '../../emulator/index.ts';
import { provision } from './environment.ts';
import { hostedPlatform } from './platform.ts';

describe('the environment of a run', () => {
  let api: Server;
  let endpoint: string;
  /** What was done with the clusters and their host. */
  let done: string[];

  beforeEach(async () => {
    done = [];
    api = createServer((_request, response) => response.writeHead(403).end('{}'));
    endpoint = `http://127.0.0.1:${await listen(api)}`;
  });
  afterEach(() => stopServer(api));

  const host = (more: Partial<ManagedCluster> = {}): ClusterHost => {
    const cluster: ManagedCluster = {
      endpoint,
      certificateAuthorityData: '',
      jwks: async () => ({ keys: [] }),
      addNodes: async () => undefined,
      removeNodes: async () => undefined,
      installAddon: async () => undefined,
      removeAddon: async () => undefined,
      associationsChanged: async () => undefined,
      podExists: async () => false,
      delete: async () => void done.push('cluster deleted'),
      ...more,
    };
    return {
      name: 'kind',
      provider: { createCluster: async () => cluster },
      bindAddress: '127.0.0.1',
      reachable: (url) => url,
      capabilities: new Set(),
      probeImage: 'probe',
      facts: () => ({}),
      translations: () => [],
      failure: () => undefined,
      close: async () => void done.push('host closed'),
    };
  };
  const failed = async (from: ClusterHost): Promise<string> => {
    const run = 'c1a2b3d';
    const platform = await hostedPlatform(from, { run, seed: '0', faults: [] });
    return provision(platform, {
      run,
      clusters: ['c1'],
      expiresAt: new Date(0),
      progress: () => undefined,
      signal: new AbortController().signal,
    }).then(
      () => expect.fail('it was provisioned'),
      ({ message }: Error) => message,
    );
  };

  it('deletes a cluster whose API is of no use', async () => {
    expect(await failed(host())).to.contain('The kind cluster could not be provisioned');
    expect(done).to.deep.equal(['cluster deleted', 'host closed']);
  });

  it('deletes a cluster though its add-on cannot be removed', async () => {
    await failed(host({ removeAddon: () => Promise.reject(new Error('it is held')) }));
    expect(done).to.deep.equal(['cluster deleted', 'host closed']);
  });
});
