import { DeletePodIdentityAssociationCommand, UpdatePodIdentityAssociationCommand } from '@aws-sdk/client-eks';
import { expect } from 'chai';
import { OTHER_ACCOUNT, administratorOf } from '../../test/support/emulator/eks.ts';
import { allow, makeCluster, makeRole, POD_TRUST, sessionOf, trust } from '../../test/support/emulator/roles.ts';
import { CLUSTER_ARN, POD_NAME, eksAuthFixture, outcome, tagsOf } from '../../test/support/emulator/eks-auth.ts';

describe('the EKS Auth emulator', () => {
  const pod = eksAuthFixture();
  const { start, associate, sign, assume, sessionFrom } = pod;

  it('returns credentials of the role for six hours, in the documented form', async () => {
    const { associationId, associationArn } = await associate();
    const before = pod.cloud.world.clock.now();
    const answer = await assume({ token: await sign() });
    expect(answer.status).to.equal(200);
    const { subject, audience, podIdentityAssociation, assumedRoleUser, credentials } = answer.body as Record<
      string,
      Record<string, string>
    >;
    expect(subject).to.deep.equal({ namespace: 'shop', serviceAccount: 'reader' });
    expect(audience).to.equal('pods.eks.amazonaws.com');
    expect(podIdentityAssociation).to.deep.equal({ associationArn, associationId });
    const name = /^arn:aws:sts::\d{12}:assumed-role\/app\/(eks-blue-reader-5d8-[0-9a-f-]{36})$/.exec(
      assumedRoleUser!.arn!,
    )?.[1];
    expect(name).to.be.a('string');
    expect(assumedRoleUser).to.have.all.keys('arn', 'assumeRoleId');
    expect(assumedRoleUser!.assumeRoleId).to.match(/^AROA[A-Z0-9]{17}:eks-blue-/);
    expect(credentials).to.have.all.keys('accessKeyId', 'secretAccessKey', 'sessionToken', 'expiration');
    expect(Number(credentials!.expiration) * 1000 - before).to.be.closeTo(6 * 3_600_000, 60_000);
  });

  it('gives each session a new name', async () => {
    await associate();
    const token = await sign();
    const names = [sessionFrom(await assume({ token })), sessionFrom(await assume({ token }))].map(
      ({ sessionName }) => sessionName,
    );
    expect(names[0]).to.not.equal(names[1]);
  });

  it('uses ten characters each of cluster name and pod name in the session name', async () => {
    const clusterName = `red-${'of-conformance-'.repeat(5)}`;
    await makeCluster(pod.cloud, clusterName);
    await associate({ clusterName });
    const session = sessionFrom(await assume({ token: await sign({}, clusterName) }, clusterName));
    expect(session.sessionName).to.match(/^eks-red-of-con-reader-5d8-[0-9a-f-]{36}$/);
    expect(tagsOf(session)['eks-cluster-name']).to.equal(clusterName);
  });

  it('sets six transitive session tags', async () => {
    await associate();
    const session = sessionFrom(await assume({ token: await sign(), eksNodeName: 'n', instanceId: 'i-1', zone: 'z' }));
    expect(tagsOf(session)).to.deep.equal({
      'eks-cluster-arn': CLUSTER_ARN,
      'eks-cluster-name': 'blue',
      'kubernetes-namespace': 'shop',
      'kubernetes-service-account': 'reader',
      'kubernetes-pod-name': POD_NAME,
      'kubernetes-pod-uid': 'pod-uid',
    });
    expect(session.tags.every(({ transitive }) => transitive)).to.equal(true);
  });

  it('sets no tags and needs no sts:TagSession if session tags are disabled', async () => {
    const untagged = await makeRole(pod.cloud, 'untagged', [
      trust('pods.eks.amazonaws.com', undefined, ['sts:AssumeRole']),
    ]);
    await associate({ disableSessionTags: true, roleArn: untagged });
    expect(sessionFrom(await assume({ token: await sign() })).tags).to.deep.equal([]);
  });

  describe('settings', () => {
    it('badTokenError sets the error code of a bad token', async () => {
      await start({ settings: { badTokenError: 'InvalidParameterException' } });
      expect((await assume({ token: await sign({ aud: 'x' }) })).errorType).to.equal('InvalidParameterException');
    });
    it('noAssociationError sets the error code of a missing association', async () => {
      expect(outcome(await assume({ token: await sign() }))).to.include({
        status: 404,
        type: 'ResourceNotFoundException',
      });
      await start({ settings: { noAssociationError: 'AccessDeniedException' } });
      expect(outcome(await assume({ token: await sign() }))).to.include({ status: 400, type: 'AccessDeniedException' });
    });
    it('eksAuthKeepsSessions returns earlier sessions until the association is deleted', async () => {
      await start({ settings: { eksAuthKeepsSessions: true } });
      const { associationId } = await associate();
      const token = await sign();
      const first = sessionFrom(await assume({ token }));
      const roleArn = await makeRole(pod.cloud, 'second', [POD_TRUST]);
      const key = { clusterName: 'blue', associationId };
      await pod.cloud.eks().send(new UpdatePodIdentityAssociationCommand({ ...key, roleArn }));
      expect(sessionFrom(await assume({ token })).arn).to.equal(first.arn);
      const another = { namespace: 'shop', serviceaccount: { name: 'reader' }, pod: { name: 'new', uid: 'new' } };
      const fresh = sessionFrom(await assume({ token: await sign({ 'kubernetes.io': another }) }));
      expect(fresh.roleArn).to.equal(roleArn);
      pod.cloud.world.clock.advance(7 * 3600 * 1000);
      expect(sessionFrom(await assume({ token: await sign() })).roleArn).to.equal(roleArn);
      await pod.cloud.eks().send(new DeletePodIdentityAssociationCommand(key));
      expect((await assume({ token: await sign() })).errorType).to.equal('ResourceNotFoundException');
    });
  });

  describe('the caller', () => {
    it('needs eks-auth:AssumeRoleForPodIdentity on the cluster', async () => {
      await associate();
      const node = async (name: string, resource: string) =>
        sessionOf(
          pod.cloud,
          await makeRole(pod.cloud, name, [trust('ec2.amazonaws.com')], [allow('eks-auth:*', resource)]),
        );
      const token = await sign();
      expect((await assume({ token }, 'blue', await node('one', CLUSTER_ARN))).status).to.equal(200);
      const denied = await assume({ token }, 'blue', await node('two', `${CLUSTER_ARN}-2`));
      expect(outcome(denied)).to.include({ status: 403, type: 'AccessDeniedException' });
      expect(outcome(denied).message).to.match(/not authorized to perform: eks-auth:AssumeRoleForPodIdentity/);
    });
    it('does not find a cluster of another account', async () => {
      const answer = await assume({ token: await sign() }, 'blue', administratorOf(pod.cloud.world, OTHER_ACCOUNT));
      expect(outcome(answer)).to.include({ status: 404, type: 'ResourceNotFoundException' });
    });
    it('must send a valid cluster name', async () => {
      expect(outcome(await assume({ token: 'a.b.c' }, 'none'))).to.include({ status: 404 });
      expect(outcome(await assume({ token: 'a.b.c' }, '-x'))).to.include({
        status: 400,
        type: 'InvalidParameterException',
      });
    });
    it('must sign the request and use the path of an operation', async () => {
      const path = '/clusters/blue/assume-role-for-pod-identity';
      const unsigned = await pod.cloud.send('eks-auth', { method: 'POST', path, caller: undefined });
      expect(unsigned.errorType).to.equal('MissingAuthenticationTokenException');
      for (const call of [
        { method: 'GET', path },
        { method: 'POST', path: `${path}/x` },
        { method: 'POST', path: '/%ff' },
      ])
        expect(outcome(await pod.cloud.send('eks-auth', call))).to.include({
          status: 404,
          type: 'UnknownOperationException',
        });
    });
  });
});
