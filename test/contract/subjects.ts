import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTagsCommand, DescribeSubnetsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { execa } from 'execa';
import { listen, stopServer } from '../../foundation/node/listen.ts';
import { poll } from '../../foundation/node/poll.ts';
// @ts-expect-error The module has no types.
import { contractTools } from './tools.js';

/** How to install and start an AWS emulator of another project. */
interface Description {
  readonly title: string;
  readonly licence: string;
  /** Required Python version. Default: any version 3. */
  readonly python?: string;
  /** Returns the command in its Python environment, and environment variables, for a port on 127.0.0.1. */
  start(port: number): readonly [command: readonly string[], environment: Readonly<Record<string, string>>];
  /** Path that answers when the emulator is ready. */
  readonly health: string;
  /** Settings of authentication and authorization. */
  readonly settings: string;
  /** Whether it verifies signatures, and so needs a user. */
  readonly verifies: boolean;
}

export const SUBJECTS = {
  ministack: {
    title: 'MiniStack',
    licence: 'MIT',
    start: (port) => [
      ['ministack'],
      {
        AUTH: 'true',
        BIND_HOST: '127.0.0.1',
        MINISTACK_HOST: '127.0.0.1',
        GATEWAY_PORT: String(port),
        MINISTACK_REGION: 'us-west-2',
        MINISTACK_ACCOUNT_ID: '000000000000',
        LOG_LEVEL: 'WARNING',
      },
    ],
    health: '/_ministack/health',
    settings: 'signatures verified, policies enforced',
    verifies: true,
  },
  moto: {
    title: "moto's server",
    licence: 'Apache-2.0',
    start: (port) => [
      ['moto_server', '-H', '127.0.0.1', '-p', String(port)],
      // Roles of EKS need the managed policies of AWS.
      { MOTO_IAM_LOAD_MANAGED_POLICIES: 'true' },
    ],
    health: '/moto-api/',
    settings: 'default: signatures not verified, policies not enforced',
    verifies: false,
  },
  localstack: {
    title: 'LocalStack (open core)',
    licence: 'Apache-2.0',
    // Its S3 imports `deprecated` from `warnings`, which Python 3.12 lacks.
    python: '3.13',
    start: (port) => [
      ['python', '-m', 'localstack.runtime.main'],
      {
        GATEWAY_LISTEN: `127.0.0.1:${port}`,
        DNS_ADDRESS: '0',
        DISABLE_EVENTS: '1',
        SKIP_SSL_CERT_DOWNLOAD: '1',
      },
    ],
    health: '/_localstack/health',
    settings: 'all features of its open core: signatures not verified, policies not enforced',
    verifies: false,
  },
} as const satisfies Readonly<Record<string, Description>>;

export type SubjectName = keyof typeof SUBJECTS;

const described = (name: SubjectName): Description => SUBJECTS[name];

/** An emulator that runs on a loopback port, in region us-west-2. */
export interface ContractSubject {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  /** Key of an administrator, if the emulator verifies keys. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  close(): Promise<void>;
}

const START_MILLISECONDS = 60_000;
const ATTEMPTS = 3;
const REGION = 'us-west-2';

/** Returns the pinned version. */
export const versionOf = (name: SubjectName): string =>
  /^(?!#).*==(.+)$/m.exec(readFileSync(new URL(`./${name}.txt`, import.meta.url), 'utf8'))?.[1] ?? '';

/** Returns the shell command that starts it in its Python environment. */
export function startLine(name: SubjectName, port = 4566): string {
  const [command, environment] = described(name).start(port);
  return [...Object.entries(environment).map((pair) => pair.join('=')), ...command].join(' ');
}

/**
 * Returns the folder of its programs, or the reason why they are missing. Installs them on the first call, which takes a minute.
 * In CI, throws an Error if Python is missing, so that no tests are skipped.
 */
export function subjectTools(name: SubjectName): { readonly bin: string } | { readonly missing: string } {
  const tools = (contractTools as (file: string, python?: string) => ReturnType<typeof subjectTools>)(
    `${name}.txt`,
    described(name).python,
  );
  if ('missing' in tools && process.env['CI'] === 'true')
    throw new Error(`The tests with ${described(name).title} cannot run: ${tools.missing}.`);
  return tools;
}

/** Starts an emulator. Throws an `Error` if its environment cannot be created or it does not start. */
export async function startSubject(name: SubjectName): Promise<ContractSubject> {
  const tools = subjectTools(name);
  if ('missing' in tools) throw new Error(`${described(name).title} cannot run: ${tools.missing}.`);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(name, tools.bin);
    } catch (error) {
      // Another process may have taken the port meanwhile.
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

async function start(name: SubjectName, bin: string): Promise<ContractSubject> {
  const subject = described(name);
  const { title, health, verifies } = subject;
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const root = { accessKeyId: 'test', secretAccessKey: verifies ? randomBytes(20).toString('hex') : 'test' };
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  const [[program = '', ...args], environment] = subject.start(port);
  const child = execa(join(bin, program), args, {
    cwd: folder,
    extendEnv: false,
    env: {
      ...environment,
      PATH: process.env['PATH'],
      HOME: folder,
      TMPDIR: folder,
      AWS_ACCESS_KEY_ID: root.accessKeyId,
      AWS_SECRET_ACCESS_KEY: root.secretAccessKey,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
    reject: false,
    forceKillAfterDelay: 5000,
  });
  let output = '';
  child.stderr.on('data', (text: Buffer) => (output = (output + text.toString()).slice(-2000)));
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    await child;
    rmSync(folder, { recursive: true, force: true });
  };
  const look = async (): Promise<true | undefined> => {
    if (child.exitCode !== null) throw new Error(`${title} did not start: ${output}`);
    return (await fetch(`${endpoint}${health}`).catch(() => undefined))?.ok || undefined;
  };
  try {
    await poll(look, {
      every: 50,
      within: START_MILLISECONDS,
      late: () => new Error(`${title} did not start: ${output}`),
    });
    const user = verifies ? await administrator(endpoint, root) : root;
    await tagSubnets(endpoint, user);
    return { endpoint, ...user, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Key = Pick<ContractSubject, 'accessKeyId' | 'secretAccessKey'>;

/** Creates an administrator, since MiniStack verifies signatures of users, but not of its root. */
async function administrator(endpoint: string, root: Key): Promise<Key> {
  const iam = new IAMClient({ endpoint, region: REGION, credentials: root });
  const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  const user = { UserName: 'administrator' };
  try {
    await iam.send(new CreateUserCommand(user));
    const PolicyDocument = JSON.stringify(everything);
    await iam.send(new PutUserPolicyCommand({ ...user, PolicyName: 'everything', PolicyDocument }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand(user));
    return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
  } finally {
    iam.destroy();
  }
}

/** Tags the default subnets, so that a run on EKS finds them. */
async function tagSubnets(endpoint: string, credentials: Key): Promise<void> {
  const ec2 = new EC2Client({ endpoint, region: REGION, credentials });
  try {
    const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
    const Resources = Subnets.map(({ SubnetId }) => SubnetId ?? '');
    await ec2.send(new CreateTagsCommand({ Resources, Tags: [{ Key: 'kubernetes.io/role/elb', Value: '1' }] }));
  } finally {
    ec2.destroy();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await stopServer(server);
  return port;
}
