import { expect } from 'chai';
import type { QueryResponse, Parameters } from '../../test/support/emulator/query.ts';
import { allow, HERE, iamWorld, sessionOf, THERE, trust } from '../../test/support/emulator/iam.ts';
import { statementPositions } from './statement-positions.ts';

const ROLE = `arn:aws:iam::${HERE}:role/app`;
const ADMINISTRATOR = `arn:aws:iam::${HERE}:user/administrator`;
const RED = 'arn:aws:s3:::data/red/key';
const BLUE = 'arn:aws:s3:::data/blue/key';

const list = (name: string, ...values: readonly string[]): Parameters =>
  Object.fromEntries(values.map((value, index) => [`${name}.member.${index + 1}`, value]));

const entries = (...given: readonly (readonly [key: string, type: string, ...values: string[]])[]): Parameters =>
  Object.assign(
    {},
    ...given.map(([key, type, ...values], index) => ({
      [`ContextEntries.member.${index + 1}.ContextKeyName`]: key,
      [`ContextEntries.member.${index + 1}.ContextKeyType`]: type,
      ...list(`ContextEntries.member.${index + 1}.ContextKeyValues`, ...values),
    })),
  ) as Parameters;

/** Creates a world with the role `app`, which may read objects with its tag, but no object under blue/. */
async function simulatedWorld() {
  const made = iamWorld();
  await made.must('CreateRole', { RoleName: 'app', AssumeRolePolicyDocument: trust({ AWS: HERE }) });
  const policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: 's3:GetObject',
        Resource: 'arn:aws:s3:::data/*',
        Condition: { StringEquals: { 's3:ExistingObjectTag/team': 'red' } },
      },
      { Effect: 'Deny', Action: 's3:*', Resource: 'arn:aws:s3:::data/blue/*' },
    ],
  });
  await made.must('PutRolePolicy', { RoleName: 'app', PolicyName: 'own', PolicyDocument: policy });
  const simulate = (parameters: Parameters, source = ROLE) =>
    made.iam('SimulatePrincipalPolicy', { PolicySourceArn: source, ...parameters });
  const custom = (document: string, parameters: Parameters) =>
    made.iam('SimulateCustomPolicy', { ...list('PolicyInputList', document), ...parameters });
  return { ...made, simulate, custom, policy };
}

type Result = Readonly<Record<string, unknown>>;

const results = (answer: QueryResponse): readonly Result[] => {
  if (answer.status !== 200) throw new Error(`${answer.code}: ${answer.message}`);
  return answer.get('EvaluationResults.member') as Result[];
};
const decisions = (answer: QueryResponse): readonly unknown[] =>
  results(answer).map(({ EvalDecision }) => EvalDecision);

describe('the policy simulator', () => {
  const getObject = list('ActionNames', 's3:GetObject');
  const red = entries(['s3:ExistingObjectTag/team', 'string', 'red']);

  it("evaluates a role's policies for each resource, and returns the deciding statements", async () => {
    const { simulate, policy } = await simulatedWorld();
    const [result, ...more] = results(await simulate({ ...getObject, ...list('ResourceArns', RED, BLUE), ...red }));
    expect(more).to.deep.equal([]);
    expect(result).to.include({ EvalActionName: 's3:GetObject', EvalResourceName: '*', EvalDecision: 'explicitDeny' });
    const specific = (result?.['ResourceSpecificResults'] as { member: Result[] }).member;
    const position = (offset: number) => ({ Line: '1', Column: String(offset + 1) });
    const [begin, comma, end] = [policy.indexOf('[') + 1, policy.indexOf(',{"Effect":"Deny"'), policy.lastIndexOf(']')];
    const statement = (from: number, to: number) => ({
      member: [
        {
          SourcePolicyId: 'role_app_own',
          SourcePolicyType: 'IAM Policy',
          StartPosition: position(from),
          EndPosition: position(to),
        },
      ],
    });
    expect(specific).to.deep.equal([
      {
        EvalResourceName: RED,
        EvalResourceDecision: 'allowed',
        MatchedStatements: statement(begin, comma),
        MissingContextValues: '',
      },
      {
        EvalResourceName: BLUE,
        EvalResourceDecision: 'explicitDeny',
        MatchedStatements: statement(comma, end),
        MissingContextValues: '',
      },
    ]);
  });

  it('returns missing context keys', async () => {
    const { simulate } = await simulatedWorld();
    const [result] = results(await simulate({ ...getObject, ...list('ResourceArns', RED) }));
    expect(result).to.deep.include({
      EvalResourceName: RED,
      EvalDecisionDetails: '',
      OrganizationsDecisionDetail: { AllowedByOrganizations: 'true' },
    });
    expect(result).to.include({ EvalDecision: 'implicitDeny', MatchedStatements: '' });
    expect(result?.['MissingContextValues']).to.deep.equal({ member: ['s3:ExistingObjectTag/team'] });
    expect(decisions(await simulate({ ...getObject, ...list('ResourceArns', RED), ...red }))).to.deep.equal([
      'allowed',
    ]);
  });

  it('leaves the use of KMS keys to identity policies, as it reads no key policy', async () => {
    const { custom } = await simulatedWorld();
    const decrypt = {
      ...list('ActionNames', 'kms:Decrypt'),
      ...list('ResourceArns', `arn:aws:kms:us-west-2:${HERE}:key/k`),
    };
    expect(decisions(await custom(allow('kms:Decrypt'), decrypt))).to.deep.equal(['allowed']);
    expect(decisions(await custom(allow('kms:Encrypt'), decrypt))).to.deep.equal(['implicitDeny']);
  });

  it('accepts a boundary and additional policies for a user, who is the caller', async () => {
    const { simulate } = await simulatedWorld();
    const deny = JSON.stringify({
      Statement: {
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: { StringEquals: { 'aws:username': 'administrator' } },
      },
    });
    const get = list('ActionNames', 's3:GetObject', 'iam:GetUser');
    expect(decisions(await simulate(get, ADMINISTRATOR))).to.deep.equal(['allowed', 'allowed']);
    const denied = results(await simulate({ ...get, ...list('PolicyInputList', deny) }, ADMINISTRATOR));
    expect(denied.map(({ EvalDecision }) => EvalDecision)).to.deep.equal(['explicitDeny', 'explicitDeny']);
    expect(JSON.stringify(denied)).to.contain('"PolicyInputList.1"').and.not.to.contain('AdministratorAccess');
    const boundary = list('PermissionsBoundaryPolicyInputList', allow('s3:*'));
    const bounded = results(await simulate({ ...get, ...boundary }, ADMINISTRATOR));
    expect(bounded.map((each) => [each['EvalDecision'], each['PermissionsBoundaryDecisionDetail']])).to.deep.equal([
      ['allowed', { AllowedByPermissionsBoundary: 'true' }],
      ['implicitDeny', { AllowedByPermissionsBoundary: 'false' }],
    ]);
  });

  it("applies a role's own boundary", async () => {
    const { must, simulate } = await simulatedWorld();
    const readOnly = 'arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy';
    await must('PutRolePermissionsBoundary', { RoleName: 'app', PermissionsBoundary: readOnly });
    const answer = await simulate({ ...getObject, ...list('ResourceArns', RED), ...red });
    expect(decisions(answer)).to.deep.equal(['implicitDeny']);
  });

  it('evaluates policies without a principal, with lists as values of keys', async () => {
    const { custom } = await simulatedWorld();
    const document = allow('sts:TagSession', '*', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b'] } });
    const tags = (...keys: string[]) => ({
      ...list('ActionNames', 'sts:TagSession'),
      ...entries(['aws:TagKeys', 'stringList', ...keys]),
    });
    expect(decisions(await custom(document, tags('a', 'b')))).to.deep.equal(['allowed']);
    expect(decisions(await custom(document, tags('a', 'c')))).to.deep.equal(['implicitDeny']);
    const ofUser = allow('s3:GetObject', '*', { Null: { 'aws:username': 'true' } });
    expect(decisions(await custom(ofUser, getObject))).to.deep.equal(['allowed']);
    expect(decisions(await custom(ofUser, { ...getObject, CallerArn: ADMINISTRATOR }))).to.deep.equal(['implicitDeny']);
  });

  it('evaluates a resource policy, also of another account', async () => {
    const { custom } = await simulatedWorld();
    const bucketPolicy = (arn: string) =>
      JSON.stringify({
        Statement: {
          Effect: 'Allow',
          Principal: { AWS: arn },
          Action: 's3:GetObject',
          Resource: 'arn:aws:s3:::data/*',
        },
      });
    const question = { ...getObject, ...list('ResourceArns', RED), CallerArn: ADMINISTRATOR };
    const elsewhere = { ...question, ResourceOwner: `arn:aws:iam::${THERE}:root` };
    const named = { ResourcePolicy: bucketPolicy(ADMINISTRATOR) };
    const other = { ResourcePolicy: bucketPolicy(`arn:aws:iam::${HERE}:user/other`) };
    expect(decisions(await custom(allow('sqs:*'), { ...question, ...named }))).to.deep.equal(['allowed']);
    expect(decisions(await custom(allow('sqs:*'), { ...elsewhere, ...named }))).to.deep.equal(['implicitDeny']);
    expect(decisions(await custom(allow('s3:*'), { ...elsewhere, ...named }))).to.deep.equal(['allowed']);
    expect(decisions(await custom(allow('s3:*'), { ...elsewhere, ...other }))).to.deep.equal(['implicitDeny']);
    expect(decisions(await custom(allow('s3:*'), { ...question, ...other }))).to.deep.equal(['allowed']);
  });

  it('decides AssumeRole by identity policies only', async () => {
    const { custom } = await simulatedWorld();
    const assume = { ...list('ActionNames', 'sts:AssumeRole'), ...list('ResourceArns', ROLE) };
    expect(decisions(await custom(allow('sts:AssumeRole', ROLE), assume))).to.deep.equal(['allowed']);
    expect(decisions(await custom(allow('s3:*'), assume))).to.deep.equal(['implicitDeny']);
  });

  it('returns pages in the order of the actions', async () => {
    const { custom } = await simulatedWorld();
    const names = ['s3:PutObject', 's3:GetObject', 's3:DeleteObject'];
    const first = await custom(allow('s3:*'), { ...list('ActionNames', ...names), MaxItems: 2 });
    expect([first.get('IsTruncated'), results(first).map((each) => each['EvalActionName'])]).to.deep.equal([
      'true',
      names.slice(0, 2),
    ]);
    const Marker = String(first.get('Marker'));
    const second = await custom(allow('s3:*'), { ...list('ActionNames', ...names), Marker });
    expect([second.get('IsTruncated'), results(second).map((each) => each['EvalActionName'])]).to.deep.equal([
      'false',
      names.slice(2),
    ]);
  });

  it('requires permission, and rejects invalid input', async () => {
    const { custom, iam, must, simulate, world } = await simulatedWorld();
    const session = sessionOf({ world }, 'app');
    const asRole = { ...getObject, PolicySourceArn: ROLE };
    expect(await iam('SimulatePrincipalPolicy', asRole, session)).to.include({ code: 'AccessDenied' });
    await must('PutRolePolicy', {
      RoleName: 'app',
      PolicyName: 'simulate',
      PolicyDocument: allow('iam:SimulatePrincipalPolicy', ROLE),
    });
    expect((await iam('SimulatePrincipalPolicy', asRole, session)).status).to.equal(200);
    expect(await simulate(getObject, session.arn)).to.include({
      code: 'InvalidInput',
      message: `Invalid Entity Arn: ${session.arn} does not clearly define entity type and name.`,
    });
    expect(await simulate(getObject, `${ROLE}-x`)).to.include({ code: 'NoSuchEntity' });
    expect(await custom('{}', getObject)).to.include({ code: 'InvalidInput' });
    const resource = { ...getObject, ResourcePolicy: trust({ AWS: HERE }) };
    expect(await custom(allow('s3:*'), resource)).to.include({ code: 'InvalidInput' });
  });

  it('returns lines and columns of statements as AWS does', () => {
    const text = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": ["*", "a:{"],
      "Resource": "*"
    }
  ]
}`;
    // AWS returns the same for AdministratorAccess, which has this form: line 3, column 17 to line 8, column 6.
    expect(statementPositions(text)).to.deep.equal([{ start: { Line: 3, Column: 17 }, end: { Line: 8, Column: 6 } }]);
    // Recorded on AWS by LocalStack (test_simulate_principle_policy).
    const [single] = statementPositions('{"Version": "2012-10-17", "Statement": {"Sid": "a"}}');
    expect(single?.start).to.deep.equal({ Line: 1, Column: 41 });
    expect(statementPositions('{"Statement":{"Condition":{"a":{}}},"Id":"x"}')).to.deep.equal([
      { start: { Line: 1, Column: 15 }, end: { Line: 1, Column: 36 } },
    ]);
  });
});
