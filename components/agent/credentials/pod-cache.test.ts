import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { poll } from '../../../foundation/node/poll.ts';
import { startApiServer, type ApiServer } from '../../../clusters/kubernetes/index.ts';
import { Bench, get, send, type AgentResponse } from '../../../test/support/agent.ts';
import type { AgentOptions, RunningAgent } from '../index.ts';
import { SERVICE_ACCOUNT } from './cluster-keys.ts';

const POD = { name: 'app-1', uid: '11111111-2222-3333-4444-555555555555' };
const ACCOUNT = { namespace: 'app', name: 'reader', uid: 'account-uid' };
const POD_IDENTITY = 'pods.eks.amazonaws.com';
const hexadecimal = (publicKey: Buffer): string => createHash('sha1').update(publicKey).digest('hex');

describe('the cache of agent 0.2', () => {
  const bench = new Bench();
  let root: string;
  let api: ApiServer;

  /** Mounts the agent's service account below `root`. */
  async function mountAccount(server: ApiServer): Promise<void> {
    const { uid = '' } = server.store.get('serviceaccounts', 'kube-system', 'default')?.metadata ?? {};
    const agent = { namespace: 'kube-system', name: 'default', uid };
    const { token } = await server.tokens.issue(agent, { audiences: [], expirationSeconds: 3600 });
    const folder = join(root, SERVICE_ACCOUNT);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'token'), token);
    writeFileSync(join(folder, 'ca.crt'), server.certificateAuthority);
  }

  /** The last token's lifetime, which makes tokens distinct. */
  let lifetime = 3600;
  async function newToken(server = api, audience = POD_IDENTITY, pod: typeof POD | null = POD): Promise<string> {
    lifetime += 1;
    const request = { audiences: [audience], expirationSeconds: lifetime, ...(pod !== null && { pod }) };
    return (await server.tokens.issue(ACCOUNT, request)).token;
  }

  /** Starts an agent and waits until it has tried to fetch the keys. */
  async function start(server: ApiServer | undefined, options: Partial<AgentOptions> = {}): Promise<RunningAgent> {
    const from = bench.logs.length;
    const inCluster = server && { apiServer: server.url, root };
    const agent = await bench.start({ version: '0.2', ...(inCluster && { inCluster }), ...options });
    const looked = (): boolean =>
      bench.logs.slice(from).some((line) => /cache refreshed with|failed to fetch public keys/.test(line));
    await poll(async () => (server === undefined || looked() ? true : undefined), {
      every: 5,
      within: 5000,
      what: 'the agent to fetch keys',
    });
    return agent;
  }

  /** Sends two tokens of the pod. Returns the validation result of the second and the number of EKS Auth calls. */
  async function askTwice(
    agent: RunningAgent,
    second: string,
  ): Promise<{ validation: string | undefined; calls: number }> {
    const before = bench.calls.length;
    expect((await get(agent, await newToken())).status).to.equal(200);
    expect((await get(agent, second)).status).to.equal(200);
    const { body } = await send(`${agent.metricsUrl}/metrics`);
    const validation = /pod_identity_local_validation\{result="(\w+)"\} 1/.exec(body)?.[1];
    return { validation, calls: bench.calls.length - before };
  }

  const changed = (token: string, part: 0 | 1, change: (value: Record<string, unknown>) => void): string => {
    const parts = token.split('.');
    const value = JSON.parse(Buffer.from(parts[part] ?? '', 'base64url').toString()) as Record<string, unknown>;
    change(value);
    parts[part] = Buffer.from(JSON.stringify(value)).toString('base64url');
    return parts.join('.');
  };

  const ofCluster = (claims: Record<string, unknown>): Record<string, Record<string, unknown>> =>
    claims['kubernetes.io'] as Record<string, Record<string, unknown>>;

  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'agent-'));
    await bench.open();
    api = await startApiServer({ issuer: 'https://issuer', version: '1.34', keyId: hexadecimal });
    await mountAccount(api);
  });
  beforeEach(() => void bench.logs.splice(0));
  after(async () => {
    await bench.close();
    await api.close();
    rmSync(root, { recursive: true });
  });

  it('accepts another token of the same pod if the API server signed it', async () => {
    expect(await askTwice(await start(api), await newToken())).to.deep.equal({ validation: 'success', calls: 1 });
  });

  for (const [what, reason, spoil] of [
    [
      'with an invalid signature',
      'signature is invalid',
      (token) => changed(token, 1, (claims) => (claims['exp'] = 9e9)),
    ],
    [
      'signed by an unknown key',
      'no matching key found',
      (token) => changed(token, 0, (is) => (is['kid'] = 'a'.repeat(40))),
    ],
    ["with a key id unlike EKS's", 'kid is not', (token) => changed(token, 0, (is) => (is['kid'] = 'key'))],
    ['without a key id', 'kid is not', (token) => changed(token, 0, (header) => delete header['kid'])],
    [
      'with another algorithm',
      'signature is invalid',
      (token) => changed(token, 0, (header) => (header['alg'] = 'RS512')),
    ],
    [
      'without an algorithm',
      'signature is invalid',
      (token) => changed(token, 0, (header) => (header['alg'] = 'none')),
    ],
  ] as readonly (readonly [string, string, (token: string) => string])[])
    it(`forwards a token ${what} to EKS Auth`, async () => {
      const second = spoil(await newToken());
      expect(await askTwice(await start(api), second)).to.deep.equal({ validation: 'failure', calls: 2 });
      expect(bench.logs.join('\n')).to.contain(`Local token validation failed: ${reason}`);
    });

  it("forwards a token with another audience to EKS Auth, unless the endpoint is not the region's", async () => {
    const second = await newToken(api, 'sts.amazonaws.com');
    expect(await askTwice(await start(api), second)).to.deep.equal({ validation: 'failure', calls: 2 });
    const overridden = await start(api, { endpoint: bench.url });
    expect(await askTwice(overridden, second)).to.deep.equal({ validation: 'success', calls: 1 });
  });

  it('calls EKS Auth if the API server is unreachable', async () => {
    const away = { ...api, url: 'https://127.0.0.1:9' };
    expect(await askTwice(await start(away), await newToken())).to.deep.equal({ validation: 'failure', calls: 2 });
  });

  it('validates no token outside a cluster', async () => {
    expect(await askTwice(await start(undefined), await newToken())).to.deep.equal({ validation: 'skipped', calls: 2 });
  });

  for (const [missing, spoil] of [
    ['pod claims', undefined],
    ['kubernetes.io claims', (claims) => delete claims['kubernetes.io']],
    ['pod uid', (claims) => delete ofCluster(claims)['pod']?.['uid']],
  ] as readonly (readonly [string, ((claims: Record<string, unknown>) => void) | undefined])[])
    it(`rejects a token without ${missing}, without calling EKS Auth`, async () => {
      const token = await newToken(api, POD_IDENTITY, spoil ? POD : null);
      const before = bench.calls.length;
      const { status, body }: AgentResponse = await get(await start(api), spoil ? changed(token, 1, spoil) : token);
      expect([status, body]).to.deep.equal([
        400,
        `failed to get pod uid from service account token: Service account token missing ${missing}\n`,
      ]);
      expect(bench.calls.length).to.equal(before);
    });

  it('renews credentials with the token of the last request', async () => {
    const clock = { ahead: 0, now: () => Date.now() + clock.ahead };
    const agent = await start(api, { clock });
    const second = await newToken();
    await askTwice(agent, second);
    clock.ahead = 3 * 3_600_000 + 120_000;
    lifetime = 24 * 3600;
    await get(agent, await newToken());
    expect(JSON.parse(bench.calls.at(-1)?.body ?? '')).to.deep.equal({ token: second });
  });
});
