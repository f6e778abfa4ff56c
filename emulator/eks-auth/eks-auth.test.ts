import { CreatePodIdentityAssociationCommand, DeletePodIdentityAssociationCommand } from '@aws-sdk/client-eks';
import { DeleteRoleCommand } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import { SignJWT, UnsecuredJWT, generateKeyPair } from 'jose';
import type { RoleSession } from '../core/principal.ts';
import { ACCOUNT, OTHER_ACCOUNT, rootOf, testCloud, type Answer, type TestCloud } from '../eks/test-cloud.ts';
import { POD_TRUST, allow, makeCluster, makeRole, policy, sessionOf, trust } from '../eks/test-roles.ts';

const UNASSUMABLE = 'Unauthorized Exception! EKS does not have permissions to assume the associated role.';
const CLUSTER_ARN = `arn:aws:eks:us-west-2:${ACCOUNT}:cluster/blue`;
const POD_NAME = 'reader-5d8f7c-x2x4z';

describe('EKS Auth', () => {
  let cloud: TestCloud;
  let roleArn: string;

  const start = async (options?: Parameters<typeof testCloud>[0]) => {
    await cloud?.close();
    cloud = await testCloud(options);
    await makeCluster(cloud);
    roleArn = await makeRole(cloud, 'app', [POD_TRUST]);
  };
  beforeEach(() => start());
  afterEach(() => cloud.close());

  const associate = async (input: object = {}) => {
    const whole = { clusterName: 'blue', namespace: 'shop', serviceAccount: 'reader', roleArn, ...input };
    return (await cloud.eks().send(new CreatePodIdentityAssociationCommand(whole))).association!;
  };
  const claims = (change: Record<string, unknown> = {}, cluster = 'blue') => {
    const now = Math.floor(cloud.world.clock.now() / 1000);
    return {
      iss: cloud.cluster(cluster).issuer,
      sub: 'system:serviceaccount:shop:reader',
      aud: ['pods.eks.amazonaws.com'],
      iat: now,
      nbf: now,
      exp: now + 3600,
      'kubernetes.io': {
        namespace: 'shop',
        serviceaccount: { name: 'reader', uid: 'sa-uid' },
        pod: { name: POD_NAME, uid: 'pod-uid' },
      },
      ...change,
    };
  };
  const sign = (change: Record<string, unknown> = {}, cluster = 'blue') =>
    cloud.clusters.get(cluster)!.sign(claims(change, cluster));
  const assume = (body: object | string, cluster = 'blue', caller = cloud.root): Promise<Answer> =>
    cloud.send('eks-auth', {
      method: 'POST',
      path: `/clusters/${cluster}/assume-role-for-pod-identity`,
      body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
      caller,
    });
  const outcome = ({ status, errorType, body }: Answer) => ({ status, type: errorType, message: body.message });
  const sessionFrom = ({ body }: Answer): RoleSession => {
    const { accessKeyId } = body.credentials as { accessKeyId: string };
    return cloud.world.credentials.find(accessKeyId)!.caller as RoleSession;
  };
  const tagsOf = (session: RoleSession) => Object.fromEntries(session.tags.map(({ key, value }) => [key, value]));

  it('gives credentials of the role for six hours, in the documented form', async () => {
    const { associationId, associationArn } = await associate();
    const before = cloud.world.clock.now();
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

  it('names each session anew', async () => {
    await associate();
    const token = await sign();
    const names = [sessionFrom(await assume({ token })), sessionFrom(await assume({ token }))].map(
      ({ sessionName }) => sessionName,
    );
    expect(names[0]).to.not.equal(names[1]);
  });

  it('tags the session six times, transitively', async () => {
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

  it('tags nothing when session tags are off, and then needs no sts:TagSession', async () => {
    const untagged = await makeRole(cloud, 'untagged', [
      trust('pods.eks.amazonaws.com', undefined, ['sts:AssumeRole']),
    ]);
    await associate({ disableSessionTags: true, roleArn: untagged });
    expect(sessionFrom(await assume({ token: await sign() })).tags).to.deep.equal([]);
  });

  describe('tokens', () => {
    beforeEach(() => associate());
    const kubernetes = { namespace: 'shop', serviceaccount: { name: 'reader', uid: 'u' } };
    const cases: readonly [title: string, token: () => string | Promise<string>, note: RegExp][] = [
      ['for another audience', () => sign({ aud: ['sts.amazonaws.com'] }), /audience is sts\.amazonaws\.com/],
      ['without an audience', () => sign({ aud: undefined }), /audience is missing/],
      ['that are bound to no pod', () => sign({ 'kubernetes.io': kubernetes }), /bound to no pod/],
      ['without Kubernetes claims', () => sign({ 'kubernetes.io': undefined }), /names no Kubernetes service account/],
      ['with odd Kubernetes claims', () => sign({ 'kubernetes.io': [1] }), /names no Kubernetes service account/],
      ['with another subject', () => sign({ sub: 'system:serviceaccount:shop:admin' }), /subject/],
      ['of another issuer', () => sign({ iss: 'https://oidc.eks.us-west-2.amazonaws.com/id/OTHER' }), /issuer/],
      ['not valid yet', () => sign({ nbf: claims().nbf + 60 }), /not valid yet/],
      ['without an expiration', () => sign({ exp: undefined }), /no expiration/],
      ['that are not signed', () => `${new UnsecuredJWT(claims()).encode()}AAAA`, /not signed by RS256/],
      [
        'signed with a shared secret',
        () => new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: 'key-1' }).sign(Buffer.alloc(32, 1)),
        /not signed by RS256/,
      ],
      [
        'forged with another key',
        async () =>
          new SignJWT(claims())
            .setProtectedHeader({ alg: 'ES256', kid: 'key-1' })
            .sign((await generateKeyPair('ES256')).privateKey),
        /signature does not verify/,
      ],
      ['of an unknown key', () => cloud.clusters.get('blue')!.sign(claims(), { kid: 'key-2' }), /names no key/],
      ['whose payload was changed', async () => (await sign()).replace(/\.[\w-]{8}/, '.AAAAAAAA'), /does not verify/],
      ['that are no JWT', () => 'bm90.YQ.and0LW9mLWFueS1raW5k', /not a signed JWT/],
    ];
    for (const [title, token, note] of cases) {
      it(`${title} are refused as invalid, and the record says why`, async () => {
        const made = await token();
        const answer = await assume({ token: made });
        expect(outcome(answer)).to.include({ status: 400, type: 'InvalidTokenException' });
        expect(answer.trace.notes.join('\n')).to.match(note);
        expect(JSON.stringify([answer.body, answer.trace])).to.not.include(made.split('.')[2]);
      });
    }

    it('of another cluster are refused', async () => {
      await makeCluster(cloud, 'green');
      const answer = await assume({ token: await sign({}, 'green') });
      expect(outcome(answer)).to.include({ status: 400, type: 'InvalidTokenException' });
    });

    it('past their expiration have an error of their own, in the words that AWS uses', async () => {
      const token = await sign();
      cloud.world.clock.advance(3_600_001);
      const { status, type, message } = outcome(await assume({ token }));
      expect({ status, type }).to.deep.equal({ status: 400, type: 'ExpiredTokenException' });
      expect(message).to.match(
        /^The token included in the request is expired: current date\/time \d{4}-[\d-]+T[\d:.]+Z must be before the expiration date\/time \d{4}-[\d-]+T[\d:]+Z$/,
      );
    });

    it('are good with several audiences', async () => {
      expect((await assume({ token: await sign({ aud: ['x', 'pods.eks.amazonaws.com'] }) })).status).to.equal(200);
      expect((await assume({ token: await sign({ aud: 'pods.eks.amazonaws.com' }) })).status).to.equal(200);
    });

    for (const body of ['', '[]', '{', 'null', '{"token": 1}', '{"zone": {}, "token": "a.b.c"}']) {
      it(`must come in a proper body, not ${body || 'an empty one'}`, async () => {
        const { status, type } = outcome(await assume(body));
        expect(status).to.equal(400);
        expect(type).to.be.oneOf(['SerializationException', 'InvalidParameterException']);
      });
    }
    for (const token of ['', 'abc', 'a.b', 'a.b.c.d', 'Bearer a.b.c', 'a.b.c\n']) {
      it(`must have three segments, unlike ${JSON.stringify(token)}`, async () => {
        expect(outcome(await assume({ token }))).to.include({ status: 400, type: 'InvalidParameterException' });
      });
    }
  });

  describe('settings and faults', () => {
    const unbound = () =>
      sign({ 'kubernetes.io': { namespace: 'shop', serviceaccount: { name: 'reader', uid: 'u' } } });

    it('badTokenError', async () => {
      await start({ settings: { badTokenError: 'InvalidParameterException' } });
      expect((await assume({ token: await sign({ aud: 'x' }) })).errorType).to.equal('InvalidParameterException');
    });
    it('noAssociationError', async () => {
      expect(outcome(await assume({ token: await sign() }))).to.include({
        status: 404,
        type: 'ResourceNotFoundException',
      });
      await start({ settings: { noAssociationError: 'AccessDeniedException' } });
      expect(outcome(await assume({ token: await sign() }))).to.include({ status: 400, type: 'AccessDeniedException' });
    });
    it('eksAuthChecksPodExists', async () => {
      await start({ settings: { eksAuthChecksPodExists: true } });
      await associate();
      const token = await sign();
      expect((await assume({ token })).errorType).to.equal('InvalidTokenException');
      cloud.clusters.get('blue')!.pods.add(`shop/${POD_NAME}/pod-uid`);
      expect((await assume({ token })).status).to.equal(200);
    });
    it('eks-auth-ignores-audience', async () => {
      await start({ faults: ['eks-auth-ignores-audience'] });
      await associate();
      expect((await assume({ token: await sign({ aud: ['sts.amazonaws.com'] }) })).status).to.equal(200);
      expect((await assume({ token: await unbound() })).status).to.equal(400);
    });
    it('eks-auth-accepts-unbound-tokens', async () => {
      await start({ faults: ['eks-auth-accepts-unbound-tokens'] });
      await associate();
      const answer = await assume({ token: await unbound() });
      expect(answer.status).to.equal(200);
      expect(Object.keys(tagsOf(sessionFrom(answer)))).to.have.length(4);
      expect((await assume({ token: await sign({ aud: 'x' }) })).status).to.equal(400);
    });
    it('eks-auth-drops-session-tags', async () => {
      await start({ faults: ['eks-auth-drops-session-tags'] });
      await associate();
      expect(sessionFrom(await assume({ token: await sign() })).tags).to.deep.equal([]);
    });
  });

  describe('the role', () => {
    const fetchWith = async (...statements: Parameters<typeof makeRole>[2] & object) => {
      await associate({ roleArn: await makeRole(cloud, 'other', statements) });
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
      await cloud.iam().send(new DeleteRoleCommand({ RoleName: 'app' }));
      expect(outcome(await assume({ token: await sign() }))).to.include({ status: 400, message: UNASSUMABLE });
    });
    it('is no longer given out once the association is deleted', async () => {
      const { associationId } = await associate();
      const token = await sign();
      expect((await assume({ token })).status).to.equal(200);
      await cloud.eks().send(new DeletePodIdentityAssociationCommand({ clusterName: 'blue', associationId }));
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
      const base = await makeRole(cloud, 'base', [POD_TRUST], permissions);
      await makeRole(cloud, 'target', trusted, [], rootOf(cloud.world, OTHER_ACCOUNT));
      await associate({ roleArn: base, targetRoleArn: targetArn, ...association });
      return assume({ token: await sign() });
    };
    const externalId = (serviceAccount: string) => ({
      StringEquals: { 'sts:ExternalId': `us-west-2/${ACCOUNT}/blue/shop/${serviceAccount}` },
    });

    it('is what the pod gets, for 59 minutes and with the tags of the pod', async () => {
      const before = cloud.world.clock.now();
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

  describe('the caller', () => {
    it('needs eks-auth:AssumeRoleForPodIdentity on the cluster', async () => {
      await associate();
      const node = async (name: string, resource: string) =>
        sessionOf(cloud, await makeRole(cloud, name, [trust('ec2.amazonaws.com')], [allow('eks-auth:*', resource)]));
      const token = await sign();
      expect((await assume({ token }, 'blue', await node('one', CLUSTER_ARN))).status).to.equal(200);
      const denied = await assume({ token }, 'blue', await node('two', `${CLUSTER_ARN}-2`));
      expect(outcome(denied)).to.include({ status: 403, type: 'AccessDeniedException' });
      expect(outcome(denied).message).to.match(/not authorized to perform: eks-auth:AssumeRoleForPodIdentity/);
    });
    it('of another account finds no cluster', async () => {
      const answer = await assume({ token: await sign() }, 'blue', rootOf(cloud.world, OTHER_ACCOUNT));
      expect(outcome(answer)).to.include({ status: 404, type: 'ResourceNotFoundException' });
    });
    it('must name a cluster', async () => {
      expect(outcome(await assume({ token: 'a.b.c' }, 'none'))).to.include({ status: 404 });
      expect(outcome(await assume({ token: 'a.b.c' }, '-x'))).to.include({
        status: 400,
        type: 'InvalidParameterException',
      });
    });
    it('must be someone, and name an operation', async () => {
      const path = '/clusters/blue/assume-role-for-pod-identity';
      const unsigned = await cloud.send('eks-auth', { method: 'POST', path, caller: undefined });
      expect(unsigned.errorType).to.equal('MissingAuthenticationTokenException');
      for (const call of [
        { method: 'GET', path },
        { method: 'POST', path: `${path}/x` },
        { method: 'POST', path: '/%ff' },
      ])
        expect(outcome(await cloud.send('eks-auth', call))).to.include({
          status: 404,
          type: 'UnknownOperationException',
        });
    });
  });
});
