import {
  CreatePodIdentityAssociationCommand,
  DeletePodIdentityAssociationCommand,
  DescribePodIdentityAssociationCommand,
  ListPodIdentityAssociationsCommand,
  UpdatePodIdentityAssociationCommand,
  paginateListPodIdentityAssociations,
} from '@aws-sdk/client-eks';
import type { CreatePodIdentityAssociationCommandInput, PodIdentityAssociation } from '@aws-sdk/client-eks';
import { expect } from 'chai';
import {
  ACCOUNT,
  OTHER_ACCOUNT,
  administratorOf,
  testCloud,
  type TestCloud,
} from '../../../test/support/emulator/eks.ts';
import {
  POD_TRUST,
  allow,
  errorOf,
  makeCluster,
  makeRole,
  policy,
  trust,
} from '../../../test/support/emulator/roles.ts';

type Input = Partial<CreatePodIdentityAssociationCommandInput>;

describe('Pod Identity associations', () => {
  let cloud: TestCloud;
  let roleArn: string;

  beforeEach(async () => {
    cloud = await testCloud();
    await makeCluster(cloud);
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

  it('have ids and ARNs of the documented form, and are described as created', async () => {
    const before = cloud.world.clock.now();
    const made = await create({ tags: { team: 'a' } });
    expect(made.associationId).to.match(/^a-[a-z0-9]{17}$/);
    expect(made.associationArn).to.equal(
      `arn:aws:eks:us-west-2:${ACCOUNT}:podidentityassociation/blue/${made.associationId}`,
    );
    expect(made).to.include({ clusterName: 'blue', namespace: 'shop', serviceAccount: 'reader', roleArn });
    expect(made).to.include({ disableSessionTags: false });
    expect(made).to.not.have.any.keys('targetRoleArn', 'externalId', 'ownerArn', 'policy');
    expect(made.tags).to.deep.equal({ team: 'a' });
    expect(made.createdAt!.getTime()).to.be.within(before - 1, cloud.world.clock.now() + 1);
    expect(await describeIt(made.associationId!)).to.deep.equal(made);
  });

  it('encode times as epoch seconds', async () => {
    const made = await create();
    const path = `/clusters/blue/pod-identity-associations/${made.associationId}`;
    const { body } = await cloud.send('eks', { path });
    const { createdAt } = body.association as { createdAt: number };
    expect(createdAt * 1000).to.be.closeTo(cloud.world.clock.now(), 60_000);
  });

  it('are unique for a service account; a second one is rejected with the id of the first', async () => {
    const first = await create();
    const error = await errorOf(create());
    expect(error).to.deep.equal({
      name: 'ResourceInUseException',
      message: `Association already exists: ${first.associationId}`,
      status: 409,
    });
    await create({ namespace: 'other' });
    await create({ serviceAccount: 'other' });
  });

  it('are created by only one of two concurrent calls', async () => {
    const results = await Promise.allSettled([create(), create()]);
    expect(results.map(({ status }) => status).sort()).to.deep.equal(['fulfilled', 'rejected']);
  });

  it('return the first result for a repeated client token, and reject the token for another request', async () => {
    const first = await create({ clientRequestToken: 'once' });
    expect(await create({ clientRequestToken: 'once' })).to.deep.equal(first);
    const error = await errorOf(create({ clientRequestToken: 'once', serviceAccount: 'other' }));
    expect(error.name).to.equal('InvalidParameterException');
  });

  it('have an external id with a target role', async () => {
    const targetRoleArn = `arn:aws:iam::${OTHER_ACCOUNT}:role/target`;
    const made = await create({ targetRoleArn });
    expect(made).to.include({ targetRoleArn, externalId: `us-west-2/${ACCOUNT}/blue/shop/reader` });
  });

  const sessionPolicy = policy(allow('s3:GetObject'));
  const refusals: readonly [title: string, input: () => Input | Promise<Input>, name: string, message: RegExp][] = [
    [
      'a role that does not exist',
      () => ({ roleArn: `arn:aws:iam::${ACCOUNT}:role/none` }),
      'InvalidParameterException',
      /^Role provided in the request does not exist\.$/,
    ],
    [
      'a role with another path',
      () => ({ roleArn: roleArn.replace('app', 'path/app') }),
      'InvalidParameterException',
      /does not exist/,
    ],
    ['an invalid role ARN', () => ({ roleArn: 'app' }), 'InvalidParameterException', /not the ARN of an IAM role/],
    [
      'a role that trusts only EC2',
      async () => ({ roleArn: await makeRole(cloud, 'node', [trust('ec2.amazonaws.com')]) }),
      'InvalidParameterException',
      /^Trust policy of the role provided is invalid$/,
    ],
    [
      'a role that allows only sts:TagSession',
      async () => ({
        roleArn: await makeRole(cloud, 'odd', [trust('pods.eks.amazonaws.com', undefined, ['sts:TagSession'])]),
      }),
      'InvalidParameterException',
      /^Trust policy of the role provided is invalid$/,
    ],
    [
      'a role of another account',
      async () => ({
        roleArn: await makeRole(cloud, 'far', [POD_TRUST], [], administratorOf(cloud.world, OTHER_ACCOUNT)),
      }),
      'InvalidParameterException',
      /cluster's account/,
    ],
    [
      'a policy with session tags enabled',
      () => ({ policy: sessionPolicy }),
      'InvalidParameterException',
      /disableSessionTags/,
    ],
    [
      'a malformed policy',
      () => ({ policy: '{"Version":"2012-10-17"}', disableSessionTags: true }),
      'InvalidParameterException',
      /policy is not valid/,
    ],
    [
      'a policy that is too long',
      () => ({ policy: policy(allow('s3:GetObject', `arn:aws:s3:::${'b'.repeat(2048)}`)), disableSessionTags: true }),
      'InvalidParameterException',
      /2048/,
    ],
    [
      'a target that is not a role',
      () => ({ targetRoleArn: 'arn:aws:iam::1:user/x' }),
      'InvalidParameterException',
      /targetRoleArn/,
    ],
    ['a wildcard in the namespace', () => ({ namespace: 'team-*' }), 'InvalidParameterException', /namespace/],
    ['an empty namespace', () => ({ namespace: '' }), 'InvalidParameterException', /namespace can't be empty/],
    [
      'a service account name in upper case',
      () => ({ serviceAccount: 'Reader' }),
      'InvalidParameterException',
      /serviceAccount/,
    ],
    ['a tag key with the prefix aws:', () => ({ tags: { 'aws:x': 'y' } }), 'InvalidParameterException', /reserved/],
    [
      'too many tags',
      () => ({ tags: Object.fromEntries([...Array(51).keys()].map((i) => [`k${i}`, 'v'])) }),
      'InvalidParameterException',
      /less than or equal to 50/,
    ],
    [
      'a cluster that does not exist',
      () => ({ clusterName: 'green' }),
      'ResourceNotFoundException',
      /No cluster found for name: green\./,
    ],
  ];
  for (const [title, input, name, message] of refusals) {
    it(`reject ${title}`, async () => {
      const error = await errorOf(create(await input()));
      expect(error.name).to.equal(name);
      expect(error.message).to.match(message);
      expect(cloud.cluster('blue').associations.size).to.equal(0);
    });
  }

  it('do not check the trust policy if the setting says so', async () => {
    await cloud.close();
    cloud = await testCloud({ settings: { associationChecksTrustPolicy: false } });
    await makeCluster(cloud);
    await create({ roleArn: await makeRole(cloud, 'node', [trust('ec2.amazonaws.com')]) });
  });

  it('accept a session policy if session tags are disabled', async () => {
    const made = await create({ policy: sessionPolicy, disableSessionTags: true });
    expect(made).to.include({ policy: sessionPolicy, disableSessionTags: true });
  });

  it('are listed by namespace and by service account, without their roles', async () => {
    for (const namespace of ['a', 'b'])
      for (const serviceAccount of ['x', 'y', 'z']) await create({ namespace, serviceAccount });
    const list = async (filter: { namespace?: string; serviceAccount?: string }) =>
      (await cloud.eks().send(new ListPodIdentityAssociationsCommand({ clusterName: 'blue', ...filter })))
        .associations!;
    expect(await list({})).to.have.length(6);
    expect((await list({ namespace: 'a' })).map((item) => item.namespace)).to.deep.equal(['a', 'a', 'a']);
    expect(await list({ serviceAccount: 'z' })).to.have.length(2);
    const one = await list({ namespace: 'b', serviceAccount: 'y' });
    expect(one).to.have.length(1);
    expect(one[0]).to.have.all.keys('clusterName', 'namespace', 'serviceAccount', 'associationArn', 'associationId');
  });

  it('are listed in complete pages', async () => {
    for (let i = 0; i < 5; i++) await create({ serviceAccount: `sa-${i}` });
    const pages: (string | undefined)[][] = [];
    for await (const page of paginateListPodIdentityAssociations(
      { client: cloud.eks(), pageSize: 2 },
      { clusterName: 'blue' },
    ))
      pages.push(page.associations!.map((item) => item.serviceAccount));
    expect(pages.map((page) => page.length)).to.deep.equal([2, 2, 1]);
    expect(pages.flat().sort()).to.deep.equal(['sa-0', 'sa-1', 'sa-2', 'sa-3', 'sa-4']);
  });

  for (const query of ['maxResults=0', 'maxResults=101', 'maxResults=x', 'nextToken=abc']) {
    it(`are not listed with ${query}`, async () => {
      const path = '/clusters/blue/pod-identity-associations';
      const { status, errorType } = await cloud.send('eks', { path, query });
      expect({ status, errorType }).to.deep.equal({ status: 400, errorType: 'InvalidParameterException' });
    });
  }

  it('keep members that an update omits; an empty string removes a member', async () => {
    const { associationId = '', createdAt } = await create({ disableSessionTags: true, policy: sessionPolicy });
    const second = await makeRole(cloud, 'second');
    const update = async (input: object) =>
      (
        await cloud
          .eks()
          .send(new UpdatePodIdentityAssociationCommand({ clusterName: 'blue', associationId, ...input }))
      ).association!;
    cloud.world.clock.advance(5000);
    const changed = await update({ roleArn: second, targetRoleArn: `arn:aws:iam::${OTHER_ACCOUNT}:role/t` });
    expect(changed).to.include({ roleArn: second, policy: sessionPolicy, disableSessionTags: true });
    expect(changed.externalId).to.be.a('string');
    expect(changed.createdAt).to.deep.equal(createdAt);
    expect(changed.modifiedAt!.getTime()).to.be.at.least(createdAt!.getTime() + 5000);
    const cleared = await update({ targetRoleArn: '', policy: '' });
    expect(cleared).to.not.have.any.keys('targetRoleArn', 'externalId', 'policy');
    expect((await errorOf(update({ policy: sessionPolicy, disableSessionTags: false }))).name).to.equal(
      'InvalidParameterException',
    );
    expect((await errorOf(update({}))).message).to.match(/must change one of roleArn/);
    expect((await errorOf(update({ roleArn: `arn:aws:iam::${ACCOUNT}:role/none` }))).message).to.match(/not exist/);
    expect(await describeIt(associationId)).to.deep.equal(cleared);
  });

  it('are returned by their deletion, and then no longer exist', async () => {
    const made = await create();
    const key = { clusterName: 'blue', associationId: made.associationId };
    const deleted = await cloud.eks().send(new DeletePodIdentityAssociationCommand(key));
    expect(deleted.association).to.deep.equal(made);
    for (const command of [
      new DescribePodIdentityAssociationCommand(key),
      new DeletePodIdentityAssociationCommand(key),
    ])
      expect(await errorOf(cloud.eks().send(command as never))).to.include({
        name: 'ResourceNotFoundException',
        status: 404,
      });
    await create();
  });

  it('are limited to 5,000', async () => {
    const { associations } = cloud.cluster('blue');
    const one = await create();
    const stored = associations.get(one.associationId!)!;
    for (let i = 1; i < 5000; i++) associations.set(`a-${i}`, { ...stored, id: `a-${i}`, serviceAccount: `sa-${i}` });
    const error = await errorOf(create({ serviceAccount: 'one-more' }));
    expect(error).to.include({ name: 'ResourceLimitExceededException', status: 400 });
  });
});
