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

describe('an operation inside the pod', () => {
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

  it("reports a file's owner, but not its content", async () => {
    writeFileSync(file, 'secret');
    chmodSync(file, 0o640);
    const result = await performed({ do: 'ReadFile', path: file }, none);
    expect(result).to.deep.include({ outcome: 'granted' });
    expect(result.facts).to.include({ bytes: 6, mode: '0640', uid: process.getuid?.() });
    expect(JSON.stringify(result)).not.to.contain('secret');
  });

  it("lists a folder without a kubelet's internal names", async () => {
    const volume = mkdtempSync(join(folder, 'volume-'));
    for (const name of ['b', 'a', '..data']) writeFileSync(join(volume, name), '');
    const { facts } = await performed({ do: 'ReadFile', path: volume }, none);
    expect(facts).to.include({ names: 'a,b' }).and.not.to.have.property('bytes');
  });

  it('reports why a file cannot be read', async () =>
    expect(await performed({ do: 'ReadFile', path: join(folder, 'none') }, none)).to.include({
      outcome: 'refused',
      layer: 'injection',
      code: 'ENOENT',
    }));

  it('connects to AWS', async () =>
    expect(await performed({ do: 'Connect', to: 'aws' }, none)).to.deep.equal({ outcome: 'granted' }));

  it('waits until AWS no longer accepts connections', async () => {
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

  it('waits until the token has changed', async () => {
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

  it('reports a new token with another subject or audience', async () => {
    writeFileSync(file, token(1480, { sub: 'other', aud: ['b'] }));
    const first = new Map([['pod-identity', token(1000)]] as const);
    expect((await performed({ do: 'AwaitTokenRotation', token: 'pod-identity', seconds: 1 }, first)).facts).to.include({
      sameSubject: false,
      sameAudience: false,
    });
  });

  for (const [what, first, code] of [
    ['that does not change', new Map([['pod-identity', token(1000)]] as const), 'NotRotated'],
    ['that never existed', none, 'NoToken'],
  ] as const)
    it(`reports a token ${what}`, async () => {
      writeFileSync(file, token(1000));
      expect(await performed({ do: 'AwaitTokenRotation', token: 'pod-identity', seconds: 0 }, first)).to.include({
        outcome: 'refused',
        code,
      });
    });
});

describe("the description of a pod's tokens", () => {
  it('contains headers and claims, but no signatures', () => {
    const described = describeTokens(new Map([['irsa', token(7)]] as const));
    expect(described).to.deep.equal([
      { from: 'irsa', header: { alg: 'RS256' }, claims: { sub: 's', aud: ['a'], iat: 7, exp: 607 } },
    ]);
    expect(JSON.stringify(described)).not.to.contain('signature');
  });

  it('omits invalid tokens', () => expect(describeTokens(new Map([['irsa', 'no token']] as const))).to.deep.equal([]));
});
