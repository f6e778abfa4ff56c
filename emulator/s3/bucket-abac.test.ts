import { expect } from 'chai';
import { testS3, type TestAnswer, type TestS3 } from '../../test/support/emulator/s3.ts';
import { testSession } from '../../test/support/emulator/session.ts';

const TAGS = '/v20180820/tags/arn%3Aaws%3As3%3A%3A%3Adata';

describe('attribute-based access control of buckets', () => {
  let s3: TestS3;
  const call = (method: string, target: string, body = '', headers = {}): Promise<TestAnswer> =>
    s3.call(s3.root, method, target, { body, headers });
  const outcome = ({ status, code = '' }: TestAnswer): string => `${status} ${code}`.trimEnd();
  const control = (method: string, target: string, body = '') =>
    call(method, target, body, { 'x-amz-account-id': s3.root.accountId });
  const turn = (status: string) => call('PUT', '/data?abac', `<AbacStatus><Status>${status}</Status></AbacStatus>`);
  const tagged = (root: string, outer: string, team: string): string =>
    `<${root}><${outer}><Tag><Key>team</Key><Value>${team}</Value></Tag></${outer}></${root}>`;

  beforeEach(async () => {
    s3 = testS3();
    const location = '<LocationConstraint>us-west-2</LocationConstraint>';
    await call('PUT', '/data', `<CreateBucketConfiguration>${location}</CreateBucketConfiguration>`);
    await call('PUT', '/data/key', 'x');
    await call('PUT', '/data?tagging', tagged('Tagging', 'TagSet', 'red'));
  });
  afterEach(async () => {
    await call('DELETE', '/data/key');
    await call('DELETE', '/data');
  });

  it('is disabled by default, so bucket tags are not evaluated', async () => {
    const own = { StringEquals: { 'aws:ResourceTag/team': '${aws:PrincipalTag/team}' } };
    const allow = [{ Effect: 'Allow', Action: ['s3:GetObject', 's3:ListBucket'], Resource: '*', Condition: own }];
    const { session } = testSession(s3.world, { allow, roleTags: { team: 'red' } });
    const stranger = testSession(s3.world, { allow, roleTags: { team: 'blue' } }).session;
    const read = (caller = session) =>
      Promise.all(
        ['/data?list-type=2', '/data/key'].map(async (target) => (await s3.call(caller, 'GET', target)).status),
      );
    expect((await call('GET', '/data?abac')).body).to.contain('<Status>Disabled<');
    expect(await read()).to.deep.equal([403, 403]);
    await turn('Enabled');
    expect(await read()).to.deep.equal([200, 200]);
    expect(await read(stranger)).to.deep.equal([403, 403]);
    await control('POST', TAGS, tagged('TagResourceRequest', 'Tags', 'blue'));
    expect(await read()).to.deep.equal([403, 403]);
    expect(await read(stranger)).to.deep.equal([200, 200]);
    await turn('Disabled');
    expect(await read(stranger)).to.deep.equal([403, 403]);
  });

  it('replaces the bucket tagging calls by TagResource and UntagResource', async () => {
    await turn('Enabled');
    const retag = () => call('PUT', '/data?tagging', tagged('Tagging', 'TagSet', 'blue'));
    expect(outcome(await retag())).to.equal('405 MethodNotAllowed');
    expect(outcome(await call('DELETE', '/data?tagging'))).to.equal('405 MethodNotAllowed');
    expect(outcome(await control('POST', TAGS, tagged('TagResourceRequest', 'Tags', 'green')))).to.equal('204');
    expect((await control('GET', TAGS)).body).to.contain('<Tags><Tag><Key>team</Key><Value>green</Value></Tag></Tags>');
    expect((await call('GET', '/data?tagging')).body).to.contain('green');
    expect(outcome(await control('DELETE', `${TAGS}?tagKeys=other&tagKeys=team`))).to.equal('204');
    expect(outcome(await call('GET', '/data?tagging'))).to.equal('404 NoSuchTagSet');
    await turn('Disabled');
    expect(outcome(await retag())).to.equal('204');
  });

  it('has its own permissions, with condition keys for the tags in the request', async () => {
    const bucket = 'arn:aws:s3:::data';
    const sender = (Action: string, Condition?: object) =>
      testSession(s3.world, { allow: [{ Effect: 'Allow', Action, Resource: bucket, Condition }] }).session;
    const send = async (caller: ReturnType<typeof sender>, method: string, target: string, body = '') => {
      const headers = { 'x-amz-account-id': s3.root.accountId };
      return outcome(await s3.call(caller, method, target, { body, headers }));
    };
    const red = tagged('TagResourceRequest', 'Tags', 'red');
    const onlyRed = {
      StringEquals: { 'aws:RequestTag/team': 'red' },
      'ForAllValues:StringEquals': { 'aws:TagKeys': 'team' },
    };
    expect(await send(sender('s3:PutBucketTagging'), 'POST', TAGS, red)).to.equal('403 AccessDenied');
    expect(await send(sender('s3:TagResource', onlyRed), 'POST', TAGS, red)).to.equal('204');
    expect(await send(sender('s3:TagResource', onlyRed), 'POST', TAGS, red.replace('red', 'blue'))).to.equal(
      '403 AccessDenied',
    );
    expect(await send(sender('s3:UntagResource'), 'DELETE', `${TAGS}?tagKeys=team`)).to.equal('204');
    expect(await send(sender('s3:ListTagsForResource'), 'GET', TAGS)).to.equal('200');
    const status = '<AbacStatus><Status>Enabled</Status></AbacStatus>';
    expect(await send(sender('s3:PutBucketTagging'), 'PUT', '/data?abac', status)).to.equal('403 AccessDenied');
    expect(await send(sender('s3:PutBucketABAC'), 'PUT', '/data?abac', status)).to.equal('200');
    expect(await send(sender('s3:GetBucketABAC'), 'GET', '/data?abac')).to.equal('200');
  });

  it('rejects other accounts and other S3 Control operations', async () => {
    const headers = { 'x-amz-account-id': '444455556666' };
    expect(outcome(await call('GET', TAGS, '', headers))).to.equal('403 AccessDenied');
    expect(outcome(await control('GET', '/v20180820/jobs'))).to.equal('501 NotImplemented');
  });
});
