import { expect } from 'chai';
import { join } from 'node:path';
import { ROOT, runConformance, type CliRun } from '../support/run-cli.ts';

/** Keeps its credentials until they expire, and reads the token for each fetch. */
const PROGRAM = `import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';

const { GetObjectCommand, PutObjectCommand, S3Client } = createRequire(${JSON.stringify(join(ROOT, 'package.json'))})('@aws-sdk/client-s3');
const { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file, AWS_CONTAINER_CREDENTIALS_FULL_URI: url } = process.env;
const readToken = () => readFileSync(file, 'utf8');
const isOver = ({ Expiration }) => Date.parse(Expiration) < Date.now() + 1000;
let held;

async function credentials() {
  if (held === undefined || isOver(held)) {
    const answer = await fetch(url, { headers: { authorization: readToken() } });
    if (!answer.ok) throw new Error('the agent answered ' + answer.status);
    held = await answer.json();
  }
  return { accessKeyId: held.AccessKeyId, secretAccessKey: held.SecretAccessKey, sessionToken: held.Token };
}

console.log('{"level": "info"}');
for await (const line of createInterface({ input: process.stdin })) {
  const { action, bucket: Bucket, key: Key } = JSON.parse(line);
  try {
    const s3 = new S3Client({ forcePathStyle: true, maxAttempts: 1, credentials: await credentials() });
    await s3.send(action === 'write' ? new PutObjectCommand({ Bucket, Key, Body: 'x' }) : new GetObjectCommand({ Bucket, Key }));
    console.log(JSON.stringify({ ok: true }));
  } catch (error) {
    console.log(JSON.stringify({ ok: false, error: String(error) }));
  }
}
`;

const SUITE = `import { allow, control, denied, getObject, granted, podIdentityRole, putObject, refused, suite } from 'eks-pod-identity-conformance';

suite('service', ({ scenario }) => {
  scenario('SRV-01', 'a service does one operation after another', {
    roles: { app: podIdentityRole(allow(['s3:GetObject', 's3:PutObject'], 'data/red/*')) },
    workloads: { app: { role: 'app' }, none: { serviceAccount: 'none' } },
    objects: ['data/red/key', 'data/blue/key'],
    probes: [
      granted('app', putObject('data/red/new')),
      granted('app', getObject('data/red/key')),
      denied('app', getObject('data/blue/key'), { by: 's3', code: 'AccessDenied' }),
      granted('app', getObject('data/red/new')),
      refused('none', getObject('data/red/key'), { by: 'injection' }),
    ],
  });
});
`;

const CHANGES = {
  right: [] as const,
  'with a token that it read once': ['const readToken = () => readFileSync', 'const token = readFileSync'] as const,
  'with credentials that it keeps': ['|| isOver(held)', ''] as const,
  'that exits after each operation': ['ok: true }));', 'ok: true }));\n    process.exit();'] as const,
};

function run(change: keyof typeof CHANGES, ...args: readonly string[]): Promise<CliRun> {
  const [from = '', to = ''] = CHANGES[change];
  const program = PROGRAM.replace(from, to).replace(to.includes('const token') ? 'readToken()' : '\0', 'token');
  return runConformance({
    args: ['--client-command', `${process.execPath} my-suites/lib/program.mjs`, '--client-lasts', ...args],
    files: { 'service.ts': SUITE, 'lib/program.mjs': program },
  });
}

const verdicts = ({ results }: CliRun): Readonly<Record<string, string>> =>
  Object.fromEntries(results!.scenarios.map(({ id, verdict }) => [id, verdict]));

describe("a user's program that lasts", () => {
  const LASTING = ['--scenario', 'SRV-01,CL-22,CL-23,CL-24,CL-71'];

  it('passes if it renews its credentials and reads the token again', async () => {
    const right = await run('right', ...LASTING);
    expect(right.exitCode, right.stderr).to.equal(0);
    expect(new Set(Object.values(verdicts(right))), right.stderr).to.deep.equal(new Set(['passed']));
    const outcomes = right.results!.scenarios.find(({ id }) => id === 'SRV-01')!.probes.map(({ observed }) => observed);
    expect(outcomes[4]).to.include({ outcome: 'refused', layer: 'injection' });
  });

  it('is found if it reads the token once', async () => {
    const once = await run('with a token that it read once', ...LASTING);
    expect(verdicts(once), once.stderr).to.include({ 'SRV-01': 'passed', 'CL-22': 'failed', 'CL-23': 'passed' });
    expect(once.stderr).to.contain('credentials.tokens is "first", not "first,second"');
  });

  it('is found if it keeps expired credentials', async () => {
    const kept = await run('with credentials that it keeps', ...LASTING);
    expect(verdicts(kept), kept.stderr).to.include({ 'SRV-01': 'passed', 'CL-23': 'failed', 'CL-71': 'passed' });
  });

  it('is started again after it has exited', async () => {
    const { exitCode, stderr } = await run('that exits after each operation', '--scenario', 'SRV-01');
    expect(exitCode, stderr).to.equal(0);
  });

  it('must be named', async () => {
    const { exitCode, stderr } = await runConformance({ args: ['--client-lasts', '--list'] });
    expect(exitCode).to.equal(2);
    expect(stderr).to.contain('--client-lasts is about your own program. Use it with --client-command');
  });
});
