/** Generates policies and requests. The alphabets are small, so that every element and condition operator often matches. */
import fc, { type Arbitrary } from 'fast-check';
import {
  ACCOUNT,
  conditions,
  contexts,
  OTHER_ACCOUNT,
  PRINCIPALS,
  PROVIDER,
  ROOTS,
  SERVICE,
  some,
  TAG,
} from './conditions.ts';
import { requesterOf, type PolicyDocument, type Question, type Statement } from './policy-evaluation.ts';

const NAMED = [...PRINCIPALS, ...ROOTS, `arn:aws:iam::${ACCOUNT}:role/app`, `arn:aws:iam::${OTHER_ACCOUNT}:role/app`];

const actions = (values: readonly string[]): Arbitrary<Partial<Statement>> =>
  fc.oneof(
    { weight: 4, arbitrary: some(values, 3).map((Action) => ({ Action })) },
    { weight: 1, arbitrary: some(values, 3).map((NotAction) => ({ NotAction })) },
  );
const resources = some(
  [
    ...[
      '*',
      '*',
      '*',
      '*',
      'arn:aws:s3:::*',
      'arn:aws:s3:::data',
      'arn:aws:s3:::data/*',
      'arn:aws:s3:::DATA/*',
      'arn:aws:s3:::data/?ed/x',
    ],
    ...[
      `arn:aws:s3:::data/${TAG}/*`,
      "arn:aws:s3:::data/${aws:PrincipalTag/team, 'red'}/x",
      'arn:aws:s3:::data/${aws:username}',
    ],
    ...[
      'arn:aws:s3:::data/${*}',
      'arn:aws:s3:::data/${$}',
      'arn:aws:s3:::data/a*',
      'arn:aws:s3:::data/*x',
      'arn:aws:s3:::data/a?b',
    ],
    ...['arn:aws:sqs:*:111122223333:*', 'arn:aws:sqs:us-west-2:*:blue', 'arn:aws:sqs:us-*:*:*'],
  ],
  3,
);
const resourceElement: Arbitrary<Partial<Statement>> = fc.oneof(
  { weight: 4, arbitrary: resources.map((Resource) => ({ Resource })) },
  { weight: 1, arbitrary: resources.map((NotResource) => ({ NotResource })) },
);
// IAM rejects "Principal": "*" in a trust policy, but accepts {"AWS": "*"}.
const trustedElement: Arbitrary<Partial<Statement>> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ Principal: { AWS: '*' } }) },
  { weight: 8, arbitrary: some([...NAMED, ACCOUNT], 4).map((AWS) => ({ Principal: { AWS } })) },
  { weight: 1, arbitrary: some([SERVICE, 'ec2.amazonaws.com'], 2).map((Service) => ({ Principal: { Service } })) },
);
const principalElement = fc.oneof(
  { weight: 6, arbitrary: trustedElement },
  { weight: 1, arbitrary: fc.constant({ Principal: '*' as const }) },
);
// Names principals with their account, and sessions with their role, since AWS does not document other cases.
const notPrincipalElement: Arbitrary<Partial<Statement>> = fc
  .subarray([...PRINCIPALS, `arn:aws:iam::${ACCOUNT}:role/app`], { minLength: 2 })
  .map((named) => ({ NotPrincipal: { AWS: [...new Set(named.flatMap((name) => requesterOf(name).names))] } }));
const federated: Arbitrary<Partial<Statement>> = fc.constantFrom(
  { Principal: { Federated: PROVIDER } },
  { Principal: { Federated: [PROVIDER, 'accounts.google.com'] } },
  { Principal: { Federated: PROVIDER.replace('.example', '.test') } },
);

function policy(
  allowsPerDeny: number,
  ...elements: readonly Arbitrary<Partial<Statement>>[]
): Arbitrary<PolicyDocument> {
  const statement = (Effect: 'Allow' | 'Deny', parts: typeof elements): Arbitrary<Statement> =>
    fc.tuple(conditions, ...parts).map((members) => Object.assign({ Effect }, ...members) as Statement);
  const deny = statement('Deny', elements);
  // IAM rejects NotPrincipal in a trust policy.
  const denyElements = elements.map((element) => (element === principalElement ? notPrincipalElement : element));
  return fc
    .record({
      Version: fc.constantFrom('2012-10-17', '2012-10-17', '2012-10-17', '2008-10-17', undefined),
      Statement: fc.array(
        fc.oneof(
          { weight: 4 * allowsPerDeny, arbitrary: statement('Allow', elements) },
          { weight: 3, arbitrary: deny },
          { weight: 1, arbitrary: statement('Deny', denyElements) },
        ),
        { minLength: 1, maxLength: 3, size: 'max' },
      ),
    })
    .map(({ Version, Statement }) => (Version === undefined ? { Statement } : { Version, Statement }));
}

const serviceActions = actions([
  '*',
  '*',
  's3:*',
  's3:*',
  's3:GetObject',
  'S3:getobject',
  's3:Get*',
  's3:?etObject',
  's3:*Object',
  'sqs:Send*',
  's3:PutObject',
]);
const roleActions = actions(['sts:*', 'sts:AssumeRole', 'STS:assumerole*', 'sts:AssumeRoleWithWebIdentity']);
const identityPolicy = policy(2, serviceActions, resourceElement);
const limit = policy(3, serviceActions, resourceElement);
const policiesOfRoles = policy(3, roleActions, fc.constant({ Resource: '*' }));

const FULL_ACCESS: PolicyDocument = { Statement: { Effect: 'Allow', Action: '*', Resource: '*' } };
const rarely = <T>(arbitrary: Arbitrary<T>): Arbitrary<T | undefined> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const levelsOf = (one: Arbitrary<PolicyDocument>): Arbitrary<PolicyDocument[][]> =>
  fc.array(fc.array(fc.oneof(fc.constant(FULL_ACCESS), one), { minLength: 1, maxLength: 2 }), {
    minLength: 1,
    maxLength: 3,
  });
/** An RCP has only Deny statements for all principals, without NotAction. */
const controlled = (one: Arbitrary<PolicyDocument>): Arbitrary<PolicyDocument> =>
  one.map(({ Statement, ...rest }) => ({
    ...rest,
    Statement: [Statement].flat().map((given) => {
      const { NotAction, Action = NotAction, ...members } = given;
      return { ...members, Action: Action!, Effect: 'Deny' as const, Principal: '*' as const };
    }),
  }));
const everyone: PolicyDocument = { Statement: { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' } };
const organization = (one: Arbitrary<PolicyDocument>): Record<string, Arbitrary<unknown>> => ({
  scps: rarely(levelsOf(one)),
  rcps: rarely(controlled(one).map((deny) => [[everyone], [everyone, deny]])),
  managementAccount: rarely(fc.constantFrom(ACCOUNT, OTHER_ACCOUNT)),
});

/** Policies of a question. */
export type Policies = Omit<Question, 'request'>;

const limits = (ofSession: Arbitrary<PolicyDocument>): Record<string, Arbitrary<unknown>> => ({
  sessionPolicy: fc.option(fc.array(ofSession, { minLength: 1, maxLength: 2 }), { nil: undefined, freq: 2 }),
  permissionsBoundary: fc.option(ofSession, { nil: undefined, freq: 2 }),
});

const requests = (
  principals: readonly string[],
  asked: readonly string[],
  targets: readonly string[],
): Arbitrary<Question['request'][]> =>
  fc.array(
    fc.record({
      principal: fc.constantFrom(...principals),
      action: fc.constantFrom(...asked),
      resource: fc.constantFrom(...targets),
      resourceAccount: fc.constant(ACCOUNT),
      context: contexts,
    }),
    { minLength: 25, maxLength: 25 },
  );

const ofResources = fc.record({
  policies: fc.record({
    identityPolicies: fc.array(identityPolicy, { minLength: 1, maxLength: 2 }),
    resourcePolicy: fc.option(policy(2, serviceActions, resourceElement, principalElement), {
      nil: undefined,
      freq: 3,
    }),
    ...limits(limit),
    ...organization(policy(6, serviceActions, resourceElement)),
  }),
  requests: requests(
    [...PRINCIPALS, ...PRINCIPALS.slice(0, 3), ...PRINCIPALS.slice(0, 3), ...ROOTS, SERVICE, '*'],
    [
      ...Array<string>(6).fill('s3:GetObject'),
      's3:PutObject',
      's3:PutObject',
      'sqs:SendMessage',
      'sts:GetCallerIdentity',
    ],
    [
      ...[
        'arn:aws:s3:::data',
        'arn:aws:s3:::data/blue/x',
        'arn:aws:s3:::data/red/x',
        'arn:aws:s3:::data/alice',
        'arn:aws:s3:::data/$',
      ],
      ...[
        'arn:aws:s3:::data/a:b',
        'arn:aws:s3:::data/a:x',
        'arn:aws:s3:::data/*',
        'arn:aws:sqs:us-west-2:111122223333:blue',
        '*',
      ],
    ],
  ),
});
const ofRoles = fc.record({
  policies: fc.record({
    identityPolicies: fc.array(policiesOfRoles, { minLength: 1, maxLength: 2 }),
    trustPolicy: fc.oneof(
      { weight: 3, arbitrary: policy(4, roleActions, trustedElement) },
      { weight: 1, arbitrary: policy(4, roleActions, federated) },
    ),
    ...limits(policiesOfRoles),
    ...organization(policiesOfRoles),
  }),
  requests: requests(
    [...PRINCIPALS, SERVICE, PROVIDER],
    ['sts:AssumeRole', 'sts:AssumeRole', 'sts:AssumeRoleWithWebIdentity'],
    [`arn:aws:iam::${ACCOUNT}:role/target`],
  ),
});

export const policiesAndRequests = fc.oneof(
  { weight: 3, arbitrary: ofResources },
  { weight: 1, arbitrary: ofRoles },
) as Arbitrary<{ policies: Policies; requests: Question['request'][] }>;

/** Returns a question with those policies that the requester can have. */
export function questionOf(policies: Policies, request: Question['request']): Question {
  const { type } = requesterOf(request.principal);
  const { resourcePolicy, trustPolicy, identityPolicies, sessionPolicy, permissionsBoundary } = policies;
  const { scps, rcps, managementAccount } = policies;
  const hasIdentity = type === 'session' || type === 'user';
  return {
    request,
    ...(hasIdentity && { identityPolicies }),
    ...(type === 'session' && sessionPolicy !== undefined && { sessionPolicy }),
    ...(hasIdentity && permissionsBoundary !== undefined && { permissionsBoundary }),
    ...(resourcePolicy !== undefined && { resourcePolicy }),
    ...(trustPolicy !== undefined && { trustPolicy }),
    ...(scps && { scps }),
    ...(rcps && { rcps }),
    ...(managementAccount && { managementAccount }),
  };
}
