import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { OpenRequest } from '../../clusters/cluster-type.ts';
import type { ClusterHost } from '../../clusters/driver.ts';
import { EMBEDDED } from '../../clusters/embedded/cluster-type.ts';
import { KIND } from '../../clusters/kind/cluster-type.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { RUN_ID } from '../../foundation/node/journal.ts';
import { makeClusters, type ClusterOptions } from './emulator-clusters.ts';

describe('clusters of npm run emulator', () => {
  const lines: string[] = [];
  let asked: OpenRequest[];
  const { signal } = new AbortController();
  const options = { progress: (line: string) => void lines.push(line), signal };
  let reports: string;
  beforeEach(() => {
    reports = mkdtempSync(join(tmpdir(), 'emulator-hosts-test-'));
    asked = [];
  });
  afterEach(() => rmSync(reports, { recursive: true }));

  /** Kind, whose host is not opened: a network is made, and removed. */
  const kindThat = (open: (request: OpenRequest) => Promise<ClusterHost>): ClusterOptions => ({
    ...options,
    type: { ...KIND, open },
    flags: ['--kind-image=node:1', '--image-base=base:1'],
  });
  const stand = async (given: OpenRequest): Promise<ClusterHost> => {
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

  it('are kind clusters of the images that are named, noted down for npm run sweep while they are there', async () => {
    const host = await makeClusters(kindThat(stand), reports);
    expect(host.bindAddress).to.equal('127.0.0.2');
    expect(lines).to.deep.equal(['made']);
    const [{ run, options: given, signal: passed }] = asked as [OpenRequest];
    const images = ['kind-image', 'image-base', 'agent-image'].map((name) => given.text(name));
    expect(images).to.deep.equal(['node:1', 'base:1', undefined]);
    expect([given.list('fault'), given.list('agent-args'), passed]).to.deep.equal([[], [], signal]);
    expect(run).to.match(RUN_ID);
    expect(readFileSync(join(reports, run, 'state.json'), 'utf8')).to.contain(`network-${run}`);
    await host.close();
    expect(readdirSync(reports)).to.deep.equal([]);
  });

  it('leave images to kind where none are named', async () => {
    await makeClusters({ ...kindThat(stand), flags: [] }, reports);
    expect(asked[0]!.options.text('kind-image')).to.equal(undefined);
  });

  it('say why they cannot be had, and leave nothing', async () => {
    const causes = [
      new ClusterError('DOCKER_MISSING', 'Install Docker.'),
      new ClusterError('IMAGE_MISSING', 'There is no image node:1.'),
    ];
    for (const cause of causes) {
      const failing = kindThat(() => Promise.reject(cause));
      expect(await makeClusters(failing, reports).catch((error: unknown) => error)).to.equal(cause);
    }
    expect(readdirSync(reports)).to.deep.equal([]);
  });

  it('are embedded ones otherwise, with a folder of their own until they are closed', async () => {
    const before = new Set(readdirSync(tmpdir()));
    const host = await makeClusters({ ...options, type: EMBEDDED, flags: [] });
    expect(host.bindAddress).to.equal('127.0.0.1');
    const made = readdirSync(tmpdir()).filter((name) => name.startsWith('emulator-') && !before.has(name));
    expect(made).to.not.deep.equal([]);
    await host.close();
    expect(made.every((name) => existsSync(join(tmpdir(), name)))).to.equal(false);
  });
});
