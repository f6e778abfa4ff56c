import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { expect } from 'chai';
import { startInstanceMetadata } from './instance-metadata.ts';
import type { InstanceMetadata } from './instance-metadata.ts';
import { anInstance } from '../../test/support/instance.ts';
import { setEnvironment } from '../../test/support/process-environment.ts';

const START = Date.parse('2030-01-01T00:00:00Z');
const ROLE = 'meta-data/iam/security-credentials';

describe('the instance metadata service', () => {
  let metadata: InstanceMetadata;
  let now = START;
  let instance = anInstance();

  beforeEach(async () => {
    now = START;
    instance = anInstance();
    metadata = await startInstanceMetadata({
      instance,
      region: 'eu-west-1',
      hostName: 'ip-10-0-0-10.eu-west-1.compute.internal',
      roleArn: 'arn:aws:iam::111122223333:role/nodes/worker',
      credentials: async () => ({
        accessKeyId: 'ASIANODE',
        secretAccessKey: 'secret',
        sessionToken: 'session',
        expiration: START + 3_600_000,
      }),
      clock: { now: () => now },
    });
  });
  afterEach(() => metadata.close());

  const call = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${metadata.url}/latest/${path}`, init);

  async function session(ttl = '60'): Promise<Record<string, string>> {
    const headers = { 'X-aws-ec2-metadata-token-ttl-seconds': ttl };
    const response = await call('api/token', { method: 'PUT', headers });
    return { 'X-aws-ec2-metadata-token': await response.text() };
  }

  async function get(path: string, headers: Record<string, string>): Promise<[number, string]> {
    const response = await call(path, { headers });
    return [response.status, await response.text()];
  }

  it("returns the node's role and credentials to a session", async () => {
    const headers = await session();
    expect(await get(`${ROLE}/`, headers)).to.deep.equal([200, 'worker']);
    const [status, text] = await get(`${ROLE}/worker`, headers);
    expect(status).to.equal(200);
    expect(JSON.parse(text)).to.deep.equal({
      Code: 'Success',
      LastUpdated: '2030-01-01T00:00:00Z',
      Type: 'AWS-HMAC',
      AccessKeyId: 'ASIANODE',
      SecretAccessKey: 'secret',
      Token: 'session',
      Expiration: '2030-01-01T01:00:00Z',
    });
    expect(await get('meta-data/placement/region', headers)).to.deep.equal([200, 'eu-west-1']);
    expect(await get('meta-data/placement/availability-zone', headers)).to.deep.equal([200, 'eu-west-1b']);
    expect(JSON.parse((await get('meta-data/iam/info', headers))[1])).to.include({
      InstanceProfileArn: 'arn:aws:iam::111122223333:instance-profile/eks-1',
    });
    expect((await get('meta-data/instance-id', headers))[0]).to.equal(200);
    expect((await get('meta-data/none', headers))[0]).to.equal(404);
    expect(await get(`${ROLE}/other`, headers)).to.deep.equal([404, 'Not Found']);
  });

  it('returns 401 for a missing, an unknown and an expired session token', async () => {
    for (const path of ['meta-data/instance-id', `${ROLE}/`, `${ROLE}/worker`])
      expect((await get(path, {}))[0], path).to.equal(401);
    expect((await get(`${ROLE}/`, { 'X-aws-ec2-metadata-token': 'made-up' }))[0]).to.equal(401);
    const headers = await session('60');
    now += 61_000;
    expect((await get(`${ROLE}/`, headers))[0]).to.equal(401);
  });

  it('returns 400 for a token request without a TTL', async () => {
    expect((await call('api/token', { method: 'PUT' })).status).to.equal(400);
  });

  for (const [ttl, status] of [
    ['1', 200],
    ['21600', 200],
    ['0', 400],
    ['21601', 400],
    ['soon', 400],
  ] as const) {
    it(`returns ${status} for a token request with a TTL of ${ttl}`, async () => {
      const headers = { 'X-aws-ec2-metadata-token-ttl-seconds': ttl };
      expect((await call('api/token', { method: 'PUT', headers })).status).to.equal(status);
    });
  }

  it('follows changes of the metadata options', async () => {
    expect(await get('meta-data/instance-id', {})).to.deep.equal([401, 'Unauthorized']);
    instance.metadataOptions = { ...instance.metadataOptions, httpTokens: 'optional' };
    expect(await get('meta-data/instance-id', {})).to.deep.equal([200, 'i-0123456789abcdef0']);
    expect((await get('meta-data/instance-id', { 'X-aws-ec2-metadata-token': 'old' }))[0]).to.equal(401);
    instance.metadataOptions = { ...instance.metadataOptions, httpEndpoint: 'disabled' };
    expect(await get('meta-data/instance-id', {})).to.deep.equal([403, 'Forbidden']);
  });

  it('returns 403 to callers from foreign addresses', async () => {
    const callers: string[] = [];
    const closed = await startInstanceMetadata({
      instance: anInstance(),
      region: 'eu-west-1',
      hostName: 'node',
      roleArn: 'arn:aws:iam::111122223333:role/worker',
      credentials: () => Promise.reject(new Error('unexpected request for credentials')),
      clock: { now: () => now },
      answers: (address) => {
        callers.push(address);
        return false;
      },
    });
    const headers = { 'X-aws-ec2-metadata-token-ttl-seconds': '60' };
    const response = await fetch(`${closed.url}/latest/api/token`, { method: 'PUT', headers });
    await closed.close();
    expect(response.status).to.equal(403);
    expect(callers).to.deep.equal(['127.0.0.1']);
  });

  it("provides the node's credentials to the SDK's default chain", async () => {
    const before = { ...process.env };
    setEnvironment({
      ...Object.fromEntries(Object.entries(before).filter(([name]) => !name.startsWith('AWS_'))),
      AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url,
      AWS_CONFIG_FILE: '/nonexistent',
      AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
    });
    try {
      expect(await defaultProvider()()).to.include({ accessKeyId: 'ASIANODE', sessionToken: 'session' });
    } finally {
      setEnvironment(before);
    }
  });
});
