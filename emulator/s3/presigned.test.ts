import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { expect } from 'chai';
import { startEmulator, type Emulator } from '../start.ts';

describe('presigned URLs of S3', () => {
  let emulator: Emulator;
  before(async () => {
    emulator = await startEmulator();
    const location = `<CreateBucketConfiguration><LocationConstraint>us-west-2</LocationConstraint></CreateBucketConfiguration>`;
    expect((await send('PUT', '/data', {}, location)).status).to.equal(200);
  });
  after(() => emulator.close());

  async function presign(method: string, path: string, query: Record<string, string> = {}): Promise<string> {
    const { host, hostname, port } = new URL(emulator.endpoint);
    const { region, administrator } = emulator;
    const { accessKeyId, secretAccessKey } = administrator;
    const credentials = { accessKeyId, secretAccessKey };
    const signer = new SignatureV4({ service: 's3', region, credentials, sha256: Sha256, uriEscapePath: false });
    const signed = await signer.presign(
      {
        method,
        protocol: 'http:',
        hostname,
        port: Number(port),
        path,
        query,
        headers: { host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
      },
      { expiresIn: 60 },
    );
    return `${emulator.endpoint}${path}?${new URLSearchParams(signed.query as Record<string, string>).toString().replaceAll('+', '%20')}`;
  }

  const send = async (method: string, path: string, query = {}, body?: string, headers = {}): Promise<Response> =>
    fetch(await presign(method, path, query), { method, headers, ...(body !== undefined && { body }) });

  it('can contain headers as parameters', async () => {
    const once = { 'If-None-Match': '*', 'x-amz-meta-note': 'n' };
    expect((await send('PUT', '/data/once', once, 'x')).status).to.equal(200);
    expect((await send('PUT', '/data/once', once, 'y')).status).to.equal(412);
    const read = await send('GET', '/data/once');
    expect([read.headers.get('x-amz-meta-note'), await read.text()]).to.deep.equal(['n', 'x']);
  });

  it('do not check a payload hash that is not signed', async () => {
    for (const hash of ['UNSIGNED-PAYLOAD', '0'.repeat(64), 'none']) {
      const answer = await send('PUT', '/data/key', {}, 'x', { 'x-amz-content-sha256': hash });
      expect(answer.status, hash).to.equal(200);
    }
    expect((await send('PUT', '/data/key', {}, 'x', { 'x-amz-acl': 'private' })).status).to.equal(403);
  });

  it('do not set the condition key of a payload hash that is not signed', async () => {
    const Statement = {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::data/*',
      Condition: { StringNotEquals: { 's3:x-amz-content-sha256': 'mine' } },
    };
    await send('PUT', '/data', { policy: '' }, JSON.stringify({ Version: '2012-10-17', Statement }));
    expect((await send('GET', '/data/key', {}, undefined, { 'x-amz-content-sha256': 'mine' })).status).to.equal(403);
    await send('DELETE', '/data', { policy: '' });
  });

  it('return the canonical request if the signature does not match', async () => {
    const url = (await presign('GET', '/data/key')).replace(/X-Amz-Signature=../, 'X-Amz-Signature=00');
    const body = (await (await fetch(url)).text()).replaceAll('&#xa;', '\n');
    const members = [...body.matchAll(/<(\w+)>/g)].map(([, name]) => name);
    expect(members).to.include.members([
      ...['AWSAccessKeyId', 'StringToSign', 'SignatureProvided', 'StringToSignBytes'],
      ...['CanonicalRequest', 'CanonicalRequestBytes'],
    ]);
    const canonical = /<CanonicalRequest>([^<]*)/.exec(body)?.[1] ?? '';
    expect(canonical).to.match(/^GET\n\/data\/key\nX-Amz-Algorithm=/);
    const bytes = /<CanonicalRequestBytes>([^<]*)/.exec(body)?.[1] ?? '';
    expect(Buffer.from(bytes.replaceAll(' ', ''), 'hex').toString()).to.equal(canonical.replaceAll('&amp;', '&'));
  });

  it('can be denied by a bucket policy with conditions on signature age and conditional writes', async () => {
    const deny = (Condition: object) =>
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Deny',
            Principal: '*',
            Action: ['s3:GetObject', 's3:PutObject'],
            Resource: 'arn:aws:s3:::data/*',
            Condition,
          },
        ],
      });
    const policy = (Condition: object) => send('PUT', '/data', { policy: '' }, deny(Condition));
    const url = await presign('PUT', '/data/aged');
    const put = async () => (await fetch(url, { method: 'PUT', body: 'x' })).status;
    await policy({ NumericGreaterThan: { 's3:signatureAge': '30000' } });
    expect(await put()).to.equal(200);
    emulator.clock.advance(40_000);
    expect(await put()).to.equal(403);
    await policy({ Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } });
    expect((await send('PUT', '/data/made', {}, 'x')).status).to.equal(403);
    expect((await send('POST', '/data/parts', { uploads: '' })).status).to.equal(200);
    await send('DELETE', '/data', { policy: '' });
  });
});
