import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { rehearsalCloud, type RehearsalCloud } from '../../scripts/cloud/cloud.ts';
import { expectNoSecrets } from '../support/secrets.ts';
import { scenario, suiteFile } from '../support/suites.ts';
import { until } from '../support/until.ts';
import { DELAYS, expectSentence, ONE_SCENARIO, rehearse, secretsOf, sweep } from './support.ts';

const ASKS_EKS = { 'mine.ts': suiteFile(scenario('MY-01', 'all.succeeds(all.listAssociations())', '')) };

describe('run on EKS whose credentials expire', () => {
  let cloud: RehearsalCloud;
  afterEach(() => cloud.close());

  for (const [when, service, operation, files] of [
    ['while its cluster is created', 'eks', 'CreateCluster', ONE_SCENARIO],
    ['while a probe runs', 's3', 'GetObject', ONE_SCENARIO],
    ['while EKS is probed', 'eks', 'ListPodIdentityAssociations', ASKS_EKS],
  ] as const)
    it(`${when}: reports it and keeps the state file, and a sweep with new credentials removes the rest`, async () => {
      cloud = await rehearsalCloud({ settings: { delays: { ...DELAYS, createCluster: 1500 } } });
      if (operation !== 'CreateCluster') {
        cloud.aws.controls?.addDisturbance({ service, operation, delayMilliseconds: 1500 });
      }
      const env = cloud.session();
      void until(() => cloud.calls().some((call) => call.operation === operation)).then(() => cloud.endSession(env));
      const run = await rehearse(cloud, { env, files });
      expectSentence(cloud, run, 3, /^ERROR The AWS credentials expired during the run\. .*new credentials/);
      expect(run.stderr).to.contain('npm run sweep -- --cluster eks');
      const state = join(run.reportDirectory, 'state.json');
      expect(existsSync(state)).to.equal(true);
      expect(await cloud.inventory()).not.to.deep.equal([]);

      const old = await sweep(cloud, { args: ['--report-dir', run.reportDirectory], env });
      expectSentence(cloud, old, 2, /^The AWS credentials have expired/);
      expect(existsSync(state)).to.equal(true);

      const fresh = await sweep(cloud, { args: ['--report-dir', run.reportDirectory] });
      expect(fresh.exitCode, fresh.stderr).to.equal(0);
      expect(fresh.stdout).to.contain('Removal complete.');
      expectNoSecrets(fresh, secretsOf(cloud));
      expect(await cloud.inventory()).to.deep.equal([]);
      expect(existsSync(state)).to.equal(false);
    });
});
