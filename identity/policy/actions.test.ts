import { expect } from 'chai';
import { actionProblem, requestProblem, resourceForms, unknownActions } from './actions.ts';

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
    expect(unknownActions(JSON.stringify({ Statement }))).to.have.lengthOf(1);
    expect(unknownActions({ Statement })[0]).to.match(/^statement 2 "Keys": "kms:Encript" .*"kms:Encrypt"\?$/);
    expect(unknownActions({ Statement: Statement[0] })).to.deep.equal([]);
  });
});
