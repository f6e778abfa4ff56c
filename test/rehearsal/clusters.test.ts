import {
  CreateAddonCommand,
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  waitUntilNodegroupDeleted,
} from '@aws-sdk/client-eks';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { withClusters } from '../support/eks-cluster.ts';
import { DEFAULT_SETTINGS } from '../../emulator/world/new-world.ts';
import { ADDON_DEGRADED } from '../../emulator/world/eks-model.ts';
import { rehearsalCloud, type RehearsalCloud, type RehearsalOptions } from '../../scripts/cloud/cloud.ts';
import { temporaryFolder } from '../support/run-cli.ts';
import { PASSES, scenario, suiteFile } from '../support/suites.ts';
import { existingCluster, objectsIn } from './existing.ts';
import { DELAYS, expectSentence, rehearse } from './support.ts';

const installAddon = (): Promise<never> =>
  Promise.reject(Object.assign(new Error('0 of 2 pods are ready'), { name: ADDON_DEGRADED }));

describe('run on EKS with an unusable cluster', () => {
  let cloud: RehearsalCloud;
  const start = async (options: RehearsalOptions = {}): Promise<void> => void (cloud = await rehearsalCloud(options));
  afterEach(() => cloud.close());

  it('that does not exist: names cluster, region and account', async () => {
    await start();
    const run = await rehearse(cloud, { args: ['--cluster-name', 'blue'] });
    expectSentence(
      cloud,
      run,
      2,
      /There is no EKS cluster blue in us-west-2 of account 111122223333\. Check --cluster-name/,
    );
    expect(await cloud.inventory()).to.deep.equal([]);
  });

  it('that is being deleted: reports it, and does not change it', async () => {
    await start({ settings: { delays: { ...DELAYS, deleteCluster: 600_000 } } });
    const { eks } = cloud.aws.clients('main');
    await existingCluster(cloud, 'blue', { addon: false });
    // Its node group must be deleted first. Its access entry goes with it.
    await eks.send(new DeleteNodegroupCommand({ clusterName: 'blue', nodegroupName: 'nodes' }));
    await waitUntilNodegroupDeleted(
      { client: eks, maxWaitTime: 20, minDelay: 1, maxDelay: 1 },
      { clusterName: 'blue', nodegroupName: 'nodes' },
    );
    await eks.send(new DeleteClusterCommand({ name: 'blue' }));
    const before = await cloud.inventory();
    const run = await rehearse(cloud, { args: ['--cluster-name', 'blue'] });
    expectSentence(cloud, run, 2, /EKS cluster blue is DELETING\. A run requires an ACTIVE cluster/);
    expect(await cloud.inventory()).to.deep.equal(before);
  });

  it('that denies access to the job: names the principal and the policy', async () => {
    await start();
    const blue = await existingCluster(cloud, 'blue', { access: false });
    const before = [await cloud.inventory(), await objectsIn(blue)];
    const run = await rehearse(cloud, { args: ['--cluster-name', 'blue'] });
    expectSentence(
      cloud,
      run,
      2,
      /role\/nightly is not an administrator of cluster blue .*AmazonEKSClusterAdminPolicy/,
    );
    expect([await cloud.inventory(), await objectsIn(blue)]).to.deep.equal(before);
  });

  it('that exceeds a quota: names the quota, and removes the roles', async () => {
    await start({ settings: { quotas: { ...DEFAULT_SETTINGS.quotas, clusters: 1 } } });
    await existingCluster(cloud, 'blue');
    const before = await cloud.inventory();
    const run = await rehearse(cloud);
    expectSentence(cloud, run, 3, /A quota of the account is reached \(ResourceLimitExceeded.*Service Quotas/);
    expect(await cloud.inventory()).to.deep.equal(before);
  });

  const refused: readonly [what: string, args: readonly string[], sentence: RegExp][] = [
    ['subnets in one zone', ['--subnet-ids', 'subnet-0000000000000000a'], /must be in at least two different AZs/],
    [
      'a subnet that does not exist',
      ['--subnet-ids', 'subnet-0123456789abcdef0'],
      /subnet-0123456789abcdef0' does not exist/,
    ],
    ['a version that EKS no longer supports', ['--kubernetes-version', '1.24'], /unsupported Kubernetes version 1\.24/],
    ['an invalid instance type', ['--instance-type', 'm6i.'], /instance types do not exist: \[m6i\.\]/],
    [
      'an administrator who does not exist',
      ['--admin-principal-arn', 'arn:aws:iam::111122223333:role/nobody'],
      /principalArn is invalid: invalid principal/,
    ],
  ];
  for (const [what, args, sentence] of refused)
    it(`with ${what}: reports EKS's message, and removes created resources`, async () => {
      await start();
      const run = await rehearse(cloud, { args });
      expectSentence(cloud, run, 3, sentence);
      expect(await cloud.inventory()).to.deep.equal([]);
    });

  it('with an add-on that stays DEGRADED: reports its health, and deletes the cluster', async () => {
    await start({ settings: { delays: DELAYS }, wrap: withClusters(() => ({ installAddon })) });
    const run = await rehearse(cloud, { args: ['--ready-timeout', '20'] });
    expectSentence(
      cloud,
      run,
      3,
      /Add-on eks-pod-identity-agent of cluster conformance-\S+-c1 was not ACTIVE within 20 s .*DEGRADED.*0 of 2 pods are ready/,
    );
    expect(await cloud.inventory()).to.deep.equal([]);
  });

  it('that exists and has a DEGRADED add-on: reports its health, and keeps the cluster', async () => {
    await start({ wrap: withClusters(() => ({ installAddon })) });
    const blue = await existingCluster(cloud, 'blue', { addon: false });
    const addonName = 'eks-pod-identity-agent';
    await cloud.aws.clients('main').eks.send(new CreateAddonCommand({ clusterName: 'blue', addonName }));
    const before = [await cloud.inventory(), await objectsIn(blue)];
    const run = await rehearse(cloud, { args: ['--cluster-name', 'blue'] });
    expectSentence(cloud, run, 3, /Add-on eks-pod-identity-agent of cluster blue is DEGRADED: .*0 of 2 pods are ready/);
    expect([await cloud.inventory(), await objectsIn(blue)]).to.deep.equal(before);
  });

  it('whose nodes do not join in time: reports what to check, and deletes everything once EKS gives up', async () => {
    // EKS gives up on nodes after some time, and does not delete their group before.
    const addNodes = async (): Promise<never> => {
      await sleep(30_000);
      throw new Error('Instances failed to join the kubernetes cluster');
    };
    await start({ settings: { delays: DELAYS }, wrap: withClusters(() => ({ addNodes })) });
    const run = await rehearse(cloud, { args: ['--ready-timeout', '25'] });
    expectSentence(
      cloud,
      run,
      3,
      /Node group nodes of cluster conformance-\S+-c1 was not ACTIVE within 25 s \(--ready-timeout\)\. Its status is CREATING; check that its subnets/,
    );
    expect(await cloud.inventory()).to.deep.equal([]);
  });

  it('whose nodes EKS gives up: reports the reason, and deletes everything', async () => {
    const addNodes = () => Promise.reject(new Error('Instances failed to join the kubernetes cluster'));
    await start({ settings: { delays: DELAYS }, wrap: withClusters(() => ({ addNodes })) });
    const run = await rehearse(cloud);
    expectSentence(cloud, run, 3, /is CREATE_FAILED: NodeCreationFailure: Instances failed to join/);
    expect(await cloud.inventory()).to.deep.equal([]);
  });
});

describe('runs on an existing EKS cluster', () => {
  let cloud: RehearsalCloud;
  afterEach(() => cloud.close());

  it('report a reached quota of roles, and leave the cluster unchanged', async () => {
    // The roles of the job and the cluster already reach the quota.
    cloud = await rehearsalCloud({ settings: { quotas: { ...DEFAULT_SETTINGS.quotas, roles: 3 } } });
    const blue = await existingCluster(cloud, 'blue');
    const before = [await cloud.inventory(), await objectsIn(blue)];
    const run = await rehearse(cloud, { args: ['--cluster-name', 'blue'] });
    expect(run.exitCode, run.stderr).to.equal(3);
    const [only] = run.results?.scenarios ?? [];
    expect(only).to.include({ verdict: 'error', errorCode: 'AWS_FAILED' });
    expect(only?.reason).to.match(/A quota of the account is reached \(LimitExceeded.* RolesPerAccount: 3\)/);
    expect([await cloud.inventory(), await objectsIn(blue)]).to.deep.equal(before);
  });

  it('reject a cluster that another run uses, which passes; both leave it unchanged', async () => {
    cloud = await rehearsalCloud();
    const blue = await existingCluster(cloud, 'blue', { addon: false });
    const before = [await cloud.inventory(), await objectsIn(blue)];
    const isOver = join(temporaryFolder(), 'second-is-over');
    const waits = `all.check('the second run is over', async () => {
      const { existsSync } = await import('node:fs');
      while (!existsSync('${isOver}')) await new Promise((resolve) => setTimeout(resolve, 50));
    })`;
    const files = { 'mine.ts': suiteFile(scenario('MY-01', `${PASSES}, ${waits}`)) };
    const first = rehearse(cloud, { args: ['--cluster-name', 'blue'], files });
    const isTaken = async (): Promise<boolean> => (await objectsIn(blue)).some((title) => title.includes('/leases '));
    while (!(await isTaken())) await sleep(50);
    const second = await rehearse(cloud, { args: ['--cluster-name', 'blue'] });
    writeFileSync(isOver, '');
    expectSentence(
      cloud,
      second,
      3,
      /Cluster blue is in use by run c[0-9a-f]{6} until at least \S+\. Wait for it to end/,
    );
    const { exitCode, stderr } = await first;
    expect(exitCode, stderr).to.equal(0);
    expect([await cloud.inventory(), await objectsIn(blue)]).to.deep.equal(before);
  });
});
