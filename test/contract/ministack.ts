import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';

/** An AWS that is no work of this project, on a loopback port, with signatures and policies enforced; region us-west-2. */
export interface MiniStack {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  /** The key of a user who may do everything: MiniStack verifies the signatures of users, and not those of its root. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  close(): Promise<void>;
}

type Tools = { readonly bin: string } | { readonly missing: string };

const START_MILLISECONDS = 60_000;
const ATTEMPTS = 3;

/**
 * Where MiniStack's programs are, or why there are none. The first call of a machine installs them, which takes a minute.
 * In CI a machine without Python is an error, so that no test is skipped there unseen.
 */
export async function miniStackTools(): Promise<Tools> {
  const { contractTools } = (await import(new URL('../../scripts/contract-tools.js', import.meta.url).href)) as {
    contractTools: (requirements: string) => Tools;
  };
  const tools = contractTools('ministack.txt');
  if ('missing' in tools && process.env['CI'] === 'true') {
    throw new Error(`The tests with MiniStack cannot run: ${tools.missing}.`);
  }
  return tools;
}

/**
 * Starts MiniStack, in account 000000000000.
 * @throws Error when Python cannot make its environment, or MiniStack does not start
 */
export async function startMiniStack(): Promise<MiniStack> {
  const tools = await miniStackTools();
  if ('missing' in tools) throw new Error(`MiniStack cannot run: ${tools.missing}.`);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(join(tools.bin, 'ministack'));
    } catch (error) {
      // Another process may have taken the port that was free a moment before.
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

async function start(program: string): Promise<MiniStack> {
  const port = await freePort();
  const rootSecret = randomBytes(20).toString('hex');
  const folder = mkdtempSync(join(tmpdir(), 'ministack-'));
  const child = spawn(program, [], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      TMPDIR: folder,
      AUTH: 'true',
      BIND_HOST: '127.0.0.1',
      MINISTACK_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_REGION: 'us-west-2',
      MINISTACK_ACCOUNT_ID: '000000000000',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: rootSecret,
      LOG_LEVEL: 'WARNING',
    },
  });
  let output = '';
  child.stderr.on('data', (text: Buffer) => (output = (output + text.toString()).slice(-2000)));
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(late);
    rmSync(folder, { recursive: true, force: true });
  };
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    if (!(await isReady(endpoint, child))) throw new Error(`MiniStack did not start: ${output}`);
    return { endpoint, ...(await administrator(endpoint, rootSecret)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function administrator(endpoint: string, rootSecret: string) {
  const root = { accessKeyId: 'test', secretAccessKey: rootSecret };
  const iam = new IAMClient({ endpoint, region: 'us-west-2', credentials: root });
  const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  const user = { UserName: 'administrator' };
  try {
    await iam.send(new CreateUserCommand(user));
    await iam.send(
      new PutUserPolicyCommand({ ...user, PolicyName: 'everything', PolicyDocument: JSON.stringify(everything) }),
    );
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand(user));
    if (AccessKey?.AccessKeyId === undefined || AccessKey.SecretAccessKey === undefined) {
      throw new Error('MiniStack made a user without a key.');
    }
    return { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey };
  } finally {
    iam.destroy();
  }
}

async function isReady(endpoint: string, child: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + START_MILLISECONDS;
  while (Date.now() < deadline && child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const answer = await fetch(`${endpoint}/_ministack/health`).catch(() => undefined);
    if (answer?.ok === true) return true;
    await wait(50);
  }
  return false;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
