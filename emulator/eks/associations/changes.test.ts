import { setTimeout as wait } from 'node:timers/promises';
import {
  CreatePodIdentityAssociationCommand,
  DeletePodIdentityAssociationCommand,
  DescribePodIdentityAssociationCommand,
  ListPodIdentityAssociationsCommand,
  UpdatePodIdentityAssociationCommand,
} from '@aws-sdk/client-eks';
import type { CreatePodIdentityAssociationCommandInput, PodIdentityAssociation } from '@aws-sdk/client-eks';
import { expect } from 'chai';
import { ACCOUNT, testCloud, type RecordedCluster, type TestCloud } from '../../../test/support/emulator/eks.ts';
import {
  allow,
  errorOf,
  makeCluster,
  makeRole,
  sessionOf,
  trust,
  type Statement,
} from '../../../test/support/emulator/roles.ts';

type Input = Partial<CreatePodIdentityAssociationCommandInput>;

describe('changes of Pod Identity associations', () => {
  let cloud: TestCloud;
  let cluster: RecordedCluster;
  let roleArn: string;

  beforeEach(async () => {
    cloud = await testCloud();
    cluster = await makeCluster(cloud);
    roleArn = await makeRole(cloud, 'app');
  });
  afterEach(() => cloud.close());

  const create = async (input: Input = {}, by = cloud.eks()): Promise<PodIdentityAssociation> => {
    const command = { clusterName: 'blue', namespace: 'shop', serviceAccount: 'reader', roleArn, ...input };
    return (await by.send(new CreatePodIdentityAssociationCommand(command))).association!;
  };
  const describeIt = async (associationId: string): Promise<PodIdentityAssociation> =>
    (await cloud.eks().send(new DescribePodIdentityAssociationCommand({ clusterName: 'blue', associationId })))
      .association!;

  describe('permissions', () => {
    const associationArns = `arn:aws:eks:us-west-2:${ACCOUNT}:podidentityassociation/blue/*`;
    const clusterArn = `arn:aws:eks:us-west-2:${ACCOUNT}:cluster/blue`;
    const passRole = (service: string) =>
      allow('iam:PassRole', '*', { StringEquals: { 'iam:PassedToService': service } });
    const as = async (...statements: Statement[]) =>
      cloud.eks(sessionOf(cloud, await makeRole(cloud, 'ops', [trust('ec2.amazonaws.com')], statements)));

    it('create needs its action on the cluster, iam:PassRole to pods.eks.amazonaws.com and iam:GetRole', async () => {
      const passing = [allow('eks:CreatePodIdentityAssociation', clusterArn), passRole('pods.eks.amazonaws.com')];
      await create({}, await as(...passing, allow('iam:GetRole', roleArn)));
    });
    it('create is denied without iam:GetRole', async () => {
      const error = await errorOf(create({}, await as(allow('eks:*'), passRole('pods.eks.amazonaws.com'))));
      expect(error).to.include({ name: 'AccessDeniedException', status: 403 });
      expect(error.message).to.match(/not authorized to perform: iam:GetRole on resource: .*role\/app/);
    });
    it('create is denied without iam:PassRole', async () => {
      const error = await errorOf(create({}, await as(allow('eks:*'))));
      expect(error).to.include({ name: 'AccessDeniedException', status: 403 });
      expect(error.message).to.match(/not authorized to perform: iam:PassRole on resource: .*role\/app/);
    });
    it('create is denied with iam:PassRole to another service', async () => {
      const error = await errorOf(create({}, await as(allow('eks:*'), passRole('ec2.amazonaws.com'))));
      expect(error.name).to.equal('AccessDeniedException');
    });
    it('create is denied without its action, whether or not the cluster exists', async () => {
      const by = await as(allow('iam:PassRole'));
      for (const clusterName of ['blue', 'green'])
        expect((await errorOf(create({ clusterName }, by))).name).to.equal('AccessDeniedException');
    });
    it('describe needs its action on the association', async () => {
      const { associationId } = await create();
      const command = new DescribePodIdentityAssociationCommand({ clusterName: 'blue', associationId });
      const by = await as(allow('eks:DescribePodIdentityAssociation', associationArns));
      await by.send(command);
      const list = new ListPodIdentityAssociationsCommand({ clusterName: 'blue' });
      expect((await errorOf(by.send(list))).name).to.equal('AccessDeniedException');
    });
    it('delete can be restricted by tags of the association', async () => {
      const condition = { StringEquals: { 'aws:ResourceTag/team': 'a' } };
      const by = await as(allow('eks:DeletePodIdentityAssociation', '*', condition));
      const own = await create({ tags: { team: 'a' } });
      const other = await create({ serviceAccount: 'b', tags: { team: 'b' } });
      const remove = (associationId?: string) =>
        by.send(new DeletePodIdentityAssociationCommand({ clusterName: 'blue', associationId }));
      await remove(own.associationId);
      expect((await errorOf(remove(other.associationId))).name).to.equal('AccessDeniedException');
    });
  });

  describe('propagation', () => {
    it('notifies cluster and EKS Auth before the call returns', async () => {
      const { associationId = '' } = await create();
      expect(cluster.calls.at(-1)).to.equal('associations shop/reader');
      expect(cloud.cluster('blue').eksAuthAssociations?.get('shop/reader')?.id).to.equal(associationId);
      await cloud.eks().send(new DeletePodIdentityAssociationCommand({ clusterName: 'blue', associationId }));
      expect(cluster.calls.at(-1)).to.equal('associations ');
      expect(cloud.cluster('blue').eksAuthAssociations?.size).to.equal(0);
    });

    it('notifies each of them after its own delay', async () => {
      await cloud.close();
      cloud = await testCloud({ settings: { associationPropagation: { webhook: 60_000, eksAuth: 20 } } });
      cluster = await makeCluster(cloud);
      roleArn = await makeRole(cloud, 'app');
      await create();
      expect(cloud.cluster('blue').eksAuthAssociations?.size).to.equal(0);
      while (cloud.cluster('blue').eksAuthAssociations?.size === 0) await wait(5);
      expect(cluster.calls).to.deep.equal([]);
    });

    it('does not show an update to EKS Auth before the delay', async () => {
      await cloud.close();
      const associationPropagation = { webhook: 0, eksAuth: 0 };
      cloud = await testCloud({ settings: { associationPropagation } });
      await makeCluster(cloud);
      roleArn = await makeRole(cloud, 'app');
      const { associationId = '' } = await create();
      associationPropagation.eksAuth = 60_000;
      const update = { clusterName: 'blue', associationId, roleArn: await makeRole(cloud, 'second') };
      await cloud.eks().send(new UpdatePodIdentityAssociationCommand(update));
      expect(await describeIt(associationId)).to.include({ roleArn: update.roleArn });
      expect(cloud.cluster('blue').eksAuthAssociations?.get('shop/reader')?.roleArn).to.equal(roleArn);
    });

    it('keeps an association if the cluster cannot be notified', async () => {
      cluster.associationsChanged = () => Promise.reject(new Error('unreachable'));
      const { associationId } = await create();
      expect(await describeIt(associationId!)).to.include({ serviceAccount: 'reader' });
    });
  });
});
