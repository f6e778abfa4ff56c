/** Which policies IAM and S3 refuse when they are put, and which forms they take. */
import { IAMClient, PutRolePolicyCommand, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import {
  allow,
  askEksAuth,
  asSession,
  check,
  fails,
  getObject,
  podIdentityRole,
  succeeds,
  suite,
} from '../harness/index.ts';

const GRAMMAR = 'IAM User Guide, "Grammar of the IAM JSON policy language"';

/** A policy of one statement, with elements changed; undefined leaves one out. */
type Changed = (elements: object) => object;
const policyOf =
  (statement: object): Changed =>
  (elements) => ({ Version: '2012-10-17', Statement: [{ ...statement, ...elements }] });

const without = (name: string): object => ({ [name]: undefined });

/** What no statement may have, of whatever kind of policy. */
const refusedAnywhere = (policy: Changed): Readonly<Record<string, object>> => ({
  'a version that there is not': { ...policy({}), Version: '2012-10-18' },
  'no statement': { Version: '2012-10-17' },
  'a statement that is a text': { Version: '2012-10-17', Statement: ['Allow'] },
  'an element that there is not': { ...policy({}), Statements: [] },
  'an element of a statement that there is not': policy({ Resources: '*' }),
  'no effect': policy(without('Effect')),
  'an effect in lower case': policy({ Effect: 'allow' }),
  'no action': policy(without('Action')),
  'an empty list of actions': policy({ Action: [] }),
  'Action and NotAction': policy({ NotAction: 'sts:TagSession' }),
  'an action without a service': policy({ Action: 'GetObject' }),
  'an operator that there is not': policy({ Condition: { StringSame: { 'aws:PrincipalTag/team': 'red' } } }),
  'a key without a service': policy({ Condition: { StringEquals: { team: 'red' } } }),
  'a condition that is a text': policy({ Condition: 'always' }),
});

/** Puts each policy; gives what was not as it should be. */
async function surprises(
  put: (policy: object) => Promise<unknown>,
  code: string,
  refused: Readonly<Record<string, object>>,
  taken: Readonly<Record<string, object>>,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const [what, policy] of [...Object.entries(refused), ...Object.entries(taken)]) {
    const expected = Object.hasOwn(refused, what) ? code : 'taken';
    const answer = await put(policy).then(
      () => 'taken',
      ({ name }: Error) => name.replace(/Exception$/, ''),
    );
    if (answer !== expected) found.push(`${what}: ${answer}`);
  }
  return found;
}

suite('policies', ({ scenario }) => {
  scenario('PO-60', 'IAM refuses permissions that do not follow the grammar, and keeps what was there', {
    source: `${GRAMMAR}; IAM API Reference, PutRolePolicy, MalformedPolicyDocument`,
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/key')) },
    workloads: { app: { role: 'app' } },
    objects: ['data/key'],
    probes: [
      check('each is refused, and each other form taken', async ({ aws, name }) => {
        const iam = new IAMClient(await aws('iam'));
        const put = (policy: object): Promise<unknown> =>
          iam.send(
            new PutRolePolicyCommand({
              RoleName: name('<role-name:app>'),
              // The one that the harness deletes with the role.
              PolicyName: 'scenario',
              PolicyDocument: JSON.stringify(policy),
            }),
          );
        const read = { Effect: 'Allow', Action: 's3:GetObject', Resource: name('arn:aws:s3:::<bucket:data>/key') };
        const policy = policyOf(read);
        const taken = {
          'one statement that is no list': { Version: '2012-10-17', Statement: read },
          'no version': { Statement: [read] },
          'the old version, and an id': { Version: '2008-10-17', Id: 'of-the-old', Statement: [read] },
          'several statements': {
            Version: '2012-10-17',
            Statement: [
              { ...read, Sid: 'One' },
              { ...read, Sid: 'Two' },
            ],
          },
          'lists of actions and resources': policy({ Action: ['s3:GetObject', 's3:Put*'], Resource: [read.Resource] }),
          NotAction: policy({ Action: undefined, NotAction: 's3:PutObject' }),
          'a condition with a list of values': policy({
            Condition: { StringNotEquals: { 'aws:PrincipalTag/team': ['red', 'blue'] } },
          }),
        };
        const refused = {
          ...refusedAnywhere(policy),
          'a principal': policy({ Principal: '*' }),
          'another principal': policy({ NotPrincipal: '*' }),
          'no resource': policy(without('Resource')),
          'an empty list of resources': policy({ Resource: [] }),
          'Resource and NotResource': policy({ NotResource: '*' }),
          'a resource that is no ARN': policy({ Resource: 'key' }),
          'a Sid with a space': policy({ Sid: 'an id' }),
          'a Sid twice': {
            Version: '2012-10-17',
            Statement: [
              { ...read, Sid: 'One' },
              { ...read, Sid: 'One' },
            ],
          },
        };
        expect(await surprises(put, 'MalformedPolicyDocument', {}, taken)).to.deep.equal([]);
        await put(policy({}));
        expect(await surprises(put, 'MalformedPolicyDocument', refused, {})).to.deep.equal([]);
      }),
      succeeds(asSession('app', getObject('data/key'))),
    ],
  });

  scenario('PO-61', 'IAM refuses trust policies that do not follow the grammar, and keeps the one that was there', {
    source: `${GRAMMAR}; IAM API Reference, UpdateAssumeRolePolicy, MalformedPolicyDocument`,
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' } },
    probes: [
      check('each is refused, and each other form taken', async ({ aws, name }) => {
        const iam = new IAMClient(await aws('iam'));
        const put = (policy: object): Promise<unknown> =>
          iam.send(
            new UpdateAssumeRolePolicyCommand({
              RoleName: name('<role-name:app>'),
              PolicyDocument: JSON.stringify(policy),
            }),
          );
        const policy = policyOf({
          Effect: 'Allow',
          Principal: { Service: 'pods.eks.amazonaws.com' },
          Action: ['sts:AssumeRole', 'sts:TagSession'],
        });
        const taken = {
          'several services': policy({ Principal: { Service: ['ec2.amazonaws.com', 'pods.eks.amazonaws.com'] } }),
          'an account by its number': policy({ Principal: { AWS: name('<account:main>') } }),
          'an account by its root': policy({ Principal: { AWS: name('arn:aws:iam::<account:main>:root') } }),
          'a principal of each type': policy({
            Principal: { AWS: name('<account:main>'), Service: 'pods.eks.amazonaws.com' },
          }),
        };
        const refused = {
          ...refusedAnywhere(policy),
          'no principal': policy(without('Principal')),
          'no principal in it': policy({ Principal: {} }),
          'everyone but somebody': policy({ Principal: undefined, NotPrincipal: { AWS: name('<account:main>') } }),
          'a principal that is no account': policy({ Principal: { AWS: '1234' } }),
          'a principal with a wildcard': policy({ Principal: { AWS: name('arn:aws:iam::<account:main>:role/*') } }),
          'a type of principal that there is not': policy({ Principal: { Pod: 'app' } }),
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

  scenario('PO-62', 'S3 refuses bucket policies that do not follow the grammar, or are of another bucket', {
    source: `${GRAMMAR}; Amazon S3 User Guide, "Troubleshoot access denied (403 Forbidden) errors": MalformedPolicy`,
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/key')) },
    workloads: { app: { role: 'app' } },
    objects: ['data/key'],
    probes: [
      check('each is refused, and each other form taken', async ({ aws, name }) => {
        const s3 = new S3Client(await aws('s3'));
        const Bucket = name('<bucket:data>');
        const put = (policy: object): Promise<unknown> =>
          s3.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(policy) }));
        const policy = policyOf({
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:GetObject',
          Resource: `arn:aws:s3:::${Bucket}/key`,
        });
        const taken = {
          'an action on the bucket': policy({ Action: 's3:ListBucket', Resource: `arn:aws:s3:::${Bucket}` }),
          'actions on both': policy({
            Action: ['s3:ListBucket', 's3:PutObject'],
            Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/other/*`],
          }),
          'everyone but the account': policy({
            ...without('Principal'),
            NotPrincipal: { AWS: name('arn:aws:iam::<account:main>:root') },
          }),
        };
        const refused = {
          ...refusedAnywhere(policy),
          'no principal': policy(without('Principal')),
          'a principal that there is not': policy({
            Principal: { AWS: name('arn:aws:iam::<account:main>:role/no-such-role-of-anybody') },
          }),
          'a principal with a wildcard': policy({ Principal: { AWS: name('arn:aws:iam::<account:main>:role/*') } }),
          'no resource': policy(without('Resource')),
          'another bucket': policy({ Resource: 'arn:aws:s3:::another-bucket-of-nobody/key' }),
          'a resource of another service': policy({ Resource: 'arn:aws:sqs:::key' }),
          'an action of another service': policy({ Action: 'sqs:SendMessage' }),
          'an action on the bucket with objects alone': policy({ Action: 's3:ListBucket' }),
          'an action on objects with the bucket alone': policy({ Resource: `arn:aws:s3:::${Bucket}` }),
        };
        expect(await surprises(put, 'MalformedPolicy', {}, taken)).to.deep.equal([]);
        await put(policy({}));
        expect(await surprises(put, 'MalformedPolicy', refused, {})).to.deep.equal([]);
      }),
      fails(asSession('app', getObject('data/key')), {
        ...{ by: 's3', code: 'AccessDenied', status: 403, policy: 'resource', explicit: true },
      }),
    ],
  });
});
