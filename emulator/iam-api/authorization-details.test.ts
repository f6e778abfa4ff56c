import { expect } from 'chai';
import { allow, iamWorld, sessionOf, trust } from '../../test/support/emulator/iam.ts';

const PODS = trust({ Service: 'pods.eks.amazonaws.com' });
const MANAGED = 'arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy';
const EDGE = 'arn:aws:iam::111122223333:policy/edge';

async function account() {
  const world = iamWorld();
  const { must } = world;
  await must('CreatePolicy', { PolicyName: 'edge', PolicyDocument: allow('s3:*') });
  await must('CreatePolicyVersion', { PolicyArn: EDGE, PolicyDocument: allow('sts:*'), SetAsDefault: 'true' });
  await must('CreateUser', { UserName: 'user' });
  for (const RoleName of ['ledger', 'audit'])
    await must('CreateRole', { RoleName, AssumeRolePolicyDocument: PODS, PermissionsBoundary: EDGE });
  await must('PutRolePolicy', { RoleName: 'ledger', PolicyName: 'read', PolicyDocument: allow('s3:GetObject') });
  await must('AttachRolePolicy', { RoleName: 'ledger', PolicyArn: MANAGED });
  return world;
}

describe('GetAccountAuthorizationDetails', () => {
  it('returns roles with their policies, and the managed policies in use', async () => {
    const { must } = await account();
    const details = await must('GetAccountAuthorizationDetails');
    const roles = details.get('RoleDetailList.member') as readonly Record<string, never>[];
    expect(roles.map(({ RoleName }) => RoleName)).to.deep.equal(['audit', 'ledger']);
    expect(roles[1]).to.nested.include({
      'RolePolicyList.member[0].PolicyName': 'read',
      'AttachedManagedPolicies.member[0].PolicyArn': MANAGED,
      'PermissionsBoundary.PermissionsBoundaryArn': EDGE,
    });
    const inline = (roles[1] as unknown as { RolePolicyList: { member: { PolicyDocument: string }[] } }).RolePolicyList;
    expect(decodeURIComponent(inline.member[0]!.PolicyDocument)).to.equal(allow('s3:GetObject'));
    const policies = details.get('Policies.member') as readonly Record<string, never>[];
    // The account's administrator has AdministratorAccess.
    const used = [EDGE, MANAGED, 'arn:aws:iam::aws:policy/AdministratorAccess'];
    expect(policies.map(({ Arn }) => Arn)).to.have.members(used);
    const edge = policies.find(({ Arn }) => Arn === EDGE) as unknown as {
      PolicyVersionList: { member: { Document: string; IsDefaultVersion: string }[] };
    };
    const versions = edge.PolicyVersionList.member;
    expect(versions.map(({ IsDefaultVersion }) => IsDefaultVersion)).to.deep.equal(['false', 'true']);
    expect(decodeURIComponent(versions[1]!.Document)).to.equal(allow('sts:*'));
    const users = details.get('UserDetailList.member') as readonly Record<string, never>[];
    expect(users.map(({ UserName }) => UserName)).to.include('user');
  });

  it('returns only the types of the filter, page by page', async () => {
    const { must } = await account();
    const names: unknown[] = [];
    let Marker: string | undefined;
    do {
      const page = await must('GetAccountAuthorizationDetails', {
        'Filter.member.1': 'Role',
        'Filter.member.2': 'LocalManagedPolicy',
        MaxItems: '1',
        ...(Marker !== undefined && { Marker }),
      });
      for (const list of ['UserDetailList', 'RoleDetailList', 'Policies'])
        names.push(...((page.get(`${list}.member`) ?? []) as Record<string, unknown>[]).map(({ Arn }) => Arn));
      Marker = page.get('Marker') as string | undefined;
    } while (Marker !== undefined);
    expect(names).to.deep.equal([
      EDGE,
      'arn:aws:iam::111122223333:role/audit',
      'arn:aws:iam::111122223333:role/ledger',
    ]);
  });

  it('rejects another type, and a caller without the right', async () => {
    const world = await account();
    expect(await world.iam('GetAccountAuthorizationDetails', { 'Filter.member.1': 'Pod' })).to.include({ status: 400 });
    const session = sessionOf(world, 'ledger');
    const refused = await world.iam('GetAccountAuthorizationDetails', {}, session);
    expect(refused).to.include({ status: 403, code: 'AccessDenied' });
  });
});
