import { expect } from 'chai';
import { createHash } from 'node:crypto';
import * as make from '../../test/support/cluster-snapshot.ts';
import { ClusterFacts } from '../facts/cluster-facts.ts';
import { answerOf, whoCan, type AccessAnswer } from './answer.ts';

const { ACCOUNT, allowing, healthySnapshot, podIdentityStatement, role, roleArn, trust } = make;
const OBJECT = 'arn:aws:s3:::data/red/1';
const READ = { action: 's3:GetObject', resource: OBJECT };
const LEDGER = { namespace: 'payments', serviceAccount: 'ledger' };
const SHOP = { namespace: 'web', serviceAccount: 'shop' };

const statement = (fields: object): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Action: 's3:GetObject', Resource: '*', ...fields },
  });

/** Returns a healthy cluster whose roles may read the bucket `data` of their account. */
function world(change: (draft: make.Draft) => void = () => undefined): ClusterFacts {
  const draft = healthySnapshot('');
  for (const name of ['ledger', 'shop']) draft.aws.roles[roleArn(name)]!.policies = { read: allowing('s3:GetObject') };
  draft.aws.buckets = { data: { name: 'data', accountId: ACCOUNT, policy: null, key: null } };
  change(draft);
  return new ClusterFacts(draft);
}
const ledger = ({ aws }: make.Draft) => aws.roles[roleArn('ledger')]!;
const bucket = ({ aws }: make.Draft) => aws.buckets!['data']!;
const ask = (
  change?: (draft: make.Draft) => void,
  asker: Parameters<typeof answerOf>[1] = LEDGER,
  request = READ,
): AccessAnswer => answerOf(world(change), asker, request);
/** Text that hardly shrinks when it is packed. */
const LONG = [1, 2, 3, 4, 5].map((one) => createHash('sha512').update(String(one)).digest('base64url')).join('');
const textOf = ({ steps }: AccessAnswer, name: string): string => steps.find((step) => step.name === name)?.text ?? '';

const unreadOrganization =
  (managementAccount?: string) =>
  ({ aws }: make.Draft): void => {
    const reason = 'organizations:DescribeOrganization: AccessDenied';
    aws.organization = { state: 'unread', reason, managementAccount };
  };
/** Puts the account below a unit with policies of these effects on reads. */
const inOrganization =
  (effects: { readonly scps?: string; readonly rcps?: string }) =>
  ({ aws }: make.Draft): void => {
    const policies = (kind: 'scps' | 'rcps') => {
      const Effect = effects[kind];
      return Effect === undefined ? {} : { Reads: statement({ Effect, ...(kind === 'rcps' && { Principal: '*' }) }) };
    };
    const [scps, rcps] = [policies('scps'), policies('rcps')];
    const targets = {
      'r-1': { name: 'Root', scps, rcps },
      [ACCOUNT]: { name: 'prod', parent: 'r-1', scps: {}, rcps: {} },
    };
    aws.organization = { state: 'read', from: 'AWS', organization: { id: 'o-example12345', targets } };
  };

describe('answerOf', () => {
  const cases: readonly [
    title: string,
    value: AccessAnswer['value'],
    change: (draft: make.Draft) => void,
    unless?: RegExp,
  ][] = [
    ['allows what the role of the association allows', 'allowed', () => undefined],
    [
      'denies what no policy allows',
      'denied',
      (draft) => (ledger(draft).policies = { read: allowing('s3:PutObject') }),
    ],
    [
      'denies without trust, even if the role allows it',
      'denied',
      (draft) => (ledger(draft).trustPolicy = trust({ Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' })),
    ],
    [
      'does not know policies of an organization that were not read',
      'unknown',
      unreadOrganization(),
      /Describe.*: AccessDenied/,
    ],
    ['does not know the organization of an older snapshot', 'unknown', ({ aws }) => delete aws.organization, /earlier/],
    ['allows what the management account may', 'allowed', unreadOrganization(ACCOUNT)],
    [
      'denies despite policies of the organization that were not read',
      'denied',
      (draft) => {
        unreadOrganization()(draft);
        ledger(draft).policies = { read: allowing('s3:PutObject') };
      },
    ],
    ['denies by a service control policy of an organizational unit', 'denied', inOrganization({ scps: 'Deny' })],
    ['allows what a service control policy allows', 'allowed', inOrganization({ scps: 'Allow' })],
    ['denies by a resource control policy', 'denied', inOrganization({ rcps: 'Deny' })],
    ['denies with a role that does not exist', 'denied', ({ aws }) => (aws.roles[roleArn('ledger')] = null)],
    ['denies by the boundary', 'denied', (draft) => (ledger(draft).permissionsBoundary = allowing('s3:PutObject'))],
    [
      'denies by the session policy of the association',
      'denied',
      ({ aws }) => Object.assign(aws.associations[0]!, { disableSessionTags: true, policy: allowing('s3:PutObject') }),
    ],
    [
      'evaluates the session tags',
      'allowed',
      (draft) =>
        (ledger(draft).policies = {
          own: statement({ Condition: { StringEquals: { 'aws:PrincipalTag/kubernetes-service-account': 'ledger' } } }),
        }),
    ],
    [
      'denies by the bucket policy',
      'denied',
      (draft) => (bucket(draft).policy = statement({ Effect: 'Deny', Principal: '*' })),
    ],
    [
      'allows by the bucket policy alone within the account',
      'allowed',
      (draft) => {
        ledger(draft).policies = {};
        bucket(draft).policy = statement({ Principal: { AWS: roleArn('ledger') } });
      },
    ],
    ['denies a bucket that does not exist', 'denied', ({ aws }) => (aws.buckets = { data: null })],
    [
      'does not know a bucket policy that was not read',
      'unknown',
      (draft) => {
        delete bucket(draft).policy;
        draft.gaps = [{ right: 's3:GetBucketPolicy', object: 'data', reason: 'AccessDenied' }];
      },
      /^policy of bucket data, which was not read \(s3:GetBucketPolicy: AccessDenied\)$/,
    ],
    [
      'denies a bucket of another account if the role does not allow it, even without its policy',
      'denied',
      (draft) => {
        draft.aws.buckets = { data: { name: 'data' } };
        ledger(draft).policies = {};
      },
    ],
    [
      'denies by a policy that was read, next to unread ones',
      'denied',
      (draft) => {
        delete bucket(draft).policy;
        ledger(draft).policies = { closed: statement({ Effect: 'Deny' }) };
        ledger(draft).unread = [{ policy: 'other', reason: 'iam:GetPolicy: AccessDenied' }];
      },
    ],
    [
      'does not know a policy of the role that was not read',
      'unknown',
      (draft) => (ledger(draft).unread = [{ policy: 'other', reason: 'iam:GetPolicy: AccessDenied' }]),
      /^policy other of role ledger, which was not read \(iam:GetPolicy: AccessDenied\)$/,
    ],
    [
      'does not know the network of the pod',
      'unknown',
      (draft) =>
        (bucket(draft).policy = statement({
          Effect: 'Deny',
          Principal: '*',
          Condition: { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } },
        })),
      /which depends on aws:SourceVpce$/,
    ],
    [
      'does not know the policy of the key that encrypts the bucket',
      'unknown',
      (draft) => (bucket(draft).key = `arn:aws:kms:us-west-2:${ACCOUNT}:key/1`),
      /^policy of KMS key arn:.*, which was not read/,
    ],
    [
      'denies if the role may not use the key that encrypts the bucket',
      'denied',
      (draft) => {
        bucket(draft).key = `arn:aws:kms:us-west-2:${ACCOUNT}:key/1`;
        ledger(draft).policies!['no-key'] = statement({ Effect: 'Deny', Action: 'kms:Decrypt' });
      },
    ],
    [
      'does not know the name of a pod that does not exist yet',
      'unknown',
      (draft) =>
        (ledger(draft).policies = {
          own: statement({ Condition: { StringLike: { 'aws:PrincipalTag/kubernetes-pod-name': 'ledger-*' } } }),
        }),
      /which depends on aws:PrincipalTag\/kubernetes-pod-name$/,
    ],
  ];
  for (const [title, value, change, unless] of cases)
    it(title, () => {
      const answer = ask(change);
      expect(answer.value, JSON.stringify(answer.steps)).to.equal(value);
      expect(answer.unless).to.have.lengthOf(unless === undefined ? 0 : 1);
      if (unless) expect(answer.unless[0]).to.match(unless);
    });

  it('names the accounts whose organization was not read', () => {
    const queue = { action: 'sqs:SendMessage', resource: 'arn:aws:sqs:us-west-2:444455556666:jobs' };
    const bound = 'Policies of other organizations are not read, so none restricts 444455556666';
    expect(ask(inOrganization({})).organization).to.equal('o-example12345 of AWS');
    expect(ask(inOrganization({}), LEDGER, queue).organization).to.equal(`o-example12345 of AWS. ${bound}`);
  });

  it('names the statements that decide', () => {
    const answer = ask();
    expect(textOf(answer, 'identity')).to.contain(`association a-ledger gives it role ${roleArn('ledger')}`);
    expect(textOf(answer, 'trust')).to.contain('aws:RequestTag/kubernetes-namespace is "payments"');
    expect(textOf(answer, 'access')).to.match(/^allowed by statement 1 of policy read of role ledger/);
    expect(answer.roles).to.deep.equal([roleArn('ledger')]);
  });

  it('answers for a named pod with its tags', () => {
    const own = {
      own: statement({ Condition: { StringEquals: { 'aws:PrincipalTag/kubernetes-pod-name': 'ledger-1' } } }),
    };
    const change = (draft: make.Draft) => (ledger(draft).policies = own);
    expect(ask(change, { ...LEDGER, pod: 'ledger-1' }).value).to.equal('allowed');
    expect(ask(change, { ...LEDGER, pod: 'ledger-2' }).value).to.equal('denied');
  });

  it('answers for IRSA, with the claims of the token', () => {
    const claim = { StringEquals: { [`${make.ISSUER}:sub`]: 'system:serviceaccount:web:shop' } };
    const answer = ask(
      ({ aws }) => (aws.roles[roleArn('shop')]!.policies = { own: statement({ Condition: claim }) }),
      SHOP,
    );
    expect(answer).to.include({ value: 'allowed', mechanism: 'web-identity' });
    expect(ask(({ aws }) => (aws.oidcProviders = []), SHOP).value).to.equal('denied');
  });

  it('prefers the association to the annotation, and notes pods that still have IRSA', () => {
    const both = ({ aws }: make.Draft) => {
      aws.roles[roleArn('ledger')]!.trustPolicy = trust(podIdentityStatement());
      aws.associations.push(make.association('web', 'shop', roleArn('ledger')));
    };
    const answer = ask(both, SHOP);
    expect(answer).to.include({ mechanism: 'pod-identity', value: 'allowed' });
    expect(answer.notes).to.deep.equal([`pod shop-1 still has ${roleArn('shop')} (--pod shop-1).`]);
    expect(ask(both, { ...SHOP, pod: 'shop-1' }).mechanism).to.equal('web-identity');
  });

  it('follows a target role, and evaluates its policies', () => {
    const targeted = (draft: make.Draft) => {
      draft.aws.associations[0]!.targetRoleArn = roleArn('target');
      ledger(draft).policies = { chain: allowing(['sts:AssumeRole', 'sts:TagSession'], roleArn('target')) };
      const trusting = trust({ Principal: { AWS: roleArn('ledger') }, Action: ['sts:AssumeRole', 'sts:TagSession'] });
      draft.aws.roles[roleArn('target')] = role('target', trusting, { read: allowing('s3:GetObject') });
    };
    expect(ask(targeted)).to.deep.include({ value: 'allowed', roles: [roleArn('ledger'), roleArn('target')] });
    const missing = ask((draft) => {
      targeted(draft);
      delete draft.aws.roles[roleArn('target')];
    });
    expect(missing.value).to.equal('unknown');
    expect(missing.unless.join()).to.contain('role/target, which was not read');
  });

  it('does not know which pods get the role of the association if a pod sets keys of its own', () => {
    const withKeys = (pod: make.Draft['kubernetes']['pods'][number]) =>
      pod.containers.push({
        ...pod.containers[0]!,
        name: 'loader',
        env: [{ name: 'AWS_ACCESS_KEY_ID' }, { name: 'AWS_SECRET_ACCESS_KEY' }],
      });
    const change = ({ kubernetes }: make.Draft) =>
      withKeys(kubernetes.pods.find(({ metadata }) => metadata.name === 'ledger-1')!);
    const answer = ask(change);
    expect(answer).to.include({ value: 'unknown', otherwise: 'allowed', mechanism: 'pod-identity' });
    expect(answer.unless.join()).to.match(/^container loader of pod ledger-1 sets AWS_ACCESS_KEY_ID/);
    expect(ask(change, { ...LEDGER, pod: 'ledger-1' })).to.include({ value: 'unknown', mechanism: 'static-keys' });
    const onlyId = ({ kubernetes }: make.Draft) =>
      void kubernetes.pods
        .find(({ metadata }) => metadata.name === 'ledger-1')!
        .containers[0]!.env.push({
          name: 'AWS_ACCESS_KEY_ID',
        });
    expect(ask(onlyId)).to.include({ value: 'unknown', otherwise: 'allowed' });
    expect(ask(onlyId, { ...LEDGER, pod: 'ledger-1' })).to.include({ value: 'unknown', mechanism: 'unknown' });
    expect(ask(change, { ...LEDGER, pod: 'ledger-2' }).value).to.equal('allowed');
    const inIrsa = ({ kubernetes }: make.Draft) =>
      withKeys(kubernetes.pods.find(({ metadata }) => metadata.name === 'shop-1')!);
    expect(ask(inIrsa, SHOP)).to.include({ value: 'unknown', mechanism: 'web-identity' });
  });

  it('takes condition keys of the request, also absent ones', () => {
    const change = (draft: make.Draft) =>
      (bucket(draft).policy = statement({
        Effect: 'Deny',
        Principal: '*',
        Condition: { StringEquals: { 's3:ExistingObjectTag/team': 'blue' } },
      }));
    const asked = (conditions: Record<string, string>) =>
      ask(change, LEDGER, { ...READ, conditions } as typeof READ).value;
    expect(asked({})).to.equal('unknown');
    expect(asked({ 's3:ExistingObjectTag/team': 'blue' })).to.equal('denied');
    expect(asked({ 's3:existingobjecttag/team': '' })).to.equal('allowed');
  });

  it('does not know IRSA without the providers of the account, or with a role of another account', () => {
    const unread = ask(({ aws }) => {
      delete (aws as { oidcProviders?: unknown }).oidcProviders;
      delete aws.roles[roleArn('shop')];
    }, SHOP);
    expect(unread).to.include({ value: 'unknown', mechanism: 'web-identity' });
    const foreign = roleArn('shop', '444455556666');
    const other = ask(({ kubernetes, aws }) => {
      const account = kubernetes.serviceAccounts.find(({ metadata }) => metadata.name === 'shop')!;
      account.metadata.annotations = { 'eks.amazonaws.com/role-arn': foreign };
      aws.oidcProviders[0]!.clientIds = [];
    }, SHOP);
    expect(textOf(other, 'trust')).to.equal('the IAM OIDC providers of account 444455556666 are not read');
    expect(other.steps.find(({ name }) => name === 'trust')?.value).to.equal('unknown');
  });

  it('does not know the tags of a role that was not read', () => {
    const assume = { action: 'sts:AssumeRole', resource: roleArn('next') };
    const tagged = statement({
      Action: 'sts:*',
      Condition: { StringEquals: { 'aws:ResourceTag/team': 'blue' } },
    });
    const answer = ask((draft) => (ledger(draft).policies = { assume: tagged }), LEDGER, assume);
    expect(answer.value).to.equal('unknown');
    expect(textOf(answer, 'access')).to.contain('no role trust policy');
  });

  it('takes condition keys of AssumeRole, and in any case', () => {
    const next = (condition: object) => (draft: make.Draft) => {
      ledger(draft).policies = { assume: allowing(['sts:AssumeRole', 'sts:TagSession']) };
      const Action = ['sts:AssumeRole', 'sts:TagSession'];
      draft.aws.roles[roleArn('next')] = role(
        'next',
        trust({ Principal: { AWS: roleArn('ledger') }, Action, Condition: { StringEquals: condition } }),
      );
    };
    const asked = (condition: object, conditions?: Record<string, string>) =>
      ask(next(condition), LEDGER, {
        action: 'sts:AssumeRole',
        resource: roleArn('next'),
        ...(conditions && { conditions }),
      }).value;
    expect(asked({ 'sts:ExternalId': 'x' })).to.equal('unknown');
    expect(asked({ 'sts:ExternalId': 'x' }, { 'STS:externalid': 'x' })).to.equal('allowed');
    expect(asked({ 'sts:ExternalId': 'x' }, { 'sts:ExternalId': '' })).to.equal('denied');
    expect(asked({ 'aws:SourceVpce': 'vpce-1' }, { 'aws:SourceVpce': 'vpce-1' })).to.equal('allowed');
  });

  it('does not know the region of the requests of a pod, unless the resource has one', () => {
    const inRegion = (draft: make.Draft): void => {
      const Condition = { StringEquals: { 'aws:RequestedRegion': 'eu-west-1' } };
      ledger(draft).policies = { read: statement({ Action: '*', Condition }) };
    };
    expect(ask(inRegion).value).to.equal('unknown');
    const table = { action: 'rds-db:connect', resource: 'arn:aws:rds-db:us-west-2:111122223333:dbuser:db/app' };
    expect(ask(inRegion, LEDGER, table).value).to.equal('denied');
  });

  it('does not allow a session whose tags and policy may be too large', () => {
    const answer = ask(({ aws }) =>
      Object.assign(aws.associations[0]!, { policy: statement({ Resource: ['*', `arn:aws:s3:::${LONG}/*`] }) }),
    );
    expect(answer.value).to.equal('unknown');
    expect(answer.unless.join()).to.match(/^AWS may reject the session: Packed policy consumes \d+% of allotted space/);
  });

  it('does not know policies of resources other than buckets', () => {
    const request = { action: 'sqs:SendMessage', resource: `arn:aws:sqs:us-west-2:${ACCOUNT}:jobs` };
    const answer = ask((draft) => (ledger(draft).policies = { all: allowing('sqs:*') }), LEDGER, request);
    expect(answer).to.include({ value: 'unknown', otherwise: 'allowed' });
    const table = { action: 'ec2:DescribeVpcs', resource: '*' };
    expect(ask((draft) => (ledger(draft).policies = { all: allowing('ec2:*') }), LEDGER, table).value).to.equal(
      'allowed',
    );
  });
});

describe('whoCan', () => {
  const who = (change?: (draft: make.Draft) => void): readonly string[] =>
    whoCan(world(change), READ).map(
      ({ namespace, serviceAccount, value, roles }) =>
        `${namespace}/${serviceAccount} ${value} ${roles.map((arn) => arn.split('/').at(-1)).join(' > ')}`,
    );

  it('lists service accounts of both mechanisms', () => {
    expect(who()).to.deep.equal(['payments/ledger allowed ledger', 'web/shop allowed shop']);
  });

  it('follows roles that the role may assume, one step deep', () => {
    const chained = (draft: make.Draft) => {
      ledger(draft).policies = { chain: allowing(['sts:AssumeRole', 'sts:TagSession']) };
      const trusting = (name: string) => trust({ Principal: { AWS: roleArn(name) }, Action: 'sts:*' });
      draft.aws.roles[roleArn('middle')] = role('middle', trusting('ledger'), { read: allowing('s3:GetObject') });
      draft.aws.roles[roleArn('far')] = role('far', trusting('middle'), { read: allowing('s3:GetObject') });
    };
    expect(who(chained)).to.deep.equal(['payments/ledger allowed ledger > middle', 'web/shop allowed shop']);
    expect(
      who((draft) => {
        chained(draft);
        ledger(draft).policies = { none: statement({ Effect: 'Deny', Action: 'sts:TagSession' }) };
      }),
    ).to.deep.equal(['web/shop allowed shop']);
  });

  it('includes pods with the role of their node', () => {
    const open = ({ aws }: make.Draft) => {
      aws.roles[roleArn('node')]!.policies!['read'] = allowing('s3:GetObject');
      for (const instance of aws.instances) instance.hopLimit = 2;
    };
    expect(who(open)).to.include('web/default allowed node');
  });
});
