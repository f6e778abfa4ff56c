import { expect } from 'chai';
import { delays, testTime } from '../../test/support/emulator/time.ts';
import { allow, HERE, root, sessionOf, trust } from '../../test/support/emulator/iam.ts';
import { stsWorld } from '../../test/support/emulator/sts.ts';

const TRUST = trust({ AWS: HERE }, ['sts:AssumeRole', 'sts:TagSession']);
const IAM_DELAY = 10_000;

/** Creates a world with ten seconds of IAM propagation and an existing role `caller`, which may assume roles. */
async function slowWorld() {
  const time = testTime();
  const made = stsWorld({ settings: delays({ iam: IAM_DELAY }), uptime: time });
  await made.createRole('caller', TRUST, allow('sts:*'));
  time.pass(IAM_DELAY);
  const caller = () => sessionOf(made, 'caller');
  return { ...made, time, caller };
}

const roleArn = (name: string) => `arn:aws:iam::${HERE}:role/${name}`;

describe('IAM propagation', () => {
  it('delays a new role, which IAM shows immediately and STS reports as missing', async () => {
    const { assume, caller, createRole, must, time } = await slowWorld();
    const absent = await assume(caller(), roleArn('app'));
    await createRole('app', TRUST);
    expect((await must('GetRole', { RoleName: 'app' })).get('Role.Arn')).to.equal(roleArn('app'));
    time.pass(IAM_DELAY - 1);
    const early = await assume(caller(), roleArn('app'));
    expect([early.status, early.code, early.message]).to.deep.equal([403, 'AccessDenied', absent.message]);
    time.pass(1);
    expect((await assume(caller(), roleArn('app'))).status).to.equal(200);
  });

  it('delays the deletion and recreation of a role', async () => {
    const { assume, caller, createRole, iam, must, sessionIn, time } = await slowWorld();
    await createRole('app', TRUST, allow('iam:GetRole'));
    time.pass(IAM_DELAY);
    const old = sessionIn(await assume(caller(), roleArn('app')));
    const reads = async (session: typeof old) => (await iam('GetRole', { RoleName: 'caller' }, session)).status;
    await must('DeleteRolePolicy', { RoleName: 'app', PolicyName: 'own' });
    // Until IAM itself considers the policy deleted.
    time.pass(IAM_DELAY / 5);
    await must('DeleteRole', { RoleName: 'app' });
    expect(await iam('GetRole', { RoleName: 'app' })).to.include({ code: 'NoSuchEntity' });
    await createRole('app', TRUST, allow('iam:GetRole'));
    expect([await reads(old), sessionIn(await assume(caller(), roleArn('app'))).userId]).to.deep.equal([
      200,
      old.userId.replace(/:.*/, ':next'),
    ]);
    time.pass(IAM_DELAY);
    const fresh = sessionIn(await assume(caller(), roleArn('app')));
    expect(fresh.userId).not.to.equal(old.userId);
    expect([await reads(old), await reads(fresh)]).to.deep.equal([403, 200]);
  });

  it('delays a change of a trust policy', async () => {
    const { assume, caller, createRole, must, time } = await slowWorld();
    await createRole('app', trust({ Service: 'pods.eks.amazonaws.com' }));
    time.pass(IAM_DELAY);
    await must('UpdateAssumeRolePolicy', { RoleName: 'app', PolicyDocument: TRUST });
    expect((await assume(caller(), roleArn('app'))).code).to.equal('AccessDenied');
    time.pass(IAM_DELAY);
    expect((await assume(caller(), roleArn('app'))).status).to.equal(200);
  });

  it('rejects a new role as a principal in a trust policy', async () => {
    const { createRole, iam, time } = await slowWorld();
    await createRole('app', TRUST);
    const other = { RoleName: 'other', AssumeRolePolicyDocument: trust({ AWS: roleArn('app') }) };
    expect(await iam('CreateRole', other)).to.include({ status: 400, code: 'MalformedPolicyDocument' });
    time.pass(IAM_DELAY);
    expect((await iam('CreateRole', other)).status).to.equal(200);
  });

  const S3_ALL = 'arn:aws:iam::aws:policy/AmazonS3FullAccess';
  const OWN = `arn:aws:iam::${HERE}:policy/p`;
  type World = Awaited<ReturnType<typeof slowWorld>>;
  type Change = (world: World) => Promise<unknown>;
  const tag = { 'Tags.member.1.Key': 'team', 'Tags.member.1.Value': 'blue' };
  const whenBlue = { StringEquals: { 'aws:PrincipalTag/team': 'blue' } };
  const put = (document: string): Change => {
    const name = { RoleName: 'app', PolicyName: 'p' };
    return ({ must }) => must('PutRolePolicy', { ...name, PolicyDocument: document });
  };
  const on = (action: string, parameters: Record<string, string>): Change => {
    return ({ must }) => must(action, { RoleName: 'app', ...parameters });
  };
  const nothing: Change = () => Promise.resolve();
  const attachOwn = on('AttachRolePolicy', { PolicyArn: OWN });
  const putS3 = put(allow('s3:GetObject'));

  /** The preparation, the change, and whether the role may read S3 after it. Before it, the opposite holds. */
  const changes: readonly [name: string, before: readonly Change[], change: Change, reads: boolean][] = [
    ['a new inline policy', [nothing], putS3, true],
    ['the deletion of an inline policy', [putS3], on('DeleteRolePolicy', { PolicyName: 'p' }), false],
    ['the attachment of a policy', [nothing], on('AttachRolePolicy', { PolicyArn: S3_ALL }), true],
    [
      'the detachment of a policy',
      [on('AttachRolePolicy', { PolicyArn: S3_ALL })],
      on('DetachRolePolicy', { PolicyArn: S3_ALL }),
      false,
    ],
    [
      "a policy's new default version",
      [attachOwn],
      ({ must }) =>
        must('CreatePolicyVersion', { PolicyArn: OWN, PolicyDocument: allow('s3:*'), SetAsDefault: 'true' }),
      true,
    ],
    [
      'the change to another default version',
      [attachOwn, ({ must }) => must('CreatePolicyVersion', { PolicyArn: OWN, PolicyDocument: allow('s3:*') })],
      ({ must }) => must('SetDefaultPolicyVersion', { PolicyArn: OWN, VersionId: 'v2' }),
      true,
    ],
    ['a new boundary', [putS3], on('PutRolePermissionsBoundary', { PermissionsBoundary: OWN }), false],
    [
      'the deletion of a boundary',
      [putS3, on('PutRolePermissionsBoundary', { PermissionsBoundary: OWN })],
      on('DeleteRolePermissionsBoundary', {}),
      true,
    ],
    ['a new tag of the role', [put(allow('s3:GetObject', '*', whenBlue))], on('TagRole', tag), true],
    [
      'the removal of a tag of the role',
      [put(allow('s3:GetObject', '*', whenBlue)), on('TagRole', tag)],
      on('UntagRole', { 'TagKeys.member.1': 'team' }),
      false,
    ],
  ];
  for (const [name, before, change, reads] of changes) {
    it(`delays ${name}`, async () => {
      const world = await slowWorld();
      await world.createRole('app', TRUST);
      await world.must('CreatePolicy', { PolicyName: 'p', PolicyDocument: allow('sts:*') });
      for (const step of before) await step(world);
      world.time.pass(IAM_DELAY);
      const session = sessionOf(world, 'app');
      const { request } = await world.must('GetRole', { RoleName: 'app' });
      const mayRead = () =>
        world.context.authorize(
          { ...request, id: String(world.time.now()) },
          { principal: session, action: 's3:GetObject', resource: 'arn:aws:s3:::data/key', resourceAccount: HERE },
        ).value === 'allowed';
      expect(mayRead()).to.equal(!reads);
      await change(world);
      world.time.pass(IAM_DELAY - 1);
      expect(mayRead()).to.equal(!reads);
      world.time.pass(1);
      expect(mayRead()).to.equal(reads);
    });
  }

  it("does not depend on the emulator's movable clock", async () => {
    const { assume, caller, createRole, time, world } = await slowWorld();
    await createRole('app', TRUST);
    world.clock.advance(6 * 3_600_000);
    expect((await assume(caller(), roleArn('app'))).code).to.equal('AccessDenied');
    world.clock.advance(-12 * 3_600_000);
    time.pass(IAM_DELAY);
    expect((await assume(caller(), roleArn('app'))).status).to.equal(200);
  });

  it('delays managed policies as session policies', async () => {
    const { assume, caller, must, time } = await slowWorld();
    const arn = `arn:aws:iam::${HERE}:policy/narrow`;
    await must('CreatePolicy', { PolicyName: 'narrow', PolicyDocument: allow('s3:*') }, root(HERE));
    const narrowed = () => assume(caller(), roleArn('caller'), { 'PolicyArns.member.1.arn': arn });
    expect((await narrowed()).code).to.equal('MalformedPolicyDocument');
    time.pass(IAM_DELAY);
    expect((await narrowed()).status).to.equal(200);
  });
});
