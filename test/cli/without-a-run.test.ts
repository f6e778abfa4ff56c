import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { catalogue } from '../../scripts/faults/index.ts';
import {
  builtPackage,
  runConformance,
  runInProcess,
  temporaryFolder,
  type CliOptions,
  type CliRun,
} from '../support/run-cli.ts';
import { FAILS, PASSES, scenario, suiteFile } from '../support/suites.ts';

/** Expects the response to invalid input: exit code 2 and a single message on standard error. */
function expectRefusal(run: CliRun, ...texts: readonly string[]): void {
  expect(run.exitCode, run.stderr).to.equal(2);
  expect(run.stdout).to.equal('');
  for (const text of texts) expect(run.stderr).to.contain(text);
  const sentences = run.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('Configuration: '));
  expect(sentences, run.stderr).to.have.length(1);
  expect(run.stderr).not.to.match(/^\s+at /m);
  expect(existsSync(run.reportDirectory)).to.equal(false);
}

describe('command line without a run', () => {
  it('--help prints the usage', async () => {
    const { exitCode, stdout, stderr } = await runInProcess({ args: ['--help'], reports: 'own' });
    expect([exitCode, stderr]).to.deep.equal([0, '']);
    expect(stdout)
      .to.match(/^Usage: /)
      .and.to.contain('--suites-dir DIR')
      .and.not.to.contain('--nodes N');
    for (const line of stdout.split('\n')) expect(line.length, line).to.be.below(100);
    const eks = await runInProcess({ args: ['--help', 'eks'], reports: 'own' });
    expect(eks.stdout).to.contain('--nodes N').and.not.to.contain('--kind-image');
  });

  it('--version prints the version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    const { exitCode, stdout } = await runInProcess({ args: ['--version'], reports: 'own' });
    expect([exitCode, stdout]).to.deep.equal([0, `${version}\n`]);
  });

  it('--list-faults prints the faults', async () => {
    const { exitCode, stdout } = await runInProcess({ args: ['--list-faults'], reports: 'own' });
    expect(exitCode).to.equal(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.split(' ')[0])).to.deep.equal(catalogue().map(({ name }) => name));
  });

  it('--list prints the selected scenarios, including those of --suites-dir', async () => {
    const files = { 'a.ts': suiteFile(scenario('MY-02', PASSES)), 'b.mjs': suiteFile(scenario('MY-01', FAILS)) };
    const run = await runInProcess({ args: ['--list', '--suite', 'mine'], files });
    expect(run.exitCode, run.stderr).to.equal(0);
    expect(run.stdout).to.equal(
      'mine (2 scenarios)\n  MY-01   the title of MY-01\n  MY-02   the title of MY-02\n\n2 scenarios in 1 suite\n',
    );
    expect(existsSync(run.reportDirectory)).to.equal(false);
  });

  it('--list tolerates a pipe that closes early', () => {
    const command = `"$0" "$1" --list | head -n 1`;
    const { stdout, stderr } = spawnSync('bash', [
      '-c',
      command,
      process.execPath,
      join(builtPackage(), 'bin', 'conformance.js'),
    ]);
    expect(stdout.toString().split('\n')).to.have.length(2);
    expect(stderr.toString()).to.equal('');
  });

  it('--plan prints the plan and creates nothing', async () => {
    const files = { 'a.ts': suiteFile(scenario('MY-01', PASSES)) };
    const run = await runConformance({ args: ['--plan', '--scenario', 'MY-01'], files });
    expect(run.exitCode, run.stderr).to.equal(0);
    expect(run.stdout).to.contain('Clusters to provision (embedded): c1');
    expect(run.stdout).to.contain('  2. red: GetObject s3://data/blue/key must be denied as role app by s3');
    expect(run.stdout).to.contain('Nothing was created.');
    expect(readdirSync(run.directory).sort()).to.deep.equal(['my-suites', 'tmp']);
    expect(readdirSync(join(run.directory, 'tmp'))).to.deep.equal([]);
  });

  it('--pass-with-no-scenarios exits with 0 if no scenario is selected', async () => {
    const args = ['--grep', 'no scenario has this title'];
    expectRefusal(await runInProcess({ args }), 'No scenario is selected');
    const passed = await runInProcess({ args: [...args, '--pass-with-no-scenarios'] });
    expect(passed.exitCode, passed.stderr).to.equal(0);
    expect(passed.results?.summary.total).to.equal(0);
    expect(passed.junit).to.contain('No scenario was selected.');
  });

  const refusals: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['an unknown flag', ['--paralel', '2'], ['Unknown flag --paralel', 'did you mean --parallel?']],
    ['an unknown command', ['swep'], ['Unknown command "swep"', 'did you mean "sweep"?']],
    [
      'a flag without effect on the list command',
      ['list', '--parallel', '3'],
      ['--parallel is not a flag of this command, but of `run`'],
    ],
    ['a flag without effect on --list', ['--list', '--nodes', '4'], ['--nodes is for eks clusters']],
    ['a flag without effect on plan', ['plan', '--nodes', '4'], ['--nodes is for eks clusters']],
    ['contradictory flags', ['--list', '--plan'], ['--plan does not work with --list']],
    ['an unknown help topic', ['--help', 'knd'], ['Unknown help topic "knd"', 'did you mean "kind"?']],
    [
      'a client command that does not exist',
      ['--client-command', 'no-such-program --flag', '--scenario', 'CL-01'],
      ['--client-command is "no-such-program --flag", but "no-such-program" is not a program on this machine'],
    ],
    ['an unknown suite', ['--suite', 'abca'], ['Unknown suite "abca"', 'did you mean "abac"?']],
    ['an unknown scenario', ['--scenario', 'AB-91'], ['Unknown scenario "AB-91"', 'did you mean "AB-']],
    ['an unknown fault', ['--fault', 'iam-ignores-den'], ['Unknown fault', 'did you mean "iam-ignores-deny"?']],
    ['an unknown cluster', ['--cluster', 'kinds'], ['--cluster is "kinds"', 'did you mean "kind"?']],
    ['an agent image for embedded clusters', ['--agent-image', 'mine'], ['--agent-image', 'add --cluster kind']],
    ['an existing cluster without kind', ['--context', 'mine'], ['--context', '--cluster embedded']],
    ['a suites folder that does not exist', ['--suites-dir', 'none'], ['Suites folder none does not exist']],
    [
      'a config file that does not exist',
      ['--config', 'none.yaml'],
      ['Config file none.yaml cannot be read: there is no such file'],
    ],
    [
      'a report folder in /proc',
      ['--report-dir', '/proc/x', '--scenario', 'AB-01'],
      ['Report folder /proc/x cannot be written'],
    ],
    [
      'a report folder that is a file',
      ['--report-dir', '/etc/hostname', '--scenario', 'AB-01'],
      ['a file has this name'],
    ],
  ];
  for (const [what, args, texts] of refusals)
    it(`rejects ${what}`, async () => expectRefusal(await runInProcess({ args, reports: 'own' }), ...texts));

  it('rejects an invalid config file', async () => {
    const file = join(temporaryFolder(), 'options.json');
    writeFileSync(file, '{"parallel": "many"}');
    expectRefusal(await runInProcess({ args: ['--config', file] }), 'parallel in', 'options.json', 'whole number');
  });

  it('prints the stack of an error only with --verbose', async () => {
    const run = await runInProcess({ args: ['--suite', 'abca', '--verbose'] });
    expect(run.exitCode).to.equal(2);
    expect(run.stderr).to.match(/^\s+at /m);
  });

  const denial = `denied('red', getObject('data/blue/key'), { by: 's3' })`;
  const suites: readonly (readonly [string, NonNullable<CliOptions['files']>, readonly string[]])[] = [
    ['a syntax error', { 'bad.ts': 'suite(;' }, ['bad.ts', 'cannot be loaded', '1:']],
    ['a syntax error in JavaScript', { 'bad.mjs': 'suite(;' }, ['bad.mjs', 'cannot be loaded', 'SyntaxError']],
    ['an exception', { 'bad.ts': `throw new Error('no luck');` }, ['bad.ts', 'no luck']],
    ['a suite file without scenarios', { 'bad.ts': 'export {};' }, ['bad.ts declares no scenario']],
    [
      'a duplicate id',
      { 'a.ts': suiteFile(scenario('MY-01', PASSES)), 'b.ts': suiteFile(scenario('MY-01', PASSES)) },
      ['b.ts', 'MY-01 is declared twice', 'a.ts'],
    ],
    [
      "an id of the project's scenarios",
      { 'a.ts': suiteFile(scenario('AB-01', PASSES)) },
      ['AB-01 is declared twice', 'suites/abac'],
    ],
    [
      'a denial without a control',
      { 'a.ts': suiteFile(scenario('MY-01', denial)) },
      ['MY-01 expects a denial but no grant'],
    ],
    [
      'a policy that is not JSON',
      {
        'a.ts': suiteFile(`policyFile(new URL('./policy.json', import.meta.url));`),
        'policy.json': '{"Version": ',
      },
      ['policy.json is not JSON'],
    ],
    [
      'a missing policy file',
      { 'a.ts': suiteFile(`policyFile(new URL('./policy.json', import.meta.url));`) },
      ['policy.json cannot be read (there is no such file)'],
    ],
    ['no files', {}, ['has no suite files']],
  ];
  for (const [what, files, texts] of suites)
    it(`rejects a suites folder with ${what}`, async () =>
      expectRefusal(await runInProcess({ args: ['--suite', 'abac'], files }), ...texts));

  for (const [what, text] of [
    ['calls process.exit', 'process.exit(0);'],
    ['awaits a promise that never resolves', 'await new Promise(() => {});'],
  ] as const) {
    it(`fails if a suite file ${what}`, async () => {
      const run = await runConformance({ args: ['--list'], files: { 'a.mjs': text } });
      expect([run.exitCode, run.stdout]).to.deep.equal([3, '']);
      expect(run.stderr).to.contain('The process exited during the run');
    });
  }

  it('rejects old versions of Node', () => {
    const start = JSON.stringify(join(builtPackage(), 'bin', 'start.js'));
    for (const version of ['18.20.0', '20.18.3']) {
      const code = `const { start } = await import(${start}); await start('${version}');`;
      const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
        encoding: 'utf8',
      });
      expect([status, stderr]).to.deep.equal([2, `Node ${version} is too old: install Node 20.19 or later.\n`]);
    }
  });

  it('does not change a report folder that it rejects', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'reports'));
    writeFileSync(join(folder, 'reports', 'mine'), 'x');
    const args = ['--suite', 'abca', '--report-dir', join(folder, 'reports')];
    expect((await runInProcess({ args, reports: 'own' })).exitCode).to.equal(2);
    expect(readdirSync(join(folder, 'reports'))).to.deep.equal(['mine']);
  });
});
