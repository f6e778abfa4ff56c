import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { expect } from 'chai';
import { startEmulator } from '../../emulator/index.ts';
import { emulatedAws } from '../aws-target/emulated.ts';
import type { AwsTarget } from '../aws-target/target.ts';
import { heldSession } from '../world/sessions.ts';
import type { ScenarioContext } from '../scenario/scenario-context.ts';
import { anEnvironment, aWorld } from '../../test/support/environment.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import { asSession } from './as-session.ts';
import { fetchCredentials } from './fetch-credentials.ts';
import { performOperation } from './perform.ts';
import { described } from '../scenario/operation-registry.ts';
import { getObject, putObject } from './s3.ts';
import { altered, signedRequest, type SignedRequestOptions } from './signed-request.ts';
import { assumeRole, whoAmI } from './sts.ts';

const statement = (body: object): string => JSON.stringify({ Version: '2012-10-17', Statement: [body] });

describe("a request with a pod's session", () => {
  let aws: AwsTarget;
  let context: ScenarioContext;
  before(async () => {
    aws = emulatedAws(await startEmulator());
    const { iam, s3, sts } = aws.clients('main');
    context = aWorld(aScenario({ workloads: { app: { role: 'app' } }, objects: ['data/key'] }), anEnvironment(aws));
    const { bucket } = context.names.place('data/key');
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'key', Body: 'four' }));
    const Principal = { AWS: aws.accountId('main') };
    const trust = statement({ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' });
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName: 'app', AssumeRolePolicyDocument: trust }));
    const PolicyDocument = statement({
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:PutObject'],
      Resource: [`arn:aws:s3:::${bucket}/key`, `arn:aws:s3:::${bucket}/written*`],
    });
    await iam.send(new PutRolePolicyCommand({ RoleName: 'app', PolicyName: 'read', PolicyDocument }));
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'pod' }));
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
    const held = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    context.sessions.set('app', heldSession(context, held));
  });
  after(() => aws.close());

  const wrong: Readonly<Record<string, readonly [code: string, options: SignedRequestOptions]>> = {
    'another signature': ['SignatureDoesNotMatch', altered('authorization', /(?<=Signature=.*)([0-7])/, 'f')],
    'another secret key': ['SignatureDoesNotMatch', { credentials: 'another-secret' }],
    'another object': ['SignatureDoesNotMatch', { signedAs: 'GET data/key-another' }],
    'another query': ['SignatureDoesNotMatch', { signedAs: 'GET data/key?response-content-type=text%2Fplain' }],
    'another method': ['SignatureDoesNotMatch', { signedAs: 'HEAD data/key' }],
    'an unknown key': ['InvalidAccessKeyId', { credentials: 'unknown-key' }],
    'another session token': ['InvalidToken', { credentials: 'another-session-token' }],
    'no session token': ['InvalidAccessKeyId', { credentials: 'no-session-token' }],
    'another region': ['AuthorizationHeaderMalformed', { region: 'af-south-1' }],
    'another time': ['RequestTimeTooSkewed', { age: 3600 }],
    'a header that is not signed': ['AccessDenied', { unsignedHeaders: { 'x-amz-meta-unsigned': 'yes' } }],
    'another body': ['XAmzContentSHA256Mismatch', { body: 'one', ...altered('body', /one/, 'two') }],
    'a URL that has expired': ['AccessDenied', { presigned: 60, age: 3600 }],
    'another path of a URL': ['SignatureDoesNotMatch', { presigned: 60, ...altered('target', /key/, 'other') }],
  };
  for (const [what, [code, options]] of Object.entries(wrong))
    it(`is refused with ${code} for ${what}`, async () => {
      const result = await performOperation(context, signedRequest('app', 'GET data/key', options), {});
      expect(result).to.include({ outcome: 'refused', layer: 's3', code });
    });

  it('is refused without a signature', async () => {
    const result = await performOperation(context, signedRequest(null, 'GET data/key'), {});
    expect(result).to.include({ outcome: 'refused', layer: 's3', code: 'AccessDenied' });
  });

  const right: Readonly<Record<string, SignedRequestOptions>> = {
    'in a header': {},
    'in a URL': { presigned: 60 },
    'with its time in Date': { byDate: true },
    'with a payload that is not signed': { payload: 'unsigned' },
  };
  for (const [what, options] of Object.entries(right))
    it(`is granted if it is signed correctly ${what}`, async () => {
      const result = await performOperation(context, signedRequest('app', 'GET data/key', options), {});
      expect(result).to.deep.include({ outcome: 'granted', status: 200, facts: { bytes: 4 } });
    });

  for (const payload of ['chunks', 'chunks-and-trailer', 'unsigned-chunks-and-trailer'] as const)
    it(`is granted with payload ${payload}, and refused with an altered chunk`, async () => {
      const put = (options: SignedRequestOptions) =>
        performOperation(context, signedRequest('app', "PUT data/written here (1)'*!", options), {});
      expect(await put({ payload, body: 20_000 })).to.include({ outcome: 'granted', status: 200 });
      const changed = await put({ payload, body: 20_000, ...altered('body', /x/, 'y') });
      expect(changed.code).to.equal(payload.startsWith('unsigned') ? 'BadDigest' : 'SignatureDoesNotMatch');
    });

  it('is refused if a service other than AWS itself closes the connection at every try', async () => {
    let tries = 0;
    const server = createServer((request) => {
      tries += 1;
      request.socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const endpoint = async () => ({ protocol: 'http:', hostname: '127.0.0.1', port, path: '/' });
    const clients = () => ({ s3: { config: { endpoint } } });
    const askedOf = (capabilities: AwsTarget['capabilities']) => {
      const target = { ...aws, capabilities, clients } as unknown as AwsTarget;
      return performOperation(aWorld(aScenario(), anEnvironment(target)), signedRequest(null, 'GET data/key'), {});
    };
    try {
      const message = 's3 closed the connection without an answer at each of 3 tries';
      expect(await askedOf(new Set())).to.deep.equal({
        outcome: 'refused',
        layer: 'network',
        code: 'NoAnswer',
        message,
      });
      expect(tries).to.equal(3);
      const itself = await askedOf(new Set(['sts-of-aws'])).catch(({ code }: NodeJS.ErrnoException) => code);
      expect([itself, tries]).to.deep.equal(['ECONNRESET', 4]);
    } finally {
      server.close();
    }
  }).timeout(20_000);

  it('can be sent to other services', async () => {
    const ask = async (request: string, options: SignedRequestOptions = {}) =>
      performOperation(context, signedRequest('app', request, options), {});
    const query = 'GET sts:/?Action=GetCallerIdentity&Version=2011-06-15';
    expect(await ask(query)).to.include({ outcome: 'granted', status: 200 });
    expect(await ask(query, { credentials: 'another-secret' })).to.include({
      layer: 'sts',
      code: 'SignatureDoesNotMatch',
      status: 403,
    });
    expect(await ask('GET s3:/')).to.include({ outcome: 'refused', layer: 's3', code: 'AccessDenied', status: 403 });
    expect(await ask('GET s3-control:/v20180820/jobs', { headers: { 'x-amz-account-id': '111122223333' } })).to.include(
      {
        layer: 's3',
        code: 'NotImplemented',
        status: 501,
      },
    );
    expect(await ask('GET eks:/clusters', { age: 3600 })).to.include({
      layer: 'eks',
      code: 'InvalidSignatureException',
      status: 403,
    });
  });

  it('fails if an alteration changes nothing', async () => {
    const asked = signedRequest('app', 'GET data/key', altered('authorization', /Sig=/, ''));
    const problem = await performOperation(context, asked, {}).then(
      () => undefined,
      ({ message }: Error) => message,
    );
    expect(problem).to.match(/changes nothing in authorization/);
  });

  it('by asSession has that identity, and a denial is a refusal', async () => {
    const ask = async (call: Parameters<typeof asSession>[1]) => performOperation(context, asSession('app', call), {});
    expect((await ask(whoAmI())).facts?.['arn']).to.match(/:assumed-role\/app\/pod$/);
    expect(await ask(getObject('data/key'))).to.include({ outcome: 'granted' });
    const denied = { outcome: 'refused', code: 'AccessDenied', status: 403 };
    expect(await ask(putObject('data/other'))).to.include({ ...denied, layer: 's3' });
    expect(await ask(assumeRole('app'))).to.include({ ...denied, layer: 'sts' });
  });

  it('by asSession must be an operation of S3 or STS', () => {
    const problems = (call: Parameters<typeof asSession>[1]): string => {
      const step = { kind: 'probe', operation: asSession('app', call) } as unknown as Parameters<typeof described>[0];
      const { item, descriptor } = described(step);
      return [...(descriptor.check?.(item) ?? [])].join();
    };
    expect(problems(getObject('data/key'))).to.equal('');
    expect(problems(fetchCredentials())).to.match(/^asSession does not support FetchCredentials: use/);
  });
});
