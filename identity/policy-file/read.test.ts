import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { HarnessError } from '../../foundation/node/errors.ts';
import type { PolicyPlace } from './place.ts';
import { readPolicyFile } from './read.ts';

const example = (path: string): string => fileURLToPath(new URL(`../../examples/${path}`, import.meta.url));
const PLAN = example('terraform/plan.json');
const STATE = example('terraform/state.json');
const CDK = example('cloudformation/cdk.template.json');

describe('readPolicyFile', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'policy-file-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  function written(content: string | object, name = 'file.json'): string {
    const path = join(folder, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  }

  function problemOf(path: string, place: PolicyPlace = {}): string {
    try {
      readPolicyFile(path, place);
    } catch (error) {
      expect(error).to.be.instanceOf(HarnessError).with.property('code', 'BAD_FILE');
      return (error as Error).message.replace(path, 'FILE');
    }
    throw new Error('no error');
  }

  const policy = { Version: '2012-10-17', Statement: [] };

  it('reads a policy document in JSON, or in YAML by the file name', () => {
    expect(readPolicyFile(written(policy), {})).to.deep.equal(policy);
    expect(readPolicyFile(written('Version: 2012-10-17\nStatement: []', 'file.yaml'), {})).to.deep.equal(policy);
  });

  it('reads the policy of a Terraform resource, module or data source', () => {
    const sids = (path: string, resource: string): unknown[] =>
      (readPolicyFile(path, { resource })['Statement'] as { Sid: string }[]).map(({ Sid }) => Sid);
    const statement = (path: string, resource: string): unknown => readPolicyFile(path, { resource })['Statement'];
    expect(sids(PLAN, 'aws_iam_role.ledger')).to.deep.equal(['PodsOfTheLedger']);
    expect(sids(PLAN, 'aws_iam_role_policy.read')).to.deep.equal(['OwnNamespace']);
    expect(sids(PLAN, 'data.aws_iam_policy_document.trust')).to.deep.equal(['PodsOfTheLedger']);
    expect(statement(STATE, 'module.bucket.aws_s3_bucket_policy.ledger')).to.have.nested.property(
      '[0].Condition.StringNotEquals.aws:PrincipalTag/kubernetes-namespace',
      'payments',
    );
  });

  it('reads an inline policy of a Terraform role', () => {
    const values = { assume_role_policy: '{}', inline_policy: [{ name: 'read', policy: JSON.stringify(policy) }] };
    const resources = [{ address: 'aws_iam_role.app["a"]', type: 'aws_iam_role', values }];
    const path = written({ format_version: '1.0', values: { root_module: { resources } } });
    expect(readPolicyFile(path, { resource: 'aws_iam_role.app["a"]', policy: 'read' })).to.deep.equal(policy);
    expect(problemOf(path, { resource: 'aws_iam_role.app["a"]', policy: 'reed' })).to.equal(
      'Policy file FILE has no inline policy "reed" of aws_iam_role.app["a"].',
    );
  });

  it('changes the text before it parses the file', () => {
    const change = (text: string): string => text.replaceAll('example-payments-ledger', 'mine');
    expect(JSON.stringify(readPolicyFile(PLAN, { resource: 'aws_iam_role_policy.read' }, change))).to.contain(
      'arn:aws:s3:::mine/',
    );
  });

  it('reads the policy of a template and resolves its functions', () => {
    const template = written(
      `
Parameters: { Names: { Type: CommaDelimitedList, Default: 'a, b' } }
Resources:
  Bucket:
    Properties:
      PolicyDocument:
        one: !Sub ['\${Own}/\${Data.Arn}/\${!aws:username}/\${AWS::Partition}', { Own: !Ref Text }]
        two: !Join [',', !Ref Names]
        three: [!Ref Names, !Ref 'AWS::NoValue']
        four: !GetAtt Nested.Outputs.Arn
        five: !Ref 'AWS::NoValue'
        six: { 'Fn::GetAtt': Data.Arn }
  Text: { Properties: { PolicyDocument: !Sub '{"Version": "\${Text}"}' } }
      `,
      'file.yml',
    );
    const values = { Text: 'text', 'Data.Arn': 'arn:aws:s3:::data', 'Nested.Outputs.Arn': 'arn' };
    expect(readPolicyFile(template, { resource: 'Bucket', values })).to.deep.equal({
      one: 'text/arn:aws:s3:::data/${aws:username}/aws',
      two: 'a,b',
      three: [['a', 'b']],
      four: 'arn',
      six: 'arn:aws:s3:::data',
    });
    expect(readPolicyFile(template, { resource: 'Text', values })).to.deep.equal({ Version: 'text' });
  });

  describe('reports in one sentence', () => {
    const table: readonly (readonly [
      what: string,
      path: () => string,
      place: PolicyPlace,
      sentence: string | RegExp,
    ])[] = [
      [
        'a policy known only after apply, with the expression that it depends on',
        () => PLAN,
        { resource: 'module.bucket.aws_s3_bucket_policy.ledger' },
        'has no policy of module.bucket.aws_s3_bucket_policy.ledger, which is known only after apply because it depends on module.bucket.aws_s3_bucket.ledger.arn. Use the state after apply (terraform show -json).',
      ],
      [
        'a misspelt address',
        () => PLAN,
        { resource: 'aws_iam_role_policy.reads' },
        'has no resource "aws_iam_role_policy.reads" with a policy: did you mean "aws_iam_role_policy.read"?',
      ],
      [
        'a plan without an address',
        () => PLAN,
        {},
        /^has several policies\. Set "resource" to one of .*aws_iam_role\.ledger/,
      ],
      [
        'a template reference without a value',
        () => CDK,
        { resource: 'DataPolicyB80589C3' },
        'has a reference to Data666C94C7.Arn in DataPolicyB80589C3, which is only known after deployment. Add "values" {"Data666C94C7.Arn": …}.',
      ],
      [
        'an unsupported function',
        () => written({ Resources: { P: { Properties: { PolicyDocument: { 'Fn::Cidr': 'x' } } } } }),
        { resource: 'P' },
        /^has an unsupported function in P: \{"Fn::Cidr":"x"\}\. Supported are Ref, /,
      ],
      [
        'a misspelt inline policy',
        () => CDK,
        { resource: 'Role1ABCC5F0', policy: 'reed' },
        'has no inline policy "reed" of Role1ABCC5F0.',
      ],
      [
        'a resource in a plain policy document',
        () => written(policy),
        { resource: 'a' },
        /^has no resource "a": it is neither/,
      ],
      ['a list', () => written('[]'), {}, /^must contain a policy document/],
      ['invalid JSON', () => written('{'), {}, /^is not JSON: /],
      ['invalid YAML', () => written('a: [', 'bad.yaml'), {}, /^is not YAML: .*\d\.$/],
      [
        'a missing file',
        () => join(folder, 'none.json'),
        {},
        'cannot be read (there is no such file). Check the path.',
      ],
      ['a folder', () => folder, {}, 'cannot be read (it is a folder). Check the path.'],
    ];
    for (const [what, path, place, sentence] of table)
      it(what, () => {
        const problem = problemOf(path(), place).replace('Policy file FILE ', '');
        expect(problem).not.to.contain('\n');
        if (typeof sentence === 'string') expect(problem).to.equal(sentence);
        else expect(problem).to.match(sentence);
      });
  });
});
