import { expect } from 'chai';
import type { Parameters } from '../../test/support/emulator/query.ts';
import { allow, HERE, iamWorld, root, sessionOf, THERE, trust } from '../../test/support/emulator/iam.ts';

const PODS = trust({ Service: 'pods.eks.amazonaws.com' }, ['sts:AssumeRole', 'sts:TagSession']);
const roleArn = (name: string) => `arn:aws:iam::${HERE}:role/${name}`;
const app: Parameters = { RoleName: 'app', AssumeRolePolicyDocument: PODS };

describe('IAM authorization', () => {
  it("decides every call by the caller's policies", async () => {
    const { iam, must, world, context } = iamWorld();
    await must('CreateRole', app);
    const caller = () => sessionOf({ world }, 'app');
    const denied = await iam('GetRole', { RoleName: 'nobody' }, caller());
    expect(denied).to.include({ status: 403, code: 'AccessDenied' });
    expect(denied.message).to.equal(
      `User: arn:aws:sts::${HERE}:assumed-role/app/session is not authorized to perform: iam:GetRole on resource: ` +
        `${roleArn('nobody')} because no identity-based policy allows the iam:GetRole action`,
    );
    expect(context.trace(denied.request)).to.deep.include({ operation: 'GetRole' });
    const own = allow(['iam:GetRole', 'iam:CreateRole'], roleArn('app-*'), undefined);
    await must('PutRolePolicy', { RoleName: 'app', PolicyName: 'own', PolicyDocument: own });
    expect(await iam('GetRole', { RoleName: 'app-x' }, caller())).to.include({ code: 'NoSuchEntity' });
    expect(await iam('CreateRole', { ...app, RoleName: 'app-x' }, caller())).to.include({ status: 200 });
    expect(await iam('CreateRole', { ...app, RoleName: 'other' }, caller())).to.include({ code: 'AccessDenied' });
    expect(await iam('ListRoles', {}, caller())).to.include({ code: 'AccessDenied' });
  });

  it('sets condition keys for tags and boundary of a new role', async () => {
    const { iam, must, world } = iamWorld();
    await must('CreateRole', app);
    const policy = allow('iam:*', '*', {
      StringEquals: {
        'aws:RequestTag/team': 'blue',
        'iam:PermissionsBoundary': 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess',
      },
    });
    await must('PutRolePolicy', { RoleName: 'app', PolicyName: 'own', PolicyDocument: policy });
    const boundary = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess';
    const create = (name: string, team: string, boundary: string | undefined) =>
      iam(
        'CreateRole',
        {
          ...app,
          RoleName: name,
          'Tags.member.1.Key': 'team',
          'Tags.member.1.Value': team,
          PermissionsBoundary: boundary,
        },
        sessionOf({ world }, 'app'),
      );
    // CreateRole with tags also needs TagRole, which does not set the boundary's key.
    const untagged = await create('a', 'blue', boundary);
    expect(untagged).to.include({ status: 403, code: 'AccessDenied' });
    const tagging = { RoleName: 'app', PolicyName: 'tags', PolicyDocument: allow('iam:TagRole') };
    await must('PutRolePolicy', tagging);
    expect((await create('a', 'blue', boundary)).status).to.equal(200);
    expect((await create('b', 'red', boundary)).code).to.equal('AccessDenied');
    expect((await create('c', 'blue', undefined)).code).to.equal('AccessDenied');
  });

  it('sets us-east-1 as the requested region, in any region', async () => {
    const { iam, must, world } = iamWorld();
    await must('CreateRole', app);
    for (const [region, status] of [
      ['us-east-1', 200],
      [world.region, 403],
    ] as const) {
      const PolicyDocument = allow('iam:GetRole', '*', { StringEquals: { 'aws:RequestedRegion': region } });
      await must('PutRolePolicy', { RoleName: 'app', PolicyName: 'own', PolicyDocument });
      expect(await iam('GetRole', { RoleName: 'app' }, sessionOf({ world }, 'app'))).to.include({ status });
    }
  });

  const BOUNDARY = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess';
  const policy = { PolicyName: 'p', PolicyDocument: allow('s3:*') };
  const attached = { PolicyArn: 'arn:aws:iam::aws:policy/AmazonS3FullAccess' };
  const byBoundary: readonly [action: string, parameters: Parameters, knowsIt: boolean][] = [
    ['PutRolePolicy', policy, true],
    ['DeleteRolePolicy', { PolicyName: 'p' }, true],
    ['AttachRolePolicy', attached, true],
    ['DetachRolePolicy', attached, true],
    ['PutRolePermissionsBoundary', { PermissionsBoundary: BOUNDARY }, true],
    ['DeleteRolePermissionsBoundary', {}, true],
    ['GetRole', {}, true],
    ['DeleteRole', {}, true],
    ['UpdateRole', {}, true],
    ['UpdateRoleDescription', { Description: 'changed' }, true],
    ['UpdateAssumeRolePolicy', { PolicyDocument: PODS }, true],
    ['TagRole', { 'Tags.member.1.Key': 'a', 'Tags.member.1.Value': 'b' }, false],
    ['ListRolePolicies', {}, false],
  ];
  for (const [action, parameters, knowsIt] of byBoundary) {
    it(`${knowsIt ? 'sets' : 'does not set'} the boundary's condition key for ${action}`, async () => {
      const { iam, must, world } = iamWorld();
      const RoleName = 'bound';
      await must('CreateRole', app);
      await must('CreateRole', { ...app, RoleName, PermissionsBoundary: BOUNDARY });
      await must('PutRolePolicy', { RoleName, ...policy });
      await must('AttachRolePolicy', { RoleName, ...attached });
      const PolicyDocument = allow('iam:*', '*', { ArnEquals: { 'iam:PermissionsBoundary': BOUNDARY } });
      await must('PutRolePolicy', { RoleName: 'app', PolicyName: 'own', PolicyDocument });
      const answer = await iam(action, { RoleName, ...parameters }, sessionOf({ world }, 'app'));
      // DeleteRole returns a conflict, because the role has policies. This also proves that the call was allowed.
      expect(answer.status === 403).to.equal(!knowsIt);
    });
  }

  it('sets condition keys for tags of resources, tags in the request and tag keys', async () => {
    const { iam, must, world } = iamWorld();
    await must('CreateRole', app);
    const tag = (value: string) => ({ 'Tags.member.1.Key': 'run', 'Tags.member.1.Value': value });
    const Url = 'https://oidc.eks.us-west-2.amazonaws.com/id/A';
    await must('CreateRole', { ...app, RoleName: 'tagged', ...tag('one') });
    await must('CreatePolicy', { ...policy, ...tag('one') });
    await must('CreateOpenIDConnectProvider', { Url, 'ClientIDList.member.1': 'sts.amazonaws.com', ...tag('one') });
    const putOwnPolicy = (condition: unknown) =>
      must('PutRolePolicy', { RoleName: 'app', PolicyName: 'own', PolicyDocument: allow('iam:*', '*', condition) });
    const things = {
      Role: { RoleName: 'tagged' },
      Policy: { PolicyArn: `arn:aws:iam::${HERE}:policy/p` },
      OpenIDConnectProvider: { OpenIDConnectProviderArn: `arn:aws:iam::${HERE}:oidc-provider/${Url.slice(8)}` },
    };
    for (const [name, which] of Object.entries(things)) {
      const status = async (action: string, parameters: Parameters = {}) =>
        (await iam(action, { ...which, ...parameters }, sessionOf({ world }, 'app'))).status;
      await putOwnPolicy({ StringEquals: { 'aws:ResourceTag/run': 'two' } });
      expect(await status(`List${name}Tags`), name).to.equal(403);
      await putOwnPolicy({ StringEquals: { 'aws:ResourceTag/run': 'one' } });
      expect(await status(`List${name}Tags`), name).to.equal(200);
      await putOwnPolicy({ StringEquals: { 'aws:RequestTag/run': 'one' } });
      expect([await status(`Tag${name}`, tag('two')), await status(`Tag${name}`, tag('one'))]).to.deep.equal([
        403, 200,
      ]);
      await putOwnPolicy({ 'ForAllValues:StringEquals': { 'aws:TagKeys': ['run'] }, Null: { 'aws:TagKeys': 'false' } });
      const untag = (key: string) => status(`Untag${name}`, { 'TagKeys.member.1': key });
      expect([await untag('other'), await untag('run')]).to.deep.equal([403, 200]);
    }
  });

  it("acts only on the caller's account", async () => {
    const { iam, must } = iamWorld();
    await must('CreateRole', app);
    expect(await iam('GetRole', { RoleName: 'app' }, root(THERE))).to.include({ code: 'NoSuchEntity' });
    await must('CreateRole', app, root(THERE));
  });

  it('rejects unsigned calls, unknown operations and other API versions', async () => {
    const { call, iam } = iamWorld();
    expect(await call(undefined, 'GetRole', { RoleName: 'app' })).to.include({
      status: 403,
      code: 'MissingAuthenticationToken',
    });
    expect(await iam('CreateGroup', { GroupName: 'x' })).to.include({ status: 400, code: 'InvalidAction' });
    expect(await iam('toString')).to.include({ status: 400, code: 'InvalidAction' });
    expect(await iam('GetRole', { Version: '2011-06-15' })).to.include({ status: 400, code: 'InvalidAction' });
    expect(await iam('', {})).to.include({ status: 400, code: 'MissingAction' });
  });
});
