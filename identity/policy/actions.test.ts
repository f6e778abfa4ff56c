import { expect } from 'chai';
import { actionProblem, requestProblem, resourceForms, statementProblems } from './actions.ts';
import { actionsOfOperation, OPERATIONS } from './operations.ts';

describe('the actions of AWS', () => {
  for (const action of ['s3:GetObject', 'S3:getobject', 's3:Get*', 's3:?etObject', '*', '*:*'])
    it(`include ${action}`, () => expect(actionProblem(action)).to.equal(undefined));

  for (const [action, near] of [
    ['s3:GetObjct', 's3:GetObject'],
    ['s4:GetObject', 's3:GetObject'],
    ['s3: GetObject', 's3:GetObject'],
    ['s3:GetObjct*', 's3:GetObject'],
    ['constructor:Decrypt', undefined],
    ['nowhere:DoIt', undefined],
  ] as const)
    it(`do not include ${action}`, () =>
      expect(actionProblem(action)).to.match(
        near === undefined ? /2\d{3}-\d\d-\d\d\.$/ : new RegExp(`did you mean "${near}"\\?$`),
      ));

  for (const [action, resource] of [
    ['s3:GetObject', 'arn:aws:s3:::b/k'],
    ['s3:GetObject', 'arn:aws-cn:s3:::b/k/l'],
    ['s3:ListAllMyBuckets', '*'],
    ['sqs:SendMessage', 'arn:aws:sqs:us-west-2:111122223333:jobs'],
    ['dynamodb:Query', 'arn:aws:dynamodb:us-west-2:111122223333:table/t/index/i'],
    ['sts:AssumeRole', 'arn:aws:iam::111122223333:role/path/app'],
  ] as const)
    it(`${action} acts on ${resource}`, () => expect(requestProblem(action, resource)).to.equal(undefined));

  for (const [action, resource, right] of [
    ['s3:GetObject', 'arn:aws:s3:::b', 'arn:aws:s3:::${BucketName}/${ObjectName}'],
    ['s3:ListBucket', 'arn:aws:s3:::b/k', 'arn:aws:s3:::${BucketName}'],
    ['sqs:SendMessage', 'arn:aws:sqs:us-west-2:1111:jobs', 'arn:aws:sqs:${Region}:${Account}:${QueueName}'],
    ['dynamodb:GetItem', 'arn:aws:dynamodb:us-west-2:111122223333:tabel/t', 'table/${TableName}'],
    ['sts:GetCallerIdentity', 'arn:aws:sts::111122223333:self', '"*", because it acts on no resource'],
  ] as const)
    it(`${action} does not act on ${resource}`, () =>
      expect(requestProblem(action, resource))
        .to.match(/^"arn:.*" is not a resource of /)
        .and.contain(`${right}.`));

  it('have no forms of resources if they are unknown', () => {
    expect(resourceForms('s3:GetObjct')).to.equal(undefined);
    expect(resourceForms('s3:ListAllMyBuckets')).to.deep.equal([]);
  });

  it('are compared with each Action and NotAction of a policy', () => {
    const Statement = [
      { Effect: 'Allow', Action: 's3:*' },
      { Sid: 'Keys', Effect: 'Deny', NotAction: ['kms:Decrypt', 'kms:Encript'] },
    ];
    expect(statementProblems(JSON.stringify({ Statement }))).to.have.lengthOf(1);
    expect(statementProblems({ Statement })[0]).to.match(/^statement 2 "Keys": "kms:Encript" .*"kms:Encrypt"\?$/);
    expect(statementProblems({ Statement: Statement[0] })).to.deep.equal([]);
  });

  it('reports condition keys that no request of the actions has', () => {
    const problems = (Action: string | readonly string[], key: string, more = {}): readonly string[] =>
      statementProblems({ Statement: { Action, Condition: { StringEquals: { [key]: 'x' } }, ...more } });
    expect(problems('s3:GetObject', 's3:prefix')[0]).to.match(
      /^statement 1: no request of its actions has "s3:prefix", by/,
    );
    expect(problems('sqs:SendMessage', 'kms:ViaService')).to.have.lengthOf(1);
    expect(problems('kms:Decrypt', 'kms:ViaServices')[0]).to.match(/did you mean "kms:ViaService"\?$/);
    expect(problems('s3:GetObject', 'aws:PrincipalTags/team')[0]).to.contain(
      '"aws:PrincipalTags/team" is not a global',
    );
    for (const [action, key] of [
      ['s3:ListBucket', 's3:prefix'],
      ['s3:*', 's3:prefix'],
      ['*', 's3:prefix'],
      ['kms:Decrypt', 'kms:EncryptionContext:aws:s3:arn'],
      ['s3:GetObject', 's3:ExistingObjectTag/team'],
      ['s3:GetObject', 'aws:principaltag/team'],
      ['sts:AssumeRoleWithWebIdentity', 'oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE:sub'],
      ['s3:Unknown', 's3:prefix'],
    ] as const)
      expect(
        problems(action, key).filter((one) => !one.includes('not an action')),
        `${action} ${key}`,
      ).to.deep.equal([]);
    expect(problems([], 's3:prefix', { Action: undefined, NotAction: 'iam:*' })).to.deep.equal([]);
    const Condition = { Null: { 's3:prefix': 'true' } };
    expect(statementProblems({ Statement: { Action: 's3:GetObject', Condition } })).to.deep.equal([]);
  });

  it('names the actions that authorize an operation', () => {
    expect(actionProblem('s3:HeadObject')).to.equal(
      '"s3:HeadObject" is an operation, not an action. Its actions: s3:GetObject.',
    );
    expect(requestProblem('sqs:SendMessageBatch', '*')).to.contain('Its actions: sqs:SendMessage.');
    for (const [service, operations] of Object.entries(OPERATIONS))
      for (const name of Object.keys(operations)) {
        expect(resourceForms(`${service}:${name}`), `${service}:${name} is an action`).to.equal(undefined);
        for (const action of actionsOfOperation(`${service}:${name}`)!)
          expect(resourceForms(action), action).not.to.equal(undefined);
      }
  });
});
