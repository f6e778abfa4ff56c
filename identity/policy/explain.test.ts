import { expect } from 'chai';
import { parsePrincipal } from '../evaluate/principal-text.ts';
import { authorize, compilePolicy } from './index.ts';
import type { AuthorizationInput, ConditionContext } from './types.ts';

const OBJECT = 'arn:aws:s3:::data/red/key';
const ROLE = 'arn:aws:iam::111122223333:role/app';

interface Question {
  readonly identity?: readonly object[];
  readonly resource?: readonly object[];
  readonly trust?: readonly object[];
  readonly boundary?: readonly object[];
  readonly context?: ConditionContext;
  readonly principal?: string;
  readonly action?: string;
  readonly owner?: string;
}

/** Returns the reason of a decision. By default a session of `ROLE` reads `OBJECT`. */
function reasonOf(question: Question): string {
  const { context = {}, principal = ROLE, action = 's3:GetObject', owner = '111122223333' } = question;
  const compiled = (kind: 'identity' | 'resource' | 'trust' | 'boundary') =>
    compilePolicy(
      { Version: '2012-10-17', Statement: (question[kind] ?? []).map((part) => ({ Effect: 'Allow', ...part })) },
      { kind, name: `${kind} policy` },
    );
  const input: AuthorizationInput = {
    principal: parsePrincipal(principal, context)!,
    action,
    resource: question.trust ? ROLE : OBJECT,
    resourceAccount: owner,
    context,
    identityPolicies: question.identity ? [compiled('identity')] : [],
    ...(question.resource && { resourcePolicy: compiled('resource') }),
    ...(question.trust && { trustPolicy: compiled('trust') }),
    ...(question.boundary && { permissionsBoundary: compiled('boundary') }),
  };
  return authorize(input).reason;
}

const read = { Action: 's3:GetObject', Resource: '*' };
const tags = { 'aws:PrincipalTag/kubernetes-namespace': 'red', 'aws:PrincipalTag/eks-cluster-name': 'one' };

describe("a decision's reason", () => {
  const table: readonly (readonly [title: string, question: Question, reason: string])[] = [
    [
      'names the matching wildcards in each allowing statement',
      {
        identity: [
          { ...read, Action: ['s3:List*', 's3:Get*'], Resource: 'arn:aws:s3:::data/*' },
          { Sid: 'Listing', Action: 's3:ListBucket', Resource: '*' },
          { Sid: 'All', Action: '*', Resource: '*' },
        ],
      },
      'allowed by statement 1 of identity policy: Action "s3:Get*", Resource "arn:aws:s3:::data/*"; also by statement 3 "All" of identity policy: Action "*", Resource "*"',
    ],
    [
      'names the matching value of a condition, and replaces variables by their values',
      {
        identity: [
          {
            ...read,
            Resource: 'arn:aws:s3:::data/${aws:PrincipalTag/kubernetes-namespace}/*',
            Condition: { StringLike: { 'aws:PrincipalTag/eks-cluster-name': ['two', 'o*'] } },
          },
        ],
        context: tags,
      },
      'allowed by statement 1 of identity policy: Action "s3:GetObject", Resource "arn:aws:s3:::data/red/*", aws:PrincipalTag/eks-cluster-name is "one", StringLike expects "o*"',
    ],
    [
      'names NotAction and NotResource elements',
      { identity: [{ NotAction: 'iam:*', NotResource: 'arn:aws:s3:::other/*' }] },
      'allowed by statement 1 of identity policy: NotAction "iam:*" does not list it, NotResource "arn:aws:s3:::other/*" does not cover it',
    ],
    [
      'names a wildcard principal, also in the policy of another account',
      {
        identity: [read],
        resource: [{ ...read, Resource: 'arn:aws:s3:::data/*', Principal: '*' }],
        owner: '444455556666',
      },
      'allowed by statement 1 of identity policy: Action "s3:GetObject", Resource "*"; also by statement 1 of resource policy: Principal "*", Action "s3:GetObject", Resource "arn:aws:s3:::data/*"',
    ],
    [
      'explains why a relevant Deny did not apply to an allowed request',
      {
        identity: [read, { Effect: 'Deny', Action: 's3:PutObject', Resource: '*' }],
        resource: [
          {
            Sid: 'Others',
            Effect: 'Deny',
            Principal: '*',
            Action: 's3:*',
            Resource: 'arn:aws:s3:::data/*',
            Condition: { StringNotEquals: { 'aws:PrincipalTag/kubernetes-namespace': ['red', 'blue'] } },
          },
        ],
        context: tags,
      },
      'allowed by statement 1 of identity policy: Action "s3:GetObject", Resource "*"; statement 1 "Others" of resource policy (Deny) not applied: aws:PrincipalTag/kubernetes-namespace is "red", StringNotEquals expects "red" or "blue"',
    ],
    [
      'names the condition of a Deny',
      {
        identity: [read, { ...read, Effect: 'Deny', Condition: { Null: { 'aws:PrincipalTag/team': 'true' } } }],
        context: tags,
      },
      'denied by statement 2 of identity policy: Action "s3:GetObject", Resource "*", aws:PrincipalTag/team is absent, Null expects "true"',
    ],
    [
      'names a misspelt variable, the partly resolved pattern, and the nearest tag',
      {
        identity: [
          {
            ...read,
            Resource:
              'arn:aws:s3:::data/${aws:PrincipalTag/eks-cluster-name}/${aws:PrincipalTag/kubernetes-namespce}/*',
          },
        ],
        context: tags,
      },
      `no identity-based policy allows s3:GetObject on ${OBJECT}; statement 1 of identity policy not applied: Resource "arn:aws:s3:::data/one/\${aws:PrincipalTag/kubernetes-namespce}/*" does not cover ${OBJECT} (\${aws:PrincipalTag/kubernetes-namespce} has no value; nearest: aws:PrincipalTag/kubernetes-namespace, "red")`,
    ],
    [
      'names a misspelt condition key and the nearest tag',
      { identity: [{ ...read, Condition: { StringEquals: { 'aws:PrincipalTag/namespace': 'red' } } }], context: tags },
      `no identity-based policy allows s3:GetObject on ${OBJECT}; statement 1 of identity policy not applied: aws:PrincipalTag/namespace is absent, StringEquals expects "red" (nearest: aws:PrincipalTag/kubernetes-namespace, "red")`,
    ],
    [
      'states that a session has no tags',
      { identity: [{ ...read, Condition: { StringEquals: { 'aws:PrincipalTag/namespace': 'red' } } }] },
      `no identity-based policy allows s3:GetObject on ${OBJECT}; statement 1 of identity policy not applied: aws:PrincipalTag/namespace is absent, StringEquals expects "red" (the session has no tags)`,
    ],
    [
      'states that a variable has several values',
      {
        identity: [{ ...read, Resource: 'arn:aws:s3:::data/${aws:TagKeys}/*' }],
        context: { 'aws:TagKeys': ['a', 'b'] },
      },
      `no identity-based policy allows s3:GetObject on ${OBJECT}; statement 1 of identity policy not applied: Resource "arn:aws:s3:::data/\${aws:TagKeys}/*" does not cover ${OBJECT} (\${aws:TagKeys} has several values)`,
    ],
    [
      'lists all conditions that do not match',
      {
        identity: [
          {
            ...read,
            Condition: {
              StringEquals: { 'aws:PrincipalTag/kubernetes-namespace': ['a', 'b', 'c', 'd'] },
              IpAddress: { 'aws:SourceIp': '10.0.0.0/8' },
              Bool: { 'aws:SecureTransport': 'true' },
            },
          },
        ],
        context: { ...tags, 'aws:SourceIp': '127.0.0.1', 'aws:SecureTransport': 'true' },
      },
      `no identity-based policy allows s3:GetObject on ${OBJECT}; statement 1 of identity policy not applied: aws:PrincipalTag/kubernetes-namespace is "red", StringEquals expects "a" or "b" or "c" (and 1 more); aws:SourceIp is "127.0.0.1", IpAddress expects "10.0.0.0/8"`,
    ],
    [
      'names the identity policy if the bucket policy delegates to the account',
      {
        identity: [{ Action: 'sqs:*', Resource: '*' }],
        resource: [{ ...read, Resource: 'arn:aws:s3:::data/*', Principal: { AWS: ['111122223333', `${ROLE}s`] } }],
        principal: 'arn:aws:iam::111122223333:user/jo',
        context: {},
      },
      `no identity-based policy allows s3:GetObject on ${OBJECT}; statement 1 of identity policy not applied: Action "sqs:*" does not list s3:GetObject`,
    ],
    [
      'names a bucket policy with another role as its principal',
      { resource: [{ ...read, Resource: 'arn:aws:s3:::data/*', Principal: { AWS: `${ROLE}s` } }] },
      `no identity-based policy allows s3:GetObject on ${OBJECT}; statement 1 of resource policy not applied: Principal names "${ROLE}s", not a session of ${ROLE}`,
    ],
    [
      'names the condition of a trust policy that does not match',
      {
        trust: [
          { Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
          {
            Principal: { Service: 'pods.eks.amazonaws.com' },
            Action: ['sts:AssumeRole', 'sts:TagSession'],
            Condition: { StringEquals: { 'aws:RequestTag/kubernetes-service-account': 'ledger' } },
          },
        ],
        principal: 'pods.eks.amazonaws.com',
        action: 'sts:AssumeRole',
        context: { 'aws:RequestTag/kubernetes-service-account': 'batch' },
      },
      `no role trust policy allows sts:AssumeRole on ${ROLE}; statement 2 of trust policy not applied: aws:RequestTag/kubernetes-service-account is "batch", StringEquals expects "ledger"`,
    ],
    [
      'names the permissions boundary that does not allow the action',
      { identity: [read], boundary: [{ Action: 's3:List*', Resource: '*' }] },
      `no permissions boundary allows s3:GetObject on ${OBJECT}; statement 1 of boundary policy not applied: Action "s3:List*" does not list s3:GetObject`,
    ],
    [
      "names a condition key that the action's requests never have, and the nearest possible key",
      {
        identity: [
          { ...read, Action: 's3:PutObject', Condition: { StringEquals: { 's3:ExistingObjectTags/team': 'red' } } },
          { ...read, Condition: { StringEquals: { 's3:ExistingObjectTags/team': 'red', 's3:prefix': 'red' } } },
        ],
      },
      `no identity-based policy allows s3:GetObject on ${OBJECT}; statement 2 of identity policy not applied: s3:ExistingObjectTags/team is absent, StringEquals expects "red" (requests of s3:GetObject never have it; nearest: s3:ExistingObjectTag/); s3:prefix is absent, StringEquals expects "red" (requests of s3:GetObject never have it)`,
    ],
    [
      'states that no policy exists',
      {},
      `no identity-based policy allows s3:GetObject on ${OBJECT} (no such policy exists)`,
    ],
  ];
  for (const [title, question, reason] of table) it(title, () => expect(reasonOf(question)).to.equal(reason));
});
