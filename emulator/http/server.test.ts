import { connect } from 'node:net';
import { S3Client, CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { expect } from 'chai';
import { EventualMap } from '../core/eventual-map.ts';
import type { Credentials } from '../core/credentials.ts';
import type { ServiceName } from '../core/service.ts';
import type { CallRecord } from '../world/call-log.ts';
import type { World } from '../world/world.ts';
import { startWithWorld, type Emulator } from '../start.ts';
import { signedHeaders } from '../../test/support/emulator/sign.ts';
import { until } from '../../test/support/until.ts';
import { testSession } from '../../test/support/emulator/session.ts';

const FORM = 'application/x-www-form-urlencoded; charset=utf-8';

describe('the emulator server', () => {
  let emulator: Emulator;
  let world: World;
  let s3: S3Client;

  beforeEach(async () => {
    ({ emulator, world } = await startWithWorld({ rememberedCalls: 50 }));
    s3 = s3Client(emulator.administrator);
    await s3.send(new CreateBucketCommand({ Bucket: 'data' }));
  });
  afterEach(async () => {
    s3.destroy();
    await emulator.close();
  });

  const keyOf = ({ accessKeyId, secretAccessKey, sessionToken }: Credentials) => ({
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  });

  function s3Client(credentials: Credentials, options: ConstructorParameters<typeof S3Client>[0] = {}): S3Client {
    const { endpoint, region } = emulator;
    return new S3Client({ endpoint, region, credentials: keyOf(credentials), maxAttempts: 1, ...options });
  }

  /** Sends a request that is signed for a service. */
  function call(
    service: string,
    method: string,
    target: string,
    options: { body?: string; contentType?: string; credentials?: Credentials; headers?: Record<string, string> } = {},
  ): Promise<Response> {
    const [path = '', query = ''] = target.split('?');
    const { body, contentType, credentials = emulator.administrator } = options;
    const headers = signedHeaders(
      {
        method,
        path,
        query,
        headers: {
          host: new URL(emulator.endpoint).host,
          ...(contentType === undefined ? {} : { 'content-type': contentType }),
          ...options.headers,
        },
      },
      {
        credentials,
        service: service as ServiceName,
        region: emulator.region,
        time: emulator.clock.now(),
        ...(body === undefined ? {} : { body }),
      },
    );
    return fetch(emulator.endpoint + target, { method, headers, ...(body === undefined ? {} : { body }) });
  }

  const lastCall = () => emulator.calls().at(-1);

  it('records the caller, the operation and the decisions', async () => {
    const { credentials, session } = testSession(world, {
      allow: [{ Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::data/*' }],
    });
    const client = s3Client(credentials, { userAgentAppId: 'AB-01' });
    const put = await client.send(new PutObjectCommand({ Bucket: 'data', Key: 'k', Body: 'secret body' }));
    const denied = await client.send(new GetObjectCommand({ Bucket: 'data', Key: 'k' })).catch((e: unknown) => e);
    client.destroy();

    const record = emulator.findCall(put.$metadata.requestId ?? '');
    expect(record).to.deep.include({
      service: 's3',
      operation: 'PutObject',
      caller: session.arn,
      applicationId: 'AB-01',
      status: 200,
      errorCode: undefined,
    });
    expect(record?.authorizations.map(({ action, decision }) => [action, decision.value])).to.deep.equal([
      ['s3:PutObject', 'allowed'],
    ]);
    expect(denied).to.have.property('name', 'AccessDenied');
    expect(lastCall()).to.deep.include({ operation: 'GetObject', status: 403, errorCode: 'AccessDenied' });
    const everything = JSON.stringify(emulator.calls());
    for (const secret of [credentials.secretAccessKey, credentials.sessionToken ?? '', 'secret body']) {
      expect(everything).not.to.contain(secret);
    }
  });

  it('notes a call whose client had closed the connection', async () => {
    const { host, hostname, port } = new URL(emulator.endpoint);
    const body = 'Action=GetCallerIdentity&Version=2011-06-15';
    const headers = { host, 'content-type': FORM, 'content-length': String(body.length) };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const before = emulator.calls().length;
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(`POST / HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
        socket.destroy();
      });
      socket.on('close', () => resolve());
    });
    await s3.send(new PutObjectCommand({ Bucket: 'data', Key: 'key', Body: 'x' }));
    const isNoted = ({ notes }: CallRecord): boolean => notes.includes('the client had closed the connection');
    await until(() => emulator.calls().some(isNoted));
    const calls = emulator.calls().slice(before);
    expect(Object.fromEntries(calls.map((call) => [call.service, isNoted(call)]))).to.deep.equal({
      sts: true,
      s3: false,
    });
  });

  it('forgets the oldest calls', async () => {
    for (let i = 0; i < 60; i += 1) await call('sts', 'GET', '/?Action=GetCallerIdentity&Version=2011-06-15');
    expect(emulator.calls()).to.have.length(50);
    expect(emulator.calls().every(({ operation }) => operation === 'GetCallerIdentity')).to.equal(true);
  });

  it("finds the service by the signature's scope", async () => {
    const sts = await call('sts', 'POST', '/', {
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
      contentType: FORM,
    });
    expect(await sts.text()).to.contain(`<Arn>arn:aws:iam::${emulator.accountId}:user/administrator</Arn>`);
    const iam = await call('iam', 'POST', '/', { body: 'Action=ListRoles&Version=2010-05-08', contentType: FORM });
    expect(await iam.text()).to.contain('<ListRolesResponse');
    const eks = await call('eks', 'GET', '/clusters');
    expect(await eks.json())
      .to.have.property('clusters')
      .that.deep.equals([]);
    const auth = await call('eks-auth', 'POST', '/clusters/none/assume-role-for-pod-identity', {
      body: '{"token":"x"}',
    });
    expect(auth.headers.get('x-amzn-errortype')).to.be.a('string');
    expect(lastCall()?.service).to.equal('eks-auth');
    const bucket = await call('s3', 'GET', '/data?list-type=2');
    expect(await bucket.text()).to.contain('<ListBucketResult');
  });

  it("reports a missing or wrong signature in each service's form", async () => {
    const wrong = { ...emulator.administrator, secretAccessKey: 'wrong' };
    const form = { body: 'Action=GetCallerIdentity&Version=2011-06-15', contentType: FORM };
    const sts = await call('sts', 'POST', '/', { ...form, credentials: wrong });
    expect([sts.status, /<Code>(\w+)</.exec(await sts.text())?.[1]]).to.deep.equal([403, 'SignatureDoesNotMatch']);
    expect(lastCall()).to.deep.include({ service: 'sts', caller: 'anonymous', errorCode: 'SignatureDoesNotMatch' });
    const eks = await call('eks', 'GET', '/clusters', { credentials: wrong });
    expect([eks.status, eks.headers.get('x-amzn-errortype')]).to.deep.equal([403, 'InvalidSignatureException']);

    const post = (body: string) =>
      fetch(emulator.endpoint, { method: 'POST', body, headers: { 'content-type': FORM } });
    const unsigned = await post('Action=GetCallerIdentity&Version=2011-06-15');
    expect([unsigned.status, /<Code>(\w+)</.exec(await unsigned.text())?.[1]]).to.deep.equal([
      403,
      'MissingAuthenticationToken',
    ]);
    const iam = await post('Action=ListRoles&Version=2010-05-08');
    expect([iam.status, /<Code>(\w+)</.exec(await iam.text())?.[1]]).to.deep.equal([403, 'MissingAuthenticationToken']);
    expect(lastCall()?.service).to.equal('iam');
    const webIdentity = await post('Action=AssumeRoleWithWebIdentity&Version=2011-06-15');
    expect([webIdentity.status, lastCall()?.operation]).to.deep.equal([400, 'AssumeRoleWithWebIdentity']);
    const auth = await fetch(`${emulator.endpoint}/clusters/c/assume-role-for-pod-identity`, { method: 'POST' });
    expect(auth.headers.get('x-amzn-errortype')).to.equal('MissingAuthenticationTokenException');
    expect((await fetch(`${emulator.endpoint}/data/k`)).status).to.equal(403);
  });

  it("rejects an unsupported service by name, in the request's protocol", async () => {
    const targets = { 'x-amz-target': 'DynamoDB_20120810.ListTables' };
    const json = {
      method: 'POST',
      target: '/',
      body: '{}',
      contentType: 'application/x-amz-json-1.0',
      headers: targets,
    };
    const form = { method: 'POST', target: '/', body: 'Action=ListTopics&Version=2010-03-31', contentType: FORM };
    const cases: readonly [string, { method: string; target: string; body?: string }, string, string][] = [
      ['dynamodb', json, '404 application/x-amz-json-1.0', '"__type":"UnknownOperationException"'],
      ['sns', form, '400 text/xml', '<Code>InvalidAction</Code>'],
      [
        'lambda',
        { method: 'GET', target: '/2015-03-31/functions' },
        '404 application/json',
        'UnknownOperationException',
      ],
    ];
    for (const [service, { method, target, ...options }, form, code] of cases) {
      const answer = await call(service, method, target, options);
      expect(`${answer.status} ${answer.headers.get('content-type')}`).to.equal(form);
      expect(await answer.text())
        .to.contain(code)
        .and.contain(`This emulator does not support ${service}.`);
      expect(lastCall()?.notes).to.deep.equal([`the emulator does not support ${service}`]);
    }
  });

  it('rejects Signature Version 2 by name, also in a form', async () => {
    const body = 'Action=ListRoles&Version=2010-05-08&SignatureVersion=2&AWSAccessKeyId=A&Signature=b';
    const headers = { 'content-type': FORM };
    const answer = await fetch(emulator.endpoint, { method: 'POST', headers, body });
    expect(answer.status).to.equal(400);
    expect(await answer.text()).to.contain('Signature Version 2 is not supported');
    const s3Answer = await fetch(`${emulator.endpoint}/data/k`, { headers: { authorization: 'AWS AKID:c2ln' } });
    expect(await s3Answer.text()).to.contain('Please use AWS4-HMAC-SHA256');
  });

  it('rejects sessions that have expired by its clock, and sends its time to clients', async () => {
    const { credentials } = testSession(world, { lifetime: 60_000 });
    const get = { credentials };
    expect((await call('s3', 'GET', '/data/k', get)).status).to.equal(403);
    emulator.clock.advance(60_000);
    const late = await call('s3', 'GET', '/data/k', get);
    expect([late.status, /<Code>(\w+)</.exec(await late.text())?.[1]]).to.deep.equal([400, 'ExpiredToken']);
    emulator.clock.advance(86_400_000);
    const skewed = await fetch(`${emulator.endpoint}/data/k`);
    expect(Date.parse(skewed.headers.get('date') ?? '') - Date.now()).to.be.greaterThan(86_000_000);

    const { endpoint, region, administrator } = emulator;
    const sts = new STSClient({ endpoint, region, credentials: keyOf(administrator) });
    expect((await sts.send(new GetCallerIdentityCommand({}))).Account).to.equal(emulator.accountId);
    sts.destroy();
  });

  describe('disturbances', () => {
    const status = async () => (await call('s3', 'GET', '/data?list-type=2')).status;
    const error = { code: 'SlowDown', status: 503, message: 'Please reduce your request rate.' };

    it('return errors until they are removed', async () => {
      const stop = emulator.addDisturbance({ service: 's3', operation: 'ListObjectsV2', error });
      expect(await status()).to.equal(503);
      expect(lastCall()).to.deep.include({ operation: 'ListObjectsV2', errorCode: 'SlowDown', status: 503 });
      expect((await call('s3', 'GET', '/')).status).to.equal(200);
      stop();
      expect(await status()).to.equal(200);
    });

    it('return a given answer unchanged', async () => {
      const answer = { status: 418, headers: { 'x-odd': 'yes' }, body: '<html>' };
      emulator.addDisturbance({ service: 's3', operation: 'ListObjectsV2', answer, times: 1 });
      const first = await call('s3', 'GET', '/data?list-type=2');
      expect([first.status, first.headers.get('x-odd'), await first.text()]).to.deep.equal([418, 'yes', '<html>']);
      expect(first.headers.has('x-amz-request-id')).to.equal(false);
      expect(lastCall()).to.deep.include({ operation: 'ListObjectsV2', errorCode: undefined, status: 418 });
      expect(await status()).to.equal(200);
    });

    it('apply to a given number of calls', async () => {
      emulator.addDisturbance({ error, times: 2 });
      expect([await status(), await status(), await status()]).to.deep.equal([503, 503, 200]);
    });

    it('can be limited to a cluster or an application', async () => {
      emulator.addDisturbance({ clusterName: 'red', error });
      emulator.addDisturbance({ applicationId: 'AB-02', error });
      expect((await call('eks', 'GET', '/clusters/red')).status).to.equal(503);
      expect((await call('eks', 'GET', '/clusters/blue')).status).to.equal(404);
      const headers = { 'user-agent': 'aws-sdk-js/3 app/AB-02 md/x' };
      expect((await call('s3', 'GET', '/data?list-type=2', { headers })).status).to.equal(503);
      expect(await status()).to.equal(200);
    });

    it('delay calls until the emulator closes at the latest', async () => {
      const stop = emulator.addDisturbance({ operation: 'ListBuckets', delayMilliseconds: 80 });
      const answered: string[] = [];
      const delayed = call('s3', 'GET', '/').then(() => answered.push('delayed'));
      await call('s3', 'GET', '/data?list-type=2').then(() => answered.push('other'));
      await delayed;
      expect(answered).to.deep.equal(['other', 'delayed']);
      stop();
      emulator.addDisturbance({ operation: 'ListBuckets', delayMilliseconds: 3_600_000 });
      const waiting = call('s3', 'GET', '/').catch(() => undefined);
      await emulator.close();
      await waiting;
    });
  });

  it("serves an issuer's documents without a signature", async () => {
    const id = 'A'.repeat(32);
    const issuer = `https://oidc.eks.us-west-2.amazonaws.com/id/${id}`;
    world.account(emulator.accountId)?.clusters.set('red', {
      name: 'red',
      arn: 'arn:aws:eks:us-west-2:111122223333:cluster/red',
      accountId: emulator.accountId,
      roleArn: 'arn:aws:iam::111122223333:role/cluster',
      version: '1.34',
      issuer,
      createdAt: 0,
      creatorArn: 'arn:aws:iam::111122223333:root',
      status: 'ACTIVE',
      managed: {
        endpoint: 'https://127.0.0.1:1',
        certificateAuthorityData: '',
        jwks: async () => ({ keys: [{ kid: 'one' }] }),
        addNodes: async () => {},
        removeNodes: async () => {},
        installAddon: async () => {},
        removeAddon: async () => {},
        associationsChanged: async () => {},
        delete: async () => {},
      },
      tags: new Map(),
      addons: new EventualMap(world),
      nodeGroups: new EventualMap(world),
      associations: new EventualMap(world),
      eksAuthAssociations: new Map(),
      eksAuthSessions: new Map(),
    });
    const configuration = await fetch(`${emulator.endpoint}/id/${id}/.well-known/openid-configuration`);
    expect(await configuration.json()).to.deep.include({ issuer, jwks_uri: `${issuer}/keys` });
    const keys = await fetch(`${emulator.endpoint}/id/${id}/keys`);
    expect(await keys.json()).to.deep.equal({ keys: [{ kid: 'one' }] });
    expect((await fetch(`${emulator.endpoint}/id/${'B'.repeat(32)}/keys`)).status).to.equal(404);
  });

  it('hides its own failures from the client', async () => {
    world.buckets.get('data')!.objects.get = () => {
      throw new TypeError('an internal secret');
    };
    const answer = await call('s3', 'GET', '/data/k');
    const text = await answer.text();
    expect([answer.status, /<Code>(\w+)</.exec(text)?.[1]]).to.deep.equal([500, 'InternalError']);
    expect(text).not.to.contain('secret').and.not.to.contain('.ts');
    expect(lastCall()?.notes.join()).to.match(/^the emulator failed: TypeError at \S+:\d+$/);
  });
});
