import { expect } from 'chai';
import { testS3, type TestAnswer, type TestS3 } from '../../test/support/emulator/s3.ts';
import { testSession } from '../../test/support/emulator/session.ts';
import { isPublicPolicy } from './public-access.ts';

const READ = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::data/*' };
const STRANGER = '444455556666';

describe('Block Public Access', () => {
  let s3: TestS3;
  const call = (method: string, target: string, body = '', headers = {}): Promise<TestAnswer> =>
    s3.call(s3.root, method, target, { body, headers });
  const outcome = ({ status, code = '' }: TestAnswer): string => `${status} ${code}`.trimEnd();
  const putPolicy = (...statements: object[]) =>
    call('PUT', '/data?policy', JSON.stringify({ Version: '2012-10-17', Statement: statements }));
  const block = (settings: Record<string, boolean>) => {
    const elements = Object.entries(settings).map(([name, value]) => `<${name}>${value}</${name}>`);
    return `<PublicAccessBlockConfiguration>${elements.join('')}</PublicAccessBlockConfiguration>`;
  };

  beforeEach(async () => {
    s3 = testS3();
    const location = '<LocationConstraint>us-west-2</LocationConstraint>';
    await call('PUT', '/data', `<CreateBucketConfiguration>${location}</CreateBucketConfiguration>`);
    await call('PUT', '/data/key', 'x');
  });

  it('is enabled for new buckets, and rejects public policies', async () => {
    expect((await call('GET', '/data?publicAccessBlock')).body.match(/>true</g)).to.have.length(4);
    const answer = await putPolicy(READ);
    expect(outcome(answer)).to.equal('403 AccessDenied');
    expect(answer.message).to.contain('BlockPublicPolicy');
    expect(outcome(await putPolicy({ ...READ, Principal: { AWS: s3.root.accountId } }))).to.equal('204');
    expect(outcome(await call('DELETE', '/data?publicAccessBlock'))).to.equal('204');
    expect(outcome(await call('GET', '/data?publicAccessBlock'))).to.equal('404 NoSuchPublicAccessBlockConfiguration');
    expect(outcome(await putPolicy(READ))).to.equal('204');
    expect((await call('GET', '/data?policyStatus')).body).to.contain('<IsPublic>true<');
    expect((await s3.call(undefined, 'GET', '/data/key')).status).to.equal(200);
  });

  it("restricts all grants of a public policy to the bucket's own account", async () => {
    s3.createAccount(STRANGER);
    const allow = [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }];
    const stranger = testSession(s3.world, { accountId: STRANGER, allow });
    const own = testSession(s3.world);
    await call('DELETE', '/data?publicAccessBlock');
    await putPolicy(READ, { ...READ, Principal: { AWS: STRANGER } });
    const read = async () => {
      const callers = [own.session, stranger.session, undefined];
      return Promise.all(callers.map(async (caller) => (await s3.call(caller, 'GET', '/data/key')).status));
    };
    expect(await read()).to.deep.equal([200, 200, 200]);
    await call('PUT', '/data?publicAccessBlock', block({ RestrictPublicBuckets: true }));
    expect(await read()).to.deep.equal([200, 403, 403]);
    const { trace } = await s3.call(stranger.session, 'GET', '/data/key');
    expect(trace.notes.join()).to.contain('RestrictPublicBuckets');
    // A policy that is not public still grants access to other accounts.
    await putPolicy({ ...READ, Principal: { AWS: STRANGER } });
    expect(await read()).to.deep.equal([403, 200, 403]);
  });

  it('can be enabled for all buckets of an account', async () => {
    const account = '/v20180820/configuration/publicAccessBlock';
    const accountHeader = { 'x-amz-account-id': s3.root.accountId };
    await call('DELETE', '/data?publicAccessBlock');
    expect(outcome(await call('GET', account, '', accountHeader))).to.equal('404 NoSuchPublicAccessBlockConfiguration');
    const { session } = testSession(s3.world);
    const denied = await s3.call(session, 'PUT', account, {
      body: block({ BlockPublicPolicy: true }),
      headers: accountHeader,
    });
    expect(denied.message).to.contain('not authorized to perform: s3:PutAccountPublicAccessBlock');
    expect(outcome(await call('PUT', account, block({ BlockPublicPolicy: true }), accountHeader))).to.equal('201');
    expect(outcome(await putPolicy(READ))).to.equal('403 AccessDenied');
    await call('DELETE', account, '', accountHeader);
    expect(outcome(await putPolicy(READ))).to.equal('204');
    expect(outcome(await call('GET', account, '', { 'x-amz-account-id': STRANGER }))).to.equal('403 AccessDenied');
  });

  for (const [action, method] of [
    ['GetBucketPublicAccessBlock', 'GET'],
    ['PutBucketPublicAccessBlock', 'PUT'],
    ['PutBucketPublicAccessBlock', 'DELETE'],
  ] as const) {
    it(`${method} needs s3:${action}`, async () => {
      const target = '/data?publicAccessBlock';
      const allow = [{ Effect: 'Allow', Action: `s3:${action}`, Resource: 'arn:aws:s3:::data' }];
      const options = { body: block({ IgnorePublicAcls: true }) };
      const denied = await s3.call(testSession(s3.world).session, method, target, options);
      expect(denied.message).to.contain(`s3:${action}`);
      expect((await s3.call(testSession(s3.world, { allow }).session, method, target, options)).status).to.be.below(
        300,
      );
    });
  }

  const policies: readonly (readonly [isPublic: boolean, statement: object])[] = [
    [true, {}],
    [true, { Principal: { AWS: '*' } }],
    [false, { Effect: 'Deny' }],
    [false, { Principal: { AWS: STRANGER } }],
    [false, { Principal: { Service: 'logging.s3.amazonaws.com' } }],
    [true, { Principal: undefined, NotPrincipal: { AWS: STRANGER } }],
    [false, { Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } }],
    [true, { Condition: { StringLike: { 'aws:PrincipalOrgID': 'o-*' } } }],
    [true, { Condition: { StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' } } }],
    [true, { Condition: { StringEqualsIfExists: { 'aws:PrincipalOrgID': 'o-1' } } }],
    [true, { Condition: { StringEquals: { 'aws:SourceVpc': ['vpc-1', '${aws:SourceVpc}'] } } }],
    [true, { Condition: { StringEquals: { 'aws:PrincipalTag/team': 'red' } } }],
    [false, { Condition: { IpAddress: { 'AWS:SourceIp': ['192.0.2.0/24', '2001:db8::/32'] } } }],
    [true, { Condition: { IpAddress: { 'aws:SourceIp': ['192.0.2.0/24', '0.0.0.0/1'] } } }],
    [true, { Condition: { IpAddress: { 'aws:SourceIp': '2000::/3' } } }],
    [true, { Condition: { StringLike: { 'aws:userid': 'AROAEXAMPLE:*' } } }],
    [false, { Condition: { ArnLike: { 's3:DataAccessPointArn': `arn:aws:s3:us-west-2:${STRANGER}:accesspoint/*` } } }],
  ];
  for (const [isPublic, statement] of policies) {
    it(`${JSON.stringify(statement)} is ${isPublic ? '' : 'not '}public`, () => {
      expect(isPublicPolicy(JSON.stringify({ Statement: { ...READ, ...statement } }))).to.equal(isPublic);
    });
  }
});
