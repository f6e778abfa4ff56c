import { expect } from 'chai';
import * as make from '../../test/support/cluster-snapshot.ts';
import { ClusterFacts } from '../facts/cluster-facts.ts';
import { answerOf, whoCan, type AccessAnswer } from './answer.ts';

const { ACCOUNT, healthySnapshot, roleArn, trust } = make;
const LEDGER = { namespace: 'payments', serviceAccount: 'ledger' };
const S3 = 'arn:aws:s3:::data/';

type Statement = Readonly<Record<string, unknown>>;
const allow = (Resource: string | readonly string[], more: Statement = {}): Statement => ({
  ...{ Effect: 'Allow', Action: 's3:GetObject', Resource },
  ...more,
});
const deny = (Resource: string | readonly string[], more: Statement = {}): Statement =>
  allow(Resource, { ...more, Effect: 'Deny' });
const document = (...Statement: readonly Statement[]): string => JSON.stringify({ Version: '2012-10-17', Statement });

interface Policies {
  readonly identity: readonly Statement[];
  readonly boundary?: readonly Statement[];
  readonly session?: readonly Statement[];
  readonly bucket?: readonly Statement[];
}

function world({ identity, boundary, session, bucket }: Policies): ClusterFacts {
  const draft = healthySnapshot('');
  const role = draft.aws.roles[roleArn('ledger')]!;
  role.policies = { own: document(...identity) };
  role.trustPolicy = trust({
    Principal: { Service: 'pods.eks.amazonaws.com' },
    Action: ['sts:AssumeRole', 'sts:TagSession'],
  });
  if (boundary) role.permissionsBoundary = document(...boundary);
  if (session) Object.assign(draft.aws.associations[0]!, { disableSessionTags: true, policy: document(...session) });
  const policy = bucket ? document(...bucket.map((one) => ({ Principal: '*', ...one }))) : null;
  draft.aws.buckets = { data: { name: 'data', accountId: ACCOUNT, policy, key: null } };
  return new ClusterFacts(draft);
}

/** Examples of the IAM User Guide, "IAM JSON policy elements: Resource", "Policy evaluation logic" and "Policy variables". */
const QUESTIONS: readonly [
  title: string,
  policies: Policies,
  resource: string,
  all: AccessAnswer['value'],
  some: AccessAnswer['value'],
  action?: string,
][] = [
  ['a prefix in a wider prefix', { identity: [allow(`${S3}*`)] }, `${S3}entries/*`, 'allowed', 'allowed'],
  ['a wider question than the statement', { identity: [allow(`${S3}entries/*`)] }, `${S3}*`, 'denied', 'allowed'],
  ['prefixes that exclude each other', { identity: [allow(`${S3}entries/*`)] }, `${S3}logs/*`, 'denied', 'denied'],
  ['two prefixes that cover a question', { identity: [allow([`${S3}a*`, `${S3}?*`])] }, `${S3}*`, 'allowed', 'allowed'],
  ['an explicit denial of a part', { identity: [allow('*'), deny(`${S3}secret/*`)] }, `${S3}*`, 'denied', 'allowed'],
  [
    'an explicit denial of everything asked',
    { identity: [allow('*'), deny(`${S3}s*`)] },
    `${S3}secret/*`,
    'denied',
    'denied',
  ],
  [
    'an explicit denial of other resources',
    { identity: [allow('*'), deny(`${S3}secret/*`)] },
    `${S3}open/*`,
    'allowed',
    'allowed',
  ],
  [
    'a wildcard inside, which crosses slashes',
    { identity: [allow(`${S3}*/public`)] },
    `${S3}a/*/public`,
    'allowed',
    'allowed',
  ],
  ['a wildcard inside that meets a prefix', { identity: [allow(`${S3}*/public`)] }, `${S3}team/*`, 'denied', 'allowed'],
  ['one character', { identity: [allow(`${S3}log-?`)] }, `${S3}log-*`, 'denied', 'allowed'],
  [
    'NotResource',
    { identity: [{ Effect: 'Allow', Action: 's3:GetObject', NotResource: `${S3}secret/*` }] },
    `${S3}*`,
    'denied',
    'allowed',
  ],
  [
    'NotAction',
    { identity: [{ Effect: 'Allow', NotAction: 's3:PutObject', Resource: `${S3}entries/*` }] },
    `${S3}*`,
    'denied',
    'allowed',
  ],
  [
    'a boundary that is narrower',
    { identity: [allow('*')], boundary: [allow(`${S3}entries/*`)] },
    `${S3}*`,
    'denied',
    'allowed',
  ],
  [
    'a session policy that meets the role in nothing',
    { identity: [allow(`${S3}a/*`)], session: [allow(`${S3}b/*`)] },
    `${S3}*`,
    'denied',
    'denied',
  ],
  [
    'a session policy that overlaps',
    { identity: [allow(`${S3}a*`)], session: [allow(`${S3}*z`)] },
    `${S3}*`,
    'denied',
    'allowed',
  ],
  [
    'a bucket policy that adds a part',
    { identity: [allow(`${S3}a/*`)], bucket: [allow(`${S3}b/*`)] },
    `${S3}b/*`,
    'allowed',
    'allowed',
  ],
  [
    'a bucket policy that takes a part',
    { identity: [allow('*')], bucket: [deny(`${S3}b/*`)] },
    `${S3}*`,
    'denied',
    'allowed',
  ],
  [
    'a variable with the known tag',
    { identity: [allow(`${S3}\${aws:PrincipalTag/kubernetes-namespace}/*`)] },
    `${S3}payments/*`,
    'allowed',
    'allowed',
  ],
  [
    'a variable with another value',
    { identity: [allow(`${S3}\${aws:PrincipalTag/kubernetes-namespace}/*`)] },
    `${S3}web/*`,
    'denied',
    'denied',
  ],
  [
    'a condition on the resource',
    { identity: [allow('*', { Condition: { StringEquals: { 's3:ExistingObjectTag/a': 'b' } } })] },
    `${S3}*`,
    'unknown',
    'unknown',
  ],
  [
    'a condition on the resource for a part',
    { identity: [allow(`${S3}a/*`), allow('*', { Condition: { StringEquals: { 's3:ExistingObjectTag/a': 'b' } } })] },
    `${S3}*`,
    'unknown',
    'allowed',
  ],
  ['several buckets, of which one was read', { identity: [allow('*')] }, 'arn:aws:s3:::data*/x', 'unknown', 'allowed'],
  [
    'several buckets that the role may not use',
    { identity: [allow('*'), deny('arn:aws:s3:::data*')] },
    'arn:aws:s3:::data-*/x',
    'denied',
    'denied',
  ],
  ['buckets of an action on objects', { identity: [allow('*')] }, `${S3}?`, 'allowed', 'allowed'],
  [
    'any role, whose trust is not read',
    { identity: [allow('*', { Action: 'sts:AssumeRole' })] },
    `arn:aws:iam::${ACCOUNT}:role/x*`,
    'unknown',
    'unknown',
    'sts:AssumeRole',
  ],
  [
    'roles that the policy does not name, whose trust may',
    { identity: [allow('arn:aws:iam::*:role/a/*', { Action: 'sts:AssumeRole' })] },
    `arn:aws:iam::${ACCOUNT}:role/b/*`,
    'unknown',
    'unknown',
    'sts:AssumeRole',
  ],
];

describe('a question with a wildcard in the resource', () => {
  for (const [title, policies, resource, all, some, action = 's3:GetObject'] of QUESTIONS)
    it(`is answered for all and for some: ${title}`, () => {
      const answer = answerOf(world(policies), LEDGER, { action, resource });
      expect([answer.value, answer.some], JSON.stringify(answer.steps, undefined, 1)).to.deep.equal([all, some]);
    });

  it('names the resources of each part', () => {
    const facts = world({ identity: [allow(`${S3}entries/*`), deny(`${S3}entries/secret*`)] });
    const { steps } = answerOf(facts, LEDGER, { action: 's3:GetObject', resource: `${S3}*` });
    expect(
      steps.filter(({ name }) => name === 'access').map(({ value, resources }) => `${value} ${resources}`),
    ).to.deep.equal([
      `allowed ${S3}entries/*`,
      `denied ${S3}entries/secret*`,
      `denied other resources, such as ${S3}x`,
    ]);
  });

  it('finds the service accounts that may use some of the resources', () => {
    const who = (resource: string) =>
      whoCan(world({ identity: [allow(`${S3}entries/*`)] }), { action: 's3:GetObject', resource })
        .filter(({ serviceAccount }) => serviceAccount === 'ledger')
        .map(({ value, some }) => [value, some]);
    expect(who(`${S3}*`)).to.deep.equal([['denied', 'allowed']]);
    expect(who(`${S3}logs/*`)).to.deep.equal([]);
  });

  it('is unknown if there are too many parts', () => {
    const many = Array.from({ length: 40 }, (_, index) => `${S3}*${String.fromCodePoint(0x400 + index)}*`);
    const { value, some } = answerOf(world({ identity: [allow(many)] }), LEDGER, {
      action: 's3:GetObject',
      resource: `${S3}*`,
    });
    expect([value, some]).to.deep.equal(['unknown', 'unknown']);
  });
});
