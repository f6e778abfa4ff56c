import { createHmac, createVerify, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { changeToken, readToken } from './tokens.ts';
import { setEnvironment } from '../../test/support/process-environment.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (segment = ''): Record<string, unknown> =>
  JSON.parse(Buffer.from(segment, 'base64url').toString()) as Record<string, unknown>;
const claims = { sub: 'system:serviceaccount:red:app', exp: 2_000_000_000, nbf: 1 };
const input = `${encode({ alg: 'RS256', kid: 'k' })}.${encode(claims)}`;
const token = `${input}.${sign('RSA-SHA256', Buffer.from(input), privateKey).toString('base64url')}`;
const [header, body, signature] = token.split('.') as [string, string, string];
const verifies = (text: string): boolean => {
  const [first, second, third = ''] = text.split('.');
  return createVerify('RSA-SHA256').update(`${first}.${second}`).verify(publicKey, Buffer.from(third, 'base64url'));
};
const now = (): number => Math.floor(Date.now() / 1000);

describe('a changed token', () => {
  it('equals the original without a change', async () => {
    expect(await changeToken(token, undefined)).to.equal(token);
    expect(verifies(token)).to.equal(true);
  });

  for (const change of [
    'flip-signature',
    'expired',
    'not-yet-valid',
    'garbage-header',
    'garbage-claims',
    'self-signed',
  ] as const)
    it(`fails verification (${change})`, async () => {
      const changed = await changeToken(token, change);
      expect(changed.split('.')).to.have.length(3);
      expect(verifies(changed)).to.equal(false);
    });

  it('has only another signature (flip-signature, self-signed)', async () => {
    for (const change of ['flip-signature', 'self-signed'] as const) {
      const [first, second, third] = (await changeToken(token, change)).split('.');
      expect([first, second]).to.deep.equal([header, body]);
      expect(third).to.have.length(signature.length).and.not.to.equal(signature);
    }
  });

  it('has another algorithm and no signature (alg-none)', async () => {
    const [first, second, third] = (await changeToken(token, 'alg-none')).split('.');
    expect(decode(first)).to.deep.equal({ alg: 'none', kid: 'k' });
    expect([second, third]).to.deep.equal([body, '']);
  });

  for (const [change, secret] of [
    ['hmac-empty', ''],
    ['hmac-audience', 'pods.eks.amazonaws.com'],
    ['hmac-issuer', 'https://issuer'],
    ['hmac-key-id', 'k'],
  ] as const)
    it(`is signed with a known secret (${change})`, async () => {
      const known = { aud: ['pods.eks.amazonaws.com'], iss: 'https://issuer' };
      const original = [header, Buffer.from(JSON.stringify(known)).toString('base64url'), signature].join('.');
      for (const [name, kid] of [
        [change, 'k'],
        [`${change}-without-key-id`, undefined],
      ] as const) {
        const [first = '', second, third] = (await changeToken(original, name)).split('.');
        expect(decode(first)).to.deep.equal({ ...(kid !== undefined && { kid }), alg: 'HS256' });
        expect(third).to.equal(createHmac('sha256', secret).update(`${first}.${second}`).digest('base64url'));
      }
    });

  it('has another key id of the same form (unknown-key-id)', async () => {
    const original = [Buffer.from('{"alg":"RS256","kid":"0a1b"}').toString('base64url'), body, signature].join('.');
    const [first, second, third] = (await changeToken(original, 'unknown-key-id')).split('.');
    expect(decode(first)).to.deep.equal({ alg: 'RS256', kid: '1a1b' });
    expect([second, third]).to.deep.equal([body, signature]);
  });

  it('has another date and keeps all other claims (expired, not-yet-valid)', async () => {
    const expired = decode((await changeToken(token, 'expired')).split('.')[1]);
    expect(expired).to.include({ sub: claims.sub, nbf: 1 });
    expect(expired['exp']).to.be.within(now() - 32, now() - 28);
    const early = decode((await changeToken(token, 'not-yet-valid')).split('.')[1]);
    expect(early).to.include({ sub: claims.sub, exp: claims.exp });
    expect(early['nbf']).to.be.within(now() + 28, now() + 32);
  });

  it('cannot be decoded (garbage-header, garbage-claims)', async () => {
    const [garbledHeader] = (await changeToken(token, 'garbage-header')).split('.');
    const [, garbledClaims] = (await changeToken(token, 'garbage-claims')).split('.');
    expect(() => decode(garbledHeader)).to.throw(SyntaxError);
    expect(() => decode(garbledClaims)).to.throw(SyntaxError);
  });

  it('has two segments or a prefix (two-segments, bearer-prefix)', async () => {
    expect(await changeToken(token, 'two-segments')).to.equal(`${header}.${body}`);
    expect(await changeToken(token, 'bearer-prefix')).to.equal(`Bearer ${token}`);
  });
});

describe('a token', () => {
  const folder = mkdtempSync(join(tmpdir(), 'probe-tokens-'));
  const saved = { ...process.env };
  before(() => {
    for (const name of ['pod-identity', 'irsa', 'api', 'mine']) writeFileSync(join(folder, name), `${name} token\n`);
    process.env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'] = join(folder, 'pod-identity');
    process.env['AWS_WEB_IDENTITY_TOKEN_FILE'] = join(folder, 'irsa');
    process.env['PROBE_API_TOKEN_FILE'] = join(folder, 'api');
    process.env['PROBE_TOKENS_DIRECTORY'] = folder;
  });
  after(() => {
    setEnvironment(saved);
    rmSync(folder, { recursive: true });
  });

  it('is read from its source', () => {
    expect(readToken({ from: 'pod-identity' })).to.equal('pod-identity token');
    expect(readToken({ from: 'irsa' })).to.equal('irsa token');
    expect(readToken({ from: 'kubernetes-api' })).to.equal('api token');
    expect(readToken({ from: 'minted', name: 'mine' })).to.equal('mine token');
    expect(readToken({ from: 'text', text: 'x' })).to.equal('x');
    expect(readToken({ from: 'none' })).to.equal(undefined);
  });

  it('that is missing throws an error with the variable or the file', () => {
    delete process.env['AWS_WEB_IDENTITY_TOKEN_FILE'];
    expect(() => readToken({ from: 'irsa' })).to.throw('the pod has no AWS_WEB_IDENTITY_TOKEN_FILE');
    expect(() => readToken({ from: 'minted', name: 'none' })).to.throw('ENOENT');
  });
});
