import { expect } from 'chai';
import { AwsError } from '../../foundation/aws/aws-error.ts';
import { compilePolicy, type PolicyKind } from './index.ts';

const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'pods.eks.amazonaws.com' } };
const bucket = { ...statement, Principal: '*' };

function without(from: object, member: string): object {
  return Object.fromEntries(Object.entries(from).filter(([key]) => key !== member));
}

function refusal(document: string | object, kind: PolicyKind = 'identity'): AwsError {
  try {
    compilePolicy(document, { kind, name: 'policy' });
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
  throw new Error('no error was thrown');
}

describe('compilePolicy', () => {
  const refused: [title: string, document: string | object, message: RegExp, kind?: PolicyKind][] = [
    ['invalid JSON', '{', /not valid JSON/],
    ['a list', '[]', /the policy must be an object/],
    ['an invalid version', { Version: '2020-01-01', Statement: statement }, /Version must be/],
    ['an unknown element', { Statement: statement, Statment: [] }, /unknown element "Statment"/],
    ['no Statement', { Version: '2012-10-17' }, /no Statement/],
    ['an unknown element of a statement', { Statement: { ...statement, Actions: [] } }, /unknown element "Actions"/],
    ['a statement that is not an object', { Statement: ['Allow'] }, /statement 1 must be an object/],
    ['no Effect', { Statement: without(statement, 'Effect') }, /no Effect/],
    ['an invalid Effect', { Statement: { ...statement, Effect: 'allow' } }, /Effect of statement 1/],
    ['neither Action nor NotAction', { Statement: without(statement, 'Action') }, /must contain actions/],
    ['an empty list of actions', { Statement: { ...statement, Action: [] } }, /must contain actions/],
    ['Action and NotAction', { Statement: { ...statement, NotAction: 's3:*' } }, /both Action and NotAction/],
    ['an action without vendor', { Statement: { ...statement, Action: 'GetObject' } }, /prefaced by a vendor/],
    ['an empty list of statements', { Statement: [] }, /Syntax errors in policy/],
    ['an action with an invalid vendor', { Statement: { ...statement, Action: 'a a:b' } }, /^Vendor a a is not valid/],
    ['an action with two colons', { Statement: { ...statement, Action: 's3:List:Bucket' } }, /only one colon/],
    [
      'an action with an invalid name in a bucket policy',
      { Statement: { ...bucket, Action: 's3:Get Object' } },
      /is not an action/,
      'resource',
    ],
    ...(
      [
        ['arn:aws:s3:us-east-1::b', /^Resource arn:aws:s3:us-east-1::b can not contain region information\.$/],
        ['arn:aws:iam:us-east-1::x', /^IAM resource arn:aws:iam:us-east-1::x cannot contain region information\.$/],
        ['arn:aws:s3::b', /legacy parsing/],
        ['arn:aws::x', /legacy parsing/],
        ['arn:aws::::b', /legacy parsing/],
        ['arn:aws', /vendor must be fully qualified/],
        ['arn:error:s3:::b', /^Partition "error" is not valid for resource "arn:error:s3:::b"\.$/],
        ['arn:aws:iam:::b', /^IAM resource path must either be "\*" or start with user\/, /],
      ] as const
    ).flatMap(([resource, message]): [string, object, RegExp][] => [
      [`the resource ${resource}`, { Statement: { ...statement, Resource: ['*', resource] } }, message],
      [
        `all but the resource ${resource}`,
        { Statement: { ...without(statement, 'Resource'), NotResource: resource } },
        message,
      ],
    ]),
    ['an action that is a number', { Statement: { ...statement, Action: 1 } }, /Action of statement 1 must be/],
    ['no Resource', { Statement: without(statement, 'Resource') }, /must contain resources/],
    ['Resource and NotResource', { Statement: { ...statement, NotResource: '*' } }, /both Resource and NotResource/],
    ['a resource that is not an ARN', { Statement: { ...statement, Resource: 'data/*' } }, /must be in ARN format/],
    ['a Principal in an identity policy', { Statement: bucket }, /should not specify a principal/],
    ['a Principal in a session policy', { Statement: bucket }, /should not specify a principal/, 'session'],
    ['a Principal in a boundary', { Statement: bucket }, /should not specify a principal/, 'boundary'],
    [
      'a duplicate Sid',
      {
        Statement: [
          { ...statement, Sid: 'a' },
          { ...statement, Sid: 'a' },
        ],
      },
      /must be unique: "a"/,
    ],
    ['a Sid with a space', { Statement: { ...statement, Sid: 'a b' } }, /must be alpha-numeric/],
    ['no Principal in a bucket policy', { Statement: statement }, /Missing required field Principal/, 'resource'],
    ['no Resource in a bucket policy', { Statement: without(bucket, 'Resource') }, /contain resources/, 'resource'],
    ['an incomplete ARN in a bucket policy', { Statement: { ...bucket, Resource: 'arn:aws:s3' } }, /ARN/, 'resource'],
    ['an empty Principal', { Statement: { ...bucket, Principal: {} } }, /cannot be empty/, 'resource'],
    [
      'a Principal without a type',
      { Statement: { ...bucket, Principal: '111122223333' } },
      /Invalid principal/,
      'resource',
    ],
    [
      'a Principal of unknown type',
      { Statement: { ...bucket, Principal: { User: 'a' } } },
      /Invalid principal/,
      'resource',
    ],
    [
      'a wildcard within a principal',
      { Statement: { ...bucket, Principal: { AWS: 'arn:aws:iam::111122223333:role/*' } } },
      /Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:role\/\*"/,
      'resource',
    ],
    ['no Principal in a trust policy', { Statement: without(trust, 'Principal') }, /Missing required field/, 'trust'],
    ['a Resource in a trust policy', { Statement: { ...trust, Resource: '*' } }, /prohibited field Resource/, 'trust'],
    [
      'NotPrincipal in a trust policy',
      { Statement: { ...without(trust, 'Principal'), NotPrincipal: '*' } },
      /NotPrincipal/,
      'trust',
    ],
    [
      "another service's action in a trust policy",
      { Statement: { ...trust, Action: 's3:GetObject' } },
      /only specify STS/,
      'trust',
    ],
  ];
  for (const [title, document, message, kind] of refused) {
    it(`rejects ${title}`, () => {
      const error = refusal(document, kind);
      expect(error).to.include({ code: 'MalformedPolicyDocument', status: 400 });
      expect(error.message).to.match(message);
    });
  }

  const conditions: [condition: object, message: RegExp][] = [
    [{ StringEqual: { 'aws:username': 'a' } }, /Invalid Condition type : StringEqual\./],
    [{ NullIfExists: { 'aws:username': 'true' } }, /Invalid Condition type : NullIfExists\./],
    [{ 'ForSomeValues:StringEquals': { 'aws:TagKeys': 'a' } }, /Invalid Condition type/],
    [{ StringEquals: { username: 'a' } }, /prefaced by a vendor/],
    [{ StringEquals: { 'aws:username': { a: 1 } } }, /must be a string, a number or a boolean/],
    [{ StringEquals: { 'aws:username': null } }, /must be a string, a number or a boolean/],
    [{ StringEquals: 'aws:username' }, /Condition StringEquals must be an object/],
    [{ NumericEquals: { 's3:max-keys': 'ten' } }, /Invalid value "ten"/],
    [{ NumericEquals: { 's3:max-keys': '${aws:PrincipalTag\/n}' } }, /Invalid value/],
    [{ DateLessThan: { 'aws:CurrentTime': 'tomorrow' } }, /Invalid value "tomorrow"/],
    [{ Bool: { 'aws:SecureTransport': 'yes' } }, /Invalid value "yes"/],
    [{ Null: { 'aws:TagKeys': 'maybe' } }, /Invalid value "maybe"/],
    [{ IpAddress: { 'aws:SourceIp': '203.0.113.0/33' } }, /Invalid value/],
    [{ IpAddress: { 'aws:SourceIp': '203.0.113' } }, /Invalid value/],
    [{ BinaryEquals: { 's3:key': '!' } }, /Invalid value/],
  ];
  for (const [condition, message] of conditions) {
    it(`rejects the condition ${JSON.stringify(condition)}`, () => {
      const error = refusal({ Version: '2012-10-17', Statement: { ...statement, Condition: condition } });
      expect(error.message).to.match(message);
    });
  }

  it('does not quote a document that is not JSON', () => {
    expect(refusal('{"secret-text').message).not.to.contain('secret-text');
  });

  for (const resource of [
    'arn:aws:s3:us-west-2:111122223333:accesspoint/a/object/*',
    'arn:*:s3:::b',
    'arn:aws-cn:s3:::b',
    'arn:aws:iam::*:*',
    'arn:aws:iam::111122223333:role/*',
    'arn:aws:iam::${aws:PrincipalAccount}:${aws:PrincipalTag/path}',
    'arn:aws:s3',
    'arn:aws:dynamodb:*:*:table/a',
  ])
    it(`accepts the resource ${resource}`, () => {
      const document = { Version: '2012-10-17', Statement: { ...statement, Resource: resource } };
      expect(() => compilePolicy(document, { kind: 'identity', name: 'policy' })).not.to.throw();
    });

  it('accepts duplicate empty Sids, an Id, and numbers and booleans as condition values', () => {
    const Condition = { Bool: { 'aws:SecureTransport': true }, NumericLessThan: { 's3:max-keys': [10, '20'] } };
    const document = {
      Id: 'x',
      Statement: [
        { ...statement, Sid: '' },
        { ...statement, Sid: '', Condition },
      ],
    };
    const { statements } = compilePolicy(JSON.stringify(document), { kind: 'identity', name: 'policy' });
    expect(statements.map(({ index, effect }) => [index, effect])).to.deep.equal([
      [0, 'Allow'],
      [1, 'Allow'],
    ]);
  });
});
