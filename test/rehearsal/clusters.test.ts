import {
  CreateAddonCommand,
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  waitUntilNodegroupDeleted,
} from '@aws-sdk/client-eks';
import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { withClusters } from '../support/eks-cluster.ts';
import { DEFAULT_SETTINGS } from '../../emulator/world/new-world.ts';
import { ADDON_DEGRADED } from '../../emulator/index.ts';
import { rehearsalCloud, type RehearsalCloud, type RehearsalOptions } from '../../scripts/rehearsal/cloud.ts';
import { existingCluster, objectsIn } from './existing.ts';
import { DELAYS, expectSentence, rehearse } from './support.ts';

const installAddon = (): Promise<never> =>
  Promise.reject(Object.assign(new Error('0 of 2 pods are ready'), { name: ADDON_DEGRADED }));

describe('a run on EKS with clusters that are of no use', () => {
  let cloud: RehearsalCloud;
  const start = async (options: RehearsalOptions = {}): Promise<void> => void (cloud = await rehearsalCloud(options));
  afterEach(() => cloud.close());

  it('one that does not exist: names cluster, region and account', async () => {
    await start();
    const run = await rehearse(cloud, { args: ['--cluster-name', 'blue'] });
    expectSentence(
      cloud,
      run,
      2,
      /There is no EKS cluster blue in us-west-2 of account 111122223333: check --cluster-name/,
    );
    expect(await cloud.inventory()).to.deep.equal([]);
  });

  it('one that is being deleted: says so, and does not touch it', async () => {
    await start({ settings: { delays: { ...DELAYS, deleteCluster: 600_000 } } });
    const { eks } = cloud.aws.clients('main');
    await existingCluster(cloud, 'blue', { addon: false });
    const before = (await cloud.inventory()).filter((title) => !title.includes('node group'));
    // Its node group goes first.
    await eks.send(new DeleteNodegroupCommand({ clusterName: 'blue', nodegroupName: 'nodes' }));
    await waitUntilNodegroupDeleted(
      { client: eks, maxWaitTime: 20, minDelay: 1, maxDelay: 1 },
      { clusterName: 'blue', nodegroupName: 'nodes' },
    );
    await eks.send(new DeleteClusterCommand({ name: 'blue' }));
    const run = await rehearse(cloud, { args: ['--cluster-name', 'blue'] });
    expectSentence(cloud, run, 2, /EKS cluster blue is DELETING: a run needs one that is ACTIVE/);
    expect(await cloud.inventory()).to.deep.equal(before);
  });

  it('one that does not let the job in: names the principal and the policy', async () => {
    await start();
    const blue = await existingCluster(cloud, 'blue', { access: false });
    const before = [await cloud.inventory(), await objectsIn(blue)];
    const run = await rehearse(cloud, { args: ['--cluster-name', 'blue'] });
    expectSentence(
      cloud,
      run,
      2,
      /role\/nightly does not administer Kubernetes in cluster blue .*AmazonEKSClusterAdminPolicy/,
    );
    expect([await cloud.inventory(), await objectsIn(blue)]).to.deep.equal(before);
  });

  it('none, since a quota is reached: names it, and removes the roles', async () => {
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
      'a subnet that is not there',
      ['--subnet-ids', 'subnet-0123456789abcdef0'],
      /subnet-0123456789abcdef0' does not exist/,
    ],
    ['a version that EKS has no more', ['--kubernetes-version', '1.24'], /unsupported Kubernetes version 1\.24/],
    ['an instance type that is none', ['--instance-type', 'm6i.'], /instance types do not exist: \[m6i\.\]/],
    [
      'an administrator who does not exist',
      ['--admin-principal-arn', 'arn:aws:iam::111122223333:role/nobody'],
      /principalArn is invalid: invalid principal/,
    ],
  ];
  for (const [what, args, sentence] of refused)
    it(`${what}: says what EKS says, and removes what was made`, async () => {
      await start();
      const run = await rehearse(cloud, { args });
      expectSentence(cloud, run, 3, sentence);
      expect(await cloud.inventory()).to.deep.equal([]);
    });

  it('an add-on that stays DEGRADED: tells its health, and deletes the cluster', async () => {
    await start({ settings: { delays: DELAYS }, wrap: withClusters(() => ({ installAddon })) });
    const run = await rehearse(cloud, { args: ['--ready-timeout', '5'] });
    expectSentence(
      cloud,
      run,
      3,
      /Add-on eks-pod-identity-agent of cluster conformance-\S+-c1 was not ACTIVE within 5 s .*DEGRADED.*0 of 2 pods are ready/,
    );
    expect(await cloud.inventory()).to.deep.equal([]);
  });

  it('an existing one with an add-on that is DEGRADED: tells its health, and leaves it', async () => {
    await start({ wrap: withClusters(() => ({ installAddon })) });
    const blue = await existingCluster(cloud, 'blue', { addon: false });
    const addonName = 'eks-pod-identity-agent';
    await cloud.aws.clients('main').eks.send(new CreateAddonCommand({ clusterName: 'blue', addonName }));
    const before = [await cloud.inventory(), await objectsIn(blue)];
    const run = await rehearse(cloud, { args: ['--cluster-name', 'blue'] });
    expectSentence(cloud, run, 3, /Add-on eks-pod-identity-agent of cluster blue is DEGRADED: .*0 of 2 pods are ready/);
    expect([await cloud.inventory(), await objectsIn(blue)]).to.deep.equal(before);
  });

  it('nodes that do not join in time: says what to look at, and deletes all once EKS has given them up', async () => {
    // EKS gives nodes up after some time by itself, and deletes no group before.
    const addNodes = async (): Promise<never> => {
      await sleep(8000);
      throw new Error('Instances failed to join the kubernetes cluster');
    };
    await start({ settings: { delays: DELAYS }, wrap: withClusters(() => ({ addNodes })) });
    const run = await rehearse(cloud, { args: ['--ready-timeout', '5'] });
    expectSentence(
      cloud,
      run,
      3,
      /Node group nodes of cluster conformance-\S+-c1 was not ACTIVE within 5 s \(--ready-timeout\): it is CREATING; see that its subnets/,
    );
    expect(await cloud.inventory()).to.deep.equal([]);
  });

  it('nodes that EKS gives up: tells why, and deletes all', async () => {
    const addNodes = () => Promise.reject(new Error('Instances failed to join the kubernetes cluster'));
    await start({ settings: { delays: DELAYS }, wrap: withClusters(() => ({ addNodes })) });
    const run = await rehearse(cloud);
    expectSentence(cloud, run, 3, /is CREATE_FAILED: NodeCreationFailure: Instances failed to join/);
    expect(await cloud.inventory()).to.deep.equal([]);
  });
});

describe('runs on an EKS cluster that exists', () => {
  let cloud: RehearsalCloud;
  afterEach(() => cloud.close());

  it('say that IAM has no room for their roles, and leave it as it was', async () => {
    // Those of the job and of the cluster are all that there may be.
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

  it('refuse one that another run uses, which passes; both leave it as it was', async () => {
    cloud = await rehearsalCloud();
    const blue = await existingCluster(cloud, 'blue', { addon: false });
    const before = [await cloud.inventory(), await objectsIn(blue)];
    // The first is still at its probe when the second comes.
    cloud.aws.controls?.addDisturbance({ service: 's3', operation: 'GetObject', delayMilliseconds: 6000, times: 1 });
    const first = rehearse(cloud, { args: ['--cluster-name', 'blue'] });
    const isTaken = async (): Promise<boolean> => (await objectsIn(blue)).some((title) => title.includes('/leases '));
    while (!(await isTaken())) await sleep(50);
    const second = await rehearse(cloud, { args: ['--cluster-name', 'blue'] });
    expectSentence(
      cloud,
      second,
      3,
      /Cluster blue is in use by run c[0-9a-f]{6} until \S+ or longer: wait for it to end/,
    );
    const { exitCode, stderr } = await first;
    expect(exitCode, stderr).to.equal(0);
    expect([await cloud.inventory(), await objectsIn(blue)]).to.deep.equal(before);
  });
});
