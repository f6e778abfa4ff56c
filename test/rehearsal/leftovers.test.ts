import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { rehearsalCloud, type RehearsalCloud } from '../../scripts/cloud/cloud.ts';
import { expectNoSecrets } from '../support/secrets.ts';
import { FAILS, PASSES, scenario, suiteFile } from '../support/suites.ts';
import { existingCluster, objectsIn } from './existing.ts';
import { ONE_SCENARIO, POINTS, rehearse, secretsOf, slowCloud, stopped } from './support.ts';

describe('run on EKS leaves no resources', () => {
  let cloud: RehearsalCloud;
  afterEach(() => cloud.close());

  for (const [how, exitCode, files] of [
    ['passes', 0, ONE_SCENARIO],
    ['fails', 1, { 'mine.ts': suiteFile(scenario('MY-01', FAILS), scenario('MY-02', PASSES)) }],
  ] as const)
    it(`if it ${how}`, async () => {
      cloud = await rehearsalCloud();
      const run = await rehearse(cloud, { files });
      expect(run.exitCode, run.stderr).to.equal(exitCode);
      expect(await cloud.inventory()).to.deep.equal([]);
      expect(existsSync(join(run.reportDirectory, 'state.json'))).to.equal(false);
      expectNoSecrets(run, secretsOf(cloud));
    });

  for (const { when, operation, delays } of POINTS)
    it(`after Ctrl-C ${when}`, async () => {
      cloud = await slowCloud(delays);
      const run = await stopped(cloud, operation, 'SIGINT');
      expect(run.exitCode, run.stderr).to.equal(130);
      expect(await cloud.inventory()).to.deep.equal([]);
      expect(existsSync(join(run.reportDirectory, 'state.json'))).to.equal(false);
      expectNoSecrets(run, secretsOf(cloud));
    });

  it('in an existing cluster after Ctrl-C', async () => {
    cloud = await slowCloud();
    const blue = await existingCluster(cloud, 'blue', { addon: false });
    const before = [await cloud.inventory(), await objectsIn(blue)];
    const run = await stopped(cloud, 'GetObject', 'SIGINT', { args: ['--cluster-name', 'blue'] });
    expect(run.exitCode, run.stderr).to.equal(130);
    expect([await cloud.inventory(), await objectsIn(blue)]).to.deep.equal(before);
  });
});
