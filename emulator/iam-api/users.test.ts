import { expect } from 'chai';
import type { IamUser } from '../../identity/policy/principal.ts';
import { delays, testTime } from '../../test/support/emulator/time.ts';
import { allow, HERE, THERE, trust } from '../../test/support/emulator/iam.ts';
import type { QueryResponse, Parameters } from '../../test/support/emulator/query.ts';
import { stsWorld } from '../../test/support/emulator/sts.ts';

const arn = (name: string): string => `arn:aws:iam::${HERE}:user/${name}`;
const READ_ONLY = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess';
const ann: Parameters = { UserName: 'ann' };
const put = (document: string): Parameters => ({ ...ann, PolicyName: 'own', PolicyDocument: document });

/** Creates a world with the user `ann`. `caller` is the principal of her access key. */
async function annsWorld(document = allow('iam:GetUser'), options: Parameters = {}) {
  const made = stsWorld();
  await made.must('CreateUser', { ...ann, ...options });
  await made.must('PutUserPolicy', put(document));
  const key = await made.must('CreateAccessKey', ann);
  return { ...made, key, caller: callerOf(made, key) };
}

function callerOf({ world }: Pick<ReturnType<typeof stsWorld>, 'world'>, key: QueryResponse): IamUser {
  const found = world.credentials.find(String(key.get('AccessKey.AccessKeyId')));
  if (found?.caller.kind !== 'user') throw new Error('the key does not belong to a user');
  return found.caller;
}

describe('IAM users', () => {
  it('can be created, read, listed, tagged and deleted', async () => {
    const { iam, must } = stsWorld();
    const made = await must('CreateUser', {
      UserName: 'ann',
      Path: '/team/',
      PermissionsBoundary: READ_ONLY,
      'Tags.member.1.Key': 'team',
      'Tags.member.1.Value': 'blue',
    });
    expect(made.get('User')).to.include({ UserName: 'ann', Path: '/team/', Arn: arn('team/ann') });
    expect(made.get('User.UserId')).to.match(/^AIDA\w{17}$/);
    expect(made.get('User.PermissionsBoundary.PermissionsBoundaryArn')).to.equal(READ_ONLY);
    expect((await must('GetUser', ann)).get('User')).to.deep.equal(made.get('User'));
    const listed = (await must('ListUsers', { PathPrefix: '/team/' })).get('Users.member') as { UserName: string }[];
    expect(listed.map(({ UserName }) => UserName)).to.deep.equal(['ann']);
    await must('TagUser', { ...ann, 'Tags.member.1.Key': 'Team', 'Tags.member.1.Value': 'red' });
    expect((await must('ListUserTags', ann)).get('Tags.member')).to.deep.equal([{ Key: 'Team', Value: 'red' }]);
    await must('UntagUser', { ...ann, 'TagKeys.member.1': 'team' });
    expect((await must('ListGroupsForUser', ann)).get('Groups.member')).to.equal(undefined);
    expect(await iam('CreateUser', { UserName: 'ANN' })).to.include({ status: 409, code: 'EntityAlreadyExists' });
    await must('DeleteUser', ann);
    const gone = { status: 404, code: 'NoSuchEntity', message: 'The user with name ann cannot be found.' };
    expect(await iam('GetUser', ann)).to.include(gone);
  });

  it('cannot be deleted while they have keys or policies', async () => {
    const { iam, key, must } = await annsWorld();
    const refused = async () => (await iam('DeleteUser', ann)).message;
    expect(await refused()).to.equal('Cannot delete entity, must delete access keys first.');
    await must('DeleteAccessKey', { ...ann, AccessKeyId: String(key.get('AccessKey.AccessKeyId')) });
    expect(await refused()).to.equal('Cannot delete entity, must delete policies first.');
    await must('DeleteUserPolicy', { ...ann, PolicyName: 'own' });
    await must('AttachUserPolicy', { ...ann, PolicyArn: READ_ONLY });
    expect(await refused()).to.equal('Cannot delete entity, must detach all policies first.');
    await must('DetachUserPolicy', { ...ann, PolicyArn: READ_ONLY });
    await must('DeleteUser', ann);
  });

  it('have the permissions of their policies within their boundary', async () => {
    const { caller, iam, must } = await annsWorld(allow('iam:*', arn('${aws:username}')));
    expect((await iam('GetUser', {}, caller)).get('User.Arn')).to.equal(arn('ann'));
    const denied = await iam('GetUser', { UserName: 'administrator' }, caller);
    expect(denied).to.include({ status: 403, code: 'AccessDenied' });
    expect(denied.message).to.contain(`User: ${arn('ann')} is not authorized to perform: iam:GetUser`);
    await must('AttachUserPolicy', { ...ann, PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' });
    expect((await iam('ListUsers', {}, caller)).status).to.equal(200);
    await must('PutUserPermissionsBoundary', { ...ann, PermissionsBoundary: READ_ONLY });
    expect((await iam('ListUsers', {}, caller)).message).to.match(/no permissions boundary allows/);
    await must('DeleteUserPermissionsBoundary', ann);
    expect((await iam('ListUsers', {}, caller)).status).to.equal(200);
    expect(
      (await must('ListEntitiesForPolicy', { PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' })).get(
        'PolicyUsers.member',
      ),
    )
      .to.be.an('array')
      .with.length(2);
  });

  const keys: readonly (readonly [key: string, value: string])[] = [
    ['aws:username', 'ann'],
    ['aws:PrincipalType', 'User'],
    ['aws:PrincipalArn', arn('ann')],
    ['aws:PrincipalTag/team', 'blue'],
    ['aws:PrincipalAccount', HERE],
    ['aws:ResourceTag/team', 'blue'],
    ['iam:ResourceTag/team', 'blue'],
  ];
  for (const [key, value] of keys) {
    it(`set the condition key ${key}`, async () => {
      const tag = { 'Tags.member.1.Key': 'team', 'Tags.member.1.Value': 'blue' };
      const policy = (wanted: string) => allow('iam:GetUser', '*', { StringEquals: { [key]: wanted } });
      const { caller, iam, must } = await annsWorld(policy(value), tag);
      expect((await iam('GetUser', {}, caller)).status).to.equal(200);
      await must('PutUserPolicy', put(policy('other')));
      expect((await iam('GetUser', {}, caller)).status).to.equal(403);
    });
  }

  it('have at most two access keys, which work only while active', async () => {
    const { caller, iam, key, must, world } = await annsWorld(allow('iam:*AccessKey*', arn('${aws:username}')));
    const id = String(key.get('AccessKey.AccessKeyId'));
    expect(key.get('AccessKey')).to.include({ UserName: 'ann', Status: 'Active' });
    expect(key.get('AccessKey.SecretAccessKey')).to.have.length(40);
    const second = (await iam('CreateAccessKey', {}, caller)).get('AccessKey.AccessKeyId');
    const third = await iam('CreateAccessKey', {}, caller);
    expect(third).to.include({ status: 409, message: 'Cannot exceed quota for AccessKeysPerUser: 2' });
    await must('UpdateAccessKey', { ...ann, AccessKeyId: id, Status: 'Inactive' });
    expect(world.credentials.find(id)).to.equal(undefined);
    const listed = (await must('ListAccessKeys', ann)).get('AccessKeyMetadata.member') as Record<string, string>[];
    expect(
      listed.map(({ AccessKeyId, Status, SecretAccessKey }) => [AccessKeyId, Status, SecretAccessKey]),
    ).to.deep.equal([
      [id, 'Inactive', undefined],
      [second, 'Active', undefined],
    ]);
    await must('UpdateAccessKey', { ...ann, AccessKeyId: id, Status: 'Active' });
    expect(world.credentials.find(id)?.caller).to.deep.equal(caller);
    await must('DeleteAccessKey', { ...ann, AccessKeyId: id });
    expect(world.credentials.find(id)).to.equal(undefined);
    expect(await iam('DeleteAccessKey', { ...ann, AccessKeyId: id })).to.include({ code: 'NoSuchEntity' });
  });

  it('can assume roles that trust them', async () => {
    const { assume, caller, createRole, must, sessionIn, sts } = await annsWorld(allow('s3:*'));
    expect((await sts(caller, 'GetCallerIdentity')).get('Arn')).to.equal(arn('ann'));
    const byName = await createRole('by-name', trust({ AWS: arn('ann') }));
    const session = sessionIn(await assume(caller, byName, { DurationSeconds: 3600 }));
    expect(session).to.include({ arn: `arn:aws:sts::${HERE}:assumed-role/by-name/next` });
    const byAccount = await createRole('by-account', trust({ AWS: HERE }));
    expect((await assume(caller, byAccount)).message).to.contain(`User: ${arn('ann')} is not authorized`);
    const elsewhere = await createRole('elsewhere', trust({ AWS: arn('ann') }), undefined, THERE);
    expect((await assume(caller, elsewhere)).code).to.equal('AccessDenied');
    await must('PutUserPolicy', put(allow('sts:AssumeRole')));
    expect((await assume(caller, byAccount)).status).to.equal(200);
    expect((await assume(caller, elsewhere)).status).to.equal(200);
  });

  it('are replaced by their unique id in trust policies when deleted, so a recreated user is not trusted', async () => {
    const { assume, caller, createRole, key, must, world } = await annsWorld(allow('s3:*'));
    const role = await createRole('app', trust({ AWS: arn('ann') }));
    await must('DeleteAccessKey', { ...ann, AccessKeyId: String(key.get('AccessKey.AccessKeyId')) });
    await must('DeleteUserPolicy', { ...ann, PolicyName: 'own' });
    await must('DeleteUser', ann);
    expect(world.account(HERE)?.roles.get('app')?.trustPolicyText).to.contain(`"AWS":"${caller.userId}"`);
    await must('CreateUser', ann);
    const again = callerOf({ world }, await must('CreateAccessKey', ann));
    expect((await assume(again, role)).code).to.equal('AccessDenied');
  });

  it('and their keys become usable after IAM propagation', async () => {
    const time = testTime();
    const { must, world } = stsWorld({ settings: delays({ iam: 10_000 }), uptime: time });
    expect(world.credentials.find(world.account(HERE)!.administrator.accessKeyId)).to.be.an('object');
    await must('CreateUser', ann);
    const id = String((await must('CreateAccessKey', ann)).get('AccessKey.AccessKeyId'));
    time.pass(9_999);
    expect(world.credentials.find(id)).to.equal(undefined);
    time.pass(1);
    expect(world.credentials.find(id)).to.be.an('object');
  });
});
