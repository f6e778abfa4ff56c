import { expect } from 'chai';
import { rehearsalCloud, type RehearsalCloud, type RehearsalOptions } from '../../scripts/cloud/cloud.ts';
import { expectNoSecrets } from '../support/secrets.ts';
import { expectSentence, rehearse, secretsOf, withoutCredentials } from './support.ts';

const ALLOW = { Effect: 'Allow', Action: '*', Resource: '*' };
const without = (action: string): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [ALLOW, { Effect: 'Deny', Action: action, Resource: '*' }] });

describe('run on EKS with unsuitable credentials', () => {
  let cloud: RehearsalCloud;
  const start = async (options: RehearsalOptions = {}): Promise<void> => void (cloud = await rehearsalCloud(options));
  afterEach(() => cloud.close());

  it('none: explains how to set them', async () => {
    await start();
    const run = await rehearse(cloud, { env: withoutCredentials(cloud) });
    expectSentence(cloud, run, 2, /No AWS credentials were found .*AWS_ACCESS_KEY_ID/);
    expect(await cloud.inventory()).to.deep.equal([]);
  });

  it('expired: reports it', async () => {
    await start({ sessionEndsAt: Date.now() - 60_000 });
    const run = await rehearse(cloud);
    expectSentence(cloud, run, 2, /The AWS credentials have expired .*Get new ones and run again/);
    expect(await cloud.inventory()).to.deep.equal([]);
  });

  it('for another region than the endpoint: names the region', async () => {
    await start();
    const run = await rehearse(cloud, { args: ['--region', 'eu-central-1'] });
    expectSentence(cloud, run, 2, /eu-central-1.*--region/);
    expect(await cloud.inventory()).to.deep.equal([]);
  });

  it('of an account that is not allowed: names both accounts', async () => {
    await start();
    const run = await rehearse(cloud, { args: ['--allow-account', '999999999999'] });
    expectSentence(cloud, run, 2, /are of account 111122223333, which is not allowed \(--allow-account 999999999999\)/);
    expect(await cloud.inventory()).to.deep.equal([]);
  });

  for (const [action, when] of [
    ['iam:CreateRole', 'before any resource exists'],
    ['eks:CreateCluster', 'before the cluster exists'],
    ['eks:CreateNodegroup', 'after the cluster exists'],
    ['iam:CreateOpenIDConnectProvider', 'after the cluster exists'],
  ] as const)
    it(`without permission for ${action}, ${when}: names principal and action, and removes created resources`, async () => {
      await start({ policy: without(action) });
      const run = await rehearse(cloud);
      expectSentence(
        cloud,
        run,
        2,
        new RegExp(`assumed-role/nightly/job may not call ${action} .*Add it to the policy`),
      );
      expect(await cloud.inventory()).to.deep.equal([]);
    });

  for (const action of ['s3:CreateBucket', 'eks:CreatePodIdentityAssociation'])
    it(`without permission for ${action}: names the action, and removes created resources`, async () => {
      await start({ policy: without(action) });
      const run = await rehearse(cloud);
      expect(run.exitCode, run.stderr).to.equal(2);
      const [scenario] = run.results?.scenarios ?? [];
      expect(scenario?.reason).to.match(
        new RegExp(`assumed-role/nightly/job may not call ${action} .*Add it to the policy`),
      );
      expectNoSecrets(run, secretsOf(cloud));
      expect(await cloud.inventory()).to.deep.equal([]);
    });
});
