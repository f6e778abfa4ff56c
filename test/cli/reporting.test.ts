import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { JOURNAL_FILE } from '../../harness/results/results-journal.ts';
import { builtPackage, runConformance, runInProcess, temporaryFolder, type CliRun } from '../support/run-cli.ts';
import { ERROR, FAILS, PASSES, scenario, suiteFile } from '../support/suites.ts';

const SUITE = ['--suite', 'mine', '--retries', '0'];
const mine = (...scenarios: readonly string[]) => ({ 'mine.ts': suiteFile(...scenarios) });

describe('--reporter', () => {
  it('spec: mocha prints scenarios to standard output, and the terminal reporter everything else', async () => {
    const run = await runConformance({
      args: [...SUITE, '--reporter', 'spec'],
      files: mine(scenario('MY-01', PASSES), scenario('MY-02', FAILS), scenario('MY-03', ERROR)),
    });
    expect(run.exitCode, run.stderr).to.equal(1);
    expect(run.stdout).to.contain('MY-01 the title of MY-01').and.to.contain('1 passing').and.to.contain('2 failing');
    expect(run.stdout).to.contain('failed: Probe 2 (red: GetObject').and.to.contain('error: MY-03 could not be judged');
    expect(run.stderr).not.to.contain('ok MY-01');
    expect(run.stderr).to.contain('provisioning 1 embedded cluster').and.to.contain('FAILED MY-02');
    expect(readdirSync(run.reportDirectory).sort()).to.deep.equal([
      'diagnostics',
      'policy-coverage.json',
      'results.json',
    ]);
  });

  it('writes only the named reports, including one of a user module', async () => {
    const [, example = ''] =
      /```js\n(import \{ writeFileSync[\s\S]*?)```/.exec(readFileSync('docs/results.md', 'utf8')) ?? [];
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'slowest.mjs'), example);
    const run = await runInProcess({
      args: [...SUITE, '--reporter', 'junit', '--reporter', join(folder, 'slowest.mjs')],
      files: mine(scenario('MY-01', PASSES), scenario('MY-02', PASSES)),
    });
    expect(run.exitCode, run.stderr).to.equal(0);
    expect(run.stdout + run.stderr).to.equal('');
    expect(readdirSync(run.reportDirectory).sort()).to.deep.equal([
      'junit.xml',
      'policy-coverage.json',
      'results.json',
      'slowest.txt',
    ]);
    expect(readFileSync(join(run.reportDirectory, 'slowest.txt'), 'utf8')).to.match(/^\d+ ms MY-0\d\n\d+ ms MY-0\d\n$/);
  });

  it('keeps the results and exits with 3 if a reporter fails', async () => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, 'broken.ts'),
      'export default { scenarioOver(): void { throw new Error("it is broken"); } };',
    );
    const run = await runInProcess({
      args: [...SUITE, '--reporter', `terminal,junit,${join(folder, 'broken.ts')}`],
      files: mine(scenario('MY-01', PASSES)),
    });
    expect(run.exitCode, run.stderr).to.equal(3);
    expect(run.stderr).to.contain('broken.ts failed (it is broken)');
    expect(run.results?.scenarios.map(({ verdict }) => verdict)).to.deep.equal(['passed']);
    expect(run.results?.run).to.include({ exitCode: 3 });
    expect(run.junit).to.contain('MY-01');
  });

  for (const [reporter, message] of [
    ['spek', 'Unknown reporter "spek": did you mean "spec"?'],
    ['./none.js', 'Reporter ./none.js does not exist'],
    ['spec,min', '--reporter names two reporters of mocha (spec, min)'],
    ['list,dot', '--reporter names two reporters (list, dot), which print to the same stream'],
  ] as const)
    it(`rejects ${reporter}`, async () => {
      const run = await runInProcess({ args: ['--scenario', 'AB-01', '--reporter', reporter] });
      expect(run.exitCode).to.equal(2);
      expect(run.stderr)
        .to.contain(message)
        .and.to.match(/^.*\n$/);
      expect(existsSync(run.reportDirectory)).to.equal(false);
    });
});

describe('reports', () => {
  it("name source files of the package's suites", async () => {
    const run = await runInProcess({ args: ['--scenario', 'AB-01'] });
    expect(
      run.results?.scenarios.map(({ file }) => file),
      run.stderr,
    ).to.deep.equal(['suites/abac/identity-tags.ts']);
    expect(run.junit).to.contain('file="suites/abac/identity-tags.ts"');
  });

  (existsSync('/dev/full') ? it : it.skip)('are omitted on a full disk, except for the summary', async () => {
    const folder = temporaryFolder();
    for (const name of ['results.json', 'junit.xml', 'report.html'])
      symlinkSync('/dev/full', join(folder, `${name}.part`));
    const run = await runInProcess({
      args: [...SUITE, '--report-dir', folder],
      files: mine(scenario('MY-01', PASSES)),
      reports: 'own',
    });
    expect(run.exitCode, run.stderr).to.equal(3);
    expect(run.stderr.match(/could not be written/g)).to.have.length(1);
    expect(run.stderr).to.contain('results.json could not be written (the disk is full, ENOSPC)');
    expect(run.stderr).to.match(/1 scenario: 1 passed, 0 failed; 2 probes: 2 passed, 0 failed\n$/);
    // Files that were written before the disk was full are kept.
    expect(readdirSync(folder)).to.deep.equal([JOURNAL_FILE]);
  });
});

describe("user's suite", () => {
  it('may import another suite and a helper', async () => {
    const b = suiteFile(scenario('MY-02', PASSES));
    const run = await runInProcess({
      args: ['--list', '--suite', 'mine'],
      files: {
        'lib/helper.ts':
          'import { allow } from "eks-pod-identity-conformance"; export const title: string = allow("s3:*") && "of the helper";',
        'a.ts': `import { title } from './lib/helper.ts';\nimport './b.ts';\n${suiteFile(scenario('MY-01', PASSES).replace(`'the title of MY-01'`, 'title'))}`,
        'b.ts': b,
      },
      reports: 'own',
    });
    expect(run.exitCode, run.stderr).to.equal(0);
    expect(run.stdout).to.match(/^mine \(2 scenarios\)\n {2}MY-01 +of the helper\n {2}MY-02 /);
  });

  it('supports hooks before and after all scenarios and each scenario', async () => {
    const log = (name: string, hook: string): string => `  ${name}(${hook.replace('$', `console.log('${name}')`)});`;
    const hooks = [
      log('before', 'async function () { this.timeout(5000); await null; $; }'),
      log('beforeEach', '() => $'),
      log('afterEach', '() => $'),
      log('after', '(done) => { $; done(); }'),
    ];
    const text = suiteFile(...hooks, scenario('MY-01', PASSES), scenario('MY-02', FAILS)).replace(
      '({ scenario })',
      '({ scenario, before, after, beforeEach, afterEach })',
    );
    const run = await runConformance({ args: [...SUITE, '--parallel', '1'], files: { 'mine.ts': text } });
    expect(run.exitCode, run.stderr).to.equal(1);
    expect(run.stdout.split('\n')).to.deep.equal([
      'before',
      'beforeEach',
      'afterEach',
      'beforeEach',
      'afterEach',
      'after',
      '',
    ]);
  });

  for (const [what, hook, verdict, exitCode, reason] of [
    ['fails', `before(() => { throw new Error('no database'); })`, 'error', 3, 'suite mine failed: no database'],
    ['skips', 'before(function () { this.skip(); })', 'skipped', 3, 'Skipped by a "before" hook of suite mine.'],
  ] as const)
    it(`is not run if its hook ${what}`, async () => {
      const text = suiteFile(`  ${hook};`, scenario('MY-01', PASSES)).replace(
        '({ scenario })',
        '({ scenario, before })',
      );
      const run = await runInProcess({ args: SUITE, files: { 'mine.ts': text } });
      expect(run.exitCode, run.stderr).to.equal(exitCode);
      expect(run.results?.scenarios[0]).to.include({ verdict, attempts: 1 });
      expect(run.results?.scenarios[0]?.reason).to.contain(reason);
    });

  it('supports chai assertions in checks', async () => {
    const check = (text: string): string => `granted('red', getObject('data/red/key')), all.check('a check', ${text})`;
    const run = await runInProcess({
      args: SUITE,
      files: {
        'mine.ts': `import { expect } from 'chai';\n${suiteFile(
          scenario('MY-01', check('({ outcomes }) => expect(outcomes[0].verdict).to.equal("passed")')),
          scenario('MY-02', check('() => expect(3).to.equal(4)')),
          scenario('MY-03', check('async () => { throw new TypeError("no such thing"); }')),
        )}`,
      },
      reports: 'temporary',
    });
    const came = run.results?.scenarios.map(({ verdict, reason }) => ({
      verdict,
      reason: reason?.replace(/ts:\d+/, 'ts:LINE'),
    }));
    expect(came, run.stderr).to.deep.equal([
      { verdict: 'passed', reason: 'All 2 probes had the expected results.' },
      { verdict: 'failed', reason: 'Probe 2 (harness: Check a check): expected 3 to equal 4 (mine.ts:LINE)' },
      { verdict: 'error', reason: 'Probe 2 (harness: Check a check): TypeError: no such thing' },
    ]);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    it(`with an endless loop stops on the first ${signal}`, async () => {
      const run = await runConformance({
        args: SUITE,
        files: { 'mine.ts': `import 'eks-pod-identity-conformance'; console.error('loading'); for (;;);` },
        signals: [{ after: 'loading', signal }],
      });
      expect(run).to.include({ exitCode: null, signal, stderr: 'loading\n' });
    });
});

describe('mocha that requires the package', () => {
  let folder: string;
  before(() => {
    folder = temporaryFolder();
    const modules = join(folder, 'node_modules');
    mkdirSync(modules);
    // mocha resolves required modules from its own folder.
    for (const name of readdirSync('node_modules').filter((entry) => entry !== 'mocha' && !entry.startsWith('.')))
      symlinkSync(join(process.cwd(), 'node_modules', name), join(modules, name));
    cpSync(join('node_modules', 'mocha'), join(modules, 'mocha'), { recursive: true });
    symlinkSync(builtPackage(), join(modules, 'eks-pod-identity-conformance'));
    writeFileSync(join(folder, 'package.json'), '{}');
    writeFileSync(
      join(folder, 'mine.ts'),
      suiteFile(scenario('MY-01', PASSES), scenario('MY-02', FAILS)).replace(
        'const {',
        'const title: string = "x";\nconst {',
      ),
    );
    writeFileSync(join(folder, 'unit.js'), `describe('unit', () => it('is a test of another kind', () => undefined));`);
  });

  async function mocha(...args: readonly string[]): Promise<{ exitCode: number | null; text: string }> {
    return mochaIn({}, ...args);
  }

  async function mochaIn(
    environment: Readonly<Record<string, string>>,
    ...args: readonly string[]
  ): Promise<{ exitCode: number | null; text: string }> {
    const program = join(folder, 'node_modules', 'mocha', 'bin', 'mocha.js');
    const child = spawn(
      process.execPath,
      [program, '--require', 'eks-pod-identity-conformance/mocha', 'mine.ts', 'unit.js', ...args],
      {
        cwd: folder,
        env: {
          PATH: process.env['PATH'] ?? '',
          HOME: folder,
          CONFORMANCE_REPORT_DIR: 'reports',
          ...environment,
        },
      },
    );
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { exitCode, text };
  }
  const ran = (): readonly string[] => {
    const file = join(folder, 'reports', 'results.json');
    return (JSON.parse(readFileSync(file, 'utf8')) as NonNullable<CliRun['results']>).scenarios.map(({ id }) => id);
  };

  it('runs a test for each scenario, and other tests', async () => {
    const { exitCode, text } = await mocha();
    expect(exitCode, text).to.equal(1);
    expect(text).to.contain('✔ MY-01 the title of MY-01').and.to.contain('1) MY-02 the title of MY-02');
    expect(text).to.contain('✔ is a test of another kind').and.to.contain('2 passing').and.to.contain('1 failing');
    expect(text).to.contain('failed: Probe 2 (red: GetObject');
    expect(text).not.to.contain('Warning');
    expect(ran()).to.deep.equal(['MY-01', 'MY-02']);
  });

  it('runs only selected scenarios', async () => {
    const { exitCode, text } = await mocha('--fgrep', 'MY-01');
    expect(exitCode, text).to.equal(0);
    expect(ran()).to.deep.equal(['MY-01']);
  });

  it('applies a gate, and reports an unknown scenario', async () => {
    const allowances = ['MY-02', 'MY-99'].map((id) => ({ scenario: id, until: '2999-12-31', reason: 'It is known.' }));
    writeFileSync(join(folder, 'gate.json'), JSON.stringify({ allowed: allowances }));
    const { exitCode, text } = await mochaIn({ CONFORMANCE_GATE: 'gate.json' });
    expect(exitCode, text).to.equal(0);
    expect(text).to.contain('gate.json names scenario MY-99, but no loaded file declares it');
  });

  it('rejects --parallel', async () => {
    const { exitCode, text } = await mocha('--parallel');
    expect(exitCode).not.to.equal(0);
    expect(text).to.contain('Remove the --parallel option of mocha');
  });
});
