import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { execa } from 'execa';
import type { Emulator } from '../../emulator/start.ts';
import { startWithWorld } from '../../emulator/start.ts';
import { distFolder } from '../../foundation/node/dist-folder.ts';
import { testSession } from '../../test/support/emulator/session.ts';
import { SECRETS } from '../../test/support/secrets.ts';
import type { Report } from './report.ts';

/** Enough for a loaded machine. */
const PATIENT = ['--timeout', '300'];
const ROLE = 'arn:aws:iam::111122223333:role/app';

/** The program in a process of its own, as in a pod: a stub of the agent, and STS and S3 of the emulator. */
describe('preflight', () => {
  let emulator: Emulator;
  let agent: Server;
  let folder: string;
  let answer: { status: number; body: string } | undefined;
  let credentials: string;
  let pod: Record<string, string>;

  const portOf = (server: Server): number => (server.address() as AddressInfo).port;
  const token = (claims: object): string => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    return `${part({ alg: 'RS256' })}.${part({ sub: 'system:serviceaccount:payments:ledger', ...claims })}.signature`;
  };
  const inOneHour = (): number => Math.round(Date.now() / 1000) + 3600;
  const writeToken = (text: string): void => writeFileSync(join(folder, 'token'), text);
  const run = async (args: readonly string[], env = pod): Promise<{ code: number; out: string; report: Report }> => {
    const {
      exitCode = 0,
      stdout,
      stderr,
    } = await execa(process.execPath, [join(distFolder(), 'preflight.cjs'), ...PATIENT, '--format', 'json', ...args], {
      env,
      extendEnv: false,
      reject: false,
    });
    for (const [what, pattern] of Object.entries(SECRETS)) expect(stdout + stderr, what).not.to.match(pattern);
    return { code: exitCode, out: stdout + stderr, report: (exitCode === 2 ? {} : JSON.parse(stdout)) as Report };
  };
  const step = ({ report }: { readonly report: Report }, name: string) => report.steps.find((one) => one.name === name);

  before(async () => {
    const started = await startWithWorld({});
    emulator = started.emulator;
    const { endpoint, region } = emulator;
    const { accessKeyId, secretAccessKey } = emulator.administrator;
    const administrator = { accessKeyId, secretAccessKey };
    const s3 = new S3Client({ endpoint, region, credentials: administrator, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: 'data' }));
    await s3.send(new PutObjectCommand({ Bucket: 'data', Key: 'key', Body: 'content' }));
    s3.destroy();
    const allow = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::data/key' };
    const session = testSession(started.world, { roleName: 'app', allow: [allow] }).credentials;
    credentials = JSON.stringify({
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey,
      Token: session.sessionToken,
      Expiration: new Date(inOneHour() * 1000).toISOString(),
      AccountId: '111122223333',
    });
    // Without an answer it hangs.
    agent = createServer((_request, response) => {
      if (answer !== undefined) response.writeHead(answer.status).end(answer.body);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => agent.once('listening', resolve));
  });
  after(async () => {
    agent.closeAllConnections();
    agent.close();
    await emulator.close();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'conformance-preflight-'));
    writeToken(token({ aud: ['pods.eks.amazonaws.com'], exp: inOneHour() }));
    answer = { status: 200, body: credentials };
    pod = {
      AWS_REGION: emulator.region,
      AWS_ENDPOINT_URL: emulator.endpoint,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${portOf(agent)}/v1/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: join(folder, 'token'),
      // Nothing listens there.
      AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:9',
    };
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('follows a pod with Pod Identity to its role and an object', async () => {
    const result = await run(['--expect-role', ROLE, '--read', 's3://data/key']);
    expect(result.code, result.out).to.equal(0);
    expect(result.report.identity).to.match(/^arn:aws:sts::111122223333:assumed-role\/app\//);
    expect(result.report.steps.map(({ name, result: state }) => `${name} ${state}`)).to.deep.equal([
      ...['injection ok', 'token ok', 'agent ok', 'metadata ok', 'identity ok', 'read ok'],
    ]);
    expect(step(result, 'token')?.text).to.match(
      /^token of payments\/ledger, audience pods\.eks\.amazonaws\.com, valid for 3\d{3} s$/,
    );
  });

  it('fails for another role, and for an object that the role cannot read', async () => {
    const result = await run(['--expect-role', 'arn:aws:iam::111122223333:role/other', '--read', 's3://data/secret']);
    expect(result.code).to.equal(1);
    expect(step(result, 'identity')?.text).to.contain('but should have role arn:aws:iam::111122223333:role/other');
    expect(step(result, 'read')?.text).to.match(
      /^AccessDenied \(403\): User: .* is not authorized to perform: s3:GetObject/,
    );
  });

  it('names the first step that fails in the verdict', async () => {
    answer = { status: 400, body: '[id]: (AccessDeniedException): no association' };
    const { stdout, exitCode } = await execa(process.execPath, [join(distFolder(), 'preflight.cjs'), ...PATIENT], {
      ...{ env: pod, extendEnv: false, reject: false },
    });
    expect(exitCode).to.equal(1);
    expect(stdout).to.match(/^FAIL {2}agent +the agent answered 400: \[id\]: \(AccessDeniedException\)/m);
    expect(stdout).to.match(/^FAILED at agent: .* The pod has no AWS identity\.$/m);
  });

  it("warns if the pod can get the node's role", async () => {
    const metadata = createServer(({ method, url }, response) =>
      response.end(
        method === 'PUT' ? 'token' : url === '/latest/meta-data/iam/security-credentials/' ? 'node-role' : '',
      ),
    ).listen(0, '127.0.0.1');
    await new Promise((resolve) => metadata.once('listening', resolve));
    const result = await run([], { ...pod, AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${portOf(metadata)}` });
    metadata.closeAllConnections();
    metadata.close();
    expect(step(result, 'metadata')).to.include({ result: 'warning' });
    expect(step(result, 'metadata')?.text).to.contain("the node's role node-role");
    expect(result.code).to.equal(0);
  });

  it('says that no region is set, and where to set it', async () => {
    const { AWS_REGION: _, ...withoutRegion } = pod;
    const result = await run([], withoutRegion);
    expect(result.code).to.equal(1);
    expect(step(result, 'identity')?.text).to.equal(
      'neither AWS_REGION nor AWS_DEFAULT_REGION is set. Set AWS_REGION in the container',
    );
  });

  it('reports a step that hangs as unknown, with exit code 3', async () => {
    answer = undefined;
    const result = await run(['--timeout', '2']);
    expect(result.code, result.out).to.equal(3);
    // A loaded machine may be over the limit before.
    expect(step(result, 'agent')?.text).to.match(/^no answer within the limit of 2 s$|^not tried/);
    expect(step(result, 'agent')?.result).to.equal('unknown');
  });

  for (const [what, change, name, state, text] of [
    ['no agent', { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:9/' }, 'agent', 'failed', 'cannot be reached'],
    ['no token file', { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/none' }, 'token', 'failed', 'ENOENT'],
    [
      'static keys',
      { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'x' },
      'injection',
      'warning',
      'AWS_ACCESS_KEY_ID',
    ],
    ['a profile', { AWS_PROFILE: 'dev' }, 'injection', 'warning', 'AWS_PROFILE'],
    [
      'no variables',
      { AWS_CONTAINER_CREDENTIALS_FULL_URI: '' },
      'injection',
      'failed',
      'the webhook set no credential',
    ],
  ] as const)
    it(`explains ${what}`, async () => {
      const found = step(await run([], { ...pod, ...change }), name);
      expect(found?.result).to.equal(state);
      expect(found?.text).to.contain(text);
    });

  for (const [what, content, state, text] of [
    ['an expired token', token({ aud: ['pods.eks.amazonaws.com'], exp: 1 }), 'failed', 'expired'],
    ['a token for another audience', token({ aud: ['sts.amazonaws.com'], exp: 4e9 }), 'warning', 'should be pods.eks'],
    ['a file without a token', 'hello', 'failed', 'is not a JSON Web Token'],
  ] as const)
    it(`explains ${what}`, async () => {
      writeToken(content);
      const found = step(await run([]), 'token');
      expect(found?.result).to.equal(state);
      expect(found?.text).to.contain(text);
    });

  for (const [args, sentence] of [
    [['--read', 'data/key'], '--read is "data/key". Use an object, such as s3://bucket/key.'],
    [['--expect-role', 'app'], '--expect-role is "app". Use the ARN of a role'],
    [['--timeout', '0'], '--timeout is "0". Use seconds from 1 to 600.'],
    [['--reed', 'x'], "Unknown option '--reed'"],
  ] as const)
    it(`rejects ${args.join(' ')}`, async () => {
      const { code, out } = await run(args);
      expect(code).to.equal(2);
      expect(out).to.contain(sentence);
    });
});
