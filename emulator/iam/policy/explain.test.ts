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

/** The reason of a decision about a session of `ROLE` that reads `OBJECT`, unless it is about something else. */
function reasonOf(question: Question): string {
  const { context = {}, principal = ROLE, action = 's3:GetObject', owner = '111122223333' } = question;
  const compiled = (kind: 'identity' | 'resource' | 'trust' | 'boundary') =>
    compilePolicy(
      { Version: '2012-10-17', Statement: (question[kind] ?? []).map((part) => ({ Effect: 'Allow', ...part })) },
      { kind, name: `the ${kind} policy` },
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

describe('the reason of a decision', () => {
  const table: readonly (readonly [title: string, question: Question, reason: string])[] = [
    [
      'names the wildcards that let a request in, in each statement that allows it',
      {
        identity: [
          { ...read, Action: ['s3:List*', 's3:Get*'], Resource: 'arn:aws:s3:::data/*' },
          { Sid: 'Listing', Action: 's3:ListBucket', Resource: '*' },
          { Sid: 'All', Action: '*', Resource: '*' },
        ],
      },
      'allowed by statement 1 of the identity policy: Action "s3:Get*", Resource "arn:aws:s3:::data/*"; also by statement 3 "All" of the identity policy: Action "*", Resource "*"',
    ],
    [
      'names the value by which a condition held, and the variable by its value',
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
      'allowed by statement 1 of the identity policy: Action "s3:GetObject", Resource "arn:aws:s3:::data/red/*", aws:PrincipalTag/eks-cluster-name is "one", StringLike wants "o*"',
    ],
    [
      'names elements that let in what they do not list',
      { identity: [{ NotAction: 'iam:*', NotResource: 'arn:aws:s3:::other/*' }] },
      'allowed by statement 1 of the identity policy: NotAction "iam:*" does not list it, NotResource "arn:aws:s3:::other/*" does not cover it',
    ],
    [
      'names a principal that is everybody, in the policy of another account too',
      {
        identity: [read],
        resource: [{ ...read, Resource: 'arn:aws:s3:::data/*', Principal: '*' }],
        owner: '444455556666',
      },
      'allowed by statement 1 of the identity policy: Action "s3:GetObject", Resource "*"; also by statement 1 of the resource policy: Principal "*", Action "s3:GetObject", Resource "arn:aws:s3:::data/*"',
    ],
    [
      'tells of an allowed request why a Deny that is about it did not deny it',
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
      'allowed by statement 1 of the identity policy: Action "s3:GetObject", Resource "*"; statement 1 "Others" of the resource policy (Deny) not applied: aws:PrincipalTag/kubernetes-namespace is "red", StringNotEquals wants "red" or "blue"',
    ],
    [
      'tells by which condition a Deny holds',
      {
        identity: [read, { ...read, Effect: 'Deny', Condition: { Null: { 'aws:PrincipalTag/team': 'true' } } }],
        context: tags,
      },
      'denied by statement 2 of the identity policy: Action "s3:GetObject", Resource "*", aws:PrincipalTag/team is absent, Null wants "true"',
    ],
    [
      'names a misspelt variable, the pattern as far as it is known, and the nearest tag',
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
      `no identity-based policy allows s3:GetObject on ${OBJECT}; statement 1 of the identity policy not applied: Resource "arn:aws:s3:::data/one/\${aws:PrincipalTag/kubernetes-namespce}/*" does not cover ${OBJECT} (\${aws:PrincipalTag/kubernetes-namespce} has no value: the nearest is aws:PrincipalTag/kubernetes-namespace, "red")`,
    ],
    [
      'names a misspelt condition key and the nearest tag',
      { identity: [{ ...read, Condition: { StringEquals: { 'aws:PrincipalTag/namespace': 'red' } } }], context: tags },
      `no identity-based policy allows s3:GetObject on ${OBJECT}; statement 1 of the identity policy not applied: aws:PrincipalTag/namespace is absent, StringEquals wants "red" (the nearest is aws:PrincipalTag/kubernetes-namespace, "red")`,
    ],
    [
      'says that a session has no tags',
      { identity: [{ ...read, Condition: { StringEquals: { 'aws:PrincipalTag/namespace': 'red' } } }] },
      `no identity-based policy allows s3:GetObject on ${OBJECT}; statement 1 of the identity policy not applied: aws:PrincipalTag/namespace is absent, StringEquals wants "red" (the session has no tags)`,
    ],
    [
      'says that a variable has several values',
      {
        identity: [{ ...read, Resource: 'arn:aws:s3:::data/${aws:TagKeys}/*' }],
        context: { 'aws:TagKeys': ['a', 'b'] },
      },
      `no identity-based policy allows s3:GetObject on ${OBJECT}; statement 1 of the identity policy not applied: Resource "arn:aws:s3:::data/\${aws:TagKeys}/*" does not cover ${OBJECT} (\${aws:TagKeys} has several values)`,
    ],
    [
      'tells every condition that does not hold',
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
      `no identity-based policy allows s3:GetObject on ${OBJECT}; statement 1 of the identity policy not applied: aws:PrincipalTag/kubernetes-namespace is "red", StringEquals wants "a" or "b" or "c" (and 1 more); aws:SourceIp is "127.0.0.1", IpAddress wants "10.0.0.0/8"`,
    ],
    [
      'names the identity policy where the bucket policy leaves it to the account',
      {
        identity: [{ Action: 'sqs:*', Resource: '*' }],
        resource: [{ ...read, Resource: 'arn:aws:s3:::data/*', Principal: { AWS: ['111122223333', `${ROLE}s`] } }],
        principal: 'arn:aws:iam::111122223333:user/jo',
        context: {},
      },
      `no identity-based policy allows s3:GetObject on ${OBJECT}; statement 1 of the identity policy not applied: Action "sqs:*" does not list s3:GetObject`,
    ],
    [
      'names a bucket policy whose principal is another role',
      { resource: [{ ...read, Resource: 'arn:aws:s3:::data/*', Principal: { AWS: `${ROLE}s` } }] },
      `no identity-based policy allows s3:GetObject on ${OBJECT}; statement 1 of the resource policy not applied: Principal names "${ROLE}s", not a session of ${ROLE}`,
    ],
    [
      'names the part of a trust policy that did not hold',
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
      `no role trust policy allows sts:AssumeRole on ${ROLE}; statement 2 of the trust policy not applied: aws:RequestTag/kubernetes-service-account is "batch", StringEquals wants "ledger"`,
    ],
    [
      'names the permissions boundary that lets too little through',
      { identity: [read], boundary: [{ Action: 's3:List*', Resource: '*' }] },
      `no permissions boundary allows s3:GetObject on ${OBJECT}; statement 1 of the boundary policy not applied: Action "s3:List*" does not list s3:GetObject`,
    ],
    [
      'names a condition key that no request of the action has, and the nearest that one may have',
      {
        identity: [
          { ...read, Action: 's3:PutObject', Condition: { StringEquals: { 's3:ExistingObjectTags/team': 'red' } } },
          { ...read, Condition: { StringEquals: { 's3:ExistingObjectTags/team': 'red', 's3:prefix': 'red' } } },
        ],
      },
      `no identity-based policy allows s3:GetObject on ${OBJECT}; statement 2 of the identity policy not applied: s3:ExistingObjectTags/team is absent, StringEquals wants "red" (no request of s3:GetObject has it; the nearest is s3:ExistingObjectTag/); s3:prefix is absent, StringEquals wants "red" (no request of s3:GetObject has it)`,
    ],
    ['says that there is no policy', {}, `no identity-based policy allows s3:GetObject on ${OBJECT} (there is none)`],
  ];
  for (const [title, question, reason] of table) it(title, () => expect(reasonOf(question)).to.equal(reason));
});
