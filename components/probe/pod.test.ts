import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ProbeOperation, ProbeResult, ProjectedToken } from '../../foundation/protocols/probe-protocol.ts';
import { perform } from './handlers.ts';
import { describeTokens } from './tokens.ts';
import { setEnvironment } from '../../test/support/process-environment.ts';

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = (iat: number, more: object = {}): string =>
  `${encode({ alg: 'RS256' })}.${encode({ sub: 's', aud: ['a'], iat, exp: iat + 600, ...more })}.signature`;
const none = new Map();
const performed = (operation: ProbeOperation, tokens: ReadonlyMap<ProjectedToken, string>): Promise<ProbeResult> =>
  perform(operation, { tokens, client: () => Promise.reject(new Error('no SDK')) });

describe('an operation on the pod', () => {
  const saved = { ...process.env };
  const folder = mkdtempSync(join(tmpdir(), 'probe-pod-'));
  const file = join(folder, 'token');
  let server: Server;
  before((done) => {
    server = createServer((socket) => socket.end());
    server.listen(0, '127.0.0.1', done);
  });
  beforeEach(() => {
    process.env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'] = file;
    process.env['AWS_ENDPOINT_URL'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after((done) => {
    setEnvironment(saved);
    rmSync(folder, { recursive: true });
    server.close(done);
  });

  it('tells whose a file is, and not what is in it', async () => {
    writeFileSync(file, 'secret');
    chmodSync(file, 0o640);
    const result = await performed({ do: 'ReadFile', path: file }, none);
    expect(result).to.deep.include({ outcome: 'granted' });
    expect(result.facts).to.include({ bytes: 6, mode: '0640', uid: process.getuid?.() });
    expect(JSON.stringify(result)).not.to.contain('secret');
  });

  it('tells the names in a folder, without those of a kubelet', async () => {
    const volume = mkdtempSync(join(folder, 'volume-'));
    for (const name of ['b', 'a', '..data']) writeFileSync(join(volume, name), '');
    const { facts } = await performed({ do: 'ReadFile', path: volume }, none);
    expect(facts).to.include({ names: 'a,b' }).and.not.to.have.property('bytes');
  });

  it('tells why a file cannot be read', async () =>
    expect(await performed({ do: 'ReadFile', path: join(folder, 'none') }, none)).to.include({
      outcome: 'refused',
      layer: 'injection',
      code: 'ENOENT',
    }));

  it('connects to where AWS is', async () =>
    expect(await performed({ do: 'Connect', to: 'aws' }, none)).to.deep.equal({ outcome: 'granted' }));

  it('waits until nobody answers there any more', async () => {
    const other = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    process.env['AWS_ENDPOINT_URL'] = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    other.once('connection', () => other.close());
    expect(await performed({ do: 'Connect', to: 'aws', until: 'closed' }, none)).to.include({
      outcome: 'refused',
      layer: 'network',
      code: 'ECONNREFUSED',
    });
  });

  it('waits until the token is another than at the start', async () => {
    writeFileSync(file, token(1000));
    const first = new Map([['pod-identity', token(1000)]] as const);
    const waiting = performed({ do: 'AwaitTokenRotation', token: 'pod-identity', seconds: 20 }, first);
    setTimeout(() => writeFileSync(file, token(1480)), 50);
    expect((await waiting).facts).to.deep.equal({
      sameSubject: true,
      sameAudience: true,
      issuedLater: 480,
      expiresLater: 480,
    });
  });

  it('tells a new token that is for another', async () => {
    writeFileSync(file, token(1480, { sub: 'other', aud: ['b'] }));
    const first = new Map([['pod-identity', token(1000)]] as const);
    expect((await performed({ do: 'AwaitTokenRotation', token: 'pod-identity', seconds: 1 }, first)).facts).to.include({
      sameSubject: false,
      sameAudience: false,
    });
  });

  for (const [what, first, code] of [
    ['that stays', new Map([['pod-identity', token(1000)]] as const), 'NotRotated'],
    ['that never was', none, 'NoToken'],
  ] as const)
    it(`says so of a token ${what}`, async () => {
      writeFileSync(file, token(1000));
      expect(await performed({ do: 'AwaitTokenRotation', token: 'pod-identity', seconds: 0 }, first)).to.include({
        outcome: 'refused',
        code,
      });
    });
});

describe('what the tokens of a pod say', () => {
  it('is header and claims, never the signature', () => {
    const described = describeTokens(new Map([['irsa', token(7)]] as const));
    expect(described).to.deep.equal([
      { from: 'irsa', header: { alg: 'RS256' }, claims: { sub: 's', aud: ['a'], iat: 7, exp: 607 } },
    ]);
    expect(JSON.stringify(described)).not.to.contain('signature');
  });

  it('leaves out what is no token', () =>
    expect(describeTokens(new Map([['irsa', 'no token']] as const))).to.deep.equal([]));
});
