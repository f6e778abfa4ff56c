import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'chai';
import { XMLParser } from 'fast-xml-parser';
import type { RunResults } from '../../harness/results/results.ts';
import { runConformance, runInProcess, temporaryFolder, type CliRun } from '../support/run-cli.ts';
import { ENDLESS, ERROR, FAILS, INCONCLUSIVE, PASSES, scenario, suiteFile } from '../support/suites.ts';

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
addFormats.default(ajv);
const valid = ajv.compile(JSON.parse(readFileSync('harness/report/results.schema.json', 'utf8')) as object);

/** Returns results that match the schema. Fails with the run's output if it wrote no results. */
function resultsOf({ results, stderr }: CliRun): RunResults {
  expect(results, stderr).not.to.equal(undefined);
  expect(valid(results), ajv.errorsText(valid.errors)).to.equal(true);
  return results!;
}

const verdicts = (run: CliRun): Record<string, string> =>
  Object.fromEntries(resultsOf(run).scenarios.map(({ id, verdict }) => [id, verdict]));
const mine = (...scenarios: readonly string[]) => ({ 'mine.ts': suiteFile(...scenarios) });
const run = (args: readonly string[], ...scenarios: readonly string[]): Promise<CliRun> =>
  runInProcess({ args: ['--suite', 'mine', ...args], files: mine(...scenarios) });

describe('command line', () => {
  it('exits with 0 if all scenarios are as expected', async () => {
    const files = mine(scenario('MY-01', PASSES), scenario('MY-02', PASSES));
    const passed = await runConformance({ args: ['--suite', 'mine'], files });
    expect(passed.exitCode, passed.stderr).to.equal(0);
    expect(verdicts(passed)).to.deep.equal({ 'MY-01': 'passed', 'MY-02': 'passed' });
    expect(passed.stdout).to.equal('');
    expect(passed.stderr).to.match(/2 scenarios: 2 passed, 0 failed; 4 probes: 4 passed, 0 failed\n$/);
    expect(passed.stderr).not.to.contain('Warning');
    expect(passed.stderr).not.to.contain('\u001b');
    expect(readdirSync(passed.reportDirectory).sort()).to.deep.equal([
      'junit.xml',
      'policy-coverage.json',
      'report.html',
      'results.json',
    ]);
    expect(readdirSync(passed.directory).sort()).to.deep.equal(['my-suites', 'reports', 'tmp']);
    expect(readdirSync(join(passed.directory, 'tmp'))).to.deep.equal([]);
  });

  describe('with all verdicts, --quiet, colours, and options in a file and the environment', () => {
    let mixed: CliRun;
    before(async () => {
      const config = join(temporaryFolder(), 'options.yaml');
      writeFileSync(config, 'suite: [mine]\nparallel: 3\nretries: 2\ntimeout: 50\n');
      mixed = await runConformance({
        args: ['--config', config, '--quiet'],
        env: { CONFORMANCE_PARALLEL: '2', FORCE_COLOR: '1', CONFORMANCE_FAULT: 'iam-ignores-session-policy' },
        files: mine(
          scenario('MY-01', PASSES),
          scenario('MY-02', FAILS),
          scenario('MY-03', INCONCLUSIVE),
          scenario('MY-04', ERROR),
        ),
      });
    });

    it('exits with 1, since a scenario failed', () => {
      expect(mixed.exitCode, mixed.stderr).to.equal(1);
      expect(verdicts(mixed)).to.deep.equal({
        'MY-01': 'passed',
        'MY-02': 'failed',
        'MY-03': 'inconclusive',
        'MY-04': 'error',
      });
      expect(resultsOf(mixed).run).to.include({ exitCode: 1, interrupted: false, error: null });
    });

    it('retries errors --retries times, and never retries verdicts', () => {
      expect(resultsOf(mixed).scenarios.map(({ attempts }) => attempts)).to.deep.equal([1, 1, 1, 3]);
    });

    it('records effective options and their origin in results.json', () => {
      const { configuration, environment } = resultsOf(mixed);
      expect(configuration['parallel']).to.deep.equal({ value: 2, origin: 'environment' });
      expect(configuration['timeout']).to.deep.equal({ value: 50, origin: 'config file' });
      expect(configuration['quiet']).to.deep.equal({ value: true, origin: 'flag' });
      expect(configuration['keep']).to.deep.equal({ value: 'never', origin: 'default' });
      expect(environment.faults).to.deep.equal(['iam-ignores-session-policy']);
    });

    it('explains a failure with expectation, observation and the decision of AWS', () => {
      const [, failed] = resultsOf(mixed).scenarios;
      const probe = failed?.probes[1];
      expect(probe?.reason).to.contain('Access was expected, but the probe was denied');
      const call = failed?.calls.find(({ requestId }) => requestId === probe?.decisiveCall);
      expect(call?.decisions[0]).to.include({
        action: 's3:GetObject',
        decision: 'implicitlyDenied',
      });
      expect(failed?.reason).to.contain('Probe 2 (red: GetObject s3://');
    });

    it('prints only failures and counts, in colour', () => {
      const text = mixed.stderr;
      expect(text).to.contain('\u001b[31mFAILED\u001b[0m MY-02');
      expect(text).not.to.contain('MY-01');
      expect(text).not.to.contain('Configuration:');
      expect(text).to.match(/4 scenarios: 1 passed, 1 failed, 1 inconclusive, 1 error; \d+ probes: .*\n$/);
    });

    it('writes a junit.xml with the same counts', () => {
      const { testsuites } = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' }).parse(
        mixed.junit ?? '',
      ) as {
        testsuites: { readonly testsuite: Readonly<Record<string, string>> };
      };
      expect(testsuites.testsuite).to.include({ tests: '4', failures: '1', errors: '2' });
    });
  });

  for (const [verdict, probes] of [
    ['inconclusive', INCONCLUSIVE],
    ['error', ERROR],
  ] as const)
    it(`exits with 3 if a verdict is ${verdict}`, async () => {
      const some = await run(['--retries', '0'], scenario('MY-01', PASSES), scenario('MY-02', probes));
      expect(some.exitCode, some.stderr).to.equal(3);
      expect(verdicts(some)['MY-02']).to.equal(verdict);
    });

  it('--timeout: an endless scenario becomes an error, and the run exits with 3', async () => {
    const endless = await run(['--timeout', '2', '--retries', '0'], scenario('MY-01', ENDLESS));
    expect(endless.exitCode, endless.stderr).to.equal(3);
    const [only] = resultsOf(endless).scenarios;
    expect(only).to.include({ verdict: 'error', errorCode: 'TIMED_OUT', attempts: 1 });
    expect(only?.reason).to.contain('MY-01 did not finish within 2 s');
    expect(endless.stderr).to.contain('MY-01 did not finish within 2 s');
  });

  it('--max-failures stops after that number, and lists scenarios that were not run', async () => {
    const ids = ['MY-01', 'MY-02', 'MY-03', 'MY-04'];
    const stopped = await run(['--max-failures', '2', '--parallel', '1'], ...ids.map((id) => scenario(id, FAILS)));
    expect(stopped.exitCode).to.equal(1);
    expect(Object.values(verdicts(stopped))).to.deep.equal(['failed', 'failed', 'skipped', 'skipped']);
    expect(resultsOf(stopped).scenarios[3]?.reason).to.contain('--max-failures 2 was reached');
  });

  it('--verbose prints every probe, and --no-color overrides FORCE_COLOR', async () => {
    const files = mine(scenario('MY-01', PASSES), scenario('MY-02', PASSES));
    const args = ['--scenario', 'MY-02', '--verbose', '--no-color'];
    const verbose = await runInProcess({ args, files, env: { FORCE_COLOR: '1' } });
    expect(verbose.exitCode, verbose.stderr).to.equal(0);
    expect(Object.keys(verdicts(verbose))).to.deep.equal(['MY-02']);
    expect(verbose.stderr).to.contain('[passed] red: GetObject').and.not.to.contain('\u001b');
  });

  it('NO_COLOR overrides FORCE_COLOR, and --grep and --grep-invert select scenarios', async () => {
    const files = mine(...['MY-01', 'MY-02', 'MY-03'].map((id) => scenario(id, PASSES)));
    const args = ['--grep', '^MY', '--grep-invert', '0[13]'];
    const some = await runInProcess({ args, files, env: { FORCE_COLOR: '1', NO_COLOR: '1' } });
    expect(Object.keys(verdicts(some))).to.deep.equal(['MY-02']);
    expect(some.stderr).not.to.contain('\u001b').and.not.to.contain('[passed]');
  });

  it('--report-dir sets the report folder; by default each run has its own', async () => {
    const files = mine(scenario('MY-01', PASSES));
    const byDefault = await runInProcess({ args: ['--suite', 'mine'], files, reports: 'own' });
    expect(byDefault.exitCode, byDefault.stderr).to.equal(0);
    const [folder = ''] = readdirSync(byDefault.reportDirectory);
    const file = join(byDefault.reportDirectory, folder, 'results.json');
    expect((JSON.parse(readFileSync(file, 'utf8')) as RunResults).run.id).to.equal(folder);
    expect(byDefault.stderr).to.contain(`Report: reports/${folder}/results.json`);
  });

  it('--seed gives equal ids for equal seeds, and different ids otherwise', async () => {
    const probe = `all.controlSucceeds(all.describeAssociation('<association-id:red>'))`;
    const ids = async (seed: string): Promise<string | undefined> =>
      /a-[a-z0-9]+/.exec(
        resultsOf(await run(['--seed', seed], scenario('MY-01', probe))).scenarios[0]?.probes[0]?.operation ?? '',
      )?.[0];
    const [one, same, other] = [await ids('one'), await ids('one'), await ids('other')];
    expect(one).to.match(/^a-/);
    expect(same).to.equal(one);
    expect(other).not.to.equal(one);
  });

  it('--parallel limits the number of concurrent scenarios', async () => {
    const scenarios = ['MY-01', 'MY-02', 'MY-03'].map((id) => scenario(id, PASSES));
    const sum = async (parallel: string): Promise<number> => {
      const { phases } = resultsOf(await run(['--parallel', parallel], ...scenarios));
      return (phases.arranging + phases.probing) / phases.scenarios;
    };
    // If scenarios run one at a time, the sum of their durations does not exceed the total duration.
    expect(await sum('1')).to.be.at.most(1.1);
    expect(await sum('3')).to.be.above(1.1);
  });

  it('reports a policy that IAM rejects as a mistake in the scenario, and exits with 2', async () => {
    const world = `
    roles: { app: { trust: [{ effect: 'Allow', actions: ['sts:AssumeRole', 'sts:TagSession'], principal: { Service: 'pods.eks.amazonaws.com' } }],
                    permissions: { from: 'mine.json', document: { Version: '2012-10-17', Statement: [{ Effect: 'Perhaps', Action: 's3:*', Resource: 'arn:aws:s3:::*/red/*' }] } } } },
    workloads: { red: { role: 'app' } },
    objects: ['data/red/key'],`;
    const trusts = (service: string): string =>
      world.replace("'pods.eks.amazonaws.com'", `['pods.eks.amazonaws.com', '${service}']`).replace('Perhaps', 'Allow');
    const refused = await run(
      ['--service-principal', 'new.amazonaws.com'],
      scenario('MY-01', PASSES, world),
      scenario('MY-02', PASSES, trusts('new.amazonaws.com')),
      scenario('MY-03', PASSES, trusts('pod.eks.amazonaws.com')),
    );
    expect(refused.exitCode, refused.stderr).to.equal(2);
    const [only, , service] = resultsOf(refused).scenarios;
    expect(service?.reason).to.match(
      /trust policy of role "app" of MY-03 .*"SERVICE":"pod\.eks\.amazonaws\.com"; .*the nearest is pods\.eks\.amazonaws\.com$/,
    );
    expect(only).to.include({ verdict: 'error', errorCode: 'BAD_POLICY', attempts: 1 });
    expect(only?.reason).to.contain('AWS rejects the permissions of role "app" (from mine.json) of MY-01');
    expect(verdicts(refused)['MY-02']).to.equal('passed');
  });

  it('reports an error outside of scenarios, and keeps all verdicts', async () => {
    const text = `${suiteFile(scenario('MY-01', PASSES), scenario('MY-02', PASSES))}
const timer = setInterval(() => { if (globalThis.process.listenerCount('uncaughtException') > 0) { clearInterval(timer); throw new Error('a stray'); } }, 5);`;
    const stray = await runConformance({ args: ['--suite', 'mine'], files: { 'mine.ts': text } });
    expect(stray.exitCode, stray.stderr).to.equal(3);
    expect(resultsOf(stray).run.error).to.contain('An error occurred outside of all scenarios: a stray');
    expect(verdicts(stray)).to.deep.equal({ 'MY-01': 'passed', 'MY-02': 'passed' });
  });

  it('leaves only reports in the report folder', async () => {
    const failed = await run(['--retries', '0'], scenario('MY-01', ERROR));
    expect(existsSync(join(failed.reportDirectory, 'clusters'))).to.equal(false);
    expect(readdirSync(failed.reportDirectory).sort()).to.deep.equal([
      'diagnostics',
      'junit.xml',
      'policy-coverage.json',
      'report.html',
      'results.json',
    ]);
  });
});
