import { expect } from 'chai';
import type { ServicePrincipal } from '../../identity/policy/principal.ts';
import type { EmulatorSettings } from '../core/settings.ts';
import { allow, HERE, root, sessionOf, THERE, trust } from '../../test/support/emulator/iam.ts';
import type { Parameters as QueryParameters } from '../../test/support/emulator/query.ts';
import { assumeRole } from './assume-role.ts';
import { stsWorld, tagParameters } from '../../test/support/emulator/sts.ts';

const ASSUME = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'];
const PODS: ServicePrincipal = { kind: 'service', service: 'pods.eks.amazonaws.com', accountId: HERE };
const APP = `arn:aws:iam::${HERE}:role/app`;
const TRUST_APP = trust({ AWS: APP }, ASSUME);

interface Setup {
  readonly appPolicy?: string;
  readonly targetTrust?: string;
  readonly targetAccount?: string;
  readonly settings?: Partial<EmulatorSettings>;
}

/** Creates role `app`, which may call all of STS, and role `target`, which trusts it. Policies can be replaced. */
async function twoRoles({ appPolicy, targetTrust, targetAccount, settings }: Setup = {}) {
  const made = stsWorld(settings !== undefined ? { settings } : {});
  await made.createRole('app', trust({ Service: PODS.service }, ASSUME), appPolicy ?? allow('sts:*'));
  const target = await made.createRole('target', targetTrust ?? TRUST_APP, undefined, targetAccount);
  const app = (more: Parameters<typeof sessionOf>[2] = {}) => sessionOf(made, 'app', more);
  return { ...made, app, target };
}

const transitive = (key: string, value: string) => ({ key, value, transitive: true });

describe('AssumeRole', () => {
  it('opens a session of the role', async () => {
    const { assume, app, target, sessionIn, sts, world } = await twoRoles();
    const answer = await assume(app(), target, { DurationSeconds: 900 });
    const session = sessionIn(answer);
    expect(answer.get('AssumedRoleUser.Arn')).to.equal(`arn:aws:sts::${HERE}:assumed-role/target/next`);
    expect(answer.get('AssumedRoleUser.AssumedRoleId'))
      .to.equal(session.userId)
      .and.match(/^AROA\w{17}:next$/);
    expect(answer.get('Credentials.AccessKeyId')).to.match(/^ASIA/);
    expect(answer.get('Credentials.SessionToken')).to.be.a('string');
    expect(Date.parse(String(answer.get('Credentials.Expiration')))).to.equal(session.expiresAt);
    expect(session).to.include({ expiresAt: session.issuedAt + 900_000, roleArn: target });
    expect(world.clock.now() - session.issuedAt).to.be.within(0, 60_000);
    expect(answer.get('PackedPolicySize')).to.equal(undefined);
    const identity = await sts(session, 'GetCallerIdentity');
    expect([identity.get('Arn'), identity.get('Account'), identity.get('UserId')]).to.deep.equal([
      session.arn,
      HERE,
      session.userId,
    ]);
  });

  const validation: readonly [string, QueryParameters, RegExp][] = [
    ['an ARN that is too short', { RoleArn: 'foo' }, /'foo' at 'roleArn'.*greater than or equal to 20/],
    [
      'an ARN that is not a role',
      { RoleArn: `arn:aws:iam::${HERE}:user/app` },
      /^arn:aws:iam::\d+:user\/app is invalid$/,
    ],
    ['no session name', { RoleSessionName: undefined }, /null at 'roleSessionName'/],
    ['a session name that is too short', { RoleSessionName: 'a' }, /greater than or equal to 2/],
    ['a session name that is too long', { RoleSessionName: 'a'.repeat(65) }, /less than or equal to 64/],
    ['an invalid session name', { RoleSessionName: 'a b' }, /\[\\w\+=,\.@-\]\*/],
    ['a duration that is too short', { DurationSeconds: 899 }, /equal to 900/],
    ['a duration that is too long', { DurationSeconds: 43_201 }, /equal to 43200/],
    [
      'a chained session of more than an hour',
      { DurationSeconds: 3601 },
      /exceeds the 1 hour session limit for roles assumed by role/,
    ],
    ['a policy that is too long', { Policy: 'x'.repeat(2049) }, /less than or equal to 2048/],
    ['an external id that is too short', { ExternalId: 'x' }, /greater than or equal to 2/],
    [
      '51 tags',
      tagParameters(Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, '']))),
      /less than or equal to 50/,
    ],
    ['a tag key that is too long', tagParameters({ ['k'.repeat(129)]: 'v' }), /less than or equal to 128/],
    ['a tag value that is too long', tagParameters({ key: 'v'.repeat(257) }), /less than or equal to 256/],
    ['an invalid tag value', tagParameters({ key: 'a*' }), /regular expression/],
  ];
  it('measures a tag in characters, not UTF-16 units', async () => {
    const { assume, app, target, sessionIn } = await twoRoles();
    const key = '𠀀'.repeat(128);
    const { tags } = sessionIn(await assume(app(), target, tagParameters({ [key]: '' })));
    expect(tags).to.deep.equal([{ key, value: '', transitive: false }]);
  });

  for (const [name, parameters, message] of validation) {
    it(`rejects ${name}`, async () => {
      const { assume, app, target } = await twoRoles();
      const answer = await assume(app(), target, parameters);
      expect(answer).to.include({ status: 400, code: 'ValidationError' });
      expect(answer.message).to.match(message);
    });
  }

  const errors: readonly [string, QueryParameters, string][] = [
    ['reserved tags', tagParameters({ 'aws:x': 'v' }), 'InvalidParameterValue'],
    ['tags that differ only in case', tagParameters({ key: '1', KEY: '2' }), 'InvalidParameterValue'],
    ['a transitive key without a tag', tagParameters({ a: '1' }, ['b']), 'InvalidParameterValue'],
    ['a malformed session policy', { Policy: '{}' }, 'MalformedPolicyDocument'],
    ['a trust policy as a session policy', { Policy: TRUST_APP }, 'MalformedPolicyDocument'],
    [
      'a missing managed policy',
      { 'PolicyArns.member.1.arn': 'arn:aws:iam::aws:policy/None' },
      'MalformedPolicyDocument',
    ],
  ];
  for (const [name, parameters, code] of errors) {
    it(`rejects ${name}`, async () => {
      const { assume, app, target } = await twoRoles();
      expect(await assume(app(), target, parameters)).to.include({ status: 400, code });
    });
  }

  it('rejects tags that exceed the packed size, and returns the size', async () => {
    const { assume, app, target } = await twoRoles();
    expect(await assume(app(), target, tagParameters({ a: 'v'.repeat(256), b: 'v'.repeat(256) }))).to.include({
      status: 400,
      code: 'PackedPolicyTooLarge',
      message: 'Packed size of session tags consumes 103% of allotted space.',
    });
  });

  const denied = (action: string, target = `arn:aws:iam::${HERE}:role/target`) =>
    `User: arn:aws:sts::${HERE}:assumed-role/app/session is not authorized to perform: ${action} on resource: ${target}`;

  it('evaluates the trust policy and, across accounts, also the identity policy', async () => {
    const other = trust({ AWS: `arn:aws:iam::${THERE}:root` });
    const byTrust = await twoRoles({ targetTrust: other });
    const answer = await byTrust.assume(byTrust.app(), byTrust.target);
    expect(answer).to.include({ status: 403, code: 'AccessDenied', message: denied('sts:AssumeRole') });

    const trustsAccount = { targetTrust: trust({ AWS: `arn:aws:iam::${HERE}:root` }), appPolicy: allow('s3:*') };
    const byIdentity = await twoRoles(trustsAccount);
    expect(await byIdentity.assume(byIdentity.app(), byIdentity.target)).to.include({ code: 'AccessDenied' });

    const across = await twoRoles({ targetAccount: THERE, appPolicy: allow('s3:*') });
    const message = denied('sts:AssumeRole', `arn:aws:iam::${THERE}:role/target`);
    expect(await across.assume(across.app(), across.target)).to.include({ code: 'AccessDenied', message });
    const allowed = await twoRoles({ targetAccount: THERE });
    expect((await allowed.assume(allowed.app(), allowed.target)).status).to.equal(200);
  });

  for (const key of ['aws:ResourceTag/team', 'iam:ResourceTag/team']) {
    it(`sets ${key} to a tag of the assumed role in both policies`, async () => {
      const blue = { StringEquals: { [key]: 'blue' } };
      const byTrust = trust({ AWS: `arn:aws:iam::${HERE}:role/app` }, ASSUME, blue);
      const byAccount = trust({ AWS: HERE }, ASSUME);
      const deny = { Effect: 'Deny', Principal: { AWS: '*' }, Action: 'sts:*', Condition: blue };
      const denied = JSON.stringify({
        Statement: [(JSON.parse(byAccount) as { Statement: object[] }).Statement[0], deny],
      });
      for (const [appPolicy, targetTrust, expected] of [
        [allow('s3:*'), byTrust, [403, 200, 403]],
        [allow('sts:*', '*', blue), byAccount, [403, 200, 403]],
        [allow('sts:*'), denied, [200, 403, 200]],
      ] as const) {
        const { assume, app, target, must } = await twoRoles({ appPolicy, targetTrust });
        const statuses = [(await assume(app(), target)).status];
        for (const value of ['blue', 'red']) {
          await must('TagRole', { RoleName: 'target', ...tagParameters({ team: value }) });
          statuses.push((await assume(app(), target, tagParameters({ other: 'tag' }))).status);
        }
        expect(statuses).to.deep.equal(expected);
      }
    });
  }

  it('denies a missing role like one that does not trust the caller', async () => {
    const { assume, app, context } = await twoRoles();
    const missing = `arn:aws:iam::${HERE}:role/gone`;
    const answer = await assume(app(), missing);
    expect(answer).to.include({ status: 403, code: 'AccessDenied', message: denied('sts:AssumeRole', missing) });
    expect(context.trace(answer.request).notes).to.deep.equal([`role ${missing} does not exist`]);
    const wrongPath = await assume(app(), `arn:aws:iam::${HERE}:role/path/target`);
    expect(wrongPath).to.include({ code: 'AccessDenied' });
  });

  it('denies root callers and unsigned calls', async () => {
    const { assume, sts, target } = await twoRoles();
    const answer = await assume(root(HERE), target);
    const message = 'Roles may not be assumed by root accounts.';
    expect(answer).to.include({ status: 403, code: 'AccessDenied', message });
    const unsigned = await sts(undefined, 'AssumeRole', { RoleArn: target, RoleSessionName: 'next' });
    expect(unsigned).to.include({ status: 403, code: 'MissingAuthenticationToken' });
    expect(await sts(undefined, 'GetCallerIdentity')).to.include({ code: 'MissingAuthenticationToken' });
  });

  const conditions: readonly [string, unknown, QueryParameters, QueryParameters][] = [
    [
      'sts:ExternalId',
      { StringEquals: { 'sts:ExternalId': 'right' } },
      { ExternalId: 'right' },
      { ExternalId: 'wrong' },
    ],
    ['sts:ExternalId when absent', { StringEquals: { 'sts:ExternalId': 'right' } }, { ExternalId: 'right' }, {}],
    ['sts:RoleSessionName', { StringLike: { 'sts:RoleSessionName': 'ne*' } }, {}, { RoleSessionName: 'other' }],
    [
      'sts:SourceIdentity',
      { StringEquals: { 'sts:SourceIdentity': 'ann' } },
      { SourceIdentity: 'ann' },
      { SourceIdentity: 'bob' },
    ],
    [
      'aws:RequestTag',
      { StringEquals: { 'aws:RequestTag/Team': 'blue' } },
      tagParameters({ team: 'blue' }),
      tagParameters({ team: 'red' }),
    ],
    [
      'aws:TagKeys',
      { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b'] } },
      tagParameters({ a: '1', b: '2' }),
      tagParameters({ a: '1', c: '2' }),
    ],
    [
      'sts:TransitiveTagKeys',
      { 'ForAnyValue:StringEquals': { 'sts:TransitiveTagKeys': 'a' } },
      tagParameters({ a: '1' }, ['a']),
      tagParameters({ a: '1' }),
    ],
  ];
  for (const [name, condition, right, wrong] of conditions) {
    it(`sets ${name} in the trust policy`, async () => {
      const { assume, app, target } = await twoRoles({ targetTrust: trust({ AWS: APP }, ASSUME, condition) });
      expect((await assume(app(), target, right)).status).to.equal(200);
      expect(await assume(app(), target, wrong)).to.include({ status: 403, code: 'AccessDenied' });
    });
  }

  const needs: readonly [string, QueryParameters][] = [
    ['sts:TagSession', tagParameters({ team: 'blue' })],
    ['sts:SetSourceIdentity', { SourceIdentity: 'ann' }],
  ];
  for (const [action, parameters] of needs) {
    it(`requires ${action} in both policies if it applies`, async () => {
      const others = ASSUME.filter((each) => each !== action);
      const byTrust = await twoRoles({ targetTrust: trust({ AWS: APP }, others) });
      const answer = await byTrust.assume(byTrust.app(), byTrust.target, parameters);
      expect(answer).to.include({ status: 403, code: 'AccessDenied', message: denied(action) });
      expect((await byTrust.assume(byTrust.app(), byTrust.target)).status).to.equal(200);
      const byIdentity = await twoRoles({ targetAccount: THERE, appPolicy: allow(others) });
      expect(await byIdentity.assume(byIdentity.app(), byIdentity.target, parameters)).to.include({
        code: 'AccessDenied',
      });
      expect((await byIdentity.assume(byIdentity.app(), byIdentity.target)).status).to.equal(200);
    });
  }

  it('records its decisions and notes', async () => {
    const { assume, app, target, context } = await twoRoles();
    const answer = await assume(app(), target, tagParameters({ team: 'blue' }));
    const { operation, authorizations, notes } = context.trace(answer.request);
    expect(operation).to.equal('AssumeRole');
    expect(authorizations.map((each) => [each.action, each.decision.value])).to.deep.equal([
      ['sts:AssumeRole', 'allowed'],
      ['sts:TagSession', 'allowed'],
    ]);
    const opened = `opened the session arn:aws:sts::${HERE}:assumed-role/target/next`;
    expect(notes).to.deep.equal(['session tags passed: team', opened]);
  });

  it('names the explicitly denying policy to callers of the same account', async () => {
    const appPolicy = JSON.stringify({
      Version: '2012-10-17',
      Statement: { Effect: 'Deny', Action: 'sts:AssumeRole', Resource: '*' },
    });
    const { assume, app, target } = await twoRoles({ appPolicy });
    const message = `${denied('sts:AssumeRole')} with an explicit deny in an identity-based policy`;
    expect(await assume(app(), target)).to.include({ code: 'AccessDenied', message });
  });

  it("limits sessions to the role's maximum, except those of services", async () => {
    const { assume, app, context, target, must } = await twoRoles();
    await must('UpdateRole', { RoleName: 'target', MaxSessionDuration: 43_200 });
    expect((await assume(app(), target, { DurationSeconds: 3600 })).status).to.equal(200);
    const { request } = await must('GetRole', { RoleName: 'app' });
    const input = { principal: PODS, roleArn: APP, sessionName: 'eks-a-b', durationSeconds: 21_600 };
    const { session } = assumeRole(context, request, input);
    expect(session.expiresAt - session.issuedAt).to.equal(21_600_000);
  });
});

describe('session tags', () => {
  const inherited = { tags: [transitive('kubernetes-namespace', 'red'), { key: 'x', value: 'y', transitive: false }] };

  it('are inherited if transitive, and then need sts:TagSession', async () => {
    const { assume, app, target, sessionIn, context } = await twoRoles();
    const answer = await assume(app(inherited), target, tagParameters({ team: 'blue', step: '2' }, ['team']));
    const session = sessionIn(answer);
    expect(session.tags).to.deep.equal([
      transitive('team', 'blue'),
      { key: 'step', value: '2', transitive: false },
      transitive('kubernetes-namespace', 'red'),
    ]);
    expect(Number(answer.get('PackedPolicySize'))).to.be.within(1, 100);
    expect(context.trace(answer.request).notes).to.include('transitive session tags inherited: kubernetes-namespace');
    const third = sessionIn(await assume(app({ tags: session.tags }), target));
    expect(third.tags.map((tag) => tag.key)).to.deep.equal(['team', 'kubernetes-namespace']);

    const without = await twoRoles({ targetTrust: trust({ AWS: APP }, 'sts:AssumeRole') });
    const denied = await without.assume(without.app(inherited), without.target);
    expect(denied).to.include({ status: 403, code: 'AccessDenied' });
    expect(denied.message).to.contain('is not authorized to perform: sts:TagSession on resource: ');
  });

  it('count as request tags in the trust policy if inherited', async () => {
    const condition = { StringEquals: { 'aws:RequestTag/kubernetes-namespace': 'red' } };
    const { assume, app, target } = await twoRoles({ targetTrust: trust({ AWS: APP }, ASSUME, condition) });
    expect((await assume(app(inherited), target)).status).to.equal(200);
    const other = app({ tags: [transitive('kubernetes-namespace', 'blue')] });
    expect(await assume(other, target)).to.include({ code: 'AccessDenied' });
  });

  const overrides = [
    [undefined, 400, 'InvalidParameterValue'],
    ['ValidationError', 400, 'ValidationError'],
    ['AccessDenied', 403, 'AccessDenied'],
  ] as const;
  for (const [setting, status, code] of overrides) {
    it(`cannot override transitive ones (setting ${setting ?? 'unset'})`, async () => {
      const settings = setting !== undefined ? { transitiveTagOverrideError: setting } : {};
      const { assume, app, target } = await twoRoles({ settings });
      const answer = await assume(app(inherited), target, tagParameters({ 'Kubernetes-Namespace': 'blue' }));
      expect(answer).to.include({ status, code });
      expect(answer.message).to.match(/conflicts with a transitive tag key/);
    });
  }

  // Sizes observed on AWS (aws/containers-roadmap#2413, and a CloudTrail record of the EKS workshop).
  const packed: readonly [string, string, string, string, number, number][] = [
    ['usual names', 'eks-workshop', 'carts', 'carts', 56, 56],
    ['long names', 'production-platform-eu-1', 'team-payments-staging', 'payments-settlement-worker', 72, 76],
  ];
  for (const [names, cluster, namespace, serviceAccount, least, most] of packed) {
    it(`take ${least} to ${most} % of the space for six Kubernetes tags with ${names}`, async () => {
      const { must, context } = await twoRoles();
      const { request } = await must('GetRole', { RoleName: 'app' });
      const tags = Object.entries({
        'eks-cluster-arn': `arn:aws:eks:us-west-2:${HERE}:cluster/${cluster}`,
        'eks-cluster-name': cluster,
        'kubernetes-namespace': namespace,
        'kubernetes-service-account': serviceAccount,
        'kubernetes-pod-name': `${serviceAccount}-5f4bbb5c5c-6pgxj`,
        'kubernetes-pod-uid': '1d1a2b3c-0000-4000-8000-123456789abc',
      }).map(([key, value]) => ({ key, value }));
      const { packedPolicySize } = assumeRole(context, request, {
        principal: PODS,
        roleArn: APP,
        sessionName: 'eks-workshop-carts',
        durationSeconds: 21_600,
        tags,
        transitiveTagKeys: tags.map((tag) => tag.key),
      });
      expect(packedPolicySize).to.be.within(least, most);
    });
  }
});

describe('session policies', () => {
  it('limit the session, inline and managed together', async () => {
    const { assume, app, target, sessionIn, must, context } = await twoRoles();
    await must('PutRolePolicy', { RoleName: 'target', PolicyName: 'all', PolicyDocument: allow('*') });
    const answer = await assume(app(), target, {
      Policy: allow('s3:GetObject', 'arn:aws:s3:::data/*'),
      'PolicyArns.member.1.arn': 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess',
    });
    const session = sessionIn(answer);
    expect(session.sessionPolicies).to.have.length(2);
    expect(Number(answer.get('PackedPolicySize'))).to.be.within(1, 100);
    const decide = (action: string) =>
      context.authorize(answer.request, {
        principal: session,
        action,
        resource: 'arn:aws:s3:::data/key',
        resourceAccount: HERE,
      });
    expect(decide('s3:GetObject').value).to.equal('allowed');
    expect(decide('s3:PutObject')).to.include({ value: 'implicitlyDenied', deniedBy: 'session' });
  });
});

describe('source identities', () => {
  it('persist through a whole role chain', async () => {
    const { assume, app, target, sessionIn } = await twoRoles();
    const first = await assume(app(), target, { SourceIdentity: 'ann' });
    expect(first.get('SourceIdentity')).to.equal('ann');
    const { context } = sessionIn(first);
    const second = await assume(app({ context }), target);
    expect(second.get('SourceIdentity')).to.equal('ann');
    expect(await assume(app({ context }), target, { SourceIdentity: 'bob' })).to.include({ code: 'AccessDenied' });
  });
});
