import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { OpenRequest } from '../../clusters/interface/cluster-type.ts';
import type { ClusterHost } from '../../clusters/interface/driver.ts';
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

  /** Returns the kind cluster type with a fake host. */
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
    const provider = { createCluster: () => Promise.reject(new Error('unexpected call')) };
    return {
      provider,
      bindAddress: '127.0.0.2',
      close: async () => given.journal.forget(network),
    } as unknown as ClusterHost;
  };

  it('use the given kind images, and are recorded for npm run sweep while they exist', async () => {
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

  it('use the default kind images if none are given', async () => {
    await makeClusters({ ...kindThat(stand), flags: [] }, reports);
    expect(asked[0]!.options.text('kind-image')).to.equal(undefined);
  });

  it('report why they cannot be created, and leave no files', async () => {
    const causes = [
      new ClusterError('DOCKER_MISSING', 'Install Docker.'),
      new ClusterError('IMAGE_MISSING', 'Image node:1 does not exist.'),
    ];
    for (const cause of causes) {
      const failing = kindThat(() => Promise.reject(cause));
      expect(await makeClusters(failing, reports).catch((error: unknown) => error)).to.equal(cause);
    }
    expect(readdirSync(reports)).to.deep.equal([]);
  });

  it('of the embedded type have a temporary folder until they are closed', async () => {
    const before = new Set(readdirSync(tmpdir()));
    const host = await makeClusters({ ...options, type: EMBEDDED, flags: [] });
    expect(host.bindAddress).to.equal('127.0.0.1');
    const made = readdirSync(tmpdir()).filter((name) => name.startsWith('emulator-') && !before.has(name));
    expect(made).to.not.deep.equal([]);
    await host.close();
    expect(made.every((name) => existsSync(join(tmpdir(), name)))).to.equal(false);
  });
});
