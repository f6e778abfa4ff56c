import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { executed } from '../support/executed.ts';
import { runInProcess, temporaryFolder, type CliRun } from '../support/run-cli.ts';
import { FAILS, PASSES, scenario, suiteFile } from '../support/suites.ts';
import type { RunResults } from '../../harness/results/results.ts';

const files = { 'mine.ts': suiteFile(scenario('MY-01', PASSES), scenario('MY-02', FAILS), scenario('MY-03', PASSES)) };
const run = (...args: readonly string[]): Promise<CliRun> => runInProcess({ args: ['--quiet', ...args], files });
const ids = (results: RunResults | undefined): readonly string[] => results?.scenarios.map(({ id }) => id) ?? [];

/** Returns the results without values that differ between equal runs. */
const comparable = ({ run, configuration, environment, scenarios, policyCoverage, summary }: RunResults): object => ({
  policyCoverage: { ...policyCoverage, notTested: policyCoverage?.notTested.toSorted() },
  run: { exitCode: run.exitCode, error: run.error, profile: run.profile, interrupted: run.interrupted },
  configuration: { ...configuration, 'report-dir': null, 'suites-dir': null },
  environment: { ...environment, clusters: environment.clusters.map(({ alias, facts }) => ({ alias, facts })) },
  scenarios: scenarios.map(({ id, suite, title, verdict, errorCode, finding, source, attempts, probes }) => ({
    id,
    suite,
    title,
    verdict,
    errorCode,
    finding,
    source,
    attempts,
    probes: probes.map(({ number, workload, control, verdict }) => ({ number, workload, control, verdict })),
  })),
  summary,
});

describe('run in shards', () => {
  const CHOICE = ['--scenario', 'MY-01,MY-02,AB-01,AB-03,PI-07,IR-09,CO-01'];
  let whole: CliRun;
  let shards: CliRun[];
  let folder: string;
  before(async () => {
    whole = await run(...CHOICE);
    folder = temporaryFolder();
    cpSync(whole.reportDirectory, join(folder, 'before'), { recursive: true });
    shards = [];
    for (const shard of ['1/2', '2/2'])
      shards.push(await run(...CHOICE, '--shard', shard, '--times', join(folder, 'before')));
  });

  it('runs each scenario once, and each shard has its own exit code', () => {
    const [one, two] = shards.map(({ results }) => ids(results)) as [string[], string[]];
    expect([...one, ...two].sort()).to.deep.equal([...ids(whole.results)].sort());
    expect(one.length).to.be.within(2, 5);
    const failed = one.includes('MY-02') ? 0 : 1;
    expect(shards.map(({ exitCode }) => exitCode)).to.deep.equal(failed === 0 ? [1, 0] : [0, 1]);
  });

  describe('merged', () => {
    let merged: RunResults;
    let directory: string;
    let merging: Awaited<ReturnType<typeof executed>>;
    before(async () => {
      directory = join(folder, 'merged');
      const from = shards.map(({ reportDirectory }) => reportDirectory);
      merging = await executed('merge', [...from.toReversed(), '--report-dir', directory]);
      merged = JSON.parse(readFileSync(join(directory, 'results.json'), 'utf8')) as RunResults;
    });

    it('equals the unsharded run, except for times and names', async () => {
      expect(comparable(merged)).to.deep.equal(comparable(whole.results!));
      const { code, out } = await executed('compare', [whole.reportDirectory, directory]);
      expect(code, out).to.equal(0);
      expect(out).to.contain('7 scenarios compared: 7 same');
    });

    it('exits and reports like the unsharded run', () => {
      expect([merging.code, whole.exitCode]).to.deep.equal([1, 1]);
      expect(merging.err).to.contain('Not as expected\n  FAILED MY-02').and.to.contain('Findings');
      expect(merging.err).to.match(/7 scenarios: 6 passed, 1 failed; \d+ probes: \d+ passed, 1 failed\n$/);
      expect(merging.err).not.to.contain('ok MY-01');
    });

    it('contains junit.xml and the diagnostics of failures', () => {
      const junit = readFileSync(join(directory, 'junit.xml'), 'utf8');
      expect(junit.match(/<testcase name="[A-Z]+-\d+/g)).to.have.length(7);
      const { attachments } = merged.scenarios.find(({ id }) => id === 'MY-02')!;
      expect(attachments).not.to.deep.equal([]);
      for (const { path } of attachments) expect(existsSync(join(directory, path)), path).to.equal(true);
    });

    it('does not overwrite a shard', async () => {
      const from = shards.map(({ reportDirectory }) => reportDirectory);
      const { code, err } = await executed('merge', [...from, '--report-dir', from[0]!]);
      expect([code, err]).to.deep.equal([
        2,
        `Folder ${from[0]} has the results of a shard (${from[0]}/results.json): choose another with --report-dir.\n`,
      ]);
    });
  });

  for (const [args, text] of [
    [['--shard', '0/2'], '--shard is "0/2": give a shard and the number of shards, such as 1/4'],
    [['--shard', '3/2'], '--shard is "3/2". Use a shard from 1/2 to 2/2'],
    [['--shard', '1/4', '--suite', 'mine'], 'only 3 scenarios are selected. Use at most 3 shards'],
    [['--times', 'x'], '--times requires --shard'],
    [['--shard', '1/2', '--times', 'nowhere.json'], 'nowhere.json cannot be read (there is no such file)'],
  ] as const)
    it(`rejects ${args.join(' ')}`, async () => {
      const { exitCode, stderr } = await run('--list', ...args);
      expect(exitCode).to.equal(2);
      expect(stderr)
        .to.contain(text)
        .and.to.match(/^[^\n]+\n$/);
    });
});

describe('--last-failed', () => {
  it('selects scenarios that did not pass in the newest run', async () => {
    const directory = temporaryFolder();
    const again = async (...args: readonly string[]): Promise<CliRun> =>
      runInProcess({
        args: ['--quiet', '--suite', 'mine', '--report-dir', directory, ...args],
        files,
        reports: 'own',
      });
    const none = await again('--last-failed');
    expect([none.exitCode, none.stderr]).to.deep.equal([
      2,
      `No results of an earlier run exist below ${directory}, so --last-failed selects nothing. Run without it first.\n`,
    ]);
    await again();
    const failed = await again('--last-failed', '--report-dir', join(directory, 'second'));
    expect(failed.exitCode, failed.stderr).to.equal(2);
    mkdirSync(join(directory, 'older'));
    expect((await again('--last-failed', '--list')).stdout).to.match(
      /^mine \(1 scenario\)\n {2}MY-02 [^\n]*\n\n1 scenario in 1 suite\n$/,
    );
    expect((await again('--last-failed', '--scenario', 'MY-01')).stderr).to.contain('MY-02) are not selected. Relax');
    const one = await again('--last-failed');
    expect([one.exitCode, one.stderr.match(/\d+ scenarios?: .*failed;/)?.[0]]).to.deep.equal([
      1,
      '1 scenario: 0 passed, 1 failed;',
    ]);
    await again('--scenario', 'MY-01');
    const nothing = await again('--last-failed');
    expect([nothing.exitCode, nothing.stderr]).to.deep.equal([
      2,
      `No scenario failed in the last run (${join(directory, 'results.json')}). Remove --last-failed.\n`,
    ]);
    expect((await again('--last-failed', '--pass-with-no-scenarios')).exitCode).to.equal(0);
  });

  it('warns that a fault of the last run is off', async () => {
    const directory = temporaryFolder();
    const args = ['--suite', 'mine', '--report-dir', directory];
    const run = await runInProcess({ args, files, reports: 'own' });
    const file = join(directory, 'results.json');
    const faults = JSON.stringify('iam-ignores-deny');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"faults": []', `"faults": [${faults}]`));
    const again = await runInProcess({ args: [...args, '--last-failed', '--list'], files, reports: 'own' });
    expect(again.stderr, run.stderr).to.contain('The last run used --fault iam-ignores-deny, but this run does not.');
  });

  it('reports results that cannot be read', async () => {
    const directory = temporaryFolder();
    writeFileSync(join(directory, 'results.json'), '{');
    const done = await runInProcess({ args: ['--last-failed', '--report-dir', directory], reports: 'own' });
    expect([done.exitCode, done.stderr]).to.deep.equal([
      2,
      `${join(directory, 'results.json')} is not JSON: give the results.json of a run's report folder.\n`,
    ]);
  });
});

describe('--repeat-each', () => {
  const hooked = (body: string) =>
    suiteFile(scenario('MY-01', PASSES))
      .replace('({ scenario })', '({ scenario, beforeEach })')
      .replace(/\n\}\);\n$/, `\nlet times = 0;\nbeforeEach(function () { times += 1; ${body} });\n});\n`);

  it('repeats each scenario, and keeps each verdict', async () => {
    const done = await run('--suite', 'mine', '--repeat-each', '11', '--scenario', 'MY-01,MY-02');
    expect(done.exitCode, done.stderr).to.equal(1);
    const verdicts = done.results?.scenarios.map(({ repetitions = [] }) => repetitions.map(({ verdict }) => verdict));
    expect(verdicts).to.deep.equal([Array(11).fill('passed'), Array(11).fill('failed')]);
    expect(done.results?.summary).to.include({ total: 2, passed: 1, failed: 1 });
    expect(done.results?.scenarios.map(({ attempts }) => attempts)).to.deep.equal([1, 1]);
    const collected = done.results?.scenarios[1]?.attachments.map(({ path }) => path) ?? [];
    expect(new Set(collected).size).to.equal(collected.length);
    expect(collected.filter((path) => path.endsWith('summary.md'))).to.have.length(11);
    expect(done.junit).to.contain(`Repetitions: ${Array(11).fill('passed').join(', ')}`);
    expect(done.stderr).not.to.contain('laky');
    // With --quiet the summary contains only counts.
    expect(done.stderr).not.to.contain('Repeated');
  });

  it('reports a scenario with different verdicts as flaky, and counts the worst', async () => {
    const done = await runInProcess({
      args: ['--suite', 'mine', '--repeat-each', '4', '--verbose'],
      files: { 'mine.ts': hooked(`if (times === 3) throw new Error('the third time');`) },
    });
    expect(done.exitCode, done.stderr).to.equal(3);
    const [result] = done.results?.scenarios ?? [];
    expect(result?.repetitions?.map(({ verdict }) => verdict)).to.deep.equal(['passed', 'passed', 'error', 'passed']);
    expect(result).to.include({ verdict: 'error', errorCode: 'HOOK_FAILED' });
    expect(done.stderr).to.contain('      flaky: 3 passed, 0 failed, 1 error\n');
    expect(done.stderr).to.contain(
      'Flaky (verdicts differ between repetitions)\n  MY-01: 3 passed, 0 failed, 1 error\n',
    );
  });

  it('reports that all repetitions have the same verdict', async () => {
    const files = { 'mine.ts': suiteFile(scenario('MY-01', PASSES)) };
    const done = await runInProcess({ args: ['--suite', 'mine', '--repeat-each', '2'], files });
    expect(done.stderr).to.contain('Repeated 2 times: all repetitions have the same verdict.\n');
  });

  it('does not repeat skipped scenarios', async () => {
    const done = await runInProcess({
      args: ['--suite', 'mine', '--repeat-each', '4', '--pass-with-no-scenarios'],
      files: { 'mine.ts': hooked('this.skip();') },
    });
    expect(done.results?.scenarios.map(({ verdict, repetitions }) => [verdict, repetitions])).to.deep.equal([
      ['skipped', undefined],
    ]);
  });
});
