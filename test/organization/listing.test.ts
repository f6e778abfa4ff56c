import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readOrganization } from '../../identity/deployment/organization.ts';
import { organizationKeys, organizationSources } from '../../identity/organization.ts';
import { roleSession } from '../../doctor/facts/trust.ts';

const MEMBER = '111122223333';
const policy = (action: string): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Deny', Action: action, Resource: '*' } });
const attachment = { PolicySummary: { Type: 'SERVICE_CONTROL_POLICY', Name: 'DenyReads' }, Content: policy('s3:*') };
/** Answers of the AWS CLI by the beginning of its arguments. Only the last match counts. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  'describe-organization': { Id: 'o-example12345', MasterAccountId: '999988887777' },
  'list-roots --query Roots ': [{ Id: 'r-ab12', Name: 'Root' }],
  'list-roots --query Roots[].Id': 'r-ab12',
  'list-organizational-units-for-parent --parent-id r-ab12 --query OrganizationalUnits ': [
    { Id: 'ou-ab12-1', Name: 'Workloads' },
  ],
  'list-organizational-units-for-parent --parent-id r-ab12 --query OrganizationalUnits[].Id': 'ou-ab12-1',
  'list-organizational-units-for-parent --parent-id ou-ab12-1 --query OrganizationalUnits ': [],
  'list-organizational-units-for-parent --parent-id ou-ab12-1 --query OrganizationalUnits[].Id': '',
  'list-accounts-for-parent --parent-id r-ab12': [{ Id: '999988887777', Name: 'management' }],
  'list-accounts-for-parent --parent-id ou-ab12-1': [{ Id: MEMBER, Name: 'prod' }],
  'list-policies --filter SERVICE_CONTROL_POLICY': 'p-1',
  'list-policies --filter RESOURCE_CONTROL_POLICY': '',
  'describe-policy --policy-id p-1': attachment,
  'list-targets-for-policy --policy-id p-1': [{ TargetId: 'ou-ab12-1', Name: 'Workloads' }],
};

describe('the organization of a file', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'organization-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const read = (content: string | object) => {
    const file = join(folder, 'organization.json');
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return readOrganization(file);
  };
  const { principal } = roleSession(`arn:aws:iam::${MEMBER}:role/app`, undefined);
  const named = (content: string | object, account = MEMBER): readonly string[] =>
    organizationSources(read(content), principal, account).map(({ name }) => name);

  it('comes from the lists of the script of the page', () => {
    const page = readFileSync(new URL('../../docs/organizations.md', import.meta.url), 'utf8');
    const script = /```sh\n(#![\s\S]*?)```/.exec(page)?.[1] ?? '';
    const cases = Object.entries(ANSWERS).map(
      ([args, answer]) =>
        `'organizations ${args}'*) printf '%s' '${typeof answer === 'string' ? answer : JSON.stringify(answer)}' ;;`,
    );
    const fake = `#!/bin/sh\ncase "$* " in\n${cases.join('\n')}\n*) echo "unexpected: $*" >&2; exit 1 ;;\nesac\n`;
    writeFileSync(join(folder, 'aws'), fake);
    chmodSync(join(folder, 'aws'), 0o755);
    const environment = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
    const output = execFileSync('sh', ['-c', script], { env: environment, encoding: 'utf8' });
    expect(named(output)).to.deep.equal(['service control policy DenyReads of OU Workloads']);
    expect(organizationKeys(read(output), principal, MEMBER)).to.include({ 'aws:PrincipalOrgID': 'o-example12345' });
    expect(organizationKeys(read(output), principal, MEMBER)['aws:PrincipalOrgPaths']).to.deep.equal([
      'o-example12345/r-ab12/ou-ab12-1/',
    ]);
  });

  it('comes from a plan of Terraform, with FullAWSAccess', () => {
    const resources = [
      {
        address: 'aws_organizations_policy.reads',
        type: 'aws_organizations_policy',
        mode: 'managed',
        values: { name: 'DenyReads', type: 'SERVICE_CONTROL_POLICY', content: policy('s3:*') },
      },
    ];
    const plan = { format_version: '1.2', planned_values: { root_module: { resources } } };
    expect(named(plan)).to.deep.equal([
      'service control policy FullAWSAccess of the organization',
      'service control policy DenyReads of the organization',
    ]);
  });

  it('comes from a template, for the accounts of its targets', () => {
    const template = (target: string) => ({
      Resources: {
        Reads: {
          Type: 'AWS::Organizations::Policy',
          Properties: {
            Name: 'DenyReads',
            Type: 'SERVICE_CONTROL_POLICY',
            Content: JSON.parse(policy('s3:*')) as object,
            TargetIds: [target],
          },
        },
      },
    });
    expect(named(template(MEMBER))).to.include(`service control policy DenyReads of account ${MEMBER}`);
    expect(named(template('444455556666'))).to.not.include('DenyReads');
    expect(named(template('444455556666')).join()).to.not.include('DenyReads');
  });

  it('rejects files without an organization, and malformed policies', () => {
    expect(() => read({ Version: '2012-10-17' })).to.throw('must have "Organization" with an "Id", and "Roots".');
    const broken = { ...attachment, Content: '{}' };
    const organization = { Id: 'o-example12345' };
    const targets = [{ TargetId: 'r-1' }];
    expect(() =>
      read({ Organization: organization, Roots: [{ Id: 'r-1' }], Policies: [{ Policy: broken, Targets: targets }] }),
    ).to.throw('has a malformed policy');
  });
});
