import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RehearsalCloud } from '../../scripts/cloud/cloud.ts';
import type { CliRun } from '../support/run-cli.ts';
import { expectNoSecrets } from '../support/secrets.ts';
import { existingCluster, objectsIn } from './existing.ts';
import { POINTS, rehearse, secretsOf, slowCloud, stopped, sweep } from './support.ts';
import { until } from '../support/until.ts';

const idOf = ({ stderr }: CliRun): string => /Run (c[0-9a-f]{6}):/.exec(stderr)?.[1] ?? '';
const stateOf = ({ reportDirectory }: CliRun): string => join(reportDirectory, 'state.json');

describe('sweep of AWS after kill -9', () => {
  let cloud: RehearsalCloud;
  afterEach(() => cloud.close());

  for (const { when, operation, delays } of POINTS)
    it(`${when} removes everything of the named run`, async () => {
      cloud = await slowCloud(delays);
      const run = await stopped(cloud, operation, 'SIGKILL');
      expect(run.signal).to.equal('SIGKILL');
      expect(await cloud.inventory()).not.to.deep.equal([]);
      expect(existsSync(stateOf(run))).to.equal(true);
      const { exitCode, stdout, stderr } = await sweep(cloud, { args: ['--run', idOf(run)] });
      expect({ exitCode, stderr }, stdout).to.deep.equal({ exitCode: 0, stderr: '' });
      expect(await cloud.inventory()).to.deep.equal([]);
    });

  it('keeps a run until it expires, unless its state file is given', async () => {
    cloud = await slowCloud();
    const run = await stopped(cloud, 'CreatePodIdentityAssociation', 'SIGKILL');
    const left = await cloud.inventory();
    const nothing = await sweep(cloud);
    expect(nothing.exitCode, nothing.stderr).to.equal(0);
    expect(nothing.stdout).to.contain(`skipped, unless you name it with --run ${idOf(run)}`);
    expect(await cloud.inventory()).to.deep.equal(left);

    const named = await sweep(cloud, { args: ['--report-dir', run.reportDirectory] });
    expect({ exitCode: named.exitCode, stderr: named.stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    expect(named.stdout).to.contain('Removal complete.');
    expect(await cloud.inventory()).to.deep.equal([]);
    expect(existsSync(stateOf(run))).to.equal(false);
    expectNoSecrets(named, secretsOf(cloud));

    const again = await sweep(cloud, { args: ['--report-dir', run.reportDirectory] });
    expect(again.exitCode, again.stderr).to.equal(0);
    expect(again.stdout).to.match(/^No state file in .* has no leftovers in AWS\.\n$/);
  });

  it('restores an existing cluster', async () => {
    cloud = await slowCloud();
    const blue = await existingCluster(cloud, 'blue', { addon: false });
    const before = [await cloud.inventory(), await objectsIn(blue)];
    const run = await stopped(cloud, 'GetObject', 'SIGKILL', { args: ['--cluster-name', 'blue'] });
    const swept = await sweep(cloud, { args: ['--report-dir', run.reportDirectory, '--cluster-name', 'blue'] });
    expect({ code: swept.exitCode, err: swept.stderr }, swept.stdout).to.deep.equal({ code: 0, err: '' });
    for (const what of [/namespace my-01-app-c[0-9a-f]{6}/, /add-on eks-pod-identity-agent/, /Lease \S+/])
      expect(swept.stdout).to.match(new RegExp(`removed ${what.source} of cluster blue`));
    expect([await cloud.inventory(), await objectsIn(blue)]).to.deep.equal(before);
    expectNoSecrets(swept, secretsOf(cloud));
  });

  it('removes a candidate agent from an existing cluster', async () => {
    cloud = await slowCloud();
    const blue = await existingCluster(cloud, 'blue', { addon: false });
    const before = [await cloud.inventory(), await objectsIn(blue)];
    const isThere = async (): Promise<boolean> => (await objectsIn(blue)).some((title) => title.includes('daemonsets'));
    const run = await rehearse(cloud, {
      args: ['--cluster-name', 'blue', '--agent-image', 'registry.example/agent:candidate'],
      started: (send) => void until(isThere).then(() => send('SIGKILL')),
    });
    const swept = await sweep(cloud, { args: ['--report-dir', run.reportDirectory] });
    expect({ code: swept.exitCode, err: swept.stderr }, swept.stdout).to.deep.equal({ code: 0, err: '' });
    expect(swept.stdout).to.contain('removed DaemonSet eks-pod-identity-agent of cluster blue');
    expect([await cloud.inventory(), await objectsIn(blue)]).to.deep.equal(before);
  });
});
