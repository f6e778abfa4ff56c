import { expect } from 'chai';
import type { Principal, RoleSession } from '../policy/principal.ts';
import { difference, type Comparison, type Difference, type PolicySet } from './index.ts';

const ACCOUNT = '111122223333';
const SESSION: RoleSession = {
  ...{ kind: 'role-session', accountId: ACCOUNT, roleName: 'app', sessionName: 's', userId: 'AROAEXAMPLE:s' },
  ...{ arn: `arn:aws:sts::${ACCOUNT}:assumed-role/app/s`, roleArn: `arn:aws:iam::${ACCOUNT}:role/app` },
  ...{ tags: [], sessionPolicies: [], context: {}, issuedAt: 0, expiresAt: 0 },
};
const ROLE = { AWS: SESSION.roleArn };

type Statement = Readonly<Record<string, unknown>>;
const allow = (Resource: unknown, Condition?: object, Action: unknown = 's3:GetObject'): Statement => ({
  ...{ Effect: 'Allow', Action, Resource },
  ...(Condition && { Condition }),
});
const deny = (...given: Parameters<typeof allow>): Statement => ({ ...allow(...given), Effect: 'Deny' });
const named = (Statement: readonly Statement[], Version = '2012-10-17') => ({
  name: 'policy',
  document: { Version, Statement },
});
const identity = (...statements: Statement[]): PolicySet => ({ identityPolicies: [named(statements)] });
const compare = (before: PolicySet, after: PolicySet, more: Partial<Comparison> = {}): Difference =>
  difference({ before, after, principals: [{ principal: SESSION }], resourceAccount: ACCOUNT, ...more });

function requests(
  result: Difference,
): readonly { resource: string; newly: string; action: string; principal: Principal; context: object }[] {
  expect(result.kind, JSON.stringify(result)).to.equal('differs');
  return result.kind === 'differs' ? result.differences.map(({ request, newly }) => ({ ...request, newly })) : [];
}
const policyOf = ({ resourcePolicy }: PolicySet): readonly Statement[] =>
  (resourcePolicy?.document as { Statement: readonly Statement[] }).Statement;
const isEquivalent = (before: PolicySet, after: PolicySet, more?: Partial<Comparison>): void => {
  const result = compare(before, after, more);
  expect(result.kind, JSON.stringify(result)).to.equal('equivalent');
};
const limitOf = (result: Difference): string => (result.kind === 'not decided' ? result.limits.join() : result.kind);

const DATA = 'arn:aws:s3:::data';
const TEAM = '${aws:PrincipalTag/team}';
const team = (operator: string, values: unknown): object => ({ [operator]: { 'aws:PrincipalTag/team': values } });

describe('difference', () => {
  it('Outcome: an implicit and an explicit denial are equal', () => {
    isEquivalent(identity(allow(`${DATA}/a`)), identity(allow(`${DATA}/a`), deny(`${DATA}/b`)));
  });

  describe('within an organization', () => {
    const text = (...Statement: Statement[]): string => JSON.stringify({ Version: '2012-10-17', Statement });
    const within = (
      scps: Readonly<Record<string, string>>,
      rcps: Readonly<Record<string, string>> = {},
    ): Partial<Comparison> => ({
      organization: {
        id: 'o-example12345',
        managementAccount: '999988887777',
        targets: {
          'r-1': { name: 'Root', scps: { FullAWSAccess: text(allow('*', undefined, '*')) }, rcps },
          [ACCOUNT]: { name: 'prod', parent: 'r-1', scps, rcps: {} },
        },
      },
    });
    const FULL = { FullAWSAccess: text(allow('*', undefined, '*')) };
    const none: PolicySet = { identityPolicies: [] };
    const read = identity(allow(`${DATA}/*`));

    it('a Deny of an SCP hides what it denies, and only that', () => {
      isEquivalent(none, read, within({ ...FULL, DenyReads: text(deny('*')) }));
      const [request] = requests(compare(none, read, within({ ...FULL, DenyA: text(deny(`${DATA}/a*`)) })));
      expect(request?.resource).to.match(/^arn:aws:s3:::data\/[^a]/);
    });

    it('each level must allow', () => {
      isEquivalent(none, read, within({ Lists: text(allow('*', undefined, 's3:ListBucket')) }));
      expect(requests(compare(none, read, within({ Reads: text(allow('*')) })))).to.have.length(1);
    });

    it('the condition keys of the organization are known', () => {
      const outside = (id: string) => deny('*', { StringNotEquals: { 'aws:PrincipalOrgID': id } });
      isEquivalent(none, read, within({ ...FULL, DenyOutside: text(outside('o-other12345')) }));
      expect(
        requests(compare(none, read, within({ ...FULL, DenyOutside: text(outside('o-example12345')) }))),
      ).to.have.length(1);
    });

    it('an RCP denies callers outside the organization, also those that a bucket policy newly allows', () => {
      const rcps = {
        OnlyOrganization: text({
          ...deny('*', { StringNotEqualsIfExists: { 'aws:PrincipalOrgID': 'o-example12345' } }, 's3:*'),
          Principal: '*',
        }),
      };
      const bucket = (AWS: string): PolicySet => ({
        ...none,
        resourcePolicy: named([{ ...allow(`${DATA}/*`), Principal: { AWS } }]),
      });
      const more = { principals: [], resources: [`${DATA}/*`] };
      const [own, other] = [SESSION.roleArn, 'arn:aws:iam::444455556666:role/app'];
      isEquivalent(
        bucket(own),
        { ...bucket(own), resourcePolicy: named([...policyOf(bucket(own)), ...policyOf(bucket(other))]) },
        { ...more, ...within(FULL, rcps) },
      );
      expect(requests(compare(none, bucket(own), { ...more, ...within(FULL, rcps) }))).to.not.have.length(0);
    });

    it('the management account is not restricted', () => {
      const given = within({ ...FULL, DenyReads: text(deny('*')) });
      const organization = { ...given.organization!, managementAccount: ACCOUNT };
      expect(requests(compare(none, read, { organization }))).to.have.length(1);
    });
  });

  it('Variables: a tag value with slashes reaches deeper folders, and is the same everywhere in a request', () => {
    const [found] = requests(
      compare(identity(allow(`${DATA}/${TEAM}/x`)), identity(allow(`${DATA}/${TEAM}/x`), allow(`${DATA}/a/b/x`))),
    );
    expect(found).to.include({ newly: 'allowed', resource: `${DATA}/a/b/x` });
    isEquivalent(
      identity(allow(`${DATA}/${TEAM}/x`, team('StringEquals', 'a/b'))),
      identity(allow(`${DATA}/a/b/x`, team('StringEquals', 'a/b'))),
    );
  });

  it('Variables: a star in a value is literal', () => {
    isEquivalent(
      identity(allow(`${DATA}/${TEAM}`, team('StringEquals', '*'))),
      identity(allow(`${DATA}/\${*}`, team('StringEquals', '*'))),
    );
  });

  it('Variables: an absent tag matches nothing, so a negated operator holds', () => {
    const tag = (operator: string): object => ({
      [operator]: { 'aws:ResourceTag/team': TEAM },
      Null: { 'aws:PrincipalTag/team': 'true' },
    });
    isEquivalent(identity(allow('*')), identity(allow('*'), allow('*', tag('StringEquals'), 's3:PutObject')));
    expect(
      requests(compare(identity(allow('*')), identity(allow('*'), allow('*', tag('StringNotEquals'), 's3:PutObject')))),
    ).to.have.length(1);
  });

  it('Variables: only Version 2012-10-17 has them', () => {
    const old = { identityPolicies: [named([allow(`${DATA}/${TEAM}`)], '2008-10-17')] };
    expect(requests(compare(old, identity(allow(`${DATA}/${TEAM}`)))).map(({ newly }) => newly)).to.include('allowed');
  });

  it('Variables: one next to a wildcard in a segment is not decided', () => {
    for (const [wide, narrow] of [
      [`${DATA}/${TEAM}*`, `${DATA}/${TEAM}`],
      [`${DATA}/x/*${TEAM}`, `${DATA}/x/y${TEAM}`],
    ])
      expect(limitOf(compare(identity(allow(wide)), identity(allow(wide), allow(narrow))))).to.contain(
        'next to a wildcard',
      );
  });

  it('keeps known values, and sends no key that is absent', () => {
    const vpc = (...values: string[]): PolicySet => identity(allow('*', { StringEquals: { 'aws:SourceVpc': values } }));
    expect(requests(compare(vpc('a'), vpc('a', 'b')))).to.have.length(1);
    isEquivalent(vpc('a'), vpc('a', 'b'), { context: { 'aws:SourceVpc': 'a' } });
    isEquivalent(vpc('a'), vpc('a', 'b'), { absent: ['aws:SourceVpc'] });
  });

  it('Sets: absent, empty, and one empty text satisfy every, and not some', () => {
    const keys = (set: string, values: unknown): object => ({
      [`${set}:StringEquals`]: { 'dynamodb:LeadingKeys': values },
    });
    const items = (condition?: object): PolicySet => identity(allow('*', condition, 'dynamodb:GetItem'));
    expect(
      requests(compare(items(keys('ForAnyValue', 'a')), items(keys('ForAllValues', 'a')))),
    ).to.deep.include.members([]);
    expect(
      requests(compare(items(keys('ForAllValues', ['a', 'b'])), items(keys('ForAllValues', ['a', 'b', 'c']))))[0]!
        .context,
    ).to.deep.equal({ 'dynamodb:LeadingKeys': ['c'] });
    isEquivalent(items(keys('ForAllValues', ['a', 'b'])), items(keys('ForAllValues', ['b', 'a'])));
    const plain = items({ StringEquals: { 'dynamodb:LeadingKeys': 'a' } });
    expect(limitOf(compare(plain, items({ StringLike: { 'dynamodb:LeadingKeys': 'a*' } })))).not.to.equal('equivalent');
  });

  it('Case: actions and names of keys fold, resources and values do not', () => {
    isEquivalent(
      identity(allow(DATA, team('StringEquals', 'a'), 's3:ListBucket')),
      identity(allow(DATA, { StringEquals: { 'AWS:principaltag/TEAM': 'a' } }, 'S3:LISTBUCKET')),
    );
    expect(requests(compare(identity(allow(`${DATA}/a`)), identity(allow(`${DATA}/A`))))).to.have.length(2);
    expect(
      requests(
        compare(identity(allow('*', team('StringEquals', 'a'))), identity(allow('*', team('StringEquals', 'A')))),
      ),
    ).to.have.length(2);
    expect(
      limitOf(
        compare(
          identity(allow('*', team('StringEqualsIgnoreCase', 'ä'))),
          identity(allow('*', team('StringEqualsIgnoreCase', ['ä', 'ä']))),
        ),
      ),
    ).to.equal('equivalent');
    expect(
      limitOf(
        compare(
          identity(allow('*', team('StringEqualsIgnoreCase', 'ä')), allow('*', team('StringEquals', 'ä'))),
          identity(allow('*', team('StringEqualsIgnoreCase', 'ä'))),
        ),
      ),
    ).to.contain('beyond ASCII');
  });

  it('ARNs: a star crosses slashes, and only "*" matches a request without an ARN', () => {
    expect(requests(compare(identity(allow(`${DATA}/?`)), identity(allow(`${DATA}/*`))))).to.have.length(1);
    const list = (resource: string): PolicySet => identity(allow(resource, undefined, 's3:ListAllMyBuckets'));
    expect(requests(compare(list('arn:aws:s3:::*'), list('*')))[0]).to.include({ resource: '*', newly: 'allowed' });
  });

  it('ARNs: a star that ends a field crosses colons, another does not', () => {
    const logs = (...resources: string[]): PolicySet =>
      identity(...resources.map((one) => allow(`arn:aws:logs:${one}`, undefined, 'logs:DeleteLogGroup')));
    expect(compare(logs('*:log-group:a'), logs('*:log-group:a', '*:*:log-group:a')).kind).to.equal('equivalent');
    expect(requests(compare(logs('x-*-1:*:log-group:a'), logs('*:log-group:a'))).length).to.be.above(0);
    expect(compare(logs('x'), logs('x', 'u*3:log-group:a')).kind).to.equal('equivalent');
  });

  it('NotAction, NotResource: are complements under Allow and under Deny', () => {
    const others = { Effect: 'Allow', NotAction: 's3:*', Resource: '*' };
    isEquivalent(identity(others, allow('*', undefined, 's3:*')), identity(allow('*', undefined, '*')));
    const only = { Effect: 'Deny', Action: 's3:*', NotResource: `${DATA}/*` };
    isEquivalent(identity(allow('*'), only), identity(allow(`${DATA}/*`)));
  });

  it('NotPrincipal: spares a session whose account and role are listed, unless it has a boundary', () => {
    const all = allow('*');
    const policy = (AWS: unknown): PolicySet => ({
      ...identity(all),
      resourcePolicy: named([{ Effect: 'Deny', NotPrincipal: { AWS }, Action: 's3:*', Resource: `${DATA}/*` }]),
    });
    const more = { onlyPrincipals: true };
    expect(requests(compare(policy([ACCOUNT]), policy([ACCOUNT, SESSION.roleArn]), more))).to.have.length(1);
    const bounded = (AWS: unknown): PolicySet => ({ ...policy(AWS), permissionsBoundary: named([all]) });
    isEquivalent(bounded([ACCOUNT]), bounded([ACCOUNT, SESSION.roleArn]), more);
  });

  it('Union: in one account either policy allows, across accounts both must', () => {
    const grant = { ...allow(`${DATA}/*`), Principal: ROLE };
    const both = (identityPolicies: PolicySet['identityPolicies']): PolicySet => ({
      identityPolicies,
      resourcePolicy: named([grant]),
    });
    isEquivalent(both([]), both([named([allow(`${DATA}/*`)])]));
    expect(
      requests(compare(both([]), both([named([allow(`${DATA}/*`)])]), { resourceAccount: '444455556666' })),
    ).to.have.length(1);
  });

  it('Union: a policy that a KMS key needs decides, also if it names no service', () => {
    const key = (Condition?: object): PolicySet => ({
      identityPolicies: [named([allow('*', undefined, '*')])],
      resourcePolicy: named([{ ...allow('*', Condition, '*'), Principal: '*' }]),
    });
    const [request] = requests(compare(key({ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }), key()));
    expect(request).to.include({ newly: 'allowed', action: 'kms:Decrypt' });
  });

  it('Limits: a grant to a session passes its boundary, one to a role does not', () => {
    const set = (AWS: string, boundary: string): PolicySet => ({
      ...{ identityPolicies: [], permissionsBoundary: named([allow('*', undefined, boundary)]) },
      resourcePolicy: named([{ ...allow(`${DATA}/*`), Principal: { AWS } }]),
    });
    isEquivalent(set(SESSION.arn, 's3:*'), set(SESSION.arn, 'ec2:*'));
    expect(requests(compare(set(SESSION.roleArn, 's3:*'), set(SESSION.roleArn, 'ec2:*')))[0]).to.include({
      newly: 'denied',
    });
  });

  it('Trust: asks principals that the policies distinguish, for the whole sequence of actions', () => {
    const trust = (...statements: Statement[]): PolicySet => ({ identityPolicies: [], trustPolicy: named(statements) });
    const by = (Principal: unknown, Action: unknown): Statement => ({ Effect: 'Allow', Principal, Action });
    const pods = by({ Service: 'pods.eks.amazonaws.com' }, ['sts:AssumeRole', 'sts:TagSession']);
    const found = requests(compare(trust(pods), trust(pods, by(ROLE, 'sts:AssumeRole')), { principals: [] }));
    expect(found[0]!.principal).to.include({ kind: 'role-session', roleArn: SESSION.roleArn });
    isEquivalent(trust(pods), trust(pods, by(ROLE, 'sts:TagSession')), { principals: [] });
    const [lost] = requests(
      compare(trust(pods), trust(by({ Service: 'pods.eks.amazonaws.com' }, 'sts:AssumeRole')), { principals: [] }),
    );
    expect(lost).to.include({ action: 'sts:TagSession', newly: 'denied' });
  });

  it('keys that requests have together: RoleSessionName, SourceAccount with the account of SourceArn, keys of tags', () => {
    const byName = (operator: string): PolicySet =>
      identity(allow('*', { [operator]: { 'sts:RoleSessionName': 'ci-*' } }, 'sts:AssumeRole'));
    isEquivalent(byName('StringLike'), byName('StringLikeIfExists'));
    const fromTopic = (more: object): PolicySet => ({
      identityPolicies: [],
      resourcePolicy: named([
        {
          ...allow(`${DATA}/*`, { ArnEquals: { 'aws:SourceArn': `arn:aws:sns:us-west-2:${ACCOUNT}:topic` }, ...more }),
          Principal: { Service: 'sns.amazonaws.com' },
        },
      ]),
    });
    const account = { StringEquals: { 'aws:SourceAccount': ACCOUNT } };
    isEquivalent(fromTopic(account), fromTopic({}), { principals: [] });
    const tagged = identity(allow(`${DATA}/*`, { Null: { 's3:RequestObjectTagKeys': 'false' } }, 's3:PutObject'));
    const [request] = requests(compare({ identityPolicies: [] }, tagged));
    expect(Object.values(request?.context ?? {}).flat()).to.not.include('');
  });

  it('lacksKey: an action of an unknown service may have keys of any service', () => {
    const prefixes = (...all: string[]): PolicySet =>
      identity(allow('*', { StringEquals: { 's3:prefix': all } }, 'newservice:GetThing'));
    const [request] = requests(compare(prefixes('a'), prefixes('a', 'b')));
    expect(request?.context).to.include({ 's3:prefix': 'b' });
  });

  it('principalsOf: a user that one policy names is a caller', () => {
    const user = 'arn:aws:iam::444455556666:user/alice';
    const resource = (...AWS: string[]): PolicySet => ({
      identityPolicies: [],
      resourcePolicy: named([{ ...allow(`${DATA}/*`), Principal: { AWS } }]),
    });
    const [request] = requests(compare(resource(ROLE.AWS), resource(ROLE.AWS, user), { principals: [] }));
    expect(request?.principal).to.include({ kind: 'user', arn: user, accountId: '444455556666' });
  });

  it('aws:PrincipalAccount: callers of each account that a condition names are compared', () => {
    const by = (...accounts: string[]): PolicySet => ({
      identityPolicies: [],
      resourcePolicy: named([
        { ...allow(`${DATA}/*`, { StringEquals: { 'aws:PrincipalAccount': accounts } }), Principal: '*' },
      ]),
    });
    const all = requests(compare(by('444455556666'), by('444455556666', '777788889999'), { principals: [] }));
    expect(all.map(({ principal }) => 'accountId' in principal && principal.accountId)).to.include('777788889999');
  });

  it('values: case and a longer prefix make no difference where the shorter one already matches', () => {
    const byPrefix = (operator: string, ...values: string[]): PolicySet => ({
      identityPolicies: [],
      resourcePolicy: named([
        { ...allow(DATA, { [operator]: { 's3:prefix': values } }, 's3:ListBucket'), Principal: ROLE },
      ]),
    });
    isEquivalent(byPrefix('StringEqualsIgnoreCase', 'A'), byPrefix('StringEqualsIgnoreCase', 'a'), { principals: [] });
    isEquivalent(byPrefix('StringLike', 'a*'), byPrefix('StringLike', 'a*', 'ab*'), { principals: [] });
  });

  it('SourceIp: half of a network of IPv6 differs from the whole', () => {
    const from = (range: string): PolicySet => identity(allow(`${DATA}/*`, { IpAddress: { 'aws:SourceIp': range } }));
    const [request] = requests(compare(from('2001:db9::/33'), from('2001:db9::/32')));
    expect(request?.context)
      .to.have.property('aws:SourceIp')
      .that.matches(/^2001:db9:[89a-f]/);
  });

  it('More rules between keys: an action has its keys, SourceVpce excludes SourceIp, CurrentTime equals EpochTime', () => {
    isEquivalent(
      identity(allow('*')),
      identity(allow('*'), allow('*', { StringLike: { 's3:prefix': '*' } }, 's3:PutObject')),
    );
    const network = { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' }, StringLike: { 'aws:SourceVpce': '*' } };
    isEquivalent(identity(allow('*')), identity(allow('*'), allow('*', network, 's3:PutObject')));
    const time = {
      DateLessThan: { 'aws:CurrentTime': '2026-01-01T00:00:00Z' },
      DateGreaterThan: { 'aws:EpochTime': '2027-01-01T00:00:00Z' },
    };
    isEquivalent(identity(allow('*')), identity(allow('*'), allow('*', time, 's3:PutObject')));
  });

  it('Rules between keys: a request through an endpoint has no address, which a negated condition accepts', () => {
    const outside = { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' }, StringEquals: { 'aws:SourceVpce': 'vpce-1' } };
    const [request] = requests(compare(identity(deny('*')), identity(allow('*', outside))));
    expect(request?.context).to.deep.equal({ 'aws:SourceVpce': 'vpce-1' });
  });

  it('Rules between keys: values of one key agree with those that policies require of another', () => {
    const tagged = {
      StringLike: { 'aws:RequestTag/eks-cluster-arn': 'arn:aws:eks:*' },
      StringEquals: { 'aws:RequestTag/eks-cluster-name': 'prod' },
    };
    const [create] = requests(compare(identity(deny('*')), identity(allow('*', tagged, 'sqs:CreateQueue'))));
    expect(create?.context)
      .to.have.property('aws:RequestTag/eks-cluster-arn')
      .that.matches(/:cluster\/prod$/);
    const trust = (Principal: object, Action: string, ...conditions: object[]): PolicySet => ({
      identityPolicies: [],
      trustPolicy: named([
        { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ...conditions.map((Condition) => ({ Effect: 'Allow', Principal, Action, Condition })),
      ]),
    });
    const service = { kind: 'service', service: 'pods.eks.amazonaws.com', accountId: ACCOUNT } as const;
    const pods = [{ Service: service.service }, 'sts:AssumeRole'] as const;
    const ofAccount = {
      ArnLike: { 'aws:SourceArn': 'arn:aws:eks:*:?*:cluster/*' },
      StringEquals: { 'aws:SourceAccount': ACCOUNT },
    };
    const [assume] = requests(
      compare(trust(...pods), trust(...pods, ofAccount), {
        principals: [{ principal: service }],
        onlyPrincipals: true,
      }),
    );
    expect(assume?.context)
      .to.have.property('aws:SourceArn')
      .that.matches(/^arn:aws:eks:[^:]*:111122223333:cluster\//);
    const providerArn = `arn:aws:iam::${ACCOUNT}:oidc-provider/oidc.example.com/id/1`;
    const web = { kind: 'federated', providerArn, accountId: ACCOUNT } as const;
    const byToken = [{ Federated: providerArn }, 'sts:AssumeRoleWithWebIdentity'] as const;
    const sub = (text: string): object => ({ StringLike: { 'oidc.example.com/id/1:sub': text } });
    const payments = sub('system:serviceaccount:payments:*');
    const [opened] = requests(
      compare(trust(...byToken, payments), trust(...byToken, payments, sub('system:*')), {
        ...{ principals: [{ principal: web }], onlyPrincipals: true },
      }),
    );
    expect(opened?.context)
      .to.have.property('oidc.example.com/id/1:sub')
      .that.matches(/^system:[^:]+:[^:]+:[^:]+$/);
  });

  it('Values: names of namespaces and service accounts end with a letter or a digit, if such names differ too', () => {
    const reads = (patterns: object): PolicySet => identity(allow('*', { StringLike: patterns }));
    const namespace = { 'aws:PrincipalTag/kubernetes-namespace': ['data-*', '*-dev'] };
    const account = { 'oidc.example.com/id/1:sub': 'system:serviceaccount:*-x:deploy-*' };
    for (const [key, value] of Object.entries({ ...namespace, ...account })) {
      const [request] = requests(compare(identity(deny('*')), reads({ [key]: value })));
      expect(request?.context)
        .to.have.property(key)
        .that.matches(/^[a-z].*[a-z]$/)
        .and.not.match(/-:|:-/);
    }
    const [only] = requests(compare(identity(deny('*')), reads({ 'aws:PrincipalTag/kubernetes-namespace': 'data-' })));
    expect(only?.context).to.have.property('aws:PrincipalTag/kubernetes-namespace', 'data-');
  });

  it('Keys: kms:CallerAccount is the account of the caller', () => {
    const decrypt = (id: string): PolicySet =>
      identity(allow('*', { StringEquals: { 'kms:CallerAccount': id } }, 'kms:Decrypt'));
    isEquivalent(decrypt(ACCOUNT), identity(allow('*', undefined, 'kms:Decrypt')));
    expect(requests(compare(decrypt('444455556666'), decrypt(ACCOUNT)))).to.have.length(1);
  });

  it('Actions: all actions include those of the service of a resource', () => {
    const secret = allow(`arn:aws:secretsmanager:us-east-1:${ACCOUNT}:secret:x`, undefined, '*');
    const [request] = requests(compare(identity(deny('*')), identity(deny('*'), secret)));
    expect(request?.action).to.match(/^secretsmanager:/i);
  });

  it('Actions: the chosen actions exclude those of an unknown service', () => {
    const unknown = identity(deny('*'), allow('*', undefined, 'acme:Run'));
    expect(compare(identity(deny('*')), unknown, { actions: ['s3:GetObject'] }).kind).to.equal('not decided');
  });

  it('Principals: the root user that a condition names is a caller', () => {
    const root = { ArnEquals: { 'aws:PrincipalArn': 'arn:aws:iam::444455556666:root' } };
    const resource = (...actions: string[]): PolicySet => ({
      identityPolicies: [],
      resourcePolicy: named(actions.map((one) => ({ ...allow(`${DATA}/*`, root, one), Principal: '*' }))),
    });
    const all = requests(
      compare(resource('s3:GetObject'), resource('s3:GetObject', 's3:PutObject'), { principals: [] }),
    );
    expect(all.map(({ principal }) => principal.kind)).to.deep.equal(['root']);
  });

  it('Principals: callers of other accounts have the partition of the named ones', () => {
    const resource = (...all: unknown[]): PolicySet => ({
      identityPolicies: [],
      resourcePolicy: named(all.map((Principal) => ({ ...allow(`${DATA}/*`), Principal }))),
    });
    const all = requests(compare(resource(ROLE), resource(ROLE, { AWS: '444455556666' }), { principals: [] }));
    expect(all.map(({ principal }) => 'arn' in principal && principal.arn.split(':')[1])).to.deep.equal(['aws']);
  });

  it('a policy that is undefined limits nothing', () => {
    const absent = { permissionsBoundary: undefined, sessionPolicies: undefined, resourcePolicy: undefined };
    expect(
      requests(compare({ ...identity(deny('*')), ...absent }, { ...identity(allow('*')), ...absent })),
    ).to.not.deep.equal([]);
  });

  it('names a limit instead of a verdict', () => {
    const mixed = { StringLike: { 'aws:PrincipalTag/n': '1*' }, NumericLessThan: { 'aws:PrincipalTag/n': '20' } };
    const result = compare(
      identity(allow('*', mixed)),
      identity(allow('*', { StringLike: { 'aws:PrincipalTag/n': '1*' } })),
    );
    expect(limitOf(result)).not.to.equal('equivalent');
    const bool = { Bool: { 'aws:SecureTransport': 'TRUE' } };
    expect(
      limitOf(compare(identity(deny('*', bool), allow('*')), identity(deny('*', bool), allow('*'), allow('*', bool)))),
    ).not.to.equal('differs');
  });

  it('asks about resources of other accounts, whose policies it assumes to allow', () => {
    const queue = (account: string): string => `arn:aws:sqs:us-east-1:${account}:orders`;
    const own = allow(queue(ACCOUNT), undefined, 'sqs:SendMessage');
    for (const other of [queue('444455556666'), 'arn:aws:sqs:*:*:orders'])
      expect(
        requests(compare(identity(own), identity(own, allow(other, undefined, 'sqs:SendMessage')))).map(
          ({ newly }) => newly,
        ),
        other,
      ).to.deep.equal(['allowed']);
    const account = { StringEquals: { 'aws:ResourceAccount': ACCOUNT } };
    expect(requests(compare(identity(allow('*', account)), identity(allow('*'))))).to.have.length(1);
  });

  it('asks callers that conditions of a resource policy name', () => {
    const policyFor = (...roles: string[]): PolicySet => ({
      identityPolicies: [],
      resourcePolicy: named([
        {
          ...allow(`${DATA}/*`, {
            ArnLike: { 'aws:PrincipalArn': roles.map((role) => `arn:aws:iam::${ACCOUNT}:role/${role}`) },
          }),
          Principal: '*',
        },
      ]),
    });
    expect(requests(compare(policyFor('ci'), policyFor('ci', 'dev-*'), { principals: [] })).length).to.be.above(0);
  });

  it('compares keys of SAML, which belong to every SAML provider', () => {
    const trust = (more: object): PolicySet => ({
      identityPolicies: [],
      trustPolicy: named([
        {
          ...{ Effect: 'Allow', Principal: { Federated: `arn:aws:iam::${ACCOUNT}:saml-provider/idp` } },
          ...{ Action: 'sts:AssumeRoleWithSAML', Condition: { StringEquals: { 'SAML:aud': 'x', ...more } } },
        },
      ]),
    });
    const options = { principals: [], resources: [SESSION.roleArn] };
    expect(requests(compare(trust({ 'SAML:sub': 'a' }), trust({}), options)).length).to.be.above(0);
  });

  it('names what the compared requests do not cover', () => {
    const resource = (statement: Statement): PolicySet => ({
      identityPolicies: [],
      resourcePolicy: named([statement]),
    });
    const open = { ...allow(`${DATA}/*`), Principal: '*' };
    const by = (key: string, value: string): Statement => ({
      ...allow(`${DATA}/*`, { StringLike: { [key]: value } }),
      Principal: '*',
    });
    for (const [before, after, limit] of [
      [identity(allow('*')), identity(allow('arn:aws-cn:s3:::data/*')), 'partition aws-cn'],
      [identity(allow('*', undefined, 's3:GetObjectNewly')), identity(allow('*')), 's3:GetObjectNewly'],
      [
        identity(allow('*')),
        identity(allow('*'), allow('arn:aws:ssm:*::parameter/aws/service/*', undefined, 'ssm:GetParameter')),
        'AWS owns',
      ],
      [identity(allow('*')), identity(allow('*'), allow('arn:aws:iam:*:role/app')), 'fewer than six fields'],
      [
        identity(allow(`${DATA}/a`)),
        identity(allow(`${DATA}/a`), allow(`${DATA}/*`, { BinaryEquals: { 's3:ExistingObjectTag/x': 'eA==' } })),
        'BinaryEquals',
      ],
      [resource(by('aws:userid', 'AROAEXAMPLE:*')), resource(by('aws:userid', 'AROAEXAMPLF:*')), 'aws:userid'],
      [
        resource(by('aws:PrincipalType', 'Account')),
        resource(by('aws:PrincipalType', 'FederatedUser')),
        'PrincipalType',
      ],
      [resource(open), resource({ ...open, Principal: { CanonicalUser: 'a'.repeat(64) } }), 'canonical users'],
    ] as const) {
      const result = compare(before, after);
      expect(result.kind === 'equivalent' ? '' : result.limits.join(), JSON.stringify(result)).to.contain(limit);
    }
  });
});
