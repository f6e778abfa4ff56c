import {
  CreateAccessEntryCommand,
  CreateAddonCommand,
  CreateClusterCommand,
  CreateNodegroupCommand,
  CreatePodIdentityAssociationCommand,
  DeleteAddonCommand,
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  DeletePodIdentityAssociationCommand,
  DescribeAddonCommand,
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  UpdateAddonCommand,
} from '@aws-sdk/client-eks';
import { expect } from 'chai';
import { DEFAULT_SETTINGS } from '../world/new-world.ts';
import type { Delays } from '../core/settings.ts';
import { ADDON_DEGRADED, type ClusterProvider } from '../world/eks-model.ts';
import {
  recordingProvider,
  SUBNETS,
  testCloud,
  type RecordedCluster,
  type TestCloud,
} from '../../test/support/emulator/eks.ts';
import { clusterRole, errorOf, makeRole, trust } from '../../test/support/emulator/roles.ts';

/** Longer than any test takes, so the delayed effect never happens. */
const NEVER = 3_600_000;
/** Shortly after the call has returned. */
const SOON = 30;

const CLUSTER = { name: 'blue' };
const AGENT = { clusterName: 'blue', addonName: 'eks-pod-identity-agent' };
const GROUP = { clusterName: 'blue', nodegroupName: 'workers' };

describe("EKS with AWS's latency", () => {
  let cloud: TestCloud;
  let clusters: Map<string, RecordedCluster>;
  const start = async (
    delays: Partial<Delays>,
    { pace = 1, provider }: { pace?: number; provider?: ClusterProvider } = {},
  ) => {
    clusters = new Map();
    cloud = await testCloud({
      provider: provider ?? recordingProvider(clusters),
      settings: { pace, delays: { ...DEFAULT_SETTINGS.delays, ...delays } },
    });
  };
  afterEach(() => cloud.close());

  const createCluster = async () =>
    cloud.eks().send(
      new CreateClusterCommand({
        ...CLUSTER,
        roleArn: await clusterRole(cloud),
        resourcesVpcConfig: { subnetIds: SUBNETS },
      }),
    );
  const cluster = async () => (await cloud.eks().send(new DescribeClusterCommand(CLUSTER))).cluster!;
  const addon = async () => (await cloud.eks().send(new DescribeAddonCommand(AGENT))).addon!;
  const group = async () => (await cloud.eks().send(new DescribeNodegroupCommand(GROUP))).nodegroup!;
  const createGroup = async () => {
    const existing = cloud.world.account('111122223333')!.roles.get('node')?.arn;
    const nodeRole = existing ?? (await makeRole(cloud, 'node', [trust('ec2.amazonaws.com')]));
    return cloud.eks().send(new CreateNodegroupCommand({ ...GROUP, nodeRole, subnets: SUBNETS }));
  };
  const createAddon = () => cloud.eks().send(new CreateAddonCommand(AGENT));

  /** Polls until the resource has the status. */
  const until = async (look: () => Promise<{ readonly status?: string | undefined }>, status: string) => {
    for (;;) {
      const seen = await look();
      if (seen.status === status) return;
      expect(seen.status).to.match(/ING$/);
      await pause();
    }
  };
  const untilGone = async (look: () => Promise<unknown>) => {
    while (
      await look().then(
        () => true,
        (error: Error) => expect(error.name).to.equal('ResourceNotFoundException') && false,
      )
    )
      await pause();
  };
  const pause = () => new Promise((resolve) => setTimeout(resolve, 5));

  it('returns CREATING immediately, and ACTIVE with endpoint and issuer later', async () => {
    await start({ createCluster: SOON, deleteCluster: SOON });
    const made = (await createCluster()).cluster!;
    expect(made.status).to.equal('CREATING');
    expect(made).to.not.have.any.keys('endpoint', 'identity', 'certificateAuthority');
    await until(cluster, 'ACTIVE');
    expect(await cluster()).to.include.keys('endpoint', 'identity', 'certificateAuthority');
    const { calls: calls } = clusters.get('blue')!;
    const deleted = await cloud.eks().send(new DeleteClusterCommand(CLUSTER));
    expect(deleted.cluster!.status).to.equal('DELETING');
    expect((await cluster()).status).to.equal('DELETING');
    await untilGone(cluster);
    expect(calls).to.deep.equal(['delete']);
  });

  it('waits for the Kubernetes side, and reports why it failed', async () => {
    let fail: (error: Error) => void = () => {};
    const provider = { createCluster: () => new Promise<never>((_, reject) => (fail = reject)) };
    await start({ createCluster: 1 }, { provider });
    await createCluster();
    for (let i = 0; i < 5; i += 1) {
      await pause();
      expect((await cluster()).status).to.equal('CREATING');
    }
    fail(new Error('no space left'));
    await until(cluster, 'FAILED');
    expect((await cluster()).health!.issues![0]!.message).to.equal('no space left');
    await cloud.eks().send(new DeleteClusterCommand(CLUSTER));
    await untilGone(cluster);
  });

  it('rejects calls that need an ACTIVE cluster', async () => {
    await start({ createCluster: NEVER });
    await createCluster();
    expect(await errorOf(cloud.eks().send(new DeleteClusterCommand(CLUSTER)))).to.include({ status: 409 });
    const roleArn = await makeRole(cloud, 'app');
    const subject = { clusterName: 'blue', namespace: 'red', serviceAccount: 'app', roleArn };
    const calls: readonly (() => Promise<unknown>)[] = [
      createAddon,
      createGroup,
      () => cloud.eks().send(new CreatePodIdentityAssociationCommand(subject)),
      () => cloud.eks().send(new CreateAccessEntryCommand({ clusterName: 'blue', principalArn: roleArn })),
    ];
    for (const call of calls)
      expect(await errorOf(call())).to.include({ name: 'InvalidRequestException', status: 400 });
  });

  it('deletes CREATING clusters when it closes', async () => {
    await start({ createCluster: NEVER });
    await createCluster();
    while (!clusters.has('blue')) await pause();
    await cloud.close();
    expect(clusters.get('blue')!.calls).to.deep.equal(['delete']);
  });

  it('does not delete a cluster before its node groups are deleted', async () => {
    await start({ createNodegroup: SOON, deleteNodegroup: SOON });
    await createCluster();
    expect((await createGroup()).nodegroup!.status).to.equal('CREATING');
    expect(await errorOf(cloud.eks().send(new DeleteNodegroupCommand(GROUP)))).to.include({ status: 409 });
    await until(group, 'ACTIVE');
    await cloud.eks().send(new DeleteNodegroupCommand(GROUP));
    expect((await group()).status).to.equal('DELETING');
    expect(await errorOf(cloud.eks().send(new DeleteClusterCommand(CLUSTER)))).to.include({ status: 409 });
    await untilGone(group);
    await cloud.eks().send(new DeleteClusterCommand(CLUSTER));
  });

  it('installs, changes and removes add-ons', async () => {
    await start({ createAddon: SOON, deleteAddon: SOON });
    await createCluster();
    expect((await createAddon()).addon!.status).to.equal('CREATING');
    expect((await errorOf(cloud.eks().send(new DeleteAddonCommand(AGENT)))).name).to.equal('InvalidRequestException');
    await until(addon, 'ACTIVE');
    const { update } = await cloud.eks().send(new UpdateAddonCommand(AGENT));
    expect(update!.status).to.equal('InProgress');
    expect((await addon()).status).to.equal('UPDATING');
    expect(await errorOf(cloud.eks().send(new UpdateAddonCommand(AGENT)))).to.include({ status: 409 });
    await until(addon, 'ACTIVE');
    await cloud.eks().send(new DeleteAddonCommand(AGENT));
    expect((await addon()).status).to.equal('DELETING');
    await untilGone(addon);
  });

  it('reports an unhealthy add-on as DEGRADED until it is updated', async () => {
    await start({ createAddon: SOON });
    await createCluster();
    const managed = clusters.get('blue')!;
    const healthy = managed.installAddon.bind(managed);
    managed.installAddon = () => Promise.reject(Object.assign(new Error('0 of 1 are ready'), { name: ADDON_DEGRADED }));
    await createAddon();
    await until(addon, 'DEGRADED');
    expect((await addon()).health!.issues).to.deep.equal([
      { code: 'InsufficientNumberOfReplicas', message: '0 of 1 are ready', resourceIds: [] },
    ]);
    managed.installAddon = healthy;
    await cloud.eks().send(new UpdateAddonCommand(AGENT));
    await until(addon, 'ACTIVE');
    expect((await addon()).health!.issues).to.deep.equal([]);
  });

  it('divides delays by the pace', async () => {
    await start({ createCluster: NEVER, createAddon: NEVER }, { pace: NEVER });
    await createCluster();
    await until(cluster, 'ACTIVE');
    await createAddon();
    await until(addon, 'ACTIVE');
  });

  describe('with a delay before names can be reused', () => {
    const subject = { clusterName: 'blue', namespace: 'red', serviceAccount: 'app' };
    const associate = async (roleArn: string) =>
      (await cloud.eks().send(new CreatePodIdentityAssociationCommand({ ...subject, roleArn }))).association!;
    const cycle = async () => {
      await createCluster();
      const roleArn = await makeRole(cloud, 'app');
      const { associationId } = await associate(roleArn);
      await createAddon();
      await createGroup();
      const eks = cloud.eks();
      await eks.send(new DeletePodIdentityAssociationCommand({ clusterName: 'blue', associationId: associationId! }));
      await eks.send(new DeleteAddonCommand(AGENT));
      await eks.send(new DeleteNodegroupCommand(GROUP));
      return { roleArn, associationId: associationId! };
    };

    it('rejects the name of a deleted resource during the delay', async () => {
      await start({ reuse: NEVER });
      const { roleArn, associationId } = await cycle();
      const again = await errorOf(associate(roleArn));
      expect(again).to.include({ name: 'ResourceInUseException', status: 409 });
      expect(again.message).to.equal(`Association already exists: ${associationId}`);
      expect(await errorOf(createAddon())).to.include({ name: 'ResourceInUseException', status: 409 });
      expect(await errorOf(createGroup())).to.include({ name: 'ResourceInUseException', status: 409 });
      await cloud.eks().send(new DeleteClusterCommand(CLUSTER));
      expect(await errorOf(createCluster())).to.include({ name: 'ResourceInUseException', status: 409 });
    });

    it('accepts the name after the delay', async () => {
      await start({ reuse: SOON });
      const { roleArn } = await cycle();
      const untilMade = async (make: () => Promise<unknown>) => {
        while (
          await make().then(
            () => false,
            (error: Error) => expect(error.name).to.equal('ResourceInUseException') && true,
          )
        )
          await pause();
      };
      await untilMade(() => associate(roleArn));
      await untilMade(createAddon);
      await untilMade(createGroup);
      await cloud.eks().send(new DeleteNodegroupCommand(GROUP));
      await cloud.eks().send(new DeleteClusterCommand(CLUSTER));
      await untilMade(createCluster);
    });
  });
});
