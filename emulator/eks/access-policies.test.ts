import {
  AssociateAccessPolicyCommand,
  CreateAccessEntryCommand,
  CreateClusterCommand,
  DisassociateAccessPolicyCommand,
  ListAccessEntriesCommand,
  ListAssociatedAccessPoliciesCommand,
} from '@aws-sdk/client-eks';
import type { AccessScope, AuthenticationMode } from '@aws-sdk/client-eks';
import { expect } from 'chai';
import type { Credentials } from '../core/credentials.ts';
import { presignedClusterToken } from '../../aws/cluster-token.ts';
import { ACCOUNT, REGION, SUBNETS, testCloud, type TestCloud } from '../../test/support/emulator/eks.ts';
import { allow, clusterRole, errorOf, makeRole, sessionOf } from '../../test/support/emulator/roles.ts';

const policyArn = (name: string) => `arn:aws:eks::aws:cluster-access-policy/${name}`;
const ADMINISTRATOR = policyArn('AmazonEKSClusterAdminPolicy');

describe('EKS access policies', () => {
  let cloud: TestCloud;
  let principalArn: string;
  beforeEach(async () => {
    cloud = await testCloud();
    principalArn = await makeRole(cloud, 'dev');
  });
  afterEach(() => cloud.close());

  const makeCluster = async (authenticationMode: AuthenticationMode, administrator = true) =>
    cloud.eks().send(
      new CreateClusterCommand({
        name: 'blue',
        roleArn: await clusterRole(cloud),
        resourcesVpcConfig: { subnetIds: SUBNETS },
        accessConfig: { authenticationMode, bootstrapClusterCreatorAdminPermissions: administrator },
      }),
    );
  const makeEntry = () =>
    cloud
      .eks()
      .send(new CreateAccessEntryCommand({ clusterName: 'blue', principalArn, kubernetesGroups: ['readers'] }));
  const associate = (policy = ADMINISTRATOR, accessScope: AccessScope = { type: 'cluster' }, eks = cloud.eks()) =>
    eks.send(new AssociateAccessPolicyCommand({ clusterName: 'blue', principalArn, policyArn: policy, accessScope }));
  const disassociate = (policy = ADMINISTRATOR) =>
    cloud.eks().send(new DisassociateAccessPolicyCommand({ clusterName: 'blue', principalArn, policyArn: policy }));
  const list = async (arn = principalArn) =>
    (await cloud.eks().send(new ListAssociatedAccessPoliciesCommand({ clusterName: 'blue', principalArn: arn })))
      .associatedAccessPolicies!;
  const entries = async () =>
    (await cloud.eks().send(new ListAccessEntriesCommand({ clusterName: 'blue' }))).accessEntries;

  const groupsOf = async ({ accessKeyId, secretAccessKey, sessionToken }: Credentials) => {
    const credentials = { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
    const token = await presignedClusterToken('https://sts.us-west-2.amazonaws.com', REGION, credentials, 'blue');
    return (await cloud.clusters.get('blue')!.spec.authenticate(token))?.groups;
  };
  const groups = () => groupsOf(cloud.world.credentials.issue(sessionOf(cloud, principalArn)));
  const creatorsGroups = () => groupsOf(cloud.world.account(ACCOUNT)!.administrator);

  it('grant rights while they are associated with the whole cluster', async () => {
    await makeCluster('API');
    await makeEntry();
    expect(await groups()).to.deep.equal(['readers', 'system:authenticated']);
    for (const [name, group] of [
      ['AmazonEKSClusterAdminPolicy', 'system:masters'],
      ['AmazonEKSAdminPolicy', 'eks:admin'],
      ['AmazonEKSViewPolicy', 'eks:view'],
    ] as const) {
      const { associatedAccessPolicy } = await associate(policyArn(name));
      expect(await list()).to.deep.equal([associatedAccessPolicy]);
      expect(await groups()).to.deep.equal([group, 'readers', 'system:authenticated']);
      await disassociate(policyArn(name));
      expect(await groups()).to.deep.equal(['readers', 'system:authenticated']);
    }
    await associate();
    await associate(ADMINISTRATOR, { type: 'namespace', namespaces: ['red'] });
    expect((await list()).map(({ accessScope }) => accessScope)).to.deep.equal([
      { type: 'namespace', namespaces: ['red'] },
    ]);
    expect(await groups()).to.not.include('system:masters');
    await associate(policyArn('AmazonEKSViewPolicy'));
    expect(await groups()).to.not.include('system:masters');
  });

  it('need an access entry, which has the requested type and is created once per client token', async () => {
    await makeCluster('API');
    const request = { clusterName: 'blue', principalArn, type: 'EC2_LINUX', clientRequestToken: 'once' };
    const { accessEntry } = await cloud.eks().send(new CreateAccessEntryCommand(request));
    expect(accessEntry).to.include({ principalArn, type: 'EC2_LINUX' });
    expect((await cloud.eks().send(new CreateAccessEntryCommand(request))).accessEntry).to.deep.equal(accessEntry);
    for (const more of [
      ...['system:admin', 'eks:admin', 'iam:admin', 'john{{SessionName}}'].map((username) => ({ username })),
      ...[{ username: 'john' }, { kubernetesGroups: ['readers'] }].map((given) => ({ ...given, type: 'EC2_LINUX' })),
    ]) {
      const reserved = new CreateAccessEntryCommand({ clusterName: 'blue', principalArn, ...more });
      expect((await errorOf(cloud.eks().send(reserved))).name).to.equal('InvalidParameterException');
    }
    const another = new CreateAccessEntryCommand({ ...request, clientRequestToken: 'twice' });
    expect((await errorOf(cloud.eks().send(another))).name).to.equal('ResourceInUseException');
    expect(await errorOf(associate())).to.include({ name: 'InvalidRequestException', status: 400 });
    expect(await list()).to.deep.equal([]);
  });

  it("make the cluster's creator an administrator", async () => {
    await makeCluster('API_AND_CONFIG_MAP');
    const creator = `arn:aws:iam::${ACCOUNT}:user/administrator`;
    expect(await entries()).to.deep.equal([creator]);
    expect((await list(creator)).map((policy) => policy.policyArn)).to.deep.equal([ADMINISTRATOR]);
    expect(await creatorsGroups()).to.include('system:masters');
    const key = { clusterName: 'blue', principalArn: creator, policyArn: ADMINISTRATOR };
    await cloud.eks().send(new DisassociateAccessPolicyCommand(key));
    expect(await creatorsGroups()).to.not.include('system:masters');
  });

  it('are not associated with a creator who disables it', async () => {
    await makeCluster('API', false);
    expect(await entries()).to.deep.equal([]);
    expect(await creatorsGroups()).to.equal(undefined);
  });

  it('do not exist with the mode CONFIG_MAP, where the creator is an administrator nevertheless', async () => {
    await makeCluster('CONFIG_MAP');
    expect(await creatorsGroups()).to.include('system:masters');
    for (const call of [entries(), makeEntry(), associate()])
      expect(await errorOf(call)).to.include({ name: 'InvalidRequestException', status: 400 });
  });

  it('are rejected if they do not exist, without an entry, or with an invalid scope', async () => {
    await makeCluster('API');
    expect((await errorOf(associate())).name).to.equal('ResourceNotFoundException');
    await makeEntry();
    const wrong: readonly Promise<unknown>[] = [
      associate(policyArn('None')),
      associate('arn:aws:iam::aws:policy/AdministratorAccess'),
      associate(ADMINISTRATOR, { type: 'namespace' }),
      associate(ADMINISTRATOR, { type: 'cluster', namespaces: ['red'] }),
      associate(ADMINISTRATOR, { type: 'node' as 'cluster' }),
    ];
    for (const call of wrong) expect((await errorOf(call)).name).to.equal('InvalidParameterException');
    expect((await errorOf(disassociate())).name).to.equal('ResourceNotFoundException');
    expect(await list()).to.deep.equal([]);
  });

  it('can be restricted by IAM condition keys', async () => {
    await makeCluster('API');
    await makeEntry();
    const condition = { ArnEquals: { 'eks:policyArn': policyArn('AmazonEKSViewPolicy') } };
    const statement = allow('eks:AssociateAccessPolicy', '*', condition);
    const eks = cloud.eks(sessionOf(cloud, await makeRole(cloud, 'granter', undefined, [statement])));
    await associate(policyArn('AmazonEKSViewPolicy'), { type: 'cluster' }, eks);
    expect(await errorOf(associate(ADMINISTRATOR, { type: 'cluster' }, eks))).to.include({ status: 403 });
  });
});
