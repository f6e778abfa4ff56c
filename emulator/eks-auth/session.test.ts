import { DeletePodIdentityAssociationCommand } from '@aws-sdk/client-eks';
import { DeleteRoleCommand } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import { podKey } from '../core/pod-key.ts';
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

describe("EKS Auth's sessions", () => {
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
      it(`can restrict its trust by ${title}`, async () => {
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
      it(`is refused if its trust requires ${title}`, async () => {
        expect(outcome(await fetchWith(when(condition)))).to.deep.equal({
          status: 400,
          type: 'AccessDeniedException',
          message: UNASSUMABLE,
        });
      });
    }
    it('must allow sts:TagSession in its trust policy', async () => {
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
    it('is refused once the association is deleted', async () => {
      const { associationId } = await associate();
      const token = await sign();
      expect((await assume({ token })).status).to.equal(200);
      await pod.cloud.eks().send(new DeletePodIdentityAssociationCommand({ clusterName: 'blue', associationId }));
      expect((await assume({ token })).status).to.equal(404);
    });
    it('has the context of the pod in each of its sessions', async () => {
      await associate();
      const context = { 'aws:SourceVpce': 'vpce-1' };
      pod.cloud.world.podContexts.set(podKey({ clusterName: 'blue', namespace: 'shop', name: POD_NAME }), context);
      const open = async (change = {}) => sessionFrom(await assume({ token: await sign(change) }));
      const sessions = [await open(), await open()];
      expect(sessions.map(({ requestContext }) => requestContext)).to.deep.equal([context, context]);
      expect(new Set(sessions.map(({ sessionName }) => sessionName)).size).to.equal(2);
      const bound = pod.claims()['kubernetes.io'] as object;
      const another = await open({ 'kubernetes.io': { ...bound, pod: { name: 'another', uid: 'uid-2' } } });
      expect(another.requestContext).to.equal(undefined);
    });
    it("is limited by the association's session policy", async () => {
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

    it("is the pod's role for 59 minutes, with the pod's tags", async () => {
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
        'if its trust requires a tag of the pod',
        { trusted: baseTrusted({ StringEquals: { 'aws:RequestTag/kubernetes-namespace': 'shop' } }) },
      ],
      [
        'if its trust requires the external id and tags are disabled',
        { trusted: baseTrusted(externalId('reader')), disableSessionTags: true },
      ],
      [
        'without sts:TagSession if tags are disabled',
        { permissions: [allow('sts:AssumeRole', targetArn)], disableSessionTags: true },
      ],
    ];
    for (const [title, options] of granted) {
      it(`is assumed ${title}`, async () => expect((await fetchTarget(options)).status).to.equal(200));
    }
    const refused: readonly [string, Parameters<typeof fetchTarget>[0]][] = [
      ['if the base role may not assume it', { permissions: [allow('sts:TagSession', targetArn)] }],
      ['if the base role may not tag the session', { permissions: [allow('sts:AssumeRole', targetArn)] }],
      [
        'if its trust does not allow sts:TagSession',
        { trusted: baseTrusted().map((s) => ({ ...s, Action: ['sts:AssumeRole'] })) },
      ],
      [
        'if its trust requires another namespace',
        { trusted: baseTrusted({ StringEquals: { 'aws:RequestTag/kubernetes-namespace': 'x' } }) },
      ],
      ['if its trust requires the external id and tags are enabled', { trusted: baseTrusted(externalId('reader')) }],
      [
        'if its trust requires another external id',
        { trusted: baseTrusted(externalId('other')), disableSessionTags: true },
      ],
    ];
    for (const [title, options] of refused) {
      it(`is refused ${title}`, async () => {
        expect(outcome(await fetchTarget(options))).to.deep.equal({
          status: 400,
          type: 'AccessDeniedException',
          message: UNASSUMABLE,
        });
      });
    }
    it("is limited by the association's session policy", async () => {
      const narrow = policy(allow('s3:GetObject'));
      const answer = await fetchTarget({ disableSessionTags: true, policy: narrow });
      expect(sessionFrom(answer).sessionPolicies).to.deep.equal([narrow]);
    });
  });
});
