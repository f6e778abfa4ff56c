import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { expect } from 'chai';
import { presignedClusterToken } from './cluster-token.ts';

const KEY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret' };

/** Decodes the URL inside a token. */
const urlOf = (token: string): URL =>
  new URL(Buffer.from(token.replace(/^k8s-aws-v1\./, ''), 'base64url').toString('utf8'));

describe('the cluster token', () => {
  it('is a presigned GetCallerIdentity at the regional STS, bound to the cluster name', async () => {
    const token = await presignedClusterToken('https://sts.eu-west-1.amazonaws.com', 'eu-west-1', KEY, 'blue');
    expect(token).to.match(/^k8s-aws-v1\.[\w-]+$/);
    const url = urlOf(token);
    expect(url.origin).to.equal('https://sts.eu-west-1.amazonaws.com');
    expect(url.pathname).to.equal('/');
    expect(Object.fromEntries(url.searchParams)).to.include({
      Action: 'GetCallerIdentity',
      'X-Amz-Expires': '900',
      'X-Amz-SignedHeaders': 'host;x-k8s-aws-id',
    });
    expect(url.searchParams.get('X-Amz-Credential')).to.match(/^AKIDEXAMPLE\/\d{8}\/eu-west-1\/sts\/aws4_request$/);
    expect(url.searchParams.has('X-Amz-Security-Token')).to.equal(false);
  });

  it('signs the session token of temporary credentials', async () => {
    const credentials = { ...KEY, sessionToken: 'a session/token+with=signs' };
    const url = urlOf(await presignedClusterToken('http://127.0.0.1:4566', 'us-west-2', credentials, 'blue'));
    expect(url.searchParams.get('X-Amz-Security-Token')).to.equal(credentials.sessionToken);
    expect(url.host).to.equal('127.0.0.1:4566');
    const other = urlOf(await presignedClusterToken('http://127.0.0.1:4566', 'us-west-2', KEY, 'blue'));
    expect(other.searchParams.get('X-Amz-Signature')).not.to.equal(url.searchParams.get('X-Amz-Signature'));
  });

  for (const credentials of [KEY, { ...KEY, sessionToken: 'a-session/token+with=signs' }])
    it(`equals the SDK's, ${'sessionToken' in credentials ? 'with' : 'without'} a session token`, async () => {
      const time = new Date('2026-01-02T03:04:05Z');
      const signer = new SignatureV4({ credentials, region: 'us-west-2', service: 'sts', sha256: Sha256 });
      const { query = {} } = await signer.presign(
        {
          method: 'GET',
          protocol: 'http:',
          hostname: '127.0.0.1',
          path: '/',
          query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
          headers: { host: '127.0.0.1:4566', 'x-k8s-aws-id': 'blue' },
        },
        { expiresIn: 900, signingDate: time },
      );
      const signed = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
      const url = urlOf(await presignedClusterToken('http://127.0.0.1:4566', 'us-west-2', credentials, 'blue', time));
      expect(url.search).to.equal(`?${signed.join('&')}`);
    });
});
