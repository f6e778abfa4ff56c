import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { kindHost } from '../../clusters/kind/host.ts';
import type { KindOptions } from '../../clusters/kind/options.ts';
import { rejection } from '../support/kind.ts';
import { JAVASCRIPT } from '../../components/clients/javascript/index.ts';
import type { ClusterHost } from '../../clusters/interface/driver.ts';
import type { JournalEntry } from '../../foundation/node/journal.ts';

const docker = (...args: string[]): string => execFileSync('docker', args, { encoding: 'utf8' }).trim();

describe('kind clusters with Docker', () => {
  const run = `c${randomBytes(3).toString('hex')}`;
  /** An image with a single file, which cannot run as a node. */
  const image = `kind-test-${run}x:latest`;
  let folder: string;
  let made: JournalEntry[];

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'kind-docker-test-'));
    writeFileSync(join(folder, 'file'), 'x');
    const archive = join(folder, 'image.tar');
    execFileSync('tar', ['--create', '--file', archive, '--directory', folder, 'file']);
    docker('import', archive, image);
  });
  after(() => {
    docker('image', 'rm', '--force', image);
    rmSync(folder, { recursive: true, force: true });
  });
  let host: ClusterHost | undefined;
  beforeEach(() => (made = []));
  // The next test would find leftovers of a failed one.
  afterEach(() => host?.close());

  const options = (): KindOptions => ({
    run,
    workload: JAVASCRIPT,
    images: { node: image, agent: image, webhook: image, workload: image },
    agentArgs: [],
    readyMilliseconds: 60_000,
    diagnosticsDirectory: join(folder, 'diagnostics'),
    journal: {
      add: (entry) => void made.push(entry),
      forget: (entry) => void (made = made.filter((other) => JSON.stringify(other) !== JSON.stringify(entry))),
    },
    progress: () => undefined,
    signal: new AbortController().signal,
  });
  const left = (): string[] =>
    [
      ...docker('ps', '--all', '--filter', `name=${run}`, '--format', '{{.Names}}').split('\n'),
      ...docker('network', 'ls', '--filter', `name=${run}`, '--format', '{{.Name}}').split('\n'),
      ...readdirSync(tmpdir()).filter((file) => file.includes(run)),
    ].filter((name) => name !== '');

  it('report an image that is not a node image, and leave nothing', async () => {
    host = await kindHost(options());
    expect(left()).to.have.members([`eks-pod-identity-conformance-${run}`, `eks-pod-identity-conformance-${run}`]);
    const creation = host.provider.createCluster({
      name: `${run}-c1`,
      arn: `arn:aws:eks:us-west-2:111122223333:cluster/${run}-c1`,
      accountId: '111122223333',
      region: 'us-west-2',
      version: '1.34',
      issuer: 'https://oidc.eks.us-west-2.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF',
      awsEndpoint: `http://${host.bindAddress}:1`,
      authenticate: async () => undefined,
    });
    const error = await rejection(creation);
    expect(error, error.message).to.include({ code: 'IMAGE_BROKEN', blame: 'usage' });
    expect(error.message).to.contain(`${image} (--kind-image)`);
    expect(readFileSync(join(folder, 'diagnostics', `${run}-c1`, 'kind.log'), 'utf8')).to.contain(image);
    await host.close();
    expect(left()).to.deep.equal([]);
    expect(made).to.deep.equal([]);
  });

  it('leave nothing if the run is closed before they are created', async () => {
    host = await kindHost(options());
    await host.close();
    expect(left()).to.deep.equal([]);
    expect(made).to.deep.equal([]);
  });
});
