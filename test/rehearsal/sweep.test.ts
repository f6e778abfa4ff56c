import { expect } from 'chai';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalEntry } from '../../foundation/node/journal.ts';
import { STATE_FILE } from '../../harness/cleanup/journal.ts';
import { thisProcess } from '../../harness/cleanup/process-identity.ts';
import { rehearsalCloud, type RehearsalCloud } from '../../scripts/cloud/cloud.ts';
import { runConformance, temporaryFolder } from '../support/run-cli.ts';
import { existingCluster } from './existing.ts';
import { expectSentence, sweep, withoutCredentials } from './support.ts';

const ENDED = { ...thisProcess(), started: 'earlier' };

describe('sweep --cluster eks', () => {
  let cloud: RehearsalCloud;
  beforeEach(async () => (cloud = await rehearsalCloud()));
  afterEach(() => cloud.close());

  /** Creates a report folder with a state file, by default of a run in this account. */
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
    [
      'an AWS option without --cluster eks',
      ['--region', 'us-west-2'],
      /^--region requires --cluster eks: add --cluster eks/,
    ],
    ['a cluster of another kind', ['--cluster', 'kind'], /^--cluster is "kind": choose from eks/],
    ['an invalid run id', ['--cluster', 'eks', '--run', 'mine'], /^--run is "mine": give the id of a run/],
    ['an account that is not allowed', ['--cluster', 'eks', '--allow-account', '999999999999'], /^.*not allowed/],
    ['an option that does not exist', ['--clusters', 'eks'], /^Unknown flag --clusters: did you mean --cluster\?/],
  ] as const)
    it(`rejects ${what}`, async () => {
      const endpoint = args[1] === 'eks' ? ['--aws-endpoint', cloud.emulator.endpoint] : [];
      const options = { command: 'sweep', reports: 'own', env: cloud.environment } as const;
      expectSentence(cloud, await runConformance({ ...options, args: [...args, ...endpoint] }), 2, sentence);
    });

  it('requires credentials', async () => {
    const run = await sweep(cloud, { env: withoutCredentials(cloud) });
    expectSentence(cloud, run, 2, /^No AWS credentials were found/);
  });

  for (const [what, over, code, sentence] of [
    [
      'was in another region',
      { region: 'eu-west-1' },
      2,
      /^Run c0ffee1 created resources in region eu-west-1, but this/,
    ],
    [
      'used another AWS endpoint',
      { endpoints: { s3: 'http://127.0.0.1:1' } },
      2,
      /add --aws-endpoint s3=http:\/\/127\.0\.0\.1:1\./,
    ],
    [
      'was in another account',
      { accountId: '999999999999' },
      3,
      /^Account 999999999999 in the state file of run c0ffee1 was not swept/,
    ],
  ] as const)
    it(`reports that the run of a state file ${what}`, async () => {
      const args = ['--region', 'us-west-2', '--report-dir', reportFolder(over)];
      expectSentence(cloud, await sweep(cloud, { args }), code, sentence);
    });

  it('keeps resources of a running process', async () => {
    const run = await sweep(cloud, { args: ['--report-dir', reportFolder({}, thisProcess())] });
    expectSentence(cloud, run, 3, /^Run c0ffee1 is alive \(process \d+ on \S+\) and was skipped/);
  });

  it('names a missing permission', async () => {
    const deny = { Effect: 'Deny', Action: 'iam:ListRoles', Resource: '*' };
    const allow = { Effect: 'Allow', Action: '*', Resource: '*' };
    await cloud.setPolicy(JSON.stringify({ Version: '2012-10-17', Statement: [allow, deny] }));
    expectSentence(cloud, await sweep(cloud), 2, /^arn:\S+ may not call iam:ListRoles .*Add it to the policy/);
  });

  it('reports clusters without access, and fails only if they were named', async () => {
    await existingCluster(cloud, 'blue', { access: false });
    const all = await sweep(cloud);
    expect(all.exitCode, all.stderr).to.equal(0);
    expect(all.stdout).to.match(/Skipped Kubernetes objects in cluster blue: .*rejects these credentials/);
    const blue = await sweep(cloud, { args: ['--cluster-name', 'blue'] });
    expectSentence(cloud, blue, 3, /^Cluster blue could not be searched/);
    const red = await sweep(cloud, { args: ['--cluster-name', 'red'] });
    expectSentence(cloud, red, 3, /^Region us-west-2 has no ACTIVE cluster red/);
  });
});
