import { expect } from 'chai';
import { allow, HERE, iamWorld, trust } from '../../test/support/emulator/iam.ts';

const READ = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess';
const PODS = trust({ Service: 'pods.eks.amazonaws.com' });
const policyArn = (name: string) => `arn:aws:iam::${HERE}:policy/${name}`;

/** Creates a world with the role `app`. */
async function withRole() {
  const made = iamWorld();
  await made.must('CreateRole', { RoleName: 'app', AssumeRolePolicyDocument: PODS });
  return made;
}

describe('IAM inline policies', () => {
  it('can be created, read, listed and deleted', async () => {
    const { iam, must } = await withRole();
    const name = { RoleName: 'app', PolicyName: 'read' };
    const document = allow('s3:GetObject', 'arn:aws:s3:::data/${aws:PrincipalTag/kubernetes-namespace}/*');
    await must('PutRolePolicy', { ...name, PolicyDocument: document });
    expect(decodeURIComponent(String((await must('GetRolePolicy', name)).get('PolicyDocument')))).to.equal(document);
    expect((await must('ListRolePolicies', name)).get('PolicyNames.member')).to.deep.equal(['read']);
    await must('DeleteRolePolicy', name);
    for (const action of ['GetRolePolicy', 'DeleteRolePolicy']) {
      expect(await iam(action, name)).to.include({ status: 404, code: 'NoSuchEntity' });
    }
  });

  it('share a quota that does not count white space', async () => {
    const { iam, must } = await withRole();
    const policy = (actions: number) => allow(Array(actions).fill('s3:GetObjectVersion'));
    const put = (name: string, document: string) => ({ RoleName: 'app', PolicyName: name, PolicyDocument: document });
    await must('PutRolePolicy', put('one', policy(300)));
    await must('PutRolePolicy', put('two', policy(100)));
    expect(await iam('PutRolePolicy', put('three', policy(100)))).to.include({ status: 409, code: 'LimitExceeded' });
    await must('PutRolePolicy', put('two', `${' '.repeat(9000)}${policy(50)}`));
    await must('PutRolePolicy', put('one', policy(310)));
  });

  it('reject a malformed document', async () => {
    const { iam } = await withRole();
    const put = { RoleName: 'app', PolicyName: 'x', PolicyDocument: PODS };
    expect(await iam('PutRolePolicy', put)).to.include({ status: 400, code: 'MalformedPolicyDocument' });
  });
});

describe('IAM managed policies', () => {
  it('need the current version of the policy language, unlike inline policies', async () => {
    const { iam, must } = await withRole();
    await must('CreatePolicy', { PolicyName: 'p', PolicyDocument: allow('s3:*') });
    for (const version of [undefined, '2008-10-17']) {
      const Statement = { Effect: 'Allow', Action: 's3:*', Resource: '*' };
      const PolicyDocument = JSON.stringify({ Version: version, Statement });
      for (const call of [
        iam('CreatePolicy', { PolicyName: 'q', PolicyDocument }),
        iam('CreatePolicyVersion', { PolicyArn: policyArn('p'), PolicyDocument }),
      ])
        expect(await call).to.include({
          code: 'MalformedPolicyDocument',
          message: 'Policy document must be version 2012-10-17 or greater.',
        });
      await must('PutRolePolicy', { RoleName: 'app', PolicyName: 'x', PolicyDocument });
    }
  });

  it('count attachments, and cannot be deleted while attached', async () => {
    const { iam, must } = await withRole();
    const created = await must('CreatePolicy', { PolicyName: 'p', PolicyDocument: allow('s3:*'), Description: 'd' });
    const arn = policyArn('p');
    expect(created.get('Policy.Arn')).to.equal(arn);
    await must('AttachRolePolicy', { RoleName: 'app', PolicyArn: arn });
    await must('AttachRolePolicy', { RoleName: 'app', PolicyArn: arn });
    await must('AttachRolePolicy', { RoleName: 'app', PolicyArn: READ });
    expect((await must('ListAttachedRolePolicies', { RoleName: 'app' })).get('AttachedPolicies.member')).to.deep.equal([
      { PolicyName: 'p', PolicyArn: arn },
      { PolicyName: 'AmazonS3ReadOnlyAccess', PolicyArn: READ },
    ]);
    expect((await must('GetPolicy', { PolicyArn: arn })).get('Policy.AttachmentCount')).to.equal('1');
    expect(await iam('DeletePolicy', { PolicyArn: arn })).to.include({ status: 409, code: 'DeleteConflict' });
    await must('DetachRolePolicy', { RoleName: 'app', PolicyArn: arn });
    const again = await iam('DetachRolePolicy', { RoleName: 'app', PolicyArn: arn });
    expect(again).to.include({ status: 404, code: 'NoSuchEntity' });
    await must('PutRolePermissionsBoundary', { RoleName: 'app', PermissionsBoundary: arn });
    expect(await iam('DeletePolicy', { PolicyArn: arn })).to.include({ status: 409, code: 'DeleteConflict' });
    const role = await must('GetRole', { RoleName: 'app' });
    expect(role.get('Role.PermissionsBoundary.PermissionsBoundaryArn')).to.equal(arn);
    await must('DeleteRolePermissionsBoundary', { RoleName: 'app' });
    await must('DeletePolicy', { PolicyArn: arn });
    expect(await iam('GetPolicy', { PolicyArn: arn })).to.include({ status: 404, code: 'NoSuchEntity' });
  });

  it('list the roles that use them as a policy or boundary', async () => {
    const { iam, must } = await withRole();
    const PolicyArn = policyArn('p');
    await must('CreatePolicy', { PolicyName: 'p', PolicyDocument: allow('s3:*') });
    for (const name of ['bound', 'both']) {
      const role = { RoleName: name, Path: `/${name}/`, AssumeRolePolicyDocument: PODS };
      await must('CreateRole', { ...role, PermissionsBoundary: PolicyArn });
    }
    for (const RoleName of ['app', 'both']) await must('AttachRolePolicy', { RoleName, PolicyArn });
    const roles = async (parameters: Record<string, string | number> = {}) => {
      const answer = await must('ListEntitiesForPolicy', { PolicyArn, ...parameters });
      return ((answer.get('PolicyRoles.member') as { RoleName: string }[] | undefined) ?? []).map((r) => r.RoleName);
    };
    expect(await roles()).to.deep.equal(['app', 'both', 'bound']);
    expect(await roles({ PolicyUsageFilter: 'PermissionsPolicy' })).to.deep.equal(['app', 'both']);
    expect(await roles({ PolicyUsageFilter: 'PermissionsBoundary' })).to.deep.equal(['both', 'bound']);
    expect(await roles({ PathPrefix: '/both/' })).to.deep.equal(['both']);
    expect(await roles({ EntityFilter: 'User' })).to.deep.equal([]);
    const first = await must('ListEntitiesForPolicy', { PolicyArn, MaxItems: 2 });
    expect(first.get('IsTruncated')).to.equal('true');
    expect(await roles({ MaxItems: 2, Marker: String(first.get('Marker')) })).to.deep.equal(['bound']);
    const absent = { PolicyArn: policyArn('absent') };
    expect(await iam('ListEntitiesForPolicy', absent)).to.include({ status: 404, code: 'NoSuchEntity' });
  });

  it('never reuse version numbers', async () => {
    const { iam, must } = await withRole();
    const PolicyArn = policyArn('p');
    await must('CreatePolicy', { PolicyName: 'p', PolicyDocument: allow('s3:*') });
    const add = (setAsDefault: string) =>
      must('CreatePolicyVersion', { PolicyArn, PolicyDocument: allow('s3:GetObject'), SetAsDefault: setAsDefault });
    expect((await add('true')).get('PolicyVersion.VersionId')).to.equal('v2');
    expect((await must('GetPolicy', { PolicyArn })).get('Policy.DefaultVersionId')).to.equal('v2');
    const version = await must('GetPolicyVersion', { PolicyArn, VersionId: 'v2' });
    expect(decodeURIComponent(String(version.get('PolicyVersion.Document')))).to.equal(allow('s3:GetObject'));
    expect(await iam('DeletePolicyVersion', { PolicyArn, VersionId: 'v2' })).to.include({ code: 'DeleteConflict' });
    await must('SetDefaultPolicyVersion', { PolicyArn, VersionId: 'v1' });
    await must('DeletePolicyVersion', { PolicyArn, VersionId: 'v2' });
    expect((await add('false')).get('PolicyVersion.VersionId')).to.equal('v3');
    expect(await iam('DeletePolicy', { PolicyArn })).to.include({ status: 409, code: 'DeleteConflict' });
    expect(await iam('GetPolicyVersion', { PolicyArn, VersionId: 'v9' })).to.include({ code: 'NoSuchEntity' });
    for (let count = 0; count < 3; count += 1) await add('false');
    const sixth = { PolicyArn, PolicyDocument: allow('s3:*') };
    expect(await iam('CreatePolicyVersion', sixth)).to.include({ status: 409, code: 'LimitExceeded' });
  });

  const READ_ONLY: readonly [string, Record<string, string>][] = [
    ['DeletePolicy', {}],
    ['CreatePolicyVersion', { PolicyDocument: allow('s3:*') }],
    ['TagPolicy', { 'Tags.member.1.Key': 'a', 'Tags.member.1.Value': 'b' }],
  ];
  for (const [action, parameters] of READ_ONLY) {
    it(`of AWS cannot be changed with ${action}`, async () => {
      const { iam } = await withRole();
      expect(await iam(action, { PolicyArn: READ, ...parameters })).to.include({ status: 403, code: 'AccessDenied' });
    });
  }

  it('reject documents above the quota, duplicate names and invalid ARNs', async () => {
    const { iam, must } = await withRole();
    const long = allow(Array(450).fill('s3:GetObject'));
    await must('CreatePolicy', { PolicyName: 'p', PolicyDocument: allow('s3:*') });
    expect(await iam('CreatePolicy', { PolicyName: 'q', PolicyDocument: long })).to.include({ code: 'LimitExceeded' });
    const twice = { PolicyName: 'P', Path: '/x/', PolicyDocument: allow('s3:*') };
    expect(await iam('CreatePolicy', twice)).to.include({ status: 409, code: 'EntityAlreadyExists' });
    const nowhere = { PolicyArn: 'arn:aws:s3:::bucket/that/is/none' };
    const unparsed = { status: 400, code: 'ValidationError', message: 'Invalid ARN:  Could not be parsed!' };
    expect(await iam('GetPolicy', nowhere)).to.include(unparsed);
    expect(await iam('AttachRolePolicy', { RoleName: 'app', ...nowhere })).to.include(unparsed);
    const attach = { RoleName: 'app', PolicyArn: policyArn('absent') };
    expect(await iam('AttachRolePolicy', attach)).to.include({ status: 404, code: 'NoSuchEntity' });
  });

  it('can be listed by scope', async () => {
    const { must } = await withRole();
    await must('CreatePolicy', { PolicyName: 'p', PolicyDocument: allow('s3:*') });
    const listed = async (Scope: string) =>
      ((await must('ListPolicies', { Scope })).get('Policies.member') as { Arn: string }[]).map((policy) => policy.Arn);
    expect(await listed('Local')).to.deep.equal([policyArn('p')]);
    expect(await listed('AWS'))
      .to.include(READ)
      .and.not.to.include(policyArn('p'));
    expect(await listed('All')).to.include.members([READ, policyArn('p')]);
  });
});
