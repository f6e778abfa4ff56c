/** Which policies IAM and S3 reject, and which forms they accept. */
import { IAM } from '@aws-sdk/client-iam';
import { S3 } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { allow, askEksAuth, asSession, check, fails, getObject, succeeds, suite } from '../../harness/index.ts';
import { refusalBy } from '../lib/errors.ts';
import {
  ABSENT_ROLE,
  absentPrincipals,
  badPrincipals,
  FEW_ATTEMPTS,
  policyOf,
  putPermissions,
  putTrust,
  refusedAnywhere,
  SESSION_OF_APP,
  spaced,
  surprises,
  textOf,
  twoNamed,
  without,
  type Given,
} from './lib/malformed-policies.ts';
import { appWith, ASSOCIATED, ASSUME_AND_TAG, POD_IDENTITY } from '../lib/worlds.ts';
import { DENIED_BY_BUCKET } from '../lib/outcomes.ts';

const GRAMMAR = 'IAM User Guide, "Grammar of the IAM JSON policy language"';

suite('policies', ({ scenario }) => {
  scenario('PI-31', 'IAM rejects a trust policy with a misspelled service', {
    source:
      'IAM API Reference, UpdateAssumeRolePolicy, MalformedPolicyDocument; Amazon EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity"',
    ...ASSOCIATED,
    probes: [
      check('IAM names the invalid principal', async ({ aws, name }) => {
        const iam = new IAM(await aws('iam'));
        const put = putTrust(iam, name('<role-name:app>'));
        const trust = policyOf({ Effect: 'Allow', Action: ASSUME_AND_TAG });
        const misspelt = put(trust({ Principal: { Service: 'pod.eks.amazonaws.com' } }));
        const refusal = await misspelt.then(() => undefined, refusalBy);
        expect(refusal?.name).to.match(/^MalformedPolicyDocument/);
        expect(refusal?.message).to.contain('pod.eks.amazonaws.com');
        await put(trust({ Principal: { Service: POD_IDENTITY } }));
      }),
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
    ],
  });

  scenario('PO-60', 'IAM rejects a role policy with invalid grammar, and keeps the previous one', {
    source: `${GRAMMAR}; IAM API Reference, PutRolePolicy, MalformedPolicyDocument`,
    ...appWith(allow('s3:GetObject', 'data/key')),
    objects: ['data/key'],
    probes: [
      check('invalid policies are rejected, valid ones accepted', async ({ aws, name }) => {
        const iam = new IAM(await aws('iam'));
        const put = putPermissions(iam, name('<role-name:app>'));
        const read = { Effect: 'Allow', Action: 's3:GetObject', Resource: name('arn:aws:s3:::<bucket:data>/key') };
        const policy = policyOf(read);
        const taken = {
          'one statement instead of a list': { Version: '2012-10-17', Statement: read },
          'no version': { Statement: [read] },
          'the old version, and an id': { Version: '2008-10-17', Id: 'of-the-old', Statement: [read] },
          'several statements': {
            Version: '2012-10-17',
            Statement: ['One', 'Two'].map((Sid) => ({ ...read, Sid })),
          },
          'several statements with an empty Sid': twoNamed(policy, ''),
          'lists of actions and resources': policy({ Action: ['s3:GetObject', 's3:Put*'], Resource: [read.Resource] }),
          NotAction: policy({ Action: undefined, NotAction: 's3:PutObject' }),
          NotResource: policy({ Resource: undefined, NotResource: read.Resource }),
          'all actions on all resources': policy({ Action: '*', Resource: '*' }),
          'a Sid of letters and digits': policy({ Sid: 'Read1' }),
          'a condition with a list of values': policy({
            Condition: { StringNotEquals: { 'aws:PrincipalTag/team': ['red', 'blue'] } },
          }),
          'numbers and booleans as values': policy({
            Condition: { NumericLessThan: { 's3:max-keys': 10 }, Bool: { 'aws:SecureTransport': [true] } },
          }),
          'an operator on several values of a key': policy({
            Condition: { 'ForAllValues:StringLikeIfExists': { 'aws:TagKeys': 'a*' } },
          }),
        };
        const refused = {
          ...refusedAnywhere(policy),
          'a principal': policy({ Principal: '*' }),
          'a NotPrincipal': policy({ NotPrincipal: '*' }),
          'no resource': policy(without('Resource')),
          'an empty list of resources': policy({ Resource: [] }),
          'Resource and NotResource': policy({ NotResource: '*' }),
          'a resource that is a number': policy({ Resource: [read.Resource, 1] }),
          'a resource that is not an ARN': policy({ Resource: 'key' }),
          'a resource with the parts of an ARN but another prefix': policy({ Resource: 'key:aws:s3:::key/key' }),
          'a Sid with a space': policy({ Sid: 'an id' }),
          'a duplicate Sid': twoNamed(policy, 'One'),
        };
        expect(await surprises(put, 'MalformedPolicyDocument', {}, taken)).to.deep.equal([]);
        await put(policy({}));
        expect(await surprises(put, 'MalformedPolicyDocument', refused, {})).to.deep.equal([]);
      }),
      succeeds(asSession('app', getObject('data/key'))),
    ],
  });

  scenario('PO-61', 'IAM rejects a trust policy with invalid grammar, and keeps the previous one', {
    source: `${GRAMMAR}; IAM API Reference, UpdateAssumeRolePolicy, MalformedPolicyDocument; IAM User Guide, "AWS JSON policy elements: Principal": principals must exist`,
    ...ASSOCIATED,
    probes: [
      check('invalid policies are rejected, valid ones accepted', async ({ aws, name }) => {
        const iam = new IAM(await aws('iam'));
        const put = putTrust(iam, name('<role-name:app>'));
        const policy = policyOf({ Effect: 'Allow', Principal: { Service: POD_IDENTITY }, Action: ASSUME_AND_TAG });
        const taken = {
          'several services': policy({ Principal: { Service: ['ec2.amazonaws.com', POD_IDENTITY] } }),
          'an account by its number': policy({ Principal: { AWS: name('<account:main>') } }),
          'an account by its root ARN': policy({ Principal: { AWS: name('arn:aws:iam::<account:main>:root') } }),
          'a principal of each type': policy({ Principal: { AWS: name('<account:main>'), Service: POD_IDENTITY } }),
          'a role and a session of it': policy({ Principal: { AWS: ['<role:app>', SESSION_OF_APP].map(name) } }),
          'a regional service': policy({ Principal: { Service: name('logs.<region:c1>.amazonaws.com') } }),
          everyone: policy({ Principal: { AWS: '*' }, Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          'an identity provider': policy({
            Principal: { Federated: 'accounts.google.com' },
            Action: 'sts:AssumeRoleWithWebIdentity',
          }),
          'all actions of STS, in another case': policy({ Action: 'STS:*' }),
        };
        const refused = {
          ...refusedAnywhere(policy),
          'no principal': policy(without('Principal')),
          'an empty principal': policy({ Principal: {} }),
          ...absentPrincipals(policy, name),
          'a duplicate Sid': twoNamed(policy, 'One'),
          'a NotPrincipal': policy({ Principal: undefined, NotPrincipal: { AWS: name('<account:main>') } }),
          'a principal that is not an account': policy({ Principal: { AWS: '1234' } }),
          ...badPrincipals(policy, name),
          'everyone as a plain star': policy({ Principal: '*' }),
          "a bucket's owner by a canonical id": policy({ Principal: { CanonicalUser: '0'.repeat(64) } }),
          'a resource': policy({ Resource: '*' }),
          'an action of another service': policy({ Action: 's3:GetObject' }),
        };
        expect(await surprises(put, 'MalformedPolicyDocument', {}, taken)).to.deep.equal([]);
        await put(policy({}));
        expect(await surprises(put, 'MalformedPolicyDocument', refused, {})).to.deep.equal([]);
      }),
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
    ],
  });

  scenario('PO-62', 'S3 rejects a bucket policy with invalid grammar or for another bucket', {
    source: `${GRAMMAR}; Amazon S3 User Guide, "Troubleshoot access denied (403 Forbidden) errors": MalformedPolicy`,
    ...appWith(allow('s3:GetObject', 'data/key')),
    objects: ['data/key'],
    probes: [
      check('invalid policies are rejected, valid ones accepted', async ({ aws, name }) => {
        const s3 = new S3(await aws('s3'));
        const Bucket = name('<bucket:data>');
        const { Owner: { ID: owner = '' } = {} } = await s3.listBuckets({});
        const put = (policy: Given): Promise<unknown> => s3.putBucketPolicy({ Bucket, Policy: textOf(policy) });
        const policy = policyOf({
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:GetObject',
          Resource: `arn:aws:s3:::${Bucket}/key`,
        });
        const taken = {
          'an action on the bucket': policy({ Action: 's3:ListBucket', Resource: `arn:aws:s3:::${Bucket}` }),
          'actions on bucket and objects': policy({
            Action: ['s3:ListBucket', 's3:PutObject'],
            Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/other/*`],
          }),
          'a Sid with spaces': policy({ Sid: 'Nobody reads the key' }),
          'everyone in a list': policy({ Principal: { AWS: ['*'] } }),
          'a NotResource with another key': policy({
            ...without('Resource'),
            NotResource: `arn:aws:s3:::${Bucket}/other`,
          }),
          'a session and a service': policy({
            Principal: { AWS: name(SESSION_OF_APP), Service: 'logging.s3.amazonaws.com' },
          }),
          'the account by its canonical id': policy({ Principal: { CanonicalUser: owner } }),
          'a NotPrincipal with the account': policy({
            ...without('Principal'),
            NotPrincipal: { AWS: name('arn:aws:iam::<account:main>:root') },
          }),
        };
        const refused = {
          ...refusedAnywhere(policy),
          'no principal': policy(without('Principal')),
          ...absentPrincipals(policy, name),
          'a NotPrincipal with a missing role': policy({
            ...without('Principal'),
            NotPrincipal: { AWS: [name('<account:main>'), name(ABSENT_ROLE)] },
          }),
          ...badPrincipals(policy, name),
          'an empty principal': policy({ Principal: {} }),
          'no resource': policy(without('Resource')),
          'an incomplete resource': policy({ Resource: 'arn:aws:s3' }),
          'another bucket': policy({ Resource: 'arn:aws:s3:::another-bucket-of-nobody/key' }),
          'a resource of another service': policy({ Resource: 'arn:aws:sqs:::key' }),
          'an action of another service': policy({ Action: 'sqs:SendMessage' }),
          'all actions of another service': policy({ Action: ['s3:GetObject', 'sqs:*'] }),
          'a bucket action with only objects': policy({ Action: 's3:ListBucket' }),
          'an object action with only the bucket': policy({ Resource: `arn:aws:s3:::${Bucket}` }),
        };
        expect(await surprises(put, 'MalformedPolicy', {}, taken)).to.deep.equal([]);
        await put(policy({}));
        expect(await surprises(put, 'MalformedPolicy', refused, {})).to.deep.equal([]);
      }),
      fails(asSession('app', getObject('data/key')), DENIED_BY_BUCKET),
    ],
  });

  scenario('PO-64', 'white space and replaced policies do not count toward policy quotas', {
    source:
      'IAM User Guide, "IAM and AWS STS quotas": "IAM doesn\'t count white space when calculating the size of a policy"; role inline policies, 10,240 in all; role trust policy, 8,192 at most',
    ...appWith(allow('s3:GetObject', 'data/key')),
    objects: ['data/key'],
    probes: [
      check('policies within the quota are accepted, larger ones rejected', async ({ aws, name }) => {
        const iam = new IAM({ ...(await aws('iam')), ...FEW_ATTEMPTS });
        const RoleName = name('<role-name:app>');
        const put = (PolicyName: string) => putPermissions(iam, RoleName, PolicyName);
        const read = { Effect: 'Allow', Action: 's3:GetObject', Resource: name('arn:aws:s3:::<bucket:data>/key') };
        const large = policyOf(read)({ Resource: [read.Resource, `${read.Resource}/${'x'.repeat(6000)}`] });
        const taken = {
          'a policy of 6,000 characters': large,
          'the same policy with white space': spaced(large, 1000),
        };
        expect(await surprises(put('scenario'), 'LimitExceeded', {}, taken)).to.deep.equal([]);
        try {
          expect(
            await surprises(put('more'), 'LimitExceeded', { 'another policy of 6,000 characters': large }, {}),
          ).to.deep.equal([]);
        } finally {
          await iam.deleteRolePolicy({ RoleName, PolicyName: 'more' }).catch(() => undefined);
        }
        const trust = policyOf({ Effect: 'Allow', Action: ASSUME_AND_TAG })({ Principal: { Service: POD_IDENTITY } });
        // More than the highest quota of any account.
        const longer = { ...trust, Id: 'x'.repeat(8192) };
        const refused = { 'a trust policy of 8,192 characters': longer };
        const given = { 'a trust policy with white space': spaced(trust, 1000) };
        expect(await surprises(putTrust(iam, RoleName), 'LimitExceeded', refused, given)).to.deep.equal([]);
      }),
      succeeds(asSession('app', getObject('data/key'))),
    ],
  });
});
