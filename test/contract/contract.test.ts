import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** What a check in Python printed. */
interface CheckResult {
  readonly title: string;
  readonly ok: boolean;
  readonly detail: string;
}

type Tools = { readonly bin: string } | { readonly missing: string };

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = join(HERE, '..', '..');

/** Programs of checks, which share an emulator but nothing in it. */
const AREAS: readonly (readonly [program: string, title: string])[] = [
  ['s3', 'S3, to boto3'],
  ['iam_sts', 'IAM and STS, to boto3'],
  ['eks', 'EKS and EKS Auth, to boto3 and the AWS CLI'],
  ['kubernetes', 'a cluster, to kubectl, boto3 and the AWS CLI'],
];

describe('the emulator with independent clients', function () {
  this.timeout(60_000);
  let home: string;
  let emulator: ChildProcess | undefined;
  const results = new Map<string, Promise<ReadonlyMap<string, CheckResult>>>();

  before(async function () {
    this.timeout(300_000);
    const { contractTools } = (await import(pathToFileURL(join(ROOT, 'scripts', 'contract-tools.js')).href)) as {
      contractTools: () => Tools;
    };
    const tools = contractTools();
    if ('missing' in tools) {
      if (process.env['CI'] === 'true') throw new Error(`The contract tests cannot run: ${tools.missing}.`);
      process.stderr.write(`Skipping the contract tests: ${tools.missing}.\n`);
      return this.skip();
    }
    home = mkdtempSync(join(tmpdir(), 'contract-'));
    emulator = spawn(process.execPath, [join(ROOT, 'bin', 'emulator.js')], { stdio: ['ignore', 'pipe', 'inherit'] });
    const env = environmentOf(await firstLine(emulator), tools.bin, home);
    for (const [program] of AREAS) results.set(program, runChecks(program, env));
  });

  after(async () => {
    if (emulator !== undefined) {
      const ended = new Promise((resolve) => emulator?.once('exit', resolve));
      emulator.kill('SIGTERM');
      await ended;
      rmSync(home, { recursive: true, force: true });
    }
  });

  for (const [program, title] of AREAS) {
    describe(title, () => {
      for (const check of titlesIn(program)) {
        it(check, async () => {
          const result = (await results.get(program))?.get(check);
          if (result === undefined) throw new Error(`${program}.py did not come to this check.`);
          if (!result.ok) throw new Error(`${program}.py, ${result.detail}`);
        });
      }
    });
  }
});

/** The titles of a program's checks, so that one that does not run is missed. */
function titlesIn(program: string): readonly string[] {
  const text = readFileSync(join(HERE, 'python', `${program}.py`), 'utf8');
  return [...text.matchAll(/^@check\("(.+)"\)$/gm)].map(([, title]) => title ?? '');
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the emulator has no output');
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('The emulator ended before it said where it listens.');
}

/** The environment of an administrator of the emulated account, without this machine's own settings for AWS. */
function environmentOf(announcement: string, bin: string, home: string): NodeJS.ProcessEnv {
  const { endpoint, region, accessKeyId, secretAccessKey } = JSON.parse(announcement) as Record<string, string>;
  return {
    PATH: [bin, process.env['PATH']].join(delimiter),
    HOME: home,
    PYTHONDONTWRITEBYTECODE: '1',
    AWS_ENDPOINT_URL: endpoint,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
    NO_PROXY: '*',
  };
}

async function runChecks(program: string, env: NodeJS.ProcessEnv): Promise<ReadonlyMap<string, CheckResult>> {
  const child = spawn('python', [join(HERE, 'python', `${program}.py`)], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const found = new Map<string, CheckResult>();
  for await (const line of createInterface({ input: child.stdout })) {
    const result = JSON.parse(line) as CheckResult;
    found.set(result.title, result);
  }
  return found;
}
