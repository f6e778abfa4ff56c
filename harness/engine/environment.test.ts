import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { expect } from 'chai';
import type { ClusterDriver, ClusterHost, RunningCluster } from '../../clusters/interface/driver.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import type { Journal, JournalEntry } from '../../foundation/node/journal.ts';
import { listen, stopServer } from '../../foundation/node/listen.ts';
import type { ManagedCluster } from '../../emulator/index.ts';
import { aHost } from '../../test/support/hosts.ts';
import { provision } from '../../test/support/provision.ts';
import { openEnvironment, provisioningError, type ProvisionOptions } from './environment.ts';
import { hostedPlatform } from './platform.ts';

describe('the environment of a run', () => {
  let api: Server;
  let endpoint: string;
  /** Log of deleted clusters and closed hosts. */
  let done: string[];

  beforeEach(async () => {
    done = [];
    api = createServer((_request, response) => response.writeHead(403).end('{}'));
    endpoint = `http://127.0.0.1:${await listen(api)}`;
  });
  afterEach(() => stopServer(api));

  const host = (more: Partial<ManagedCluster> = {}): ClusterHost =>
    aHost(
      { endpoint, delete: async () => void done.push('cluster deleted'), ...more },
      {
        name: 'kind',
        capabilities: new Set(['kubernetes']),
        close: async () => void done.push('host closed'),
      },
    );
  const options: ProvisionOptions = {
    run: 'c1a2b3d',
    clusters: ['c1'],
    expiresAt: new Date(0),
    progress: () => undefined,
    signal: new AbortController().signal,
  };
  const failed = async (from: ClusterHost): Promise<string> => {
    const platform = await hostedPlatform(from, { run: options.run, seed: '0' });
    return provision(platform, options.run).then(
      async (provisioned) => {
        await provisioned.teardown();
        return 'provisioning succeeded';
      },
      ({ message }: Error) => message,
    );
  };

  it('deletes a cluster whose API server fails', async () => {
    expect(await failed(host())).to.contain('The kind cluster could not be provisioned');
    expect(done).to.deep.equal(['cluster deleted', 'host closed']);
  });

  it('redacts a token that an API server quotes', () => {
    const quoted = 'requested [{UserExtra Bearer k8s-aws-v1.aHR0cHM6Ly9zdHMuYW1hem9uYXdz}]';
    for (const error of [new Error(quoted), new ClusterError('CLUSTER_FAILED', quoted)])
      expect(provisioningError('eks', error).message).to.contain('[redacted]').and.not.to.contain('aHR0cHM6Ly9zdHM');
  });

  it('deletes a cluster even if its add-on cannot be removed', async () => {
    await failed(host({ removeAddon: () => Promise.reject(new Error('it is held')) }));
    expect(done).to.deep.equal(['cluster deleted', 'host closed']);
  });

  it('records real AWS accounts in the journal until everything is removed', async () => {
    for (const [name, leftovers, noted] of [
      ['emulator', [], 0],
      ['aws', [], 0],
      ['aws', [{ name: 'role app', reason: 'held' }], 2],
    ] as const) {
      const entries: JournalEntry[] = [];
      const journal: Journal = {
        add: (entry) => void entries.push(entry),
        forget: (entry) => void entries.splice(entries.indexOf(entry), 1),
      };
      const platform = await hostedPlatform(host(), { run: 'c1a2b3d', seed: '0' });
      const opened = openEnvironment({ ...platform, aws: { ...platform.aws, name } }, { ...options, journal });
      expect(entries).to.have.length(name === 'aws' ? 2 : 0);
      opened.environment.leftovers.push(...leftovers);
      await opened.teardown();
      expect(entries.map(({ kind }) => kind)).to.deep.equal(Array.from({ length: noted }, () => 'aws'));
    }
  });

  it('does not keep fixtures until the run ends if there are many scenarios', async () => {
    const platform = await hostedPlatform(host(), { run: 'c1a2b3d', seed: '0' });
    const opened = openEnvironment(platform, { ...options, scenarios: 1000 });
    expect(opened.environment.fixturesEndWith).to.equal('nothing');
    await opened.teardown();
  });

  it('knows the names and ARNs of planned clusters, and when fixtures end', async () => {
    for (const [name, ends] of [
      ['emulator', 'run'],
      ['aws', 'cluster'],
    ] as const) {
      const platform = await hostedPlatform(host(), { run: 'c1a2b3d', seed: '0' });
      const opened = openEnvironment({ ...platform, aws: { ...platform.aws, name } }, options);
      const { announced, fixturesEndWith, clusters } = opened.environment;
      expect(announced.get('c1')).to.deep.equal({
        name: 'c1a2b3d-c1',
        arn: `arn:aws:eks:us-west-2:${platform.aws.accountId('main')}:cluster/c1a2b3d-c1`,
      });
      expect(fixturesEndWith).to.equal(ends);
      expect(clusters.size).to.equal(0);
      await opened.teardown();
    }
  });

  it('stops the other cluster if one fails, and reports its leftovers', async () => {
    const platform = await hostedPlatform(host(), { run: 'c1a2b3d', seed: '0' });
    const clusters: ClusterDriver = {
      ...platform.clusters,
      provision: async ({ alias, signal }) => {
        if (alias === 'c1') throw new ClusterError('CLUSTER_FAILED', 'A quota is reached.');
        if (!signal.aborted) await once(signal, 'abort');
        const { message } = signal.reason as Error;
        throw new ClusterError('CLUSTER_FAILED', `${message} Left behind: role r2.`, {
          left: 'Left behind: role r2.',
        });
      },
    };
    const opened = openEnvironment({ ...platform, clusters }, { ...options, clusters: ['c1', 'c2'] });
    const error = await opened.provision().catch((reason: Error) => reason.message);
    expect(error).to.equal('A quota is reached. Left behind: role r2.');
    await opened.teardown();
  });

  it('reports the leftovers of every cluster that could not be deleted', async () => {
    const platform = await hostedPlatform(host(), { run: 'c1a2b3d', seed: '0' });
    const clusters: ClusterDriver = {
      ...platform.clusters,
      capabilities: new Set(),
      provision: async ({ name }) =>
        ({
          name,
          delete: () => Promise.reject(new ClusterError('LEFT_BEHIND', `Left behind: cluster ${name}.`)),
        }) as unknown as RunningCluster,
    };
    const opened = openEnvironment({ ...platform, clusters }, { ...options, clusters: ['c1', 'c2'] });
    await opened.provision();
    const error = await opened.teardown().catch((reason: Error) => reason.message);
    expect(error).to.equal('Left behind: cluster c1a2b3d-c1. Left behind: cluster c1a2b3d-c2.');
  });

  it('keeps the journal entry of an account if a failed cluster left resources', async () => {
    const entries: JournalEntry[] = [];
    const journal: Journal = {
      add: (entry) => void entries.push(entry),
      forget: (entry) => void entries.splice(entries.indexOf(entry), 1),
    };
    const platform = await hostedPlatform(host(), { run: 'c1a2b3d', seed: '0' });
    const clusters = {
      ...platform.clusters,
      provision: () => Promise.reject(new ClusterError('LEFT_BEHIND', 'Left behind: a cluster.')),
    };
    const opened = openEnvironment({ aws: { ...platform.aws, name: 'aws' }, clusters }, { ...options, journal });
    const error = await opened.provision().catch((reason: Error) => reason.message);
    expect(error).to.equal('Left behind: a cluster.');
    await opened.teardown();
    expect(entries.map(({ kind }) => kind)).to.deep.equal(['aws', 'aws']);
  });
});
