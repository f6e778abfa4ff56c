import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { emulatorProcess, sayMissing, type EmulatorProcess, type Missing } from './emulator-process.ts';

/** Output of a check. */
interface CheckResult {
  readonly title: string;
  readonly ok: boolean;
  readonly detail: string;
}

interface ClientTools {
  readonly contractTools: () => { readonly bin: string } | Missing;
  readonly goClient: () => { readonly program: string } | Missing;
}

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = join(HERE, '..', '..');

/** Programs with checks. They share an emulator, but no resources in it. */
const AREAS: readonly (readonly [program: string, title: string])[] = [
  ['s3.py', 'S3 (boto3)'],
  ['iam_sts.py', 'IAM and STS (boto3, AWS CLI)'],
  ['eks.py', 'EKS and EKS Auth (boto3, AWS CLI)'],
  ['kubernetes.py', 'a cluster (kubectl, boto3, AWS CLI)'],
  ['constraints.py', 'all services, for requests that violate their API models'],
  ['go', 'all services and a cluster (AWS SDK for Go)'],
];

describe('emulator contract tests with independent clients', function () {
  const home = mkdtempSync(join(tmpdir(), 'contract-'));
  let emulator: EmulatorProcess | undefined;
  const results = new Map<string, Promise<ReadonlyMap<string, CheckResult>>>();

  before(async () => {
    const { contractTools, goClient } = (await import(
      pathToFileURL(join(ROOT, 'test', 'contract', 'tools.js')).href
    )) as ClientTools;
    const python = contractTools();
    const go = goClient();
    for (const tool of [python, go]) if ('missing' in tool) sayMissing(tool);
    if ('missing' in python && 'missing' in go) return;
    emulator = await emulatorProcess();
    const env = environmentOf(emulator.announced, 'bin' in python ? [python.bin] : [], home);
    for (const [program] of AREAS) {
      if (program !== 'go') {
        if ('bin' in python) results.set(program, runChecks('python', [join(HERE, 'python', program)], env));
      } else if ('program' in go) results.set(program, runChecks(go.program, [], env));
    }
  });

  after(async () => {
    await emulator?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  for (const [program, title] of AREAS) {
    describe(title, () => {
      before(function () {
        if (!results.has(program)) this.skip();
      });
      for (const check of titlesIn(program)) {
        it(check, async () => {
          const result = (await results.get(program))?.get(check);
          if (result === undefined) throw new Error(`${program} exited before this check.`);
          if (!result.ok) throw new Error(`${program}, ${result.detail}`);
        });
      }
    });
  }
});

/** Returns the titles of a program's checks, so that a check that does not run is noticed. */
function titlesIn(program: string): readonly string[] {
  const [file, form] =
    program === 'go'
      ? [join(HERE, 'go', 'main.go'), /^\tcheck\("(.+)", \w+\)$/gm]
      : [join(HERE, 'python', program), /^@check\("(.+)"\)$/gm];
  const titles = [...readFileSync(file, 'utf8').matchAll(form)].map(([, title]) => title ?? '');
  if (titles.length === 0) throw new Error(`${file} has no checks that match ${form.source}.`);
  return titles;
}

/** Returns the environment of an administrator of the emulated account, without local AWS settings. */
function environmentOf(
  { endpoint, region, accessKeyId, secretAccessKey }: EmulatorProcess['announced'],
  bins: readonly string[],
  home: string,
): NodeJS.ProcessEnv {
  return {
    PATH: [...bins, process.env['PATH']].join(delimiter),
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

async function runChecks(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<ReadonlyMap<string, CheckResult>> {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const found = new Map<string, CheckResult>();
  for await (const line of createInterface({ input: child.stdout })) {
    const result = JSON.parse(line) as CheckResult;
    found.set(result.title, result);
  }
  return found;
}
