import { expect } from 'chai';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalEntry } from '../../foundation/node/journal.ts';
import { STATE_FILE } from '../../harness/cleanup/journal.ts';
import { thisProcess } from '../../harness/cleanup/process-identity.ts';
import { rehearsalCloud, type RehearsalCloud } from '../../scripts/rehearsal/cloud.ts';
import { runConformance, temporaryFolder } from '../support/run-cli.ts';
import { existingCluster } from './existing.ts';
import { expectSentence, sweep, withoutCredentials } from './support.ts';

const ENDED = { ...thisProcess(), started: 'earlier' };

describe('the sweep of AWS, at the command line', () => {
  let cloud: RehearsalCloud;
  beforeEach(async () => (cloud = await rehearsalCloud()));
  afterEach(() => cloud.close());

  /** A report folder with a state file of a run that was in this account, unless told otherwise. */
  function reportFolder(over: Partial<Extract<JournalEntry, { kind: 'aws' }>> = {}, owner = ENDED): string {
    const folder = join(temporaryFolder(), 'reports');
    mkdirSync(folder);
    const url = cloud.emulator.endpoint;
    const endpoints = { s3: url, iam: url, sts: url, eks: url, 'eks-auth': url };
    const resources = [{ kind: 'aws', accountId: cloud.emulator.accountId, region: 'us-west-2', endpoints, ...over }];
    const state = { version: 2, run: 'c0ffee1', startedAt: new Date().toISOString(), process: owner, resources };
    writeFileSync(join(folder, STATE_FILE), JSON.stringify(state));
    return folder;
  }

  for (const [what, args, sentence] of [
    ['an option of AWS without --cluster eks', ['--region', 'us-west-2'], /^--region is about AWS: add --cluster eks/],
    ['a cluster of another kind', ['--cluster', 'kind'], /^--cluster is "kind": choose from eks/],
    ['an id that is none', ['--cluster', 'eks', '--run', 'mine'], /^--run is "mine": give the id of a run/],
    ['an account that is not allowed', ['--cluster', 'eks', '--allow-account', '999999999999'], /^.*not allowed/],
    ['an option that does not exist', ['--clusters', 'eks'], /^Unknown flag --clusters: did you mean --cluster\?/],
  ] as const)
    it(`refuses ${what}`, async () => {
      const endpoint = args[1] === 'eks' ? ['--aws-endpoint', cloud.emulator.endpoint] : [];
      const options = { command: 'sweep', reports: 'own', env: cloud.environment } as const;
      expectSentence(cloud, await runConformance({ ...options, args: [...args, ...endpoint] }), 2, sentence);
    });

  it('refuses to go without credentials', async () => {
    const run = await sweep(cloud, { env: withoutCredentials(cloud) });
    expectSentence(cloud, run, 2, /^No AWS credentials were found/);
  });

  for (const [what, over, code, sentence] of [
    ['was in another region', { region: 'eu-west-1' }, 2, /^Run c0ffee1 made things in region eu-west-1, and this/],
    [
      'was at another AWS',
      { endpoints: { s3: 'http://127.0.0.1:1' } },
      2,
      /add --aws-endpoint s3=http:\/\/127\.0\.0\.1:1\./,
    ],
    ['was in another account', { accountId: '999999999999' }, 3, /^Account 999999999999 was not looked into/],
  ] as const)
    it(`says so where the run of a state file ${what}`, async () => {
      const args = ['--region', 'us-west-2', '--report-dir', reportFolder(over)];
      expectSentence(cloud, await sweep(cloud, { args }), code, sentence);
    });

  it('leaves a run alone that is alive', async () => {
    const run = await sweep(cloud, { args: ['--report-dir', reportFolder({}, thisProcess())] });
    expectSentence(cloud, run, 3, /^Run c0ffee1 is alive \(process \d+ on \S+\) and was skipped/);
  });

  it('names the right that it does not have', async () => {
    const deny = { Effect: 'Deny', Action: 'iam:ListRoles', Resource: '*' };
    const allow = { Effect: 'Allow', Action: '*', Resource: '*' };
    await cloud.setPolicy(JSON.stringify({ Version: '2012-10-17', Statement: [allow, deny] }));
    expectSentence(cloud, await sweep(cloud), 2, /^arn:\S+ may not iam:ListRoles .*add it to the policy/);
  });

  it('names clusters that it cannot ask, and fails only where they were named', async () => {
    await existingCluster(cloud, 'blue', { access: false });
    const all = await sweep(cloud);
    expect(all.exitCode, all.stderr).to.equal(0);
    expect(all.stdout).to.match(
      /Kubernetes objects in cluster blue were not looked for: .*does not let these credentials/,
    );
    const blue = await sweep(cloud, { args: ['--cluster-name', 'blue'] });
    expectSentence(cloud, blue, 3, /^Cluster blue could not be asked/);
    const red = await sweep(cloud, { args: ['--cluster-name', 'red'] });
    expectSentence(cloud, red, 3, /^There is no cluster red in us-west-2 that is ACTIVE/);
  });
});
