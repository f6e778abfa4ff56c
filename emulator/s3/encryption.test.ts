import { expect } from 'chai';
import { compilePolicy } from '../../identity/policy/index.ts';
import { defaultKeyPolicy } from '../../identity/policy/key-policy.ts';
import { testSession } from '../../test/support/emulator/session.ts';
import { testS3, type TestAnswer, type TestS3 } from '../../test/support/emulator/s3.ts';

const ACCOUNT = '111122223333';
const ID = '1234abcd-12ab-34cd-56ef-1234567890ab';
const KEY = `arn:aws:kms:us-west-2:${ACCOUNT}:key/${ID}`;
const sse = (keyId: string, more: object = {}) => ({
  'x-amz-server-side-encryption': 'aws:kms',
  'x-amz-server-side-encryption-aws-kms-key-id': keyId,
  ...more,
});

describe('S3 encryption with KMS keys', () => {
  let s3: TestS3;
  const setPolicy = (policy: object): void =>
    void s3.world.keyPolicies.set(KEY, compilePolicy(policy, { kind: 'resource', name: 'key' }));
  const put = (headers: Record<string, string>, target = '/data/key', caller = s3.root): Promise<TestAnswer> =>
    s3.call(caller, 'PUT', target, { body: 'x', headers });
  const outcome = ({ status, code = '' }: TestAnswer): string => `${status} ${code}`.trimEnd();
  const sessionWith = (...actions: readonly string[]) =>
    testSession(s3.world, { roleName: 'app', allow: [{ Effect: 'Allow', Action: actions, Resource: '*' }] }).session;

  beforeEach(async () => {
    s3 = testS3();
    setPolicy(defaultKeyPolicy(ACCOUNT));
    const body =
      '<CreateBucketConfiguration><LocationConstraint>us-west-2</LocationConstraint></CreateBucketConfiguration>';
    await s3.call(s3.root, 'PUT', '/data', { body });
  });

  it('returns the key of an object, whose entity tag is not the MD5 of its contents', async () => {
    const plain = await put({});
    const encrypted = await put(sse(ID));
    expect(encrypted.headers).to.include({ 'x-amz-server-side-encryption-aws-kms-key-id': KEY });
    expect(encrypted.headers['etag']).to.not.equal(plain.headers['etag']);
    expect((await s3.call(s3.root, 'GET', '/data/key')).headers).to.include(sse(KEY));
    const withBucketKey = await put(sse(KEY, { 'x-amz-server-side-encryption-bucket-key-enabled': 'true' }));
    expect(withBucketKey.headers).to.include({ 'x-amz-server-side-encryption-bucket-key-enabled': 'true' });
  });

  it('needs kms:GenerateDataKey for a write and kms:Decrypt for a read, also for HeadObject with a checksum', async () => {
    await put(sse(KEY));
    const writer = sessionWith('s3:*', 'kms:GenerateDataKey');
    expect(outcome(await put(sse(KEY), '/data/other', writer))).to.equal('200');
    const read = await s3.call(writer, 'GET', '/data/key');
    expect(outcome(read)).to.equal('403 AccessDenied');
    expect(read.message).to.equal(
      `User: ${writer.arn} is not authorized to perform: kms:Decrypt on resource: ${KEY} because no identity-based policy allows the kms:Decrypt action`,
    );
    expect(outcome(await s3.call(writer, 'HEAD', '/data/key'))).to.equal('200');
    const withChecksum = { headers: { 'x-amz-checksum-mode': 'ENABLED' } };
    expect((await s3.call(writer, 'HEAD', '/data/key', withChecksum)).status).to.equal(403);
    expect((await s3.call(s3.root, 'HEAD', '/data/key', withChecksum)).status).to.equal(200);
    const copy = { 'x-amz-copy-source': 'data/key' };
    expect(outcome(await put(copy, '/data/copy', writer))).to.equal('403 AccessDenied');
    const reader = sessionWith('s3:*', 'kms:Decrypt');
    expect(outcome(await put(copy, '/data/copy', reader))).to.equal('200');
    expect(outcome(await put({ ...copy, ...sse(KEY) }, '/data/copy', reader))).to.equal('403 AccessDenied');
    expect(outcome(await s3.call(undefined, 'GET', '/data/key'))).to.equal('403 AccessDenied');
  });

  it('asks the key policy with the keys of a request through S3', async () => {
    const allowed = async (Condition: object, headers = sse(KEY)): Promise<boolean> => {
      const grant = { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:role/app` } };
      setPolicy({ Statement: { ...grant, Action: 'kms:GenerateDataKey', Resource: '*', Condition } });
      return (await put(headers, '/data/key', sessionWith('s3:*'))).status === 200;
    };
    const equals = (key: string, value: string): object => ({ StringEquals: { [key]: value } });
    expect(await allowed({})).to.equal(true);
    for (const [key, value, other] of [
      ['kms:ViaService', 's3.us-west-2.amazonaws.com', 'ec2.us-west-2.amazonaws.com'],
      ['kms:CallerAccount', ACCOUNT, '444455556666'],
      ['kms:EncryptionContext:aws:s3:arn', 'arn:aws:s3:::data/key', 'arn:aws:s3:::data'],
      ['aws:ViaAWSService', 'true', 'false'],
      ['aws:CalledViaFirst', 's3.amazonaws.com', 'cloudformation.amazonaws.com'],
      ['aws:CalledViaLast', 's3.amazonaws.com', 'cloudformation.amazonaws.com'],
      ['aws:SecureTransport', 'true', 'false'],
      ['kms:KeySpec', 'SYMMETRIC_DEFAULT', 'RSA_2048'],
      ['kms:EncryptionAlgorithm', 'SYMMETRIC_DEFAULT', 'RSAES_OAEP_SHA_256'],
      ['kms:KeyUsage', 'ENCRYPT_DECRYPT', 'SIGN_VERIFY'],
      ['kms:KeyOrigin', 'AWS_KMS', 'EXTERNAL'],
      ['kms:MultiRegion', 'false', 'true'],
    ] as const) {
      expect(await allowed(equals(key, value)), key).to.equal(true);
      expect(await allowed(equals(key, other)), key).to.equal(false);
    }
    const withBucketKey = sse(KEY, { 'x-amz-server-side-encryption-bucket-key-enabled': 'true' });
    const ofBucket = equals('kms:EncryptionContext:aws:s3:arn', 'arn:aws:s3:::data');
    expect(await allowed(ofBucket, withBucketKey)).to.equal(true);
    expect(await allowed({ Null: { 'aws:SourceIp': 'true' } })).to.equal(true);
    expect(await allowed({ 'ForAllValues:StringEquals': { 'kms:EncryptionContextKeys': 'aws:s3:arn' } })).to.equal(
      true,
    );
    expect(await allowed({ 'ForAnyValue:StringEquals': { 'aws:CalledVia': 's3.amazonaws.com' } })).to.equal(true);
  });

  for (const [what, headers, expected] of [
    ['a key that does not exist', sse(KEY.replace('1234abcd', '00000000')), '400 KMS.NotFoundException'],
    ['a key without aws:kms', { ...sse(KEY), 'x-amz-server-side-encryption': 'AES256' }, '400 InvalidArgument'],
    ['the AWS managed key', { 'x-amz-server-side-encryption': 'aws:kms' }, '501 NotImplemented'],
    ['an alias', sse('alias/data'), '501 NotImplemented'],
    ['DSSE-KMS', sse(KEY, { 'x-amz-server-side-encryption': 'aws:kms:dsse' }), '501 NotImplemented'],
    ['an encryption context', sse(KEY, { 'x-amz-server-side-encryption-context': 'e30=' }), '501 NotImplemented'],
  ] as const)
    it(`refuses ${what}`, async () => expect(outcome(await put(headers))).to.equal(expected));

  it('refuses an upload in parts with a key', async () => {
    const start = async (headers: Record<string, string>): Promise<string> =>
      outcome(await s3.call(s3.root, 'POST', '/data/key?uploads', { headers }));
    expect(await start(sse(KEY))).to.equal('501 NotImplemented');
    expect(await start(sse(KEY, { 'x-amz-server-side-encryption': 'AES256' }))).to.equal('400 InvalidArgument');
    expect(await start({ 'x-amz-server-side-encryption': 'aws:fsx' })).to.equal('501 NotImplemented');
  });

  it('compares the key id in a policy with the ARN of the key', async () => {
    const name = 's3:x-amz-server-side-encryption-aws-kms-key-id';
    const condition = { StringNotEquals: { [name]: KEY } };
    const deny = { Effect: 'Deny', Principal: '*', Action: 's3:PutObject', Resource: '*', Condition: condition };
    const body = JSON.stringify({ Version: '2012-10-17', Statement: [{ ...deny, Resource: 'arn:aws:s3:::data/*' }] });
    expect(outcome(await s3.call(s3.root, 'PUT', '/data?policy', { body }))).to.equal('204');
    expect(outcome(await put(sse(ID)))).to.equal('200');
    expect(outcome(await put({}))).to.equal('403 AccessDenied');
  });
});
