import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { roleSession } from '../facts/trust.ts';
import { organizationSources } from '../../identity/organization.ts';
import { Gaps } from './gaps.ts';
import { readOrganization } from './organization.ts';
import { callResource, type ResourceRight } from './resource-calls.ts';

const [MEMBER, MANAGEMENT, OUTSIDE] = ['111122223333', '999988887777', '444455556666'];
const ORGANIZATION = { Id: 'o-example12345', MasterAccountId: MANAGEMENT, FeatureSet: 'ALL' };
const CONTENT = JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Deny', Action: 's3:*', Resource: '*' } });
const PARENTS: Readonly<Record<string, string>> = { [MEMBER]: 'ou-ab12-1', 'ou-ab12-1': 'r-ab12' };
const REST = { ListParents: 0, DescribeOrganizationalUnit: 0, ListPoliciesForTarget: 0, DescribePolicy: 0 };
type Answer = object | { readonly code: string };

/** Answers in the form of the service (AWS Organizations API Reference, "Response Syntax"). */
const ANSWERS: Readonly<Record<string, (input: Readonly<Record<string, string>>) => Answer>> = {
  DescribeOrganization: () => ({ Organization: ORGANIZATION }),
  ListParents: ({ ChildId = '' }) =>
    PARENTS[ChildId] === undefined ? { code: 'ChildNotFoundException' } : { Parents: [{ Id: PARENTS[ChildId] }] },
  DescribeOrganizationalUnit: () => ({ OrganizationalUnit: { Name: 'Workloads' } }),
  // The second page of the unit's service control policies has its policy.
  ListPoliciesForTarget: ({ TargetId, Filter, NextToken }) => {
    if (TargetId !== 'ou-ab12-1' || Filter !== 'SERVICE_CONTROL_POLICY') return { Policies: [] };
    return NextToken === '2' ? { Policies: [{ Id: 'p-1', Name: 'DenyReads' }] } : { Policies: [], NextToken: '2' };
  },
  DescribePolicy: () => ({ Policy: { Content: CONTENT } }),
};

describe('readOrganization of a live account', () => {
  let server: Server;
  let answers = ANSWERS;
  let keys: { readonly operation: string; readonly key: string }[] = [];
  before((done) => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const [version, operation = ''] = String(request.headers['x-amz-target']).split('.');
        const authorization = request.headers.authorization ?? '';
        keys.push({
          operation,
          key: /Credential=(\w+)\/\d+\/us-east-1\/organizations\//.exec(authorization)?.[1] ?? '',
        });
        const isKnown = version === 'AWSOrganizationsV20161128' && operation in answers;
        const answer = isKnown
          ? answers[operation]!(JSON.parse(body) as Record<string, string>)
          : { code: 'AccessDeniedException' };
        const { code } = answer as { readonly code?: string };
        const text = code === undefined ? answer : { __type: `com.amazonaws.organizations#${code}` };
        response.writeHead(code === undefined ? 200 : 400).end(JSON.stringify(text));
      });
    }).listen(0, '127.0.0.1', done);
  });
  after((done) => void server.close(done));
  beforeEach(() => {
    answers = ANSWERS;
    keys = [];
  });

  async function read(options: { readonly organizationProfile?: string } = {}) {
    const gaps = new Gaps(new AbortController().signal);
    const endpoints = { eks: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
    const credentials = () => Promise.resolve({ accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret' });
    const account = {
      accountId: MEMBER,
      callResource: (
        right: ResourceRight,
        input: object,
        place: { readonly partition: string; readonly region: string },
      ) =>
        gaps.call(right, (signal) => callResource(right, { ...input }, { ...place, endpoints, credentials }, signal)),
    };
    const reading = await readOrganization(account, gaps, [MEMBER, OUTSIDE], { endpoints, ...options });
    return { reading, gaps: gaps.all() };
  }
  const answering = (operation: string, code: string): void =>
    void (answers = { ...ANSWERS, [operation]: () => ({ code }) });

  it('reads the policies of each level from the root, of all pages, and leaves out other accounts', async () => {
    const { reading, gaps } = await read();
    expect(gaps).to.deep.equal([]);
    if (reading.state !== 'read') throw new Error(JSON.stringify(reading));
    const { principal } = roleSession(`arn:aws:iam::${MEMBER}:role/app`, undefined);
    expect(organizationSources(reading.organization, principal, OUTSIDE)).to.deep.equal([
      { kind: 'scp', level: 'OU Workloads', text: CONTENT, name: 'service control policy DenyReads of OU Workloads' },
    ]);
    expect(reading.organization).to.include({ id: 'o-example12345', managementAccount: MANAGEMENT });
  });

  it('finds that the account is in no organization, or in one without such policies', async () => {
    answering('DescribeOrganization', 'AWSOrganizationsNotInUseException');
    expect((await read()).reading.state).to.equal('none');
    const Organization = { ...ORGANIZATION, FeatureSet: 'CONSOLIDATED_BILLING' };
    answers = { ...ANSWERS, DescribeOrganization: () => ({ Organization }) };
    expect((await read()).reading.state).to.equal('none');
  });

  for (const [operation, code] of [
    ...['DescribeOrganization', ...Object.keys(REST)].map((one) => [one, 'AccessDeniedException'] as const),
    ['ListPoliciesForTarget', 'TooManyRequestsException'],
  ] as const)
    it(`does not know the policies if ${operation} answers ${code}`, async () => {
      answering(operation, code);
      const { reading, gaps } = await read();
      const managementAccount = operation === 'DescribeOrganization' ? undefined : MANAGEMENT;
      const reason = `organizations:${operation}: ${code}`;
      expect(reading).to.deep.equal({ state: 'unread', reason, managementAccount });
      expect(gaps).to.deep.equal([{ right: 'organizations:DescribeOrganization', reason }]);
    });

  it('reads the policies with --organization-profile', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'organization-'));
    const file = join(folder, 'credentials');
    writeFileSync(file, '[audit]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = secret\n');
    const earlier = process.env['AWS_SHARED_CREDENTIALS_FILE'];
    process.env['AWS_SHARED_CREDENTIALS_FILE'] = file;
    try {
      expect((await read({ organizationProfile: 'audit' })).reading.state).to.equal('read');
    } finally {
      if (earlier === undefined) delete process.env['AWS_SHARED_CREDENTIALS_FILE'];
      else process.env['AWS_SHARED_CREDENTIALS_FILE'] = earlier;
      rmSync(folder, { recursive: true, force: true });
    }
    const [first, ...others] = keys;
    expect(first).to.deep.equal({ operation: 'DescribeOrganization', key: 'AKIAEXAMPLE' });
    expect([...new Set(others.map(({ key }) => key))]).to.deep.equal(['AKIAPROFILE']);
  });
});
