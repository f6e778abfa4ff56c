import { expect } from 'chai';
import { DEFAULT_SETTINGS } from '../world/new-world.ts';
import { delays, testTime } from '../../test/support/emulator/time.ts';
import type { Parameters } from '../../test/support/emulator/query.ts';
import { allow, HERE, iamWorld, sessionOf, trust } from '../../test/support/emulator/iam.ts';

const PODS = trust({ Service: 'pods.eks.amazonaws.com' }, ['sts:AssumeRole', 'sts:TagSession']);
const roleArn = (name: string, account = HERE) => `arn:aws:iam::${account}:role/${name}`;
const app: Parameters = { RoleName: 'app', AssumeRolePolicyDocument: PODS };

describe('IAM roles', () => {
  it('can be created, read, updated and deleted', async () => {
    const { iam, must } = iamWorld();
    const created = await must('CreateRole', {
      ...app,
      Path: '/team/',
      Description: 'of the <app>',
      MaxSessionDuration: 7200,
      'Tags.member.1.Key': 'team',
      'Tags.member.1.Value': 'blue',
    });
    expect(created.get('Role.Arn')).to.equal(roleArn('team/app'));
    expect(created.get('Role.RoleId')).to.match(/^AROA[A-Z2-7]{17}$/);
    // Only GetRole returns defaults and values that are not known at creation.
    expect(Object.keys(created.get('Role') as object)).to.not.include.oneOf(['MaxSessionDuration', 'RoleLastUsed']);
    await must('UpdateRole', { RoleName: 'app', MaxSessionDuration: 3600 });
    const read = await must('GetRole', { RoleName: 'app' });
    expect(read.get('Role.MaxSessionDuration')).to.equal('3600');
    expect(read.get('Role.Description')).to.equal('of the <app>');
    expect(read.get('Role.Tags.member')).to.deep.equal([{ Key: 'team', Value: 'blue' }]);
    expect(decodeURIComponent(String(read.get('Role.AssumeRolePolicyDocument')))).to.equal(PODS);
    expect(read.get('Role.AssumeRolePolicyDocument')).not.to.match(/[!'()*{}:,"]/);
    await must('DeleteRole', { RoleName: 'app' });
    expect(await iam('GetRole', { RoleName: 'app' })).to.include({ status: 404, code: 'NoSuchEntity' });
  });

  const refused: readonly [string, Parameters, number, string, RegExp][] = [
    [
      'a duplicate name',
      { ...app, RoleName: 'APP' },
      409,
      'EntityAlreadyExists',
      /^Role with name APP already exists\.$/,
    ],
    ['an invalid name', { ...app, RoleName: 'a b' }, 400, 'ValidationError', /'a b' at 'roleName'/],
    ['no name', { AssumeRolePolicyDocument: PODS }, 400, 'ValidationError', /null at 'roleName'/],
    ['a long name', { ...app, RoleName: 'x'.repeat(65) }, 400, 'ValidationError', /less than or equal to 64/],
    ['an invalid path', { ...app, RoleName: 'b', Path: 'team' }, 400, 'ValidationError', /'team' at 'path'/],
    [
      'a maximum session duration that is too short',
      { ...app, RoleName: 'b', MaxSessionDuration: 3599 },
      400,
      'ValidationError',
      /equal to 3600/,
    ],
    [
      'a maximum session duration that is too long',
      { ...app, RoleName: 'b', MaxSessionDuration: 43201 },
      400,
      'ValidationError',
      /equal to 43200/,
    ],
    [
      'invalid JSON',
      { RoleName: 'b', AssumeRolePolicyDocument: '{' },
      400,
      'MalformedPolicyDocument',
      /^This policy contains invalid Json$/,
    ],
    [
      'no principal',
      { RoleName: 'b', AssumeRolePolicyDocument: allow('sts:AssumeRole') },
      400,
      'MalformedPolicyDocument',
      /./,
    ],
    [
      'a principal that does not exist',
      { RoleName: 'b', AssumeRolePolicyDocument: trust({ AWS: [roleArn('app'), roleArn('gone')] }) },
      400,
      'MalformedPolicyDocument',
      /^Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:role\/gone"$/,
    ],
    [
      'a long trust policy',
      { RoleName: 'b', AssumeRolePolicyDocument: trust({ Service: 'x' }, Array(120).fill('sts:AssumeRoleWith')) },
      409,
      'LimitExceeded',
      /ACLSizePerRole: 2048/,
    ],
    [
      'a boundary that does not exist',
      { ...app, RoleName: 'b', PermissionsBoundary: `arn:aws:iam::${HERE}:policy/x` },
      404,
      'NoSuchEntity',
      /^Scope ARN/,
    ],
    [
      'reserved tags',
      { ...app, RoleName: 'b', 'Tags.member.1.Key': 'AWS:x', 'Tags.member.1.Value': '' },
      400,
      'InvalidInput',
      /aws:/,
    ],
    [
      'duplicate tag keys',
      {
        ...app,
        RoleName: 'b',
        'Tags.member.1.Key': 'a',
        'Tags.member.1.Value': '',
        'Tags.member.2.Key': 'A',
        'Tags.member.2.Value': '',
      },
      400,
      'InvalidInput',
      /^Duplicate tag keys found/,
    ],
  ];
  for (const [name, parameters, status, code, message] of refused) {
    it(`are not created with ${name}`, async () => {
      const { iam, must, world } = iamWorld();
      await must('CreateRole', app);
      const answer = await iam('CreateRole', parameters);
      expect(answer).to.include({ status, code });
      expect(answer.message).to.match(message);
      expect([...(world.account(HERE)?.roles.keys() ?? [])]).to.deep.equal(['app']);
    });
  }

  it('cannot be deleted with policies', async () => {
    const { iam, must } = iamWorld();
    const policy = { RoleName: 'app', PolicyArn: 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess' };
    const inline = { RoleName: 'app', PolicyName: 'read' };
    await must('CreateRole', app);
    await must('AttachRolePolicy', policy);
    await must('PutRolePolicy', { ...inline, PolicyDocument: allow('s3:GetObject') });
    expect(await iam('DeleteRole', { RoleName: 'app' })).to.include({ status: 409, code: 'DeleteConflict' });
    await must('DetachRolePolicy', policy);
    expect(await iam('DeleteRole', { RoleName: 'app' })).to.include({ status: 409, code: 'DeleteConflict' });
    await must('DeleteRolePolicy', inline);
    await must('DeleteRole', { RoleName: 'app' });
  });

  it('cannot be deleted immediately after their policies, until the change has propagated', async () => {
    const time = testTime();
    const { iam, must, world } = iamWorld({ settings: delays({ iam: 1000 }), uptime: time });
    const policy = await must('CreatePolicy', { PolicyName: 'bounds', PolicyDocument: allow('s3:*') });
    const PolicyArn = policy.get('Policy.Arn') as string;
    const role = { RoleName: 'app' };
    const created = await must('CreateRole', { ...app, PermissionsBoundary: PolicyArn });
    expect(created.get('Role.PermissionsBoundary')).to.deep.equal({
      PermissionsBoundaryType: 'Policy',
      PermissionsBoundaryArn: PolicyArn,
    });
    await must('PutRolePolicy', { ...role, PolicyName: 'inline', PolicyDocument: allow('s3:*') });
    time.pass(1000);
    await must('DeleteRolePolicy', { ...role, PolicyName: 'inline' });
    expect(await iam('DeleteRole', role)).to.include({ status: 409, code: 'DeleteConflict' });
    time.pass(200);
    await must('DeleteRole', role);
    expect(await iam('DeletePolicy', { PolicyArn })).to.include({ status: 409, code: 'DeleteConflict' });
    time.pass(200);
    await must('DeletePolicy', { PolicyArn });
    expect(world.account(HERE)!.roles.size).to.equal(0);
  });

  it('are limited by the quota', async () => {
    const { iam, must } = iamWorld({ settings: { quotas: { ...DEFAULT_SETTINGS.quotas, roles: 1 } } });
    await must('CreateRole', app);
    const second = { ...app, RoleName: 'second' };
    expect(await iam('CreateRole', second)).to.include({ status: 409, code: 'LimitExceeded' });
    await must('DeleteRole', { RoleName: 'app' });
    await must('CreateRole', second);
  });

  it('are listed in pages that neither skip nor repeat roles', async () => {
    const { iam, must } = iamWorld();
    for (const name of ['c', 'a', 'd', 'b', 'e']) await must('CreateRole', { ...app, RoleName: name });
    const names: unknown[] = [];
    let marker: string | undefined;
    do {
      const listed = await must('ListRoles', { MaxItems: 2, Marker: marker });
      names.push(...(listed.get('Roles.member') as { RoleName: string }[]).map((role) => role.RoleName));
      if (names.length === 2) await must('DeleteRole', { RoleName: 'b' });
      marker = listed.get('Marker') as string | undefined;
      expect(listed.get('IsTruncated')).to.equal(String(marker !== undefined));
    } while (marker !== undefined);
    expect(names).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
    expect(await iam('ListRoles', { Marker: 'rubbish' })).to.include({ status: 400, code: 'ValidationError' });
  });

  it('trust a role by its id, so a recreated role is not trusted', async () => {
    const { must, world, context } = iamWorld();
    await must('CreateRole', app);
    await must('CreateRole', { RoleName: 'target', AssumeRolePolicyDocument: trust({ AWS: roleArn('app') }) });
    const first = sessionOf({ world }, 'app');
    await must('DeleteRole', { RoleName: 'app' });
    await must('CreateRole', app);
    const target = () => world.account(HERE)!.roles.get('target')!;
    expect(target().trustPolicyText).to.contain(first.userId.split(':')[0]).and.not.to.contain(roleArn('app'));
    const { request } = await must('GetRole', { RoleName: 'target' });
    const assume = (principal: typeof first) =>
      context.authorize(request, {
        principal,
        action: 'sts:AssumeRole',
        resource: target().arn,
        resourceAccount: HERE,
        trustPolicy: target().trustPolicy,
      }).value;
    expect(assume(sessionOf({ world }, 'app'))).to.equal('implicitlyDenied');
    await must('UpdateAssumeRolePolicy', { RoleName: 'target', PolicyDocument: trust({ AWS: roleArn('app') }) });
    expect(assume(sessionOf({ world }, 'app'))).to.equal('allowed');
  });

  it('have tags with case-insensitive keys', async () => {
    const { must } = iamWorld();
    await must('CreateRole', app);
    await must('TagRole', { RoleName: 'app', 'Tags.member.1.Key': 'Team', 'Tags.member.1.Value': 'blue' });
    await must('TagRole', { RoleName: 'app', 'Tags.member.1.Key': 'team', 'Tags.member.1.Value': 'red' });
    const listed = await must('ListRoleTags', { RoleName: 'app' });
    expect(listed.get('Tags.member')).to.deep.equal([{ Key: 'team', Value: 'red' }]);
    await must('UntagRole', { RoleName: 'app', 'TagKeys.member.1': 'TEAM' });
    expect((await must('ListRoleTags', { RoleName: 'app' })).get('Tags.member')).to.equal(undefined);
  });
});
