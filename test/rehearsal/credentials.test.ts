import { expect } from 'chai';
import { rehearsalCloud, type RehearsalCloud, type RehearsalOptions } from '../../scripts/rehearsal/cloud.ts';
import { expectNoSecrets } from '../support/secrets.ts';
import { expectSentence, rehearse, secretsOf, withoutCredentials } from './support.ts';

const ALLOW = { Effect: 'Allow', Action: '*', Resource: '*' };
const without = (action: string): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [ALLOW, { Effect: 'Deny', Action: action, Resource: '*' }] });

describe('a run on EKS with the wrong credentials', () => {
  let cloud: RehearsalCloud;
  const start = async (options: RehearsalOptions = {}): Promise<void> => void (cloud = await rehearsalCloud(options));
  afterEach(() => cloud.close());

  it('none: says how to set them', async () => {
    await start();
    const run = await rehearse(cloud, { env: withoutCredentials(cloud) });
    expectSentence(cloud, run, 2, /No AWS credentials were found .*AWS_ACCESS_KEY_ID/);
    expect(await cloud.inventory()).to.deep.equal([]);
  });

  it('expired ones: says so', async () => {
    await start({ sessionEndsAt: Date.now() - 60_000 });
    const run = await rehearse(cloud);
    expectSentence(cloud, run, 2, /The AWS credentials have expired .*get new ones and run again/);
    expect(await cloud.inventory()).to.deep.equal([]);
  });

  it('a region that is not that of the endpoint: names it', async () => {
    await start();
    const run = await rehearse(cloud, { args: ['--region', 'eu-central-1'] });
    expectSentence(cloud, run, 2, /eu-central-1.*--region/);
    expect(await cloud.inventory()).to.deep.equal([]);
  });

  it('an account that is not allowed: names both', async () => {
    await start();
    const run = await rehearse(cloud, { args: ['--allow-account', '999999999999'] });
    expectSentence(cloud, run, 2, /are of account 111122223333, which is not allowed \(--allow-account 999999999999\)/);
    expect(await cloud.inventory()).to.deep.equal([]);
  });

  for (const [action, when] of [
    ['iam:CreateRole', 'before there is anything'],
    ['eks:CreateCluster', 'before there is a cluster'],
    ['eks:CreateNodegroup', 'when there is one'],
    ['iam:CreateOpenIDConnectProvider', 'when there is one'],
  ] as const)
    it(`no right to ${action}, ${when}: names principal and action, and removes what it made`, async () => {
      await start({ policy: without(action) });
      const run = await rehearse(cloud);
      expectSentence(cloud, run, 2, new RegExp(`assumed-role/nightly/job may not ${action} .*add it to the policy`));
      expect(await cloud.inventory()).to.deep.equal([]);
    });

  for (const action of ['s3:CreateBucket', 'eks:CreatePodIdentityAssociation'])
    it(`no right to ${action}: names it, and removes what it made`, async () => {
      await start({ policy: without(action) });
      const run = await rehearse(cloud);
      expect(run.exitCode, run.stderr).to.equal(2);
      const [scenario] = run.results?.scenarios ?? [];
      expect(scenario?.reason).to.match(
        new RegExp(`assumed-role/nightly/job may not ${action} .*add it to the policy`),
      );
      expectNoSecrets(run, secretsOf(cloud));
      expect(await cloud.inventory()).to.deep.equal([]);
    });
});
