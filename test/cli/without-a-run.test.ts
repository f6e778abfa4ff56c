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

/** What must hold for wrong input: exit code 2, one sentence on standard error, nothing else. */
function expectRefusal(run: CliRun, ...texts: readonly string[]): void {
  expect(run.exitCode, run.stderr).to.equal(2);
  expect(run.stdout).to.equal('');
  for (const text of texts) expect(run.stderr).to.contain(text);
  const sentences = run.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('Configuration: '));
  expect(sentences, run.stderr).to.have.length(1);
  expect(run.stderr).not.to.match(/^\s+at /m);
  expect(existsSync(run.reportDirectory)).to.equal(false);
}

describe('the command line without a run', () => {
  it('--help', async () => {
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

  it('--version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    const { exitCode, stdout } = await runInProcess({ args: ['--version'], reports: 'own' });
    expect([exitCode, stdout]).to.deep.equal([0, `${version}\n`]);
  });

  it('--list-faults', async () => {
    const { exitCode, stdout } = await runInProcess({ args: ['--list-faults'], reports: 'own' });
    expect(exitCode).to.equal(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.split(' ')[0])).to.deep.equal(catalogue().map(({ name }) => name));
  });

  it('--list, of the selected scenarios, with those of --suites-dir', async () => {
    const files = { 'a.ts': suiteFile(scenario('MY-02', PASSES)), 'b.mjs': suiteFile(scenario('MY-01', FAILS)) };
    const run = await runInProcess({ args: ['--list', '--suite', 'mine'], files });
    expect(run.exitCode, run.stderr).to.equal(0);
    expect(run.stdout).to.equal(
      'mine (2 scenarios)\n  MY-01   the title of MY-01\n  MY-02   the title of MY-02\n\n2 scenarios in 1 suite\n',
    );
    expect(existsSync(run.reportDirectory)).to.equal(false);
  });

  it('--list into a pipe that closes early', () => {
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

  it('--plan, which creates nothing', async () => {
    const files = { 'a.ts': suiteFile(scenario('MY-01', PASSES)) };
    const run = await runConformance({ args: ['--plan', '--scenario', 'MY-01'], files });
    expect(run.exitCode, run.stderr).to.equal(0);
    expect(run.stdout).to.contain('Clusters to provision (embedded): c1');
    expect(run.stdout).to.contain('  2. red: GetObject s3://data/blue/key must be denied as role app by s3');
    expect(run.stdout).to.contain('Nothing was created.');
    expect(readdirSync(run.directory).sort()).to.deep.equal(['my-suites', 'tmp']);
    expect(readdirSync(join(run.directory, 'tmp'))).to.deep.equal([]);
  });

  it('--pass-with-no-scenarios', async () => {
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
    ['a flag that a list has no use for', ['list', '--parallel', '3'], ['--parallel has no effect with this command']],
    ['a flag without effect on what is listed', ['--list', '--nodes', '4'], ['--nodes is for eks clusters']],
    ['a flag without effect on what is planned', ['plan', '--nodes', '4'], ['--nodes is for eks clusters']],
    ['flags that contradict each other', ['--list', '--plan'], ['--list and --plan contradict each other']],
    ['an unknown topic of the help', ['--help', 'knd'], ['Unknown help topic "knd"', 'did you mean "kind"?']],
    [
      'a command of a client that does not exist',
      ['--client-command', 'no-such-program --flag', '--scenario', 'CL-01'],
      ['--client-command is "no-such-program --flag", and "no-such-program" is not a program on this machine'],
    ],
    ['an unknown suite', ['--suite', 'abca'], ['Unknown suite "abca"', 'did you mean "abac"?']],
    ['an unknown scenario', ['--scenario', 'AB-91'], ['Unknown scenario "AB-91"', 'did you mean "AB-']],
    ['an unknown fault', ['--fault', 'iam-ignores-den'], ['Unknown fault', 'did you mean "iam-ignores-deny"?']],
    ['an unknown cluster', ['--cluster', 'kinds'], ['--cluster is "kinds"', 'did you mean "kind"?']],
    ['an agent for a cluster that runs its own', ['--agent-image', 'mine'], ['--agent-image', 'add --cluster kind']],
    ['an existing cluster without kind', ['--context', 'mine'], ['--context', '--cluster embedded']],
    ['a suites folder that is not there', ['--suites-dir', 'none'], ['Suites folder none does not exist']],
    [
      'a config file that is not there',
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
      ['there is a file of that name'],
    ],
  ];
  for (const [what, args, texts] of refusals)
    it(`refuses ${what}`, async () => expectRefusal(await runInProcess({ args, reports: 'own' }), ...texts));

  it('refuses a config file that is not valid', async () => {
    const file = join(temporaryFolder(), 'options.json');
    writeFileSync(file, '{"parallel": "many"}');
    expectRefusal(await runInProcess({ args: ['--config', file] }), 'parallel in', 'options.json', 'whole number');
  });

  it('shows where an error comes from with --verbose alone', async () => {
    const run = await runInProcess({ args: ['--suite', 'abca', '--verbose'] });
    expect(run.exitCode).to.equal(2);
    expect(run.stderr).to.match(/^\s+at /m);
  });

  const denial = `denied('red', getObject('data/blue/key'), { by: 's3' })`;
  const suites: readonly (readonly [string, NonNullable<CliOptions['files']>, readonly string[]])[] = [
    ['a syntax error', { 'bad.ts': 'suite(;' }, ['bad.ts', 'cannot be loaded', '1:']],
    ['a syntax error in JavaScript', { 'bad.mjs': 'suite(;' }, ['bad.mjs', 'cannot be loaded', 'SyntaxError']],
    ['an error of its own', { 'bad.ts': `throw new Error('no luck');` }, ['bad.ts', 'no luck']],
    ['no scenario', { 'bad.ts': 'export {};' }, ['bad.ts declares no scenario']],
    [
      'a duplicate id',
      { 'a.ts': suiteFile(scenario('MY-01', PASSES)), 'b.ts': suiteFile(scenario('MY-01', PASSES)) },
      ['b.ts', 'MY-01 is declared twice', 'a.ts'],
    ],
    [
      'an id of the project',
      { 'a.ts': suiteFile(scenario('AB-01', PASSES)) },
      ['AB-01 is declared twice', 'suites/abac'],
    ],
    [
      'a denial without a control',
      { 'a.ts': suiteFile(scenario('MY-01', denial)) },
      ['MY-01 expects a denial but nothing in it must be granted'],
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
      'a policy file that is not there',
      { 'a.ts': suiteFile(`policyFile(new URL('./policy.json', import.meta.url));`) },
      ['policy.json cannot be read (there is no such file)'],
    ],
    ['no files', {}, ['has no suite files']],
  ];
  for (const [what, files, texts] of suites)
    it(`refuses a suites folder with ${what}`, async () =>
      expectRefusal(await runInProcess({ args: ['--suite', 'abac'], files }), ...texts));

  for (const [what, text] of [
    ['calls process.exit', 'process.exit(0);'],
    ['awaits what never comes', 'await new Promise(() => {});'],
  ] as const) {
    it(`does not pass when a suite file ${what}`, async () => {
      const run = await runConformance({ args: ['--list'], files: { 'a.mjs': text } });
      expect([run.exitCode, run.stdout]).to.deep.equal([3, '']);
      expect(run.stderr).to.contain('The run ended before it was over');
    });
  }

  it('refuses a Node that is too old', () => {
    const start = JSON.stringify(join(builtPackage(), 'bin', 'start.js'));
    for (const version of ['18.20.0', '20.18.3']) {
      const code = `const { start } = await import(${start}); await start('${version}');`;
      const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
        encoding: 'utf8',
      });
      expect([status, stderr]).to.deep.equal([2, `Node ${version} is too old: install Node 20.19 or later.\n`]);
    }
  });

  it('leaves a report folder alone that it refuses', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'reports'));
    writeFileSync(join(folder, 'reports', 'mine'), 'x');
    const args = ['--suite', 'abca', '--report-dir', join(folder, 'reports')];
    expect((await runInProcess({ args, reports: 'own' })).exitCode).to.equal(2);
    expect(readdirSync(join(folder, 'reports'))).to.deep.equal(['mine']);
  });
});
