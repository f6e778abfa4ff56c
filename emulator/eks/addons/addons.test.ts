import {
  CreateAddonCommand,
  CreatePodIdentityAssociationCommand,
  DeleteAddonCommand,
  DescribeAddonCommand,
  DescribeAddonVersionsCommand,
  ListAddonsCommand,
  ListPodIdentityAssociationsCommand,
  UpdateAddonCommand,
  waitUntilAddonActive,
} from '@aws-sdk/client-eks';
import type { CreateAddonCommandInput, UpdateAddonCommandInput } from '@aws-sdk/client-eks';
import { expect } from 'chai';
import { testCloud, type RecordedCluster, type TestCloud } from '../../../test/support/emulator/eks.ts';
import { allow, errorOf, makeCluster, makeRole, POD_TRUST, sessionOf } from '../../../test/support/emulator/roles.ts';

const AGENT = { clusterName: 'blue', addonName: 'eks-pod-identity-agent' };
const DRIVER = { clusterName: 'blue', addonName: 'aws-ebs-csi-driver' };

describe('EKS add-ons', () => {
  let cloud: TestCloud;
  let cluster: RecordedCluster;
  beforeEach(async () => {
    cloud = await testCloud();
    cluster = await makeCluster(cloud);
  });
  afterEach(() => cloud.close());

  const create = async (input: Partial<CreateAddonCommandInput> = {}) =>
    (await cloud.eks().send(new CreateAddonCommand({ ...AGENT, ...input }))).addon!;
  const update = async (input: Partial<UpdateAddonCommandInput> = {}) =>
    (await cloud.eks().send(new UpdateAddonCommand({ ...AGENT, ...input }))).update!;
  const describeIt = async (key = AGENT) => (await cloud.eks().send(new DescribeAddonCommand(key))).addon!;
  const associations = async () =>
    (await cloud.eks().send(new ListPodIdentityAssociationsCommand({ clusterName: 'blue' }))).associations!;

  it('install the newest version of the agent', async () => {
    const addon = await create({ configurationValues: '{"agent":{}}', tags: { a: 'b' } });
    expect(addon).to.include({ addonName: AGENT.addonName, status: 'ACTIVE', configurationValues: '{"agent":{}}' });
    expect(addon.addonArn).to.match(/:addon\/blue\/eks-pod-identity-agent\/[0-9a-f-]{36}$/);
    expect(addon.addonVersion).to.match(/^v1\.3\.10-eksbuild\.\d+$/);
    expect(addon.health!.issues).to.deep.equal([]);
    expect(cluster.calls).to.deep.equal([`installAddon eks-pod-identity-agent ${addon.addonVersion}`]);
    expect(await describeIt()).to.deep.equal(addon);
    expect((await cloud.eks().send(new ListAddonsCommand({ clusterName: 'blue' }))).addons).to.deep.equal([
      AGENT.addonName,
    ]);
    await waitUntilAddonActive({ client: cloud.eks(), maxWaitTime: 60 }, AGENT);
  });

  it('can be installed in any available version', async () => {
    const command = new DescribeAddonVersionsCommand({ addonName: AGENT.addonName, kubernetesVersion: '1.33' });
    const { addons } = await cloud.eks().send(command);
    expect(addons).to.have.length(1);
    const versions = addons![0]!.addonVersions!;
    expect(versions.map(({ compatibilities }) => compatibilities![0]!.defaultVersion)).to.deep.equal(
      versions.map((_, index) => index === 0),
    );
    const addonVersion = versions.at(-1)!.addonVersion!;
    expect(await create({ addonVersion })).to.include({ addonVersion });
    const newest = versions[0]!.addonVersion!;
    expect(await update({ addonVersion: newest })).to.include({ status: 'Successful', type: 'AddonUpdate' });
    expect(await describeIt()).to.include({ addonVersion: newest, status: 'ACTIVE' });
    expect(cluster.calls.at(-1)).to.equal(`installAddon eks-pod-identity-agent ${newest}`);
  });

  it('can be removed', async () => {
    await create();
    const { addon } = await cloud.eks().send(new DeleteAddonCommand(AGENT));
    expect(addon!.status).to.equal('DELETING');
    expect(cluster.calls.at(-1)).to.equal('removeAddon eks-pod-identity-agent');
    expect(await errorOf(describeIt())).to.include({ name: 'ResourceNotFoundException', status: 404 });
  });

  const refusals: readonly [string, Partial<CreateAddonCommandInput>, string, RegExp][] = [
    ['an unknown add-on', { addonName: 'x' }, 'InvalidParameterException', /^Addon specified is not supported/],
    ['an unknown version', { addonVersion: 'v0' }, 'InvalidParameterException', /^Addon version specified is not/],
    [
      'an unknown value of resolveConflicts',
      { resolveConflicts: 'X' as 'NONE' },
      'InvalidParameterException',
      /resolveConflicts.*enum value set/,
    ],
    ['an unknown cluster', { clusterName: 'green' }, 'ResourceNotFoundException', /green/],
  ];
  for (const [title, input, name, message] of refusals) {
    it(`reject ${title}`, async () => {
      const error = await errorOf(create(input));
      expect(error.name).to.equal(name);
      expect(error.message).to.match(message);
    });
  }

  it('can be installed only once', async () => {
    await create();
    expect(await errorOf(create())).to.include({ name: 'ResourceInUseException', status: 409 });
  });

  it('are DEGRADED while their pods are down', async () => {
    const addon = await create();
    cluster.addonProblem = (name) => `the pods of ${name} are down`;
    expect(await describeIt()).to.deep.equal({
      ...addon,
      status: 'DEGRADED',
      health: {
        issues: [
          {
            code: 'InsufficientNumberOfReplicas',
            message: 'the pods of eks-pod-identity-agent are down',
            resourceIds: [],
          },
        ],
      },
    });
    cluster.addonProblem = () => undefined;
    expect(await describeIt()).to.deep.equal(addon);
  });

  it('report why they cannot be installed', async () => {
    cluster.installAddon = () => Promise.reject(new Error('port taken'));
    expect(await create()).to.include({ status: 'CREATE_FAILED' });
    expect((await describeIt()).health!.issues![0]!.message).to.equal('port taken');
    const failed = await update();
    expect([failed.status, failed.errors![0]!.errorMessage]).to.deep.equal(['Failed', 'port taken']);
    expect((await describeIt()).status).to.equal('UPDATE_FAILED');
  });

  describe('with their own associations', () => {
    const serviceAccount = 'ebs-csi-controller-sa';
    it('create, change and delete them', async () => {
      const [first, second] = [await makeRole(cloud, 'first'), await makeRole(cloud, 'second')];
      const addon = await create({ ...DRIVER, podIdentityAssociations: [{ serviceAccount, roleArn: first }] });
      const [made, ...others] = await associations();
      expect(others).to.deep.equal([]);
      expect(made).to.include({ namespace: 'kube-system', serviceAccount, ownerArn: addon.addonArn });
      expect(addon.podIdentityAssociations).to.deep.equal([made!.associationArn]);

      await update({ ...DRIVER, podIdentityAssociations: [{ serviceAccount, roleArn: second }] });
      expect(cloud.cluster('blue').associations.get(made!.associationId!)!.roleArn).to.equal(second);
      await update(DRIVER);
      expect(await associations()).to.have.length(1);
      await update({ ...DRIVER, podIdentityAssociations: [] });
      expect(await associations()).to.deep.equal([]);
      expect(cluster.calls).to.include('associations ');

      await update({ ...DRIVER, podIdentityAssociations: [{ serviceAccount, roleArn: first }] });
      await cloud.eks().send(new DeleteAddonCommand(DRIVER));
      expect(await associations()).to.deep.equal([]);
    });

    it('keep them if the deletion preserves the add-on', async () => {
      const roleArn = await makeRole(cloud, 'first');
      await create({ ...DRIVER, podIdentityAssociations: [{ serviceAccount, roleArn }] });
      await cloud.eks().send(new DeleteAddonCommand({ ...DRIVER, preserve: true }));
      expect(await associations()).to.have.length(1);
      expect(cluster.calls.some((line) => line.startsWith('removeAddon'))).to.equal(false);
    });

    it('do not delete them without the right to delete associations', async () => {
      const roleArn = await makeRole(cloud, 'first');
      const keeper = sessionOf(cloud, await makeRole(cloud, 'keeper', [POD_TRUST], [allow('eks:*Addon')]));
      await create({ ...DRIVER, podIdentityAssociations: [{ serviceAccount, roleArn }] });
      const none = new UpdateAddonCommand({ ...DRIVER, podIdentityAssociations: [] });
      const preserving = new DeleteAddonCommand({ ...DRIVER, preserve: true });
      for (const call of [none, new DeleteAddonCommand(DRIVER)]) {
        const { message } = await errorOf(cloud.eks(keeper).send(call));
        expect(message).to.contain('eks:DeletePodIdentityAssociation');
      }
      expect(await associations()).to.have.length(1);
      await cloud.eks(keeper).send(preserving);
      expect(await associations()).to.have.length(1);
    });

    it('reject existing associations, other service accounts and missing roles', async () => {
      const roleArn = await makeRole(cloud, 'first');
      const own = { clusterName: 'blue', namespace: 'kube-system', serviceAccount, roleArn };
      await cloud.eks().send(new CreatePodIdentityAssociationCommand(own));
      const wanting = (name: string, arn = roleArn) =>
        errorOf(create({ ...DRIVER, podIdentityAssociations: [{ serviceAccount: name, roleArn: arn }] }));
      expect((await wanting(serviceAccount)).message).to.match(/^Association already exists: a-/);
      expect((await wanting('other')).message).to.match(/does not support pod identity/);
      expect((await wanting(serviceAccount, `${roleArn}-2`)).message).to.match(/does not exist/);
      expect(cloud.cluster('blue').addons.size).to.equal(0);
    });
  });
});
