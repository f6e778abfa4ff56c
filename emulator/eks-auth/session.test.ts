import { DeletePodIdentityAssociationCommand } from '@aws-sdk/client-eks';
import { DeleteRoleCommand } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import { ACCOUNT, OTHER_ACCOUNT, administratorOf } from '../../test/support/emulator/eks.ts';
import { POD_TRUST, allow, makeRole, policy, trust } from '../../test/support/emulator/roles.ts';
import {
  CLUSTER_ARN,
  POD_NAME,
  UNASSUMABLE,
  eksAuthFixture,
  outcome,
  tagsOf,
} from '../../test/support/emulator/eks-auth.ts';

describe('sessions by EKS Auth', () => {
  const pod = eksAuthFixture();
  const { associate, sign, assume, sessionFrom } = pod;

  describe('the role', () => {
    const fetchWith = async (...statements: Parameters<typeof makeRole>[2] & object) => {
      await associate({ roleArn: await makeRole(pod.cloud, 'other', statements) });
      return assume({ token: await sign() });
    };
    const equals = (key: string, value: string) => ({ StringEquals: { [key]: value } });
    const when = (condition: object) => trust('pods.eks.amazonaws.com', condition);
    const granted: readonly [string, object][] = [
      ['aws:SourceAccount', equals('aws:SourceAccount', ACCOUNT)],
      ['aws:SourceArn, the cluster', { ArnEquals: { 'aws:SourceArn': CLUSTER_ARN } }],
      ['aws:RequestTag/eks-cluster-name', equals('aws:RequestTag/eks-cluster-name', 'blue')],
      ['aws:RequestTag/eks-cluster-arn', equals('aws:RequestTag/eks-cluster-arn', CLUSTER_ARN)],
      ['aws:RequestTag/kubernetes-namespace', equals('aws:RequestTag/kubernetes-namespace', 'shop')],
      ['aws:RequestTag/kubernetes-service-account', equals('aws:RequestTag/kubernetes-service-account', 'reader')],
      ['aws:RequestTag/kubernetes-pod-name', equals('aws:RequestTag/kubernetes-pod-name', POD_NAME)],
      ['aws:RequestTag/kubernetes-pod-uid', equals('aws:RequestTag/kubernetes-pod-uid', 'pod-uid')],
    ];
    for (const [title, condition] of granted) {
      it(`can be trusted on ${title}`, async () => {
        expect((await fetchWith(when(condition))).status).to.equal(200);
      });
    }
    const refused: readonly [string, object][] = [
      ['another aws:SourceAccount', equals('aws:SourceAccount', OTHER_ACCOUNT)],
      ['another cluster as aws:SourceArn', { ArnEquals: { 'aws:SourceArn': `${CLUSTER_ARN}-2` } }],
      [
        'the association as aws:SourceArn',
        { ArnLike: { 'aws:SourceArn': `arn:aws:eks:us-west-2:${ACCOUNT}:podidentityassociation/blue/*` } },
      ],
      ['another namespace', equals('aws:RequestTag/kubernetes-namespace', 'other')],
      ['the namespace in capitals', equals('aws:RequestTag/kubernetes-namespace', 'SHOP')],
    ];
    for (const [title, condition] of refused) {
      it(`is not given out when its trust wants ${title}`, async () => {
        expect(outcome(await fetchWith(when(condition)))).to.deep.equal({
          status: 400,
          type: 'AccessDeniedException',
          message: UNASSUMABLE,
        });
      });
    }
    it('must let its session be tagged', async () => {
      const answer = await fetchWith(trust('pods.eks.amazonaws.com', undefined, ['sts:AssumeRole']));
      expect(outcome(answer)).to.deep.equal({ status: 400, type: 'AccessDeniedException', message: UNASSUMABLE });
      expect(answer.trace.authorizations.map(({ action, decision }) => [action, decision.value])).to.deep.equal([
        ['eks-auth:AssumeRoleForPodIdentity', 'allowed'],
        ['sts:AssumeRole', 'allowed'],
        ['sts:TagSession', 'implicitlyDenied'],
      ]);
    });
    it('must exist', async () => {
      await associate();
      await pod.cloud.iam().send(new DeleteRoleCommand({ RoleName: 'app' }));
      expect(outcome(await assume({ token: await sign() }))).to.include({ status: 400, message: UNASSUMABLE });
    });
    it('is no longer given out once the association is deleted', async () => {
      const { associationId } = await associate();
      const token = await sign();
      expect((await assume({ token })).status).to.equal(200);
      await pod.cloud.eks().send(new DeletePodIdentityAssociationCommand({ clusterName: 'blue', associationId }));
      expect((await assume({ token })).status).to.equal(404);
    });
    it('is narrowed by the policy of the association', async () => {
      const narrow = policy(allow('s3:GetObject', 'arn:aws:s3:::data/a/*'));
      await associate({ disableSessionTags: true, policy: narrow });
      expect(sessionFrom(await assume({ token: await sign() })).sessionPolicies).to.deep.equal([narrow]);
    });
  });

  describe('the target role', () => {
    const targetArn = `arn:aws:iam::${OTHER_ACCOUNT}:role/target`;
    const baseTrusted = (condition?: object) => [
      {
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${ACCOUNT}:role/base` },
        Action: ['sts:AssumeRole', 'sts:TagSession'],
        ...(condition && { Condition: condition }),
      },
    ];
    const both = allow(['sts:AssumeRole', 'sts:TagSession'], targetArn);
    const fetchTarget = async ({
      trusted = baseTrusted(),
      permissions = [both],
      ...association
    }: {
      trusted?: ReturnType<typeof baseTrusted>;
      permissions?: (typeof both)[];
      disableSessionTags?: boolean;
      policy?: string;
    } = {}) => {
      const base = await makeRole(pod.cloud, 'base', [POD_TRUST], permissions);
      await makeRole(pod.cloud, 'target', trusted, [], administratorOf(pod.cloud.world, OTHER_ACCOUNT));
      await associate({ roleArn: base, targetRoleArn: targetArn, ...association });
      return assume({ token: await sign() });
    };
    const externalId = (serviceAccount: string) => ({
      StringEquals: { 'sts:ExternalId': `us-west-2/${ACCOUNT}/blue/shop/${serviceAccount}` },
    });

    it('is what the pod gets, for 59 minutes and with the tags of the pod', async () => {
      const before = pod.cloud.world.clock.now();
      const answer = await fetchTarget();
      expect((answer.body.assumedRoleUser as { arn: string }).arn).to.match(
        new RegExp(`^arn:aws:sts::${OTHER_ACCOUNT}:assumed-role/target/eks-blue-`),
      );
      const session = sessionFrom(answer);
      expect(session.expiresAt - before).to.be.closeTo(59 * 60_000, 10_000);
      expect(tagsOf(session)).to.include({ 'kubernetes-namespace': 'shop', 'eks-cluster-name': 'blue' });
    });
    const granted: readonly [string, Parameters<typeof fetchTarget>[0]][] = [
      [
        'on a tag of the pod',
        { trusted: baseTrusted({ StringEquals: { 'aws:RequestTag/kubernetes-namespace': 'shop' } }) },
      ],
      ['with the external id, tags off', { trusted: baseTrusted(externalId('reader')), disableSessionTags: true }],
      [
        'without sts:TagSession, tags off',
        { permissions: [allow('sts:AssumeRole', targetArn)], disableSessionTags: true },
      ],
    ];
    for (const [title, options] of granted) {
      it(`is given out ${title}`, async () => expect((await fetchTarget(options)).status).to.equal(200));
    }
    const refused: readonly [string, Parameters<typeof fetchTarget>[0]][] = [
      ['when the base role may not assume it', { permissions: [allow('sts:TagSession', targetArn)] }],
      ['when the base role may not tag it', { permissions: [allow('sts:AssumeRole', targetArn)] }],
      [
        'when it does not let itself be tagged',
        { trusted: baseTrusted().map((s) => ({ ...s, Action: ['sts:AssumeRole'] })) },
      ],
      [
        'when it wants another namespace',
        { trusted: baseTrusted({ StringEquals: { 'aws:RequestTag/kubernetes-namespace': 'x' } }) },
      ],
      ['when it wants an external id and tags are on', { trusted: baseTrusted(externalId('reader')) }],
      ['when it wants another external id', { trusted: baseTrusted(externalId('other')), disableSessionTags: true }],
    ];
    for (const [title, options] of refused) {
      it(`is not given out ${title}`, async () => {
        expect(outcome(await fetchTarget(options))).to.deep.equal({
          status: 400,
          type: 'AccessDeniedException',
          message: UNASSUMABLE,
        });
      });
    }
    it('alone is narrowed by the policy of the association', async () => {
      const narrow = policy(allow('s3:GetObject'));
      const answer = await fetchTarget({ disableSessionTags: true, policy: narrow });
      expect(sessionFrom(answer).sessionPolicies).to.deep.equal([narrow]);
    });
  });
});
