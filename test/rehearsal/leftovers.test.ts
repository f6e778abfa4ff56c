import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { rehearsalCloud, type RehearsalCloud } from '../../scripts/rehearsal/cloud.ts';
import { expectNoSecrets } from '../secrets.ts';
import { FAILS, PASSES, scenario, suiteFile } from '../suites.ts';
import { existingCluster, objectsIn } from './existing.ts';
import { DELAYS, ONE_SCENARIO, rehearse, secretsOf, sweep, TIMEOUT, type RehearsedOptions } from './support.ts';
import { until } from './until.ts';

/** Long enough that a run is stopped in the middle of each. */
const SETTINGS = { delays: { ...DELAYS, createCluster: 1500, deleteNodegroup: 1500 } };
const STATE = 'state.json';

/** Where a run is, by the last call that AWS saw of it. */
const POINTS = [
  ['while its cluster is made', 'CreateCluster'],
  ['while nodes are made', 'CreateNodegroup'],
  ['while scenarios are arranged', 'CreatePodIdentityAssociation'],
  ['while it probes', 'GetObject'],
  ['while it tears down', 'DeleteNodegroup'],
] as const;

describe('what a run on EKS leaves', function () {
  this.timeout(TIMEOUT);
  let cloud: RehearsalCloud;
  afterEach(() => cloud.close());

  async function start(): Promise<void> {
    cloud = await rehearsalCloud({ settings: SETTINGS });
    // Probes take a while.
    cloud.aws.controls?.addWeather({ service: 's3', operation: 'GetObject', delayMilliseconds: 1000 });
  }

  /** A run that is sent a signal when AWS has been asked for an operation. */
  async function stopped(operation: string, signal: NodeJS.Signals, options: RehearsedOptions = {}) {
    return rehearse(cloud, {
      ...options,
      started: (send) => {
        void until(() => cloud.calls().some((call) => call.operation === operation)).then(() => send(signal));
      },
    });
  }

  for (const [how, exitCode, files] of [
    ['passes', 0, ONE_SCENARIO],
    ['fails', 1, { 'mine.ts': suiteFile(scenario('MY-01', FAILS), scenario('MY-02', PASSES)) }],
  ] as const)
    it(`is nothing when it ${how}`, async () => {
      await start();
      const run = await rehearse(cloud, { files });
      expect(run.exitCode, run.stderr).to.equal(exitCode);
      expect(await cloud.inventory()).to.deep.equal([]);
      expect(existsSync(join(run.reportDirectory, STATE))).to.equal(false);
      expectNoSecrets(run, secretsOf(cloud));
    });

  for (const [when, operation] of POINTS) {
    it(`is nothing after Ctrl-C ${when}`, async () => {
      await start();
      const run = await stopped(operation, 'SIGINT');
      expect(run.exitCode, run.stderr).to.equal(130);
      expect(await cloud.inventory()).to.deep.equal([]);
      expect(existsSync(join(run.reportDirectory, STATE))).to.equal(false);
      expectNoSecrets(run, secretsOf(cloud));
    });

    it(`is nothing after kill -9 ${when} and a sweep of it`, async () => {
      await start();
      const run = await stopped(operation, 'SIGKILL');
      expect(run.signal).to.equal('SIGKILL');
      expect(await cloud.inventory()).not.to.deep.equal([]);
      const state = join(run.reportDirectory, STATE);
      expect(existsSync(state)).to.equal(true);
      const id = /Run (c[0-9a-f]{6}):/.exec(run.stderr)?.[1] ?? '';

      const nothing = await sweep(cloud);
      expect(nothing.stdout, nothing.stderr).to.contain(`left alone, unless you name it with --run ${id}`);
      expect(await cloud.inventory()).not.to.deep.equal([]);

      const { exitCode, stdout, stderr } = await sweep(cloud, { args: ['--run', id] });
      expect({ exitCode, stderr }, stdout).to.deep.equal({ exitCode: 0, stderr: '' });
      expect(await cloud.inventory()).to.deep.equal([]);

      // The state file is in a folder that this sweep was not told of.
      const forgetting = await sweep(cloud, { args: ['--report-dir', run.reportDirectory] });
      expect(forgetting.exitCode, forgetting.stderr).to.equal(0);
      expect(existsSync(state)).to.equal(false);
    });
  }

  it('in a cluster that exists is nothing after Ctrl-C', async () => {
    await start();
    const blue = await existingCluster(cloud, 'blue', { addon: false });
    const before = [await cloud.inventory(), await objectsIn(blue)];
    const run = await stopped('GetObject', 'SIGINT', { args: ['--cluster-name', 'blue'] });
    expect(run.exitCode, run.stderr).to.equal(130);
    expect([await cloud.inventory(), await objectsIn(blue)]).to.deep.equal(before);
  });

  it('in a cluster that exists is nothing after kill -9 and a sweep of it', async () => {
    await start();
    const blue = await existingCluster(cloud, 'blue', { addon: false });
    const before = [await cloud.inventory(), await objectsIn(blue)];
    const run = await stopped('GetObject', 'SIGKILL', { args: ['--cluster-name', 'blue'] });
    expect(await objectsIn(blue)).not.to.deep.equal(before[1]);
    const swept = await sweep(cloud, { args: ['--report-dir', run.reportDirectory, '--cluster-name', 'blue'] });
    expect({ code: swept.exitCode, err: swept.stderr }, swept.stdout).to.deep.equal({ code: 0, err: '' });
    expect(swept.stdout).to.match(/removed namespace my-01-app-c[0-9a-f]{6} of cluster blue/);
    expect(swept.stdout).to.contain('removed Lease eks-pod-identity-conformance of cluster blue');
    expect([await cloud.inventory(), await objectsIn(blue)]).to.deep.equal(before);
    expectNoSecrets(swept, secretsOf(cloud));
  });
});
