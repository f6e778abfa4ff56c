import { expect } from 'chai';
import fc from 'fast-check';
import type { RoleSession } from './principal.ts';
import { accessDeniedMessage, authorize, compilePolicy } from './index.ts';
import type { AuthorizationInput, CompiledPolicy, PolicyKind } from './index.ts';

const ACCOUNT = '111122223333';
const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/app`;
const SESSION: RoleSession = {
  kind: 'role-session',
  accountId: ACCOUNT,
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/app/pod`,
  roleArn: ROLE_ARN,
  roleName: 'app',
  userId: 'AROAEXAMPLEEXAMPLE123:pod',
  sessionName: 'pod',
  tags: [],
  sessionPolicies: [],
  issuedAt: 0,
  expiresAt: 0,
  context: {},
};
const OBJECT = 'arn:aws:s3:::data/key';

function policy(kind: PolicyKind, ...statements: object[]): CompiledPolicy {
  return compilePolicy({ Version: '2012-10-17', Statement: statements }, { kind, name: `${kind} policy` });
}

function input(rest: Partial<AuthorizationInput>): AuthorizationInput {
  return {
    principal: SESSION,
    action: 's3:GetObject',
    resource: OBJECT,
    resourceAccount: ACCOUNT,
    context: {},
    identityPolicies: [],
    ...rest,
  };
}

const ALLOW = { Effect: 'Allow', Action: 's3:*', Resource: '*' };
const DENY = { Effect: 'Deny', Action: 's3:GetObject', Resource: '*' };

describe('authorize', () => {
  const effect = fc.constantFrom('Allow', 'Deny');
  const actions = fc.constantFrom('s3:GetObject', 's3:Get*', 's3:*', '*', 's3:PutObject', 'iam:*');
  const resources = fc.constantFrom('*', OBJECT, 'arn:aws:s3:::data/*', 'arn:aws:s3:::other/*');
  const conditions = fc.constantFrom(
    undefined,
    { StringEquals: { 'aws:PrincipalTag/team': 'blue' } },
    { StringNotEquals: { 'aws:PrincipalTag/team': 'blue' } },
    { Null: { 'aws:PrincipalTag/team': 'true' } },
  );
  const statement = fc
    .record({ Effect: effect, Action: actions, Resource: resources, Condition: conditions })
    .map(({ Condition, ...rest }) => (Condition === undefined ? rest : { ...rest, Condition }));
  const statements = fc.array(statement, { minLength: 1, maxLength: 5 });
  const context = fc.constantFrom<AuthorizationInput['context']>(
    {},
    { 'aws:PrincipalTag/team': 'blue' },
    { 'aws:PrincipalTag/team': 'red' },
  );

  it('lets a Deny in any policy win', () => {
    fc.assert(
      fc.property(
        statements,
        context,
        fc.constantFrom('identity', 'session', 'boundary', 'resource'),
        (own, keys, where) => {
          const denying = policy(where, where === 'resource' ? { ...DENY, Principal: '*' } : DENY);
          const decision = authorize(
            input({
              context: keys,
              identityPolicies: [policy('identity', ...own), ...(where === 'identity' ? [denying] : [])],
              ...(where === 'session' && { sessionPolicies: [denying] }),
              ...(where === 'boundary' && { permissionsBoundary: denying }),
              ...(where === 'resource' && { resourcePolicy: denying }),
            }),
          );
          expect(decision.value).to.equal('explicitlyDenied');
        },
      ),
    );
  });

  it('ignores statements that do not match', () => {
    fc.assert(
      fc.property(statements, context, effect, fc.nat(5), (own, keys, kind, at) => {
        const decide = (all: object[]): string =>
          authorize(input({ context: keys, identityPolicies: [policy('identity', ...all)] })).value;
        const other = { Effect: kind, Action: 'ec2:*', Resource: '*' };
        expect(decide([...own.slice(0, at), other, ...own.slice(at)])).to.equal(decide(own));
      }),
    );
  });

  it('does not depend on the order of statements or their distribution over policies', () => {
    fc.assert(
      fc.property(statements, context, (own, keys) => {
        const decide = (policies: CompiledPolicy[]): string =>
          authorize(input({ context: keys, identityPolicies: policies })).value;
        const together = decide([policy('identity', ...own)]);
        expect(decide([policy('identity', ...[...own].reverse())])).to.equal(together);
        expect(decide(own.map((one) => policy('identity', one)))).to.equal(together);
      }),
    );
  });

  it('never allows more with a session policy or a boundary', () => {
    fc.assert(
      fc.property(statements, statements, context, (own, narrow, keys) => {
        const identityPolicies = [policy('identity', ...own)];
        const wide = authorize(input({ context: keys, identityPolicies })).value;
        const sessionPolicies = [policy('session', ...narrow)];
        const permissionsBoundary = policy('boundary', ...narrow);
        for (const limit of [{ sessionPolicies }, { permissionsBoundary }]) {
          const value = authorize(input({ context: keys, identityPolicies, ...limit })).value;
          if (value === 'allowed') expect(wide).to.equal('allowed');
        }
      }),
    );
  });

  it('allows a request if any of several session policies allows it', () => {
    const sessionPolicies = [policy('session', { ...ALLOW, Action: 's3:PutObject' }), policy('session', ALLOW)];
    expect(authorize(input({ identityPolicies: [policy('identity', ALLOW)], sessionPolicies })).value).to.equal(
      'allowed',
    );
  });

  it('does not limit a session with an empty list of session policies', () => {
    const decision = authorize(input({ identityPolicies: [policy('identity', ALLOW)], sessionPolicies: [] }));
    expect(decision.value).to.equal('allowed');
  });

  it('recognizes a role by its unique id', () => {
    const resourcePolicy = policy('resource', { ...ALLOW, Principal: { AWS: 'AROAEXAMPLEEXAMPLE123' } });
    expect(authorize(input({ resourcePolicy })).value).to.equal('allowed');
  });

  it('does not treat inherited object members as context keys', () => {
    const Condition = { Null: { 'x:y': 'true', 'aws:constructor': 'true' } };
    expect(authorize(input({ identityPolicies: [policy('identity', { ...ALLOW, Condition })] })).value).to.equal(
      'allowed',
    );
  });

  describe('returns the denying policy:', () => {
    const identityPolicies = [policy('identity', ALLOW)];
    const none = (kind: PolicyKind): CompiledPolicy => policy(kind, { ...ALLOW, Action: 'ec2:*' });
    const table: [deniedBy: PolicyKind | undefined, rest: Partial<AuthorizationInput>][] = [
      [undefined, { identityPolicies }],
      ['identity', {}],
      ['boundary', { identityPolicies, permissionsBoundary: none('boundary') }],
      ['session', { identityPolicies, sessionPolicies: [none('session')] }],
      ['resource', { identityPolicies, resourceAccount: '444455556666' }],
      ['identity', { identityPolicies: [policy('identity', ALLOW, DENY)] }],
      ['resource', { identityPolicies, resourcePolicy: policy('resource', { ...DENY, Principal: '*' }) }],
      ['trust', { identityPolicies: [policy('identity', { ...ALLOW, Action: '*' })], action: 'sts:AssumeRole' }],
    ];
    for (const [deniedBy, rest] of table) {
      const what = Object.keys(rest).join(', ') || 'nothing';
      it(`${deniedBy ?? 'none'}, given ${what}`, () => expect(authorize(input(rest)).deniedBy).to.equal(deniedBy));
    }
  });

  describe('explains', () => {
    it('each statement with the part that did not match', () => {
      const { statements: explained, reason } = authorize(
        input({
          context: { 'aws:PrincipalTag/env': 'prod' },
          identityPolicies: [
            policy(
              'identity',
              { ...ALLOW, Sid: 'write', Action: 's3:PutObject' },
              { ...ALLOW, Resource: 'arn:aws:s3:::other/*' },
              {
                ...ALLOW,
                Condition: {
                  StringEquals: { 'aws:PrincipalTag/team': 'blue', 'aws:PrincipalTag/env': '${aws:PrincipalTag/env}' },
                },
              },
            ),
          ],
          resourcePolicy: policy('resource', { ...ALLOW, Principal: { AWS: '444455556666' } }),
        }),
      );
      expect(explained.map((one) => one.reason)).to.deep.equal([
        `not applied: Principal names "444455556666", not a session of ${SESSION.roleArn}`,
        'not applied: Action "s3:PutObject" does not list s3:GetObject',
        `not applied: Resource "arn:aws:s3:::other/*" does not cover ${OBJECT}`,
        'not applied: aws:PrincipalTag/team is absent, StringEquals expects "blue"',
      ]);
      expect(explained[0]).to.deep.include({ principalMatched: false, kind: 'resource', conditions: [] });
      expect(explained[1]).to.deep.include({ sid: 'write', index: 0, actionMatched: false });
      expect(explained[0]).not.to.have.property('actionMatched');
      expect(explained[3]?.conditions).to.deep.equal([
        {
          operator: 'StringEquals',
          key: 'aws:PrincipalTag/team',
          expected: ['blue'],
          actual: undefined,
          matched: false,
        },
        { operator: 'StringEquals', key: 'aws:PrincipalTag/env', expected: ['prod'], actual: ['prod'], matched: true },
      ]);
      expect(reason).to.equal(
        `no identity-based policy allows s3:GetObject on ${OBJECT}; statement 3 of identity policy ${explained[3]?.reason}`,
      );
    });

    it('which statement allowed or denied', () => {
      const allowing = policy('identity', { ...ALLOW, Sid: 'all' });
      expect(authorize(input({ identityPolicies: [allowing] })).reason).to.equal(
        'allowed by statement 1 "all" of identity policy: Action "s3:*", Resource "*"',
      );
      const boundary = policy('boundary', ALLOW, DENY);
      expect(authorize(input({ identityPolicies: [allowing], permissionsBoundary: boundary })).reason).to.equal(
        'denied by statement 2 of boundary policy: Action "s3:GetObject", Resource "*"',
      );
    });

    it("a policy's role in the decision, also in JSON", () => {
      const managed = policy('identity', ALLOW);
      const decision = authorize(input({ identityPolicies: [managed], permissionsBoundary: managed }));
      const read = JSON.parse(JSON.stringify(decision)) as typeof decision;
      expect(read.value).to.equal('allowed');
      expect(read.statements.map(({ kind }) => kind)).to.deep.equal(['identity', 'boundary']);
    });
  });
});

describe('accessDeniedMessage', () => {
  const table: [value: 'implicitlyDenied' | 'explicitlyDenied', deniedBy: PolicyKind, action: string, end: string][] = [
    [
      'implicitlyDenied',
      'identity',
      's3:GetObject',
      ' on resource: "R" because no identity-based policy allows the s3:GetObject action',
    ],
    [
      'implicitlyDenied',
      'session',
      's3:GetObject',
      ' on resource: "R" because no session policy allows the s3:GetObject action',
    ],
    [
      'implicitlyDenied',
      'resource',
      's3:GetObject',
      ' on resource: "R" because no resource-based policy allows the s3:GetObject action',
    ],
    [
      'implicitlyDenied',
      'boundary',
      'iam:GetRole',
      ' on resource: R because no permissions boundary allows the iam:GetRole action',
    ],
    [
      'explicitlyDenied',
      'resource',
      's3:GetObject',
      ' on resource: "R" with an explicit deny in a resource-based policy',
    ],
    ['explicitlyDenied', 'trust', 'sts:AssumeRole', ' on resource: R with an explicit deny in the role trust policy'],
    ['implicitlyDenied', 'trust', 'sts:TagSession', ' on resource: R'],
  ];
  for (const [value, deniedBy, action, end] of table) {
    it(`${action}, ${value} by ${deniedBy}`, () => {
      const message = accessDeniedMessage(SESSION.arn, action, 'R', { value, deniedBy });
      expect(message).to.equal(`User: ${SESSION.arn} is not authorized to perform: ${action}${end}`);
    });
  }

  it('omits the resource of an action without one', () => {
    const decision = { value: 'implicitlyDenied', deniedBy: 'identity' } as const;
    expect(accessDeniedMessage('A', 's3:ListAllMyBuckets', '*', decision)).not.to.contain('resource:');
  });
});
