/** Decisions about organization policies, each from a section of AWS's documentation, as cases of `npm run evaluate`. */
type Document = Readonly<Record<string, unknown>>;

const ORG = 'AWS Organizations User Guide';
const ALLOW = `${ORG}, "SCP evaluation", How SCPs work with Allow`;
const DENY = `${ORG}, "SCP evaluation", How SCPs work with Deny`;
const STRATEGY = `${ORG}, "SCP evaluation", Strategy for using SCPs`;
const EFFECTS = `${ORG}, "Service control policies (SCPs)", SCP effects on permissions`;
const UNRESTRICTED = `${ORG}, "Service control policies (SCPs)", Tasks and entities not restricted by SCPs`;
const SYNTAX = `${ORG}, "SCP syntax"`;
const SCP_EXAMPLES = `${ORG}, "Service control policy examples"`;
const RCP_EFFECTS = `${ORG}, "Resource control policies (RCPs)", RCP effects on permissions`;
const RCP_SERVICES = `${ORG}, "Resource control policies (RCPs)", List of AWS services that support RCPs`;
const RCP_UNRESTRICTED = `${ORG}, "Resource control policies (RCPs)", Resources and entities not restricted by RCPs`;
const RCP_EVALUATION = `${ORG}, "RCP evaluation"`;
const RCP_EXAMPLES = `${ORG}, "Resource control policy examples"`;
const PERIMETER = 'IAM User Guide, "Establish permissions guardrails using data perimeters"';
const LOGIC = 'IAM User Guide, "How AWS enforcement code logic evaluates requests to allow or deny access"';
const CROSS = 'IAM User Guide, "Cross-account policy evaluation logic"';
const BOUNDARY = 'IAM User Guide, "Permissions boundaries for IAM entities", Organizations SCPs';
const CALLER_IDENTITY = 'STS API Reference, GetCallerIdentity';
const SOURCE_KEYS = 'IAM User Guide, "AWS global condition context keys", Properties of the request';

const MEMBER = '111122223333';
const MANAGEMENT = '999988887777';
const OUTSIDE = '444455556666';
const role = (name = 'app', account = MEMBER): string => `arn:aws:iam::${account}:role/${name}`;
const LINKED = role('aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS');

const policy = (...Statement: readonly Document[]): Document => ({ Version: '2012-10-17', Statement });
const statement =
  (Effect: string) =>
  (Action: string | readonly string[], Condition?: Document, rest: Document = {}): Document => ({
    Effect,
    ...(rest['NotAction'] === undefined && { Action }),
    ...(rest['NotResource'] === undefined && { Resource: '*' }),
    ...(Condition && { Condition }),
    ...rest,
  });
const allow = statement('Allow');
const deny = statement('Deny');
const FULL = policy(allow('*'));
const only = (...actions: readonly string[]): Document => policy(allow(actions));
const denies = (action: string | readonly string[], condition?: Document, rest?: Document): Document =>
  policy(deny(action, condition, rest));
const everyone = (one: Document): Document =>
  policy(...(one['Statement'] as Document[]).map((of) => ({ ...of, Principal: '*' })));
const RCP_FULL = everyone(FULL);
/** Levels of SCPs, from the root to the account. FullAWSAccess is attached to levels without a policy. */
const levels = (root: readonly Document[] = [], unit: readonly Document[] = [], account: readonly Document[] = []) =>
  [root, unit, account].map((one) => (one.length === 0 ? [FULL] : one));
const denyAt = (level: number, one: Document): Document[][] =>
  [0, 1, 2].map((at) => (at === level ? [FULL, one] : [FULL]));
const rcp = (...given: readonly Document[]): Document[][] => [
  [RCP_FULL],
  [RCP_FULL, ...given.map(everyone)],
  [RCP_FULL],
];
const trusts = (Principal: Document, Action: string | readonly string[] = 'sts:*'): Document =>
  policy({ Effect: 'Allow', Principal, Action });
const PODS = 'pods.eks.amazonaws.com';
const bucketPolicy = (Principal: unknown): Document =>
  policy({ Effect: 'Allow', Principal, Action: 's3:*', Resource: ['arn:aws:s3:::data', 'arn:aws:s3:::data/*'] });

const GET = { principal: role(), action: 's3:GetObject', resource: 'arn:aws:s3:::data/a', resourceAccount: MEMBER };
const SEND = { principal: role(), action: 'sqs:SendMessage', resource: `arn:aws:sqs:us-west-2:${MEMBER}:jobs` };
const ROLE = { resource: role(), resourceAccount: MEMBER };
const ASSUME = { ...ROLE, principal: PODS, action: 'sts:AssumeRole' };
const WEB = {
  ...ROLE,
  principal: `arn:aws:iam::${MEMBER}:oidc-provider/oidc.example`,
  action: 'sts:AssumeRoleWithWebIdentity',
};
const granted = { identityPolicies: [FULL] };

// The patterns of AWS's documentation for data perimeters.
const REGIONS = denies(
  [],
  { StringNotEquals: { 'aws:RequestedRegion': ['us-west-2', 'eu-west-1'] } },
  { NotAction: ['iam:*', 'sts:GetSessionToken'] },
);
const ORG_IDENTITIES = denies(['s3:*', 'sqs:*', 'sts:AssumeRole'], {
  StringNotEqualsIfExists: { 'aws:PrincipalOrgID': 'o-example' },
  BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
});
const CONFUSED_DEPUTY = denies(['s3:*', 'sqs:*', 'sts:*'], {
  StringNotEqualsIfExists: { 'aws:SourceOrgID': 'o-example' },
  Null: { 'aws:SourceAccount': 'false' },
  Bool: { 'aws:PrincipalIsAWSService': 'true' },
});
const ORG_RESOURCES = denies('s3:*', { StringNotEqualsIfExists: { 'aws:ResourceOrgID': 'o-example' } });
const NETWORK = denies('s3:*', {
  StringNotEqualsIfExists: { 'aws:SourceVpc': 'vpc-1' },
  NotIpAddressIfExists: { 'aws:SourceIp': '203.0.113.0/24' },
  BoolIfExists: { 'aws:ViaAWSService': 'false' },
});
const in_ = (context: Document): Document => ({ context });
const inOrg = in_({ 'aws:PrincipalOrgID': 'o-example' });
const serviceFor = (organization: string): Document =>
  in_({ 'aws:SourceAccount': MEMBER, 'aws:SourceOrgID': organization });
const DELIVERY = { ...GET, principal: 'logs.amazonaws.com', action: 's3:PutObject' };

type Expected = 'allowed' | 'implicitlyDenied' | 'explicitlyDenied';
type Row = readonly [name: string, source: string, expect: Expected, request: Document, policies?: Document];

const ROWS: readonly Row[] = [
  ['FullAWSAccess at every level', ALLOW, 'allowed', GET, { scps: levels() }],
  ['no Allow at the root', ALLOW, 'implicitlyDenied', GET, { scps: levels([only('sqs:*')]) }],
  ['no Allow at an OU', ALLOW, 'implicitlyDenied', GET, { scps: levels([], [only('sqs:*')]) }],
  ['no Allow at the account', ALLOW, 'implicitlyDenied', GET, { scps: levels([], [], [only('sqs:*')]) }],
  ['no Allow at a nested OU', ALLOW, 'implicitlyDenied', GET, { scps: [[FULL], [FULL], [only('ec2:*')], [FULL]] }],
  ['a level without any policy', ALLOW, 'implicitlyDenied', GET, { scps: [[FULL], [], [FULL]] }],
  ['an Allow list with the action', STRATEGY, 'allowed', GET, { scps: levels([], [only('s3:*', 'ec2:*')]) }],
  ['an Allow list without the action', STRATEGY, 'implicitlyDenied', SEND, { scps: levels([], [only('s3:*')]) }],
  ['levels intersect', ALLOW, 'implicitlyDenied', GET, { scps: levels([], [only('s3:*', 'ec2:*')], [only('ec2:*')]) }],
  ['policies of one level unite', ALLOW, 'allowed', SEND, { scps: levels([], [only('s3:*'), only('sqs:*')]) }],
  ['an SCP grants nothing', EFFECTS, 'implicitlyDenied', GET, { scps: levels(), identityPolicies: [] }],
  ['Deny at the root', DENY, 'explicitlyDenied', GET, { scps: denyAt(0, denies('s3:*')) }],
  ['Deny at an OU', DENY, 'explicitlyDenied', GET, { scps: denyAt(1, denies('s3:*')) }],
  ['Deny at the account', DENY, 'explicitlyDenied', GET, { scps: denyAt(2, denies('s3:*')) }],
  [
    'Deny at the root, Allow of the action below',
    DENY,
    'explicitlyDenied',
    GET,
    { scps: [[FULL, denies('s3:*')], [only('s3:*')], [only('s3:GetObject')]] },
  ],
  ['Deny of another service', DENY, 'allowed', GET, { scps: denyAt(1, denies('ec2:*')) }],
  [
    'Deny without FullAWSAccess at its level',
    STRATEGY,
    'implicitlyDenied',
    GET,
    { scps: [[FULL], [denies('ec2:*')], [FULL]] },
  ],
  ['Deny of the Get actions by a wildcard', SYNTAX, 'explicitlyDenied', GET, { scps: denyAt(1, denies('s3:Get*')) }],
  [
    'Deny with NotAction, listed action',
    SYNTAX,
    'allowed',
    GET,
    { scps: denyAt(1, denies([], undefined, { NotAction: 's3:*' })) },
  ],
  [
    'Deny with NotAction, other action',
    SYNTAX,
    'explicitlyDenied',
    SEND,
    { scps: denyAt(1, denies([], undefined, { NotAction: 's3:*' })) },
  ],
  [
    'Deny with NotResource',
    SYNTAX,
    'explicitlyDenied',
    GET,
    { scps: denyAt(1, denies('s3:*', undefined, { NotResource: 'arn:aws:s3:::other/*' })) },
  ],
  [
    'Allow with a condition that holds',
    SYNTAX,
    'allowed',
    { ...GET, ...in_({ 'aws:RequestedRegion': 'us-west-2' }) },
    { scps: levels([], [policy(allow('*', { StringEquals: { 'aws:RequestedRegion': 'us-west-2' } }))]) },
  ],
  [
    'Allow with a condition that does not hold',
    SYNTAX,
    'implicitlyDenied',
    { ...GET, ...in_({ 'aws:RequestedRegion': 'eu-west-1' }) },
    { scps: levels([], [policy(allow('*', { StringEquals: { 'aws:RequestedRegion': 'us-west-2' } }))]) },
  ],
  [
    'Allow of another resource',
    SYNTAX,
    'implicitlyDenied',
    GET,
    { scps: levels([], [policy(allow('s3:*', undefined, { Resource: 'arn:aws:s3:::other/*' }))]) },
  ],
  [
    'another Region',
    `${SCP_EXAMPLES}, Deny access to AWS based on the requested AWS Region`,
    'explicitlyDenied',
    { ...SEND, ...in_({ 'aws:RequestedRegion': 'ap-south-1' }) },
    { scps: denyAt(1, REGIONS) },
  ],
  [
    'an approved Region',
    `${SCP_EXAMPLES}, Deny access to AWS based on the requested AWS Region`,
    'allowed',
    { ...SEND, ...in_({ 'aws:RequestedRegion': 'us-west-2' }) },
    { scps: denyAt(1, REGIONS) },
  ],
  [
    'a global service outside the approved Regions',
    `${SCP_EXAMPLES}, Deny access to AWS based on the requested AWS Region`,
    'allowed',
    { principal: role(), action: 'iam:GetRole', resource: role(), ...in_({ 'aws:RequestedRegion': 'us-east-1' }) },
    { scps: denyAt(1, REGIONS) },
  ],
  [
    'the exempt role',
    `${SCP_EXAMPLES}, Prevent IAM users and roles from making specified changes, with an exception`,
    'allowed',
    { ...GET, principal: role('admin') },
    { scps: denyAt(0, denies('s3:*', { ArnNotLike: { 'aws:PrincipalARN': 'arn:aws:iam::*:role/admin' } })) },
  ],
  [
    'a role without an exception',
    `${SCP_EXAMPLES}, Prevent IAM users and roles from making specified changes, with an exception`,
    'explicitlyDenied',
    GET,
    { scps: denyAt(0, denies('s3:*', { ArnNotLike: { 'aws:PrincipalARN': 'arn:aws:iam::*:role/admin' } })) },
  ],
  [
    'a role of the management account',
    EFFECTS,
    'allowed',
    { ...GET, principal: role('app', MANAGEMENT), resourceAccount: MANAGEMENT },
    { scps: denyAt(0, denies('*')), managementAccount: MANAGEMENT },
  ],
  [
    'the root user of the management account',
    EFFECTS,
    'allowed',
    { ...GET, principal: `arn:aws:iam::${MANAGEMENT}:root`, resourceAccount: MANAGEMENT },
    { scps: denyAt(0, denies('*')), managementAccount: MANAGEMENT },
  ],
  [
    'a member account that is a delegated administrator',
    EFFECTS,
    'explicitlyDenied',
    GET,
    { scps: denyAt(0, denies('*')), managementAccount: MANAGEMENT },
  ],
  ['a service-linked role', UNRESTRICTED, 'allowed', { ...GET, principal: LINKED }, { scps: denyAt(0, denies('*')) }],
  [
    'a role that is only named like a service-linked role',
    UNRESTRICTED,
    'explicitlyDenied',
    { ...GET, principal: role('AWSServiceRoleForAmazonEKS') },
    { scps: denyAt(0, denies('*')) },
  ],
  [
    'the root user of a member account',
    EFFECTS,
    'explicitlyDenied',
    { ...GET, principal: `arn:aws:iam::${MEMBER}:root` },
    { scps: denyAt(0, denies('s3:*')) },
  ],
  [
    'the root user without an Allow of an SCP',
    EFFECTS,
    'implicitlyDenied',
    { ...GET, principal: `arn:aws:iam::${MEMBER}:root` },
    { scps: levels([], [only('sqs:*')]) },
  ],
  [
    'an IAM user of a member account',
    EFFECTS,
    'explicitlyDenied',
    { ...GET, principal: `arn:aws:iam::${MEMBER}:user/ann` },
    { scps: denyAt(0, denies('s3:*')) },
  ],
  [
    'a bucket policy that names the session, and a Deny',
    EFFECTS,
    'explicitlyDenied',
    GET,
    { scps: denyAt(1, denies('s3:*')), resourcePolicy: bucketPolicy({ AWS: role() }) },
  ],
  [
    'a bucket policy that allows everyone, and no Allow of an SCP',
    EFFECTS,
    'implicitlyDenied',
    GET,
    { scps: levels([], [only('sqs:*')]), resourcePolicy: bucketPolicy('*'), identityPolicies: [] },
  ],
  [
    'a bucket of another account, and a Deny of the caller',
    CROSS,
    'explicitlyDenied',
    { ...GET, resourceAccount: OUTSIDE },
    { scps: denyAt(1, denies('s3:*')), resourcePolicy: bucketPolicy({ AWS: role() }) },
  ],
  [
    'a caller of another organization',
    EFFECTS,
    'allowed',
    { ...GET, principal: role('app', OUTSIDE) },
    { resourcePolicy: bucketPolicy({ AWS: role('app', OUTSIDE) }), rcps: rcp() },
  ],
  [
    'EKS Auth assumes a role, and a Deny of sts:AssumeRole',
    EFFECTS,
    'allowed',
    ASSUME,
    { scps: denyAt(0, denies('sts:*')), trustPolicy: trusts({ Service: PODS }), identityPolicies: [] },
  ],
  [
    'EKS Auth tags a session, and a Deny of sts:TagSession',
    EFFECTS,
    'allowed',
    { ...ASSUME, action: 'sts:TagSession' },
    { scps: denyAt(0, denies('sts:TagSession')), trustPolicy: trusts({ Service: PODS }), identityPolicies: [] },
  ],
  [
    'a web identity, and a Deny of AssumeRoleWithWebIdentity',
    EFFECTS,
    'allowed',
    WEB,
    { scps: denyAt(0, denies('sts:*')), trustPolicy: trusts({ Federated: WEB.principal }), identityPolicies: [] },
  ],
  [
    'role chaining, and a Deny of sts:AssumeRole',
    EFFECTS,
    'explicitlyDenied',
    { ...ASSUME, principal: role('hop') },
    { scps: denyAt(1, denies('sts:AssumeRole')), trustPolicy: trusts({ AWS: role('hop') }) },
  ],
  [
    'role chaining with tags, and a Deny of sts:TagSession',
    EFFECTS,
    'explicitlyDenied',
    { ...ASSUME, principal: role('hop'), action: 'sts:TagSession' },
    { scps: denyAt(1, denies('sts:TagSession')), trustPolicy: trusts({ AWS: role('hop') }) },
  ],
  [
    'boundary, SCP and identity policy allow',
    BOUNDARY,
    'allowed',
    GET,
    { scps: levels(), permissionsBoundary: only('s3:*') },
  ],
  [
    'the boundary does not allow',
    BOUNDARY,
    'implicitlyDenied',
    GET,
    { scps: levels(), permissionsBoundary: only('sqs:*') },
  ],
  [
    'the session policy does not allow',
    LOGIC,
    'implicitlyDenied',
    GET,
    { scps: levels(), sessionPolicy: [only('sqs:*')] },
  ],
  [
    'a Deny of the identity policy, no Allow of an SCP',
    LOGIC,
    'explicitlyDenied',
    GET,
    { scps: levels([], [only('sqs:*')]), identityPolicies: [policy(allow('*'), deny('s3:*'))] },
  ],
  [
    'GetCallerIdentity despite a Deny',
    CALLER_IDENTITY,
    'allowed',
    { principal: role(), action: 'sts:GetCallerIdentity', resource: '*' },
    { scps: denyAt(0, denies('*')) },
  ],
  ['RCPFullAWSAccess at every level', RCP_EXAMPLES, 'allowed', GET, { rcps: rcp() }],
  ['an RCP grants nothing', RCP_EFFECTS, 'implicitlyDenied', GET, { rcps: rcp(), identityPolicies: [] }],
  ['Deny of an RCP', RCP_EVALUATION, 'explicitlyDenied', GET, { rcps: rcp(denies('s3:*')) }],
  [
    'Deny of an RCP at the root alone',
    RCP_EVALUATION,
    'explicitlyDenied',
    GET,
    { rcps: [[RCP_FULL, everyone(denies('s3:*'))], [RCP_FULL], [RCP_FULL]] },
  ],
  ['an SCP and an RCP that both allow', LOGIC, 'allowed', GET, { scps: levels(), rcps: rcp() }],
  [
    'the root user of a member account, Deny of an RCP',
    RCP_EFFECTS,
    'explicitlyDenied',
    { ...GET, principal: `arn:aws:iam::${MEMBER}:root` },
    { rcps: rcp(denies('s3:*')) },
  ],
  [
    'a service without RCPs',
    RCP_SERVICES,
    'allowed',
    { principal: role(), action: 'sns:Publish', resource: `arn:aws:sns:us-west-2:${MEMBER}:news` },
    { rcps: rcp(denies('sns:*')) },
  ],
  [
    'a service with RCPs since 2026',
    RCP_SERVICES,
    'explicitlyDenied',
    { principal: role(), action: 'dynamodb:GetItem', resource: `arn:aws:dynamodb:us-west-2:${MEMBER}:table/t` },
    { rcps: rcp(denies('dynamodb:*')) },
  ],
  [
    'a bucket of the management account',
    RCP_UNRESTRICTED,
    'allowed',
    { ...GET, principal: role('app', MANAGEMENT), resourceAccount: MANAGEMENT },
    { rcps: rcp(denies('s3:*')), managementAccount: MANAGEMENT },
  ],
  [
    'a role of the management account, a bucket of a member',
    RCP_EFFECTS,
    'explicitlyDenied',
    { ...GET, principal: role('app', MANAGEMENT) },
    {
      rcps: rcp(denies('s3:*')),
      managementAccount: MANAGEMENT,
      resourcePolicy: bucketPolicy({ AWS: role('app', MANAGEMENT) }),
    },
  ],
  [
    'a service-linked role, Deny of an RCP',
    RCP_UNRESTRICTED,
    'allowed',
    { ...GET, principal: LINKED },
    { rcps: rcp(denies('s3:*')) },
  ],
  [
    'a service assumes its service-linked role',
    RCP_UNRESTRICTED,
    'allowed',
    { ...ASSUME, principal: 'eks.amazonaws.com', resource: LINKED },
    { rcps: rcp(denies('sts:*')), trustPolicy: trusts({ Service: 'eks.amazonaws.com' }), identityPolicies: [] },
  ],
  [
    'kms:RetireGrant',
    RCP_UNRESTRICTED,
    'allowed',
    { principal: role(), action: 'kms:RetireGrant', resource: `arn:aws:kms:us-west-2:${MEMBER}:key/1` },
    {
      rcps: rcp(denies('kms:*')),
      resourcePolicy: policy({ Effect: 'Allow', Principal: { AWS: role() }, Action: 'kms:*', Resource: '*' }),
    },
  ],
  [
    'kms:Decrypt',
    RCP_EFFECTS,
    'explicitlyDenied',
    { principal: role(), action: 'kms:Decrypt', resource: `arn:aws:kms:us-west-2:${MEMBER}:key/1` },
    {
      rcps: rcp(denies('kms:*')),
      resourcePolicy: policy({ Effect: 'Allow', Principal: { AWS: role() }, Action: 'kms:*', Resource: '*' }),
    },
  ],
  [
    'a caller outside the organization',
    `${RCP_EXAMPLES}, Restrict access to only organization identities`,
    'explicitlyDenied',
    { ...GET, principal: role('app', OUTSIDE), ...in_({ 'aws:PrincipalOrgID': 'o-other' }) },
    { rcps: rcp(ORG_IDENTITIES), resourcePolicy: bucketPolicy({ AWS: role('app', OUTSIDE) }) },
  ],
  [
    'a caller in no organization',
    `${RCP_EXAMPLES}, Restrict access to only organization identities`,
    'explicitlyDenied',
    { ...GET, principal: role('app', OUTSIDE) },
    { rcps: rcp(ORG_IDENTITIES), resourcePolicy: bucketPolicy({ AWS: role('app', OUTSIDE) }) },
  ],
  ['a caller of the organization', PERIMETER, 'allowed', { ...GET, ...inOrg }, { rcps: rcp(ORG_IDENTITIES) }],
  [
    'an anonymous caller of a public bucket',
    PERIMETER,
    'explicitlyDenied',
    { ...GET, principal: '*' },
    { rcps: rcp(ORG_IDENTITIES), resourcePolicy: bucketPolicy('*'), identityPolicies: [] },
  ],
  [
    'EKS Auth, an RCP for identities of the organization',
    PERIMETER,
    'allowed',
    { ...ASSUME, ...serviceFor('o-example') },
    { rcps: rcp(ORG_IDENTITIES), trustPolicy: trusts({ Service: PODS }), identityPolicies: [] },
  ],
  [
    'a service for another organization',
    `${RCP_EXAMPLES}, Cross-service confused deputy protection`,
    'explicitlyDenied',
    { ...DELIVERY, ...serviceFor('o-other') },
    { rcps: rcp(CONFUSED_DEPUTY), resourcePolicy: bucketPolicy({ Service: DELIVERY.principal }), identityPolicies: [] },
  ],
  [
    'a service for the organization',
    `${RCP_EXAMPLES}, Cross-service confused deputy protection`,
    'allowed',
    { ...DELIVERY, ...serviceFor('o-example') },
    { rcps: rcp(CONFUSED_DEPUTY), resourcePolicy: bucketPolicy({ Service: DELIVERY.principal }), identityPolicies: [] },
  ],
  [
    'a service that does not send aws:SourceAccount',
    `${RCP_EXAMPLES}, Cross-service confused deputy protection`,
    'allowed',
    DELIVERY,
    { rcps: rcp(CONFUSED_DEPUTY), resourcePolicy: bucketPolicy({ Service: DELIVERY.principal }), identityPolicies: [] },
  ],
  [
    'EKS Auth for a cluster of another organization',
    SOURCE_KEYS,
    'explicitlyDenied',
    { ...ASSUME, ...serviceFor('o-other') },
    { rcps: rcp(CONFUSED_DEPUTY), trustPolicy: trusts({ Service: PODS }), identityPolicies: [] },
  ],
  [
    'EKS Auth for a cluster of the organization',
    SOURCE_KEYS,
    'allowed',
    { ...ASSUME, ...serviceFor('o-example') },
    { rcps: rcp(CONFUSED_DEPUTY), trustPolicy: trusts({ Service: PODS }), identityPolicies: [] },
  ],
  [
    'plain HTTP',
    `${RCP_EXAMPLES}, Require HTTPS`,
    'explicitlyDenied',
    { ...GET, ...in_({ 'aws:SecureTransport': 'false' }) },
    { rcps: rcp(denies('s3:*', { BoolIfExists: { 'aws:SecureTransport': 'false' } })) },
  ],
  [
    'a token of another OIDC tenant',
    `${RCP_EXAMPLES}, Enforce OIDC provider controls`,
    'explicitlyDenied',
    { ...WEB, ...in_({ 'oidc.example:aud': 'other' }) },
    {
      rcps: rcp(
        denies('sts:AssumeRoleWithWebIdentity', {
          StringNotEqualsIfExists: { 'oidc.example:aud': 'sts.amazonaws.com' },
        }),
      ),
      trustPolicy: trusts({ Federated: WEB.principal }),
      identityPolicies: [],
    },
  ],
  [
    'a token for STS',
    `${RCP_EXAMPLES}, Enforce OIDC provider controls`,
    'allowed',
    { ...WEB, ...in_({ 'oidc.example:aud': 'sts.amazonaws.com' }) },
    {
      rcps: rcp(
        denies('sts:AssumeRoleWithWebIdentity', {
          StringNotEqualsIfExists: { 'oidc.example:aud': 'sts.amazonaws.com' },
        }),
      ),
      trustPolicy: trusts({ Federated: WEB.principal }),
      identityPolicies: [],
    },
  ],
  [
    'a resource outside the organization',
    PERIMETER,
    'explicitlyDenied',
    { ...GET, resourceAccount: OUTSIDE },
    { scps: denyAt(0, ORG_RESOURCES), resourcePolicy: bucketPolicy({ AWS: role() }) },
  ],
  [
    'a resource of the organization',
    PERIMETER,
    'allowed',
    { ...GET, ...in_({ 'aws:ResourceOrgID': 'o-example' }) },
    { scps: denyAt(0, ORG_RESOURCES) },
  ],
  [
    'an unexpected network',
    PERIMETER,
    'explicitlyDenied',
    { ...GET, ...in_({ 'aws:SourceIp': '198.51.100.1', 'aws:ViaAWSService': 'false' }) },
    { scps: denyAt(0, NETWORK) },
  ],
  [
    'an expected VPC',
    PERIMETER,
    'allowed',
    { ...GET, ...in_({ 'aws:SourceVpc': 'vpc-1', 'aws:ViaAWSService': 'false' }) },
    { scps: denyAt(0, NETWORK) },
  ],
  [
    'a service on behalf of the caller',
    PERIMETER,
    'allowed',
    { ...GET, ...in_({ 'aws:ViaAWSService': 'true' }) },
    { scps: denyAt(0, NETWORK) },
  ],
];

/** Account of the resource, where the request does not give it. */
const accountIn = ({ resource, resourceAccount }: Document): unknown =>
  resourceAccount ?? (String(resource).split(':')[4] || MEMBER);

export const DECISIONS = ROWS.map(([name, source, expect, request, policies = {}]) => ({
  name,
  note: source,
  request: { context: {}, ...request, resourceAccount: accountIn(request) },
  ...granted,
  ...policies,
  expect,
}));
