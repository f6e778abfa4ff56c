import { ask, askAll, assume, JOB, NAME, open, OTHER, passed, PLACE, PLAIN } from './sequence.ts';
import { ROLE, sessionOf, SIX, tagged, TARGET } from './sequence.ts';
import type { Sequence } from './sequence.ts';

const CHAINING = 'IAM User Guide, "Pass session tags in AWS STS", "Chaining roles with session tags"';
const SOURCE_IDENTITY = 'IAM User Guide, "Monitor and control actions taken with assumed roles"';
const ASSUME_ROLE = 'STS API Reference, AssumeRole';
const POD = sessionOf(ROLE, NAME, { tags: tagged(SIX) });
const USER = {
  ...{ kind: 'user' as const, accountId: OTHER, arn: `arn:aws:iam::${OTHER}:user/dev`, userName: 'dev' },
  userId: 'AIDADEV',
};
const NEXT = { ...ROLE, arn: 'arn:aws:iam::111122223333:role/next', id: 'AROANEXT' };

export const SEQUENCES: readonly Sequence[] = [
  {
    title: 'a session without tags asks only for AssumeRole of a further role',
    source: ASSUME_ROLE,
    path: assume({}),
    steps: [...askAll('AssumeRole', PLAIN, {}), open('assumed role', sessionOf(TARGET, 'job'))],
  },
  {
    title: 'a pod’s session passes its transitive tags to a further role, and so asks for TagSession',
    source: CHAINING,
    path: assume({ principal: POD }),
    steps: [
      ...askAll('AssumeRole TagSession', POD, passed(SIX)),
      open('assumed role', sessionOf(TARGET, 'job', { tags: tagged(SIX) }), { packedSize: true }),
    ],
  },
  {
    title: 'a session does not pass on tags that are not transitive',
    source: CHAINING,
    path: assume({
      principal: sessionOf(ROLE, 'first', { tags: [...tagged({ a: '1' }, false), ...tagged({ b: '2' })] }),
    }),
    steps: [
      ...askAll(
        ...(['AssumeRole TagSession'] as const),
        sessionOf(ROLE, 'first', { tags: [...tagged({ a: '1' }, false), ...tagged({ b: '2' })] }),
        passed({ b: '2' }),
      ),
      open('assumed role', sessionOf(TARGET, 'job', { tags: tagged({ b: '2' }) }), { packedSize: true }),
    ],
  },
  {
    title: 'a session with only non-transitive tags asks for no TagSession',
    source: CHAINING,
    path: assume({ principal: sessionOf(ROLE, 'first', { tags: tagged({ a: '1' }, false) }) }),
    steps: [
      ...askAll('AssumeRole', sessionOf(ROLE, 'first', { tags: tagged({ a: '1' }, false) }), {}),
      open('assumed role', sessionOf(TARGET, 'job')),
    ],
  },
  {
    title: 'passed tags that are not transitive are request tags without sts:TransitiveTagKeys',
    source: 'IAM User Guide, "Pass session tags in AWS STS", "Passing session tags using AssumeRole"',
    path: assume({ tags: tagged({ a: '1' }, false) }),
    steps: [
      ...askAll('AssumeRole TagSession', PLAIN, { 'aws:RequestTag/a': '1', 'aws:TagKeys': ['a'] }),
      open('assumed role', sessionOf(TARGET, 'job', { tags: tagged({ a: '1' }, false) }), { packedSize: true }),
    ],
  },
  {
    title: 'passed tags stand before inherited tags, and only transitive ones are in sts:TransitiveTagKeys',
    source: CHAINING,
    path: assume({ principal: POD, tags: [...tagged({ a: '1' }, false), ...tagged({ b: '2' })] }),
    steps: [
      ...askAll('AssumeRole TagSession', POD, passed({ a: '1', b: '2', ...SIX }, ['b', ...Object.keys(SIX)])),
      open(
        'assumed role',
        sessionOf(TARGET, 'job', { tags: [...tagged({ a: '1' }, false), ...tagged({ b: '2', ...SIX })] }),
        { packedSize: true },
      ),
    ],
  },
  {
    title: 'a source identity asks for SetSourceIdentity, and the session keeps it',
    source: SOURCE_IDENTITY,
    path: assume({ sourceIdentity: 'maria' }),
    steps: [
      ...askAll('AssumeRole SetSourceIdentity', PLAIN, { 'sts:SourceIdentity': 'maria' }),
      open('assumed role', sessionOf(TARGET, 'job', { context: { 'aws:SourceIdentity': 'maria' } })),
    ],
  },
  {
    title: 'a further role inherits the source identity of a session, and so asks for SetSourceIdentity',
    source: SOURCE_IDENTITY,
    path: assume({ principal: sessionOf(ROLE, 'first', { context: { 'aws:SourceIdentity': 'maria' } }) }),
    steps: [
      ...askAll(
        ...(['AssumeRole SetSourceIdentity'] as const),
        sessionOf(ROLE, 'first', { context: { 'aws:SourceIdentity': 'maria' } }),
        { 'sts:SourceIdentity': 'maria' },
      ),
      open('assumed role', sessionOf(TARGET, 'job', { context: { 'aws:SourceIdentity': 'maria' } })),
    ],
  },
  {
    title: 'tags and a source identity ask for TagSession before SetSourceIdentity',
    source: 'IAM User Guide, "Pass session tags in AWS STS", "Permissions required to add session tags"',
    path: assume({ tags: tagged({ a: '1' }), sourceIdentity: 'maria', externalId: 'unique' }),
    steps: [
      ...askAll('AssumeRole TagSession SetSourceIdentity', PLAIN, {
        ...{ ...passed({ a: '1' }), 'sts:SourceIdentity': 'maria', 'sts:ExternalId': 'unique' },
      }),
      open(
        'assumed role',
        sessionOf(TARGET, 'job', { tags: tagged({ a: '1' }), context: { 'aws:SourceIdentity': 'maria' } }),
        { packedSize: true },
      ),
    ],
  },
  {
    title: 'an external id is a key of AssumeRole',
    source: 'IAM User Guide, "Access to AWS accounts owned by third parties"',
    path: assume({ externalId: 'unique' }),
    steps: [
      ...askAll('AssumeRole', PLAIN, { 'sts:ExternalId': 'unique' }),
      open('assumed role', sessionOf(TARGET, 'job')),
    ],
  },
  {
    title: 'a further role’s tags are resource tags of the request',
    source: 'Service Authorization Reference, "AWS Security Token Service", resource type role',
    path: assume({
      role: {
        ...TARGET,
        tags: [
          ['team', 'blue'],
          ['tier', 'data'],
        ],
      },
    }),
    steps: [
      ...askAll('AssumeRole', PLAIN, {
        ...{ 'aws:ResourceTag/team': 'blue', 'aws:ResourceTag/tier': 'data' },
        ...{ 'iam:ResourceTag/team': 'blue', 'iam:ResourceTag/tier': 'data' },
      }),
      open('assumed role', sessionOf(TARGET, 'job')),
    ],
  },
  {
    title: 'unknown keys of a caller are unknown in its request, and do not reach the further session',
    source: 'IAM User Guide, "AWS global condition context keys", aws:userid',
    path: assume({ unknown: { 'aws:userid': 'AROAAPP:eks-my-cluster-' } }),
    steps: [
      ...askAll('AssumeRole', PLAIN, {}, { unknown: { 'aws:userid': 'AROAAPP:eks-my-cluster-' } }),
      open('assumed role', sessionOf(TARGET, 'job')),
    ],
  },
  {
    title: 'unknown values of inherited tags are unknown in the request and in the further session',
    source: CHAINING,
    path: assume({
      principal: POD,
      unknown: { 'aws:PrincipalTag/kubernetes-pod-name': '', 'aws:RequestTag/kubernetes-pod-name': '' },
    }),
    steps: [
      ...askAll('AssumeRole TagSession', POD, passed(SIX), {
        unknown: { 'aws:PrincipalTag/kubernetes-pod-name': '', 'aws:RequestTag/kubernetes-pod-name': '' },
      }),
      open('assumed role', sessionOf(TARGET, 'job', { tags: tagged(SIX) }), {
        ...{ packedSize: true, unknown: { 'aws:PrincipalTag/kubernetes-pod-name': '' } },
      }),
    ],
  },
  {
    title: 'an unknown session name leaves aws:userid of the further session unknown after the role’s id',
    source: 'IAM User Guide, "IAM identifiers", "Unique identifiers"',
    path: assume({ unknown: { 'sts:RoleSessionName': 'job-' } }),
    steps: [
      ...askAll('AssumeRole', PLAIN, {}, { unknown: { 'sts:RoleSessionName': 'job-' } }),
      open('assumed role', sessionOf(TARGET, 'job'), { unknown: { 'aws:userid': 'AROATARGET:job-' } }),
    ],
  },
  {
    title: 'a further session has the network and organizations of the pod',
    source: 'IAM User Guide, "AWS global condition context keys", "Properties of the network"',
    path: assume({ principal: { ...PLAIN, requestContext: PLACE } }),
    steps: [
      ...askAll('AssumeRole', { ...PLAIN, requestContext: PLACE }, {}),
      open('assumed role', sessionOf(TARGET, 'job', { requestContext: PLACE })),
    ],
  },
  {
    title: 'a given context of requests replaces that of the caller',
    source: 'IAM User Guide, "AWS global condition context keys", "Properties of the network"',
    path: assume({ principal: { ...PLAIN, requestContext: PLACE }, requestContext: { 'aws:SourceIp': '10.0.0.2' } }),
    steps: [
      ...askAll('AssumeRole', { ...PLAIN, requestContext: PLACE }, {}),
      open('assumed role', sessionOf(TARGET, 'job', { requestContext: { 'aws:SourceIp': '10.0.0.2' } })),
    ],
  },
  {
    title: 'an IAM user of another account asks for AssumeRole without tags',
    source: ASSUME_ROLE,
    path: assume({ principal: USER, role: NEXT }),
    steps: [ask('assumed role', 'sts:AssumeRole', NEXT.arn, USER, JOB), open('assumed role', sessionOf(NEXT, 'job'))],
  },
];
