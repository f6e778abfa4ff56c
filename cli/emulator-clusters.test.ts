import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ClusterHost } from '../clusters/driver.ts';
import { ClusterError } from '../foundation/cluster-error.ts';
import type { KindOptions } from '../clusters/kind/index.ts';
import { RUN_ID } from '../harness/cleanup/journal.ts';
import { kindClusters, makeClusters } from './emulator-clusters.ts';

describe('clusters of npm run emulator', () => {
  const lines: string[] = [];
  const { signal } = new AbortController();
  const options = { progress: (line: string) => void lines.push(line), signal };
  let reports: string;
  beforeEach(() => (reports = mkdtempSync(join(tmpdir(), 'emulator-hosts-test-'))));
  afterEach(() => rmSync(reports, { recursive: true }));

  /** Stands in for `kindHost`: makes a network, and removes it. */
  const stand = (asked: KindOptions[]) => async (given: KindOptions) => {
    asked.push(given);
    const network = { kind: 'docker-network', name: `network-${given.run}` } as const;
    given.journal.add(network);
    given.progress('made');
    const provider = { createCluster: () => Promise.reject(new Error('not asked for')) };
    return {
      provider,
      bindAddress: '127.0.0.2',
      close: async () => given.journal.forget(network),
    } as unknown as ClusterHost;
  };
  const wanted = { ...options, clusters: 'kind', kindImage: 'node:1', imageBase: 'base:1' } as const;

  it('are kind clusters of the images that are named, noted down for npm run sweep while they are there', async () => {
    const asked: KindOptions[] = [];
    const host = await kindClusters(wanted, { make: stand(asked), reports });
    expect(host.bindAddress).to.equal('127.0.0.2');
    expect(lines).to.deep.equal(['made']);
    const [{ run, images, signal: given, faults, agentArgs }] = asked as [KindOptions];
    expect({ images, faults, agentArgs, given }).to.deep.equal({
      images: { node: 'node:1', base: 'base:1' },
      faults: [],
      agentArgs: [],
      given: signal,
    });
    expect(run).to.match(RUN_ID);
    expect(readFileSync(join(reports, run, 'state.json'), 'utf8')).to.contain(`network-${run}`);
    await host.close();
    expect(readdirSync(reports)).to.deep.equal([]);
  });

  it('leave images to kind where none are named', async () => {
    const asked: KindOptions[] = [];
    await kindClusters({ ...wanted, kindImage: undefined, imageBase: undefined }, { make: stand(asked), reports });
    expect(asked[0]!.images).to.deep.equal({});
  });

  it('say why they cannot be had, and leave nothing', async () => {
    const causes = [
      new ClusterError('DOCKER_MISSING', 'Install Docker.'),
      new ClusterError('IMAGE_MISSING', 'There is no image node:1.'),
    ];
    for (const cause of causes) {
      const error = await kindClusters(wanted, { make: () => Promise.reject(cause), reports }).catch((e: unknown) => e);
      expect(error).to.equal(cause);
    }
    expect(readdirSync(reports)).to.deep.equal([]);
  });

  it('are embedded ones otherwise, with a folder of their own until they are closed', async () => {
    const before = new Set(readdirSync(tmpdir()));
    const host = await makeClusters({ ...options, clusters: 'embedded', kindImage: undefined, imageBase: undefined });
    expect(host?.bindAddress).to.equal('127.0.0.1');
    const made = readdirSync(tmpdir()).filter((name) => name.startsWith('emulator-') && !before.has(name));
    expect(made).to.not.deep.equal([]);
    await host?.close();
    expect(made.every((name) => existsSync(join(tmpdir(), name)))).to.equal(false);
  });
});
