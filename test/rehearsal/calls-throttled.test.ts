import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { rehearsalCloud, type RehearsalCloud } from '../../scripts/cloud/cloud.ts';
import { expectNoSecrets } from '../support/secrets.ts';
import { until } from '../support/until.ts';
import { rehearse, secretsOf } from './support.ts';

const MINUTE = 60_000;

describe('run on EKS whose calls are throttled for a minute', () => {
  let cloud: RehearsalCloud;
  afterEach(() => cloud.close());

  it('passes, and counts throttled calls', async () => {
    cloud = await rehearsalCloud();
    const running = rehearse(cloud);
    // Throttles while the cluster is created and scenarios are arranged.
    await until(() => cloud.calls().some(({ operation }) => operation === 'CreateCluster'));
    const message = 'Rate exceeded';
    const ends = [
      cloud.aws.controls?.addDisturbance({ service: 'iam', error: { code: 'Throttling', status: 400, message } }),
      cloud.aws.controls?.addDisturbance({
        service: 'eks',
        error: { code: 'ThrottlingException', status: 429, message },
      }),
    ];
    await sleep(MINUTE);
    for (const end of ends) end?.();
    const run = await running;
    expect(run.exitCode, run.stderr).to.equal(0);
    expect(run.results?.summary).to.include({ passed: 1, failed: 0, error: 0 });
    expect(run.results?.aws?.calls.throttled).to.be.greaterThan(5);
    expect(run.stderr).to.match(/AWS calls: \d+ \(\d+ retries, \d+ throttled\)/);
    expect(await cloud.inventory()).to.deep.equal([]);
    expectNoSecrets(run, secretsOf(cloud));
  });
});
