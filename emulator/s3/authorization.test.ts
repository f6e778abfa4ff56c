import { expect } from 'chai';
import type { RoleSession } from '../../identity/policy/principal.ts';
import { testSession, type TestSessionOptions } from '../../test/support/emulator/session.ts';
import { testS3, type TestS3 } from '../../test/support/emulator/s3.ts';

const allow = (action: string | readonly string[], resource: string, condition?: object): object => ({
  Effect: 'Allow',
  Action: action,
  Resource: resource,
  ...(condition === undefined ? {} : { Condition: condition }),
});

const READ = allow('s3:GetObject', 'arn:aws:s3:::data/*');
const LIST = allow('s3:ListBucket', 'arn:aws:s3:::data');
const READ_TAGGED = allow('s3:GetObject', 'arn:aws:s3:::data/*', {
  StringEquals: { 's3:ExistingObjectTag/team': 'red' },
});
/** Allows no deletion, because the tags of an object are not evaluated for it. */
const DELETE_TAGGED = allow('s3:DeleteObject', 'arn:aws:s3:::data/*', {
  StringEquals: { 's3:ExistingObjectTag/team': 'red' },
});
const LIST_RED = allow('s3:ListBucket', 'arn:aws:s3:::data', { StringLike: { 's3:prefix': 'red/*' } });
const DELETE_XML = '<Delete><Object><Key>red/key</Key></Object><Object><Key>blue/key</Key></Object></Delete>';
const DELETE_HEADERS = { 'content-md5': '9aCEwkvZfEVlzc7iZaH5/w==' };

describe('S3 authorization', () => {
  let s3: TestS3;
  let policy: (statements: readonly object[]) => Promise<void>;

  beforeEach(async () => {
    s3 = testS3();
    const location =
      '<CreateBucketConfiguration><LocationConstraint>us-west-2</LocationConstraint></CreateBucketConfiguration>';
    expect((await s3.call(s3.root, 'PUT', '/data', { body: location })).status).to.equal(200);
    await s3.call(s3.root, 'PUT', '/data/red/key', { body: 'red', headers: { 'x-amz-tagging': 'team=red' } });
    await s3.call(s3.root, 'PUT', '/data/blue/key', { body: 'blue' });
    policy = async (statements) => {
      const body = JSON.stringify({ Version: '2012-10-17', Statement: statements });
      const { status, message } = await s3.call(s3.root, 'PUT', '/data?policy', { body });
      expect(status, message).to.equal(204);
    };
  });

  const session = (options: TestSessionOptions): RoleSession => testSession(s3.world, options).session;

  it('returns the number of tags only to callers who may read them', async () => {
    const counts = async (...statements: readonly object[]) => {
      const caller = session({ roleName: 'app', allow: statements });
      const answers = [await s3.call(caller, 'GET', '/data/red/key'), await s3.call(caller, 'HEAD', '/data/red/key')];
      expect(answers.map(({ status }) => status)).to.deep.equal([200, 200]);
      return answers.map(({ headers }) => headers['x-amz-tagging-count']);
    };
    expect(await counts(READ)).to.deep.equal([undefined, undefined]);
    expect(await counts(READ, allow('s3:GetObjectTagging', 'arn:aws:s3:::data/*'))).to.deep.equal(['1', '1']);
  });

  // The role's permissions, the call, the answer, and the denied action that the message names.
  const cases: readonly (readonly [readonly object[], string, string, string?])[] = [
    [[READ, LIST], 'GET /data/red/key', '200'],
    [[READ, LIST], 'GET /data/missing', '404 NoSuchKey'],
    [[READ], 'GET /data/missing', '403 AccessDenied', 's3:ListBucket'],
    [[LIST], 'GET /data/red/key', '403 AccessDenied', 's3:GetObject'],
    [[LIST], 'GET /data/missing', '403 AccessDenied', 's3:GetObject'],
    [[READ_TAGGED, LIST], 'GET /data/red/key', '200'],
    [[READ_TAGGED, LIST], 'GET /data/blue/key', '403 AccessDenied', 's3:GetObject'],
    [[READ_TAGGED, LIST], 'GET /data/missing', '403 AccessDenied', 's3:GetObject'],
    [[], 'HEAD /data/red/key', '403 AccessDenied'],
    [[READ, LIST], 'HEAD /data/missing', '404 NoSuchKey'],
    [[READ], 'HEAD /data', '403 AccessDenied'],
    [[LIST], 'HEAD /data', '200'],
    [[READ], 'GET /data?list-type=2', '403 AccessDenied', 's3:ListBucket'],
    [[LIST], 'GET /data?list-type=2', '200'],
    [[LIST_RED], 'GET /data?list-type=2&prefix=red/', '200'],
    [[LIST_RED], 'GET /data?list-type=2&prefix=blue/', '403 AccessDenied'],
    [[LIST_RED], 'GET /data?list-type=2', '403 AccessDenied'],
    [[LIST_RED], 'HEAD /data', '403 AccessDenied'],
    [[READ, LIST_RED], 'GET /data/red/missing', '404 NoSuchKey'],
    [[READ, LIST_RED], 'GET /data/missing', '403 AccessDenied', 's3:ListBucket'],
    [[READ], 'PUT /data/red/key', '403 AccessDenied', 's3:PutObject'],
    [[], 'GET /missing-bucket/key', '404 NoSuchBucket'],
    [[], 'GET /missing-bucket?list-type=2', '404 NoSuchBucket'],
    [[allow('s3:GetObject', 'arn:aws:s3:::data')], 'GET /data/red/key', '403 AccessDenied'],
    [[allow('s3:DeleteObject', 'arn:aws:s3:::data/*')], 'DELETE /data/missing', '204'],
    [[READ], 'DELETE /data/red/key', '403 AccessDenied', 's3:DeleteObject'],
    [[DELETE_TAGGED], 'DELETE /data/red/key', '403 AccessDenied', 's3:DeleteObject'],
    [[READ], 'GET /data/red/key?tagging', '403 AccessDenied', 's3:GetObjectTagging'],
    [[allow('s3:GetObjectTagging', 'arn:aws:s3:::data/*')], 'GET /data/red/key?tagging', '200'],
    [[READ], 'GET /', '403 AccessDenied', 's3:ListAllMyBuckets'],
    [[allow('s3:ListAllMyBuckets', '*')], 'GET /', '200'],
    [[READ], 'GET /data?policy', '403 AccessDenied', 's3:GetBucketPolicy'],
    [[READ], 'PUT /other-bucket', '403 AccessDenied', 's3:CreateBucket'],
    [[READ], 'DELETE /data', '403 AccessDenied', 's3:DeleteBucket'],
    [[READ], 'GET /data?location', '403 AccessDenied', 's3:GetBucketLocation'],
    [[READ], 'GET /data?tagging', '403 AccessDenied', 's3:GetBucketTagging'],
  ];
  for (const [statements, call, expected, refused] of cases) {
    it(`${call} with ${statements.map((s) => JSON.stringify(s)).join(' ') || 'nothing'}: ${expected}`, async () => {
      const [method = '', target = ''] = call.split(' ');
      const caller = session({ roleName: 'app', allow: statements });
      const answer = await s3.call(caller, method, target);
      expect([answer.status, ...(answer.code === undefined ? [] : [answer.code])].join(' ')).to.equal(expected);
      if (refused !== undefined) {
        expect(answer.message).to.contain(
          `User: arn:aws:sts::111122223333:assumed-role/app/test is not authorized to perform: ${refused} on resource: "arn:aws:s3:::`,
        );
        expect(answer.message).to.contain(`because no identity-based policy allows the ${refused} action`);
      }
    });
  }

  it('names the kind of the denying policy', async () => {
    const deny = { Effect: 'Deny', Action: 's3:GetObject', Resource: '*' };
    const messages = {
      identity: session({ allow: [READ, deny] }),
      session: session({ allow: [READ], sessionPolicy: [LIST] }),
      boundary: session({ allow: [READ], boundary: [LIST] }),
    };
    const text = async (caller: RoleSession) => (await s3.call(caller, 'GET', '/data/red/key')).message;
    expect(await text(messages.identity)).to.match(/with an explicit deny in an identity-based policy/);
    expect(await text(messages.session)).to.match(/because no session policy allows the s3:GetObject action/);
    expect(await text(messages.boundary)).to.match(/because no permissions boundary allows the s3:GetObject action/);
    await policy([{ ...deny, Principal: '*', Resource: 'arn:aws:s3:::data/*' }]);
    expect(await text(session({ allow: [READ] }))).to.match(/with an explicit deny in a resource-based policy/);
  });

  it('needs one allowing policy within an account, and both across accounts', async () => {
    s3.createAccount('444455556666');
    const member = testSession(s3.world, { roleName: 'own' });
    const stranger = testSession(s3.world, { accountId: '444455556666', roleName: 'stranger', allow: [READ] });
    const other = testSession(s3.world, { accountId: '444455556666', roleName: 'other' });
    await policy([
      {
        Effect: 'Allow',
        Principal: { AWS: [member.role.arn, stranger.role.arn, other.role.arn] },
        Action: 's3:GetObject',
        Resource: 'arn:aws:s3:::data/red/*',
      },
    ]);
    expect((await s3.call(member.session, 'GET', '/data/red/key')).status).to.equal(200);
    expect((await s3.call(stranger.session, 'GET', '/data/red/key')).status).to.equal(200);
    const denials = [
      await s3.call(stranger.session, 'GET', '/data/blue/key'),
      await s3.call(other.session, 'GET', '/data/red/key'),
      await s3.call(undefined, 'GET', '/data/red/key'),
    ];
    for (const { status, code, message } of denials) {
      expect({ status, code, message }).to.deep.equal({ status: 403, code: 'AccessDenied', message: 'Access Denied' });
    }
  });

  it('allows anonymous callers if the bucket policy does', async () => {
    await s3.call(s3.root, 'DELETE', '/data?publicAccessBlock');
    await policy([{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::data/red/*' }]);
    expect((await s3.call(undefined, 'GET', '/data/red/key')).status).to.equal(200);
    expect((await s3.call(undefined, 'GET', '/data/blue/key')).status).to.equal(403);
    expect((await s3.call(undefined, 'GET', '/')).status).to.equal(403);
  });

  it("always allows the owner's root user to delete the bucket policy", async () => {
    const everything = ['arn:aws:s3:::data', 'arn:aws:s3:::data/*'];
    await policy([{ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: everything }]);
    const administrator = session({ allow: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] });
    expect((await s3.call(s3.root, 'GET', '/data/red/key')).status).to.equal(403);
    expect((await s3.call(administrator, 'DELETE', '/data?policy')).status).to.equal(403);
    expect((await s3.call(s3.root, 'DELETE', '/data?policy')).status).to.equal(204);
    expect((await s3.call(s3.root, 'GET', '/data/red/key')).status).to.equal(200);
  });

  it('prefers session tags to role tags as policy variables', async () => {
    const statement = allow('s3:GetObject', 'arn:aws:s3:::data/${aws:PrincipalTag/team}/*');
    const get = (caller: RoleSession, key: string) => s3.call(caller, 'GET', `/data/${key}`);
    const red = session({ allow: [statement], sessionTags: { Team: 'red' }, roleTags: { team: 'blue' } });
    expect((await get(red, 'red/key')).status).to.equal(200);
    expect((await get(red, 'blue/key')).status).to.equal(403);
    const blue = session({ allow: [statement], roleTags: { team: 'blue' } });
    expect((await get(blue, 'blue/key')).status).to.equal(200);
    expect((await get(session({ allow: [statement] }), 'red/key')).status).to.equal(403);
  });

  it('requires s3:PutObjectTagging for a put with tags, and sets condition keys for them', async () => {
    const put = (caller: RoleSession, tagging: string) =>
      s3.call(caller, 'PUT', '/data/new', { body: 'x', headers: { 'x-amz-tagging': tagging } });
    const writer = session({ allow: [allow('s3:PutObject', '*')] });
    expect((await put(writer, 'team=red')).message).to.contain('s3:PutObjectTagging');
    const tagger = session({
      allow: [
        allow('s3:PutObject', '*'),
        allow('s3:PutObjectTagging', '*', {
          StringEquals: { 's3:RequestObjectTag/team': 'red' },
          'ForAllValues:StringEquals': { 's3:RequestObjectTagKeys': ['team'] },
        }),
      ],
    });
    expect((await put(tagger, 'team=red')).status).to.equal(200);
    expect((await put(tagger, 'team=blue')).status).to.equal(403);
    expect((await put(tagger, 'team=red&more=1')).status).to.equal(403);
  });

  it('authorizes each key of DeleteObjects separately', async () => {
    const caller = session({ allow: [allow('s3:DeleteObject', 'arn:aws:s3:::data/red/*')] });
    const { createHash } = await import('node:crypto');
    const md5 = createHash('md5').update(DELETE_XML).digest('base64');
    const options = { body: DELETE_XML, headers: { 'content-md5': md5 } };
    const answer = await s3.call(caller, 'POST', '/data?delete', options);
    expect(answer.status).to.equal(200);
    expect(answer.body).to.contain('<Deleted><Key>red/key</Key></Deleted>');
    expect(answer.body).to.match(/<Error><Key>blue\/key<\/Key><Code>AccessDenied<\/Code>/);
    expect((await s3.call(caller, 'POST', '/data?delete', { ...options, headers: DELETE_HEADERS })).code).to.equal(
      'BadDigest',
    );
  });

  it("does not apply a recreated role's policies to earlier sessions", async () => {
    const { session: old } = testSession(s3.world, { roleName: 'again', allow: [READ] });
    expect((await s3.call(old, 'GET', '/data/red/key')).status).to.equal(200);
    testSession(s3.world, { roleName: 'again', allow: [READ] });
    expect((await s3.call(old, 'GET', '/data/red/key')).status).to.equal(403);
  });

  it('records all decisions', async () => {
    const answer = await s3.call(session({ allow: [READ] }), 'GET', '/data/missing');
    const asked = answer.trace.authorizations.map(({ action, resource, decision }) => [
      action,
      resource,
      decision.value,
    ]);
    expect(asked).to.deep.equal([
      ['s3:GetObject', 'arn:aws:s3:::data/missing', 'allowed'],
      ['s3:ListBucket', 'arn:aws:s3:::data', 'implicitlyDenied'],
    ]);
  });

  const badPolicies: readonly (readonly [string, string, string])[] = [
    ['invalid JSON', '{', ''],
    [
      'a role that does not exist',
      statement({ Principal: { AWS: 'arn:aws:iam::111122223333:role/gone' } }),
      'Invalid principal in policy',
    ],
    ["another bucket's ARN", statement({ Resource: 'arn:aws:s3:::other/*' }), 'Policy has invalid resource'],
    ['resource *', statement({ Resource: '*' }), 'Policy has invalid resource'],
    ["another service's action", statement({ Action: 'iam:GetRole' }), 'Policy has invalid action'],
    [
      'an object action on a bucket',
      statement({ Resource: 'arn:aws:s3:::data' }),
      'Action does not apply to any resource(s) in statement',
    ],
    [
      'a bucket action on objects',
      statement({ Action: 's3:ListBucket' }),
      'Action does not apply to any resource(s) in statement',
    ],
    ['no principal', statement({ Principal: undefined }), ''],
  ];
  for (const [what, text, message] of badPolicies) {
    it(`rejects a bucket policy with ${what}`, async () => {
      const answer = await s3.call(s3.root, 'PUT', '/data?policy', { body: text });
      expect([answer.status, answer.code]).to.deep.equal([400, 'MalformedPolicy']);
      expect(answer.message).to.contain(message);
    });
  }

  it('compares many wildcards with the bucket name without delay', async () => {
    const name = 'a'.repeat(63);
    const body =
      '<CreateBucketConfiguration><LocationConstraint>us-west-2</LocationConstraint></CreateBucketConfiguration>';
    expect((await s3.call(s3.root, 'PUT', `/${name}`, { body })).status).to.equal(200);
    const text = statement({ Resource: `arn:aws:s3:::${'*a'.repeat(31)}b/*` });
    expect((await s3.call(s3.root, 'PUT', `/${name}?policy`, { body: text })).code).to.equal('MalformedPolicy');
  });

  it('requires s3:TagResource for a new bucket with tags, and sets condition keys for them', async () => {
    const make = async (caller: RoleSession, name: string, tags: string): Promise<string> => {
      const body = `<CreateBucketConfiguration><LocationConstraint>us-west-2</LocationConstraint>${tags}</CreateBucketConfiguration>`;
      const { status, code = '', message = '' } = await s3.call(caller, 'PUT', `/${name}`, { body });
      return `${status} ${code} ${/to perform: (\S+)/.exec(message)?.[1] ?? ''}`.trim();
    };
    const tag = (value: string): string => `<Tags><Tag><Key>team</Key><Value>${value}</Value></Tag></Tags>`;
    const create = allow('s3:CreateBucket', '*');
    const red = {
      StringEquals: { 'aws:RequestTag/team': 'red' },
      'ForAllValues:StringEquals': { 'aws:TagKeys': 'team' },
    };
    const createRed = allow(['s3:CreateBucket', 's3:TagResource'], 'arn:aws:s3:::*', red);
    expect(await make(session({ allow: [create] }), 'plain', '')).to.equal('200');
    expect(await make(session({ allow: [create] }), 'tagged', tag('red'))).to.equal('403 AccessDenied s3:TagResource');
    expect(await make(session({ allow: [createRed] }), 'tagged', tag('blue'))).to.equal(
      '403 AccessDenied s3:CreateBucket',
    );
    expect(await make(session({ allow: [createRed] }), 'tagged', '')).to.equal('403 AccessDenied s3:CreateBucket');
    expect(await make(session({ allow: [createRed] }), 'tagged', tag('red'))).to.equal('200');
    const { body } = await s3.call(s3.root, 'GET', '/tagged?tagging');
    expect(body).to.contain('<Key>team</Key><Value>red</Value>');
    expect((await s3.call(s3.root, 'GET', '/plain?tagging')).code).to.equal('NoSuchTagSet');
  });
});

function statement(changes: object): string {
  const whole = {
    Effect: 'Allow',
    Principal: '*',
    Action: 's3:GetObject',
    Resource: 'arn:aws:s3:::data/*',
    ...changes,
  };
  return JSON.stringify({ Version: '2012-10-17', Statement: [whole] });
}
