import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { JAVASCRIPT } from '../../components/clients/javascript/index.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import type { AwsTarget } from '../aws-target/target.ts';
import { configure } from '../config/configuration.ts';
import type { ScenarioResult, Verdict } from '../results/results.ts';
import type { ProvisionedCluster } from '../scenario/scenario-context.ts';
import { anEnvironment } from '../../test/support/environment.ts';
import { aResult, aScenario } from '../../test/support/scenarios.ts';
import { conclude, exitCodeOf, gatedRun, nothingRan, tooLittleJudged } from './conclusion.ts';
import type { Opened } from './environment.ts';
import { openSession, type RunOptions, type Session } from './session.ts';

/** SHA-256 of "text". */
const TEXT_DIGEST = '982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1';

describe('the conclusion of a run', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'conclusion-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  const results = (...verdicts: (Verdict | Partial<ScenarioResult>)[]): ScenarioResult[] =>
    verdicts.map((one, index) =>
      aResult({ id: `AB-0${index}`, ...(typeof one === 'string' ? { verdict: one } : one) }),
    );
  const sessionOf = (
    all: readonly ScenarioResult[],
    {
      flags = [],
      interrupted = false,
      programs = [],
      options = {},
      ...values
    }: Partial<Omit<Session, 'options'>> & {
      readonly flags?: readonly string[];
      readonly interrupted?: boolean;
      readonly programs?: readonly string[];
      readonly options?: Pick<RunOptions, 'gate' | 'shard'>;
    } = {},
  ): Session => {
    const session = openSession({
      configuration: configure(['--report-dir', directory, ...flags], {}),
      scenarios: all.map(({ id }) => aScenario({}, id)),
      reporters: [],
      version: '1.2.3',
      workload: JAVASCRIPT,
      environment: {},
      interrupted: interrupted ? AbortSignal.abort() : new AbortController().signal,
      programs,
      stderr: process.stderr,
      ...options,
    });
    for (const result of all.toReversed()) session.results.set(result.id, result);
    return Object.assign(session, values);
  };
  const error = (code: 'BAD_POLICY' | 'POD_FAILED'): Partial<ScenarioResult> => ({ verdict: 'error', errorCode: code });
  const environmentFailed = new HarnessError('AWS_UNREACHABLE', 'AWS is unreachable.');
  const usage = new HarnessError('BAD_CLUSTER', 'No such cluster.');

  for (const [what, all, values, exitCode] of [
    ['all scenarios passed', results('passed', 'passed'), {}, 0],
    ['a scenario was skipped', results('passed', 'skipped'), {}, 0],
    ['no scenario was selected', results(), {}, 0],
    ['a scenario failed', results('passed', 'failed', 'passed'), {}, 1],
    ['one scenario failed and another had an error', results(error('POD_FAILED'), 'failed'), {}, 1],
    ['a scenario and the run failed', results('failed'), { failure: environmentFailed }, 1],
    ['a scenario had an environment error', results('passed', error('POD_FAILED')), {}, 3],
    ['a scenario had an error without a code', results('passed', 'error'), {}, 3],
    ['a scenario was inconclusive', results('inconclusive', 'passed'), {}, 3],
    ['a suite is invalid', results(error('BAD_POLICY'), 'passed'), {}, 2],
    ['a suite is invalid and a scenario was inconclusive', results(error('BAD_POLICY'), 'inconclusive'), {}, 3],
    ['the environment failed', results('passed'), { failure: environmentFailed }, 3],
    ['the run had a usage error', results('passed'), { failure: usage }, 2],
    ['the run had an unknown error', results('passed'), { failure: new TypeError('x') }, 3],
    ['the run had an unknown error and a suite is invalid', results(error('BAD_POLICY')), { failure: 'x' }, 3],
    ['the run was interrupted', results('failed'), { interrupted: true, failure: environmentFailed }, 130],
    ['a scenario failed and an interrupt ended --keep', results('failed'), { interrupted: true, isOver: true }, 1],
    ['all scenarios passed and an interrupt ended --keep', results('passed'), { interrupted: true, isOver: true }, 0],
  ] as const satisfies readonly (readonly [string, ScenarioResult[], object, number])[])
    it(`has exit code ${exitCode} if ${what}`, () => {
      const { run } = conclude(sessionOf(all, values));
      expect(run.exitCode).to.equal(exitCode);
      expect(run.interrupted).to.equal(exitCode === 130);
    });

  const gate = (...problems: string[]) => ({ file: 'gate.yaml', problems, warnings: ['unused'] });
  const allowed = { reason: 'known', until: '2030-01-01' };
  for (const [what, all, failure, problems, exitCode] of [
    ['allows the failure', results({ verdict: 'failed', allowed }), undefined, [], 0],
    ['allows the error', results({ verdict: 'error', allowed }), undefined, [], 0],
    ['allows one of two failures', results({ verdict: 'failed', allowed }, 'failed'), undefined, [], 1],
    ['reports a problem', results('passed'), undefined, ['Too few.'], 1],
    ['reports a problem and the run failed', results('passed'), 3, ['Too few.'], 1],
    ['allows the failure and the run failed', results({ verdict: 'failed', allowed }), 2, [], 2],
  ] as const)
    it(`has exit code ${exitCode} if the gate ${what}`, () => {
      expect(exitCodeOf(all, failure, false, gate(...problems))).to.equal(exitCode);
      expect(exitCodeOf(all, failure, true, gate(...problems))).to.equal(130);
    });

  it('includes the report of a gate only if there is a gate', () => {
    const item = { scenario: 'AB-00', probe: null, when: {}, observed: { verdict: 'failed' } } as const;
    const allowances = [{ ...item, listed: 'allowed[0]', until: '2999-12-31', reason: 'Known.' }];
    const session = sessionOf(results('passed'), {
      options: { gate: { file: 'gate.yaml', allowances, findings: undefined } },
    });
    expect(conclude(session).gate).to.deep.equal({
      file: 'gate.yaml',
      problems: [],
      warnings: ['AB-00 passed, but allowed[0] of gate.yaml allows it to fail. Remove the entry.'],
    });
    expect(conclude(sessionOf(results('passed')))).not.to.have.property('gate');
    expect(gatedRun(session))
      .to.deep.include({ id: session.id })
      .and.to.have.property('today')
      .that.matches(/^[\d-]{10}$/);
    expect(gatedRun(session).facts).to.include({ cluster: 'embedded' });
  });

  it('includes the shard only of a sharded run', () => {
    const shard = { index: 1, count: 2, scenarios: { 'AB-00': 1 }, digest: 'd' };
    expect(conclude(sessionOf(results('passed'), { options: { shard } })).run.shard).to.deep.equal(shard);
    expect(conclude(sessionOf(results('passed'))).run).not.to.have.property('shard');
  });

  for (const [what, values, error] of [
    ['no error if nothing failed', {}, null],
    ['the failure', { failure: usage }, 'No such cluster.'],
    ['a HarnessError even after an interrupt', { failure: usage, interrupted: true }, 'No such cluster.'],
    ['no other error after an interrupt', { failure: new Error('aborted'), interrupted: true }, null],
    ['the first line of an unknown error', { failure: new TypeError('x is not\na function') }, 'TypeError: x is not'],
  ] as const)
    it(`reports ${what}`, () => expect(conclude(sessionOf([], values)).run.error).to.equal(error));

  it('summarizes the measurements', () => {
    const durations = (arranging: number, probing: number) => ({ durations: { arranging, probing, teardown: 9 } });
    const environment = anEnvironment(
      {
        name: 'emulator',
        region: 'eu-west-1',
        accountId: () => '1',
        endpoints: { s3: 'http://s3' },
        callCounts: () => 'counts',
      } as unknown as AwsTarget,
      {
        clusters: new Map([
          [
            'c1',
            { alias: 'c1', cluster: { name: 'one', facts: { version: '1.35' } } } as unknown as ProvisionedCluster,
          ],
        ]),
        podTimes: [30.4, 10, 20.4],
      },
    );
    const program = join(directory, 'program.js');
    writeFileSync(program, 'text');
    mkdirSync(join(directory, 'dist'));
    const built = join(directory, 'dist', 'main.js');
    writeFileSync(built, 'text');
    const session = sessionOf(results(durations(1, 20), durations(2, 30)), {
      phases: { provisioning: 1.4, scenarios: 2.6, teardown: 3.5 },
      opened: { environment, translations: ['t'] } as unknown as Opened,
      firstVerdict: 7,
      programs: [program, built],
      flags: ['--suite', 'abac', '--profile', 'pre-release'],
    });
    const { run, phases, scenarios, aws, configuration, environment: where, summary } = conclude(session);
    expect(scenarios.map(({ id }) => id)).to.deep.equal(['AB-00', 'AB-01']);
    expect(summary).to.include({ total: 2, passed: 2, probes: 2 });
    expect(phases).to.deep.equal({
      provisioning: 1,
      scenarios: 3,
      arranging: 3,
      probing: 50,
      teardown: 4,
      podMedian: 20,
    });
    expect(aws).to.deep.equal({ calls: 'counts' });
    expect(run).to.include({ id: session.id, firstVerdictMilliseconds: 7 });
    expect(run.profile).to.deep.equal({
      name: 'pre-release',
      version: 2,
      scopes: ['identity', 'agent', 'webhook'],
      narrowed: true,
    });
    expect(Date.parse(run.endedAt)).to.be.at.least(Date.parse(run.startedAt));
    expect(run.milliseconds).to.be.within(0, performance.now());
    expect(configuration['suite']).to.deep.equal({ value: ['abac'], origin: 'flag' });
    expect(configuration['grep']?.value).to.equal(null);
    expect(where).to.deep.include({
      harness: '1.2.3',
      node: process.version,
      cluster: 'embedded',
      aws: 'emulator',
      region: 'eu-west-1',
      endpoints: { s3: 'http://s3' },
      faults: [],
      translations: ['t'],
      services: ['s3', 'iam', 'sts', 'eks', 'eks-auth'],
      clusters: [{ alias: 'c1', name: 'one', facts: { version: '1.35' } }],
      digests: { [program]: TEXT_DIGEST, 'main.js': TEXT_DIGEST },
    });
  });

  for (const [flags, name] of [
    [[], 'emulator'],
    [['--aws-endpoint', 's3=http://127.0.0.1:9'], 'endpoint'],
    [['--cluster', 'eks'], 'aws'],
  ] as const)
    it(`names the AWS "${name}" if the run did not reach it`, () => {
      const { environment, aws, phases } = conclude(sessionOf([], { flags: [...flags] }));
      expect(environment).to.deep.include({
        aws: name,
        region: '',
        endpoints: {},
        services: [],
        clusters: [],
        translations: [],
      });
      expect([aws, phases.podMedian]).to.deep.equal([null, null]);
    });
});

describe('the minimum number of judged scenarios', () => {
  const asked = (
    all: readonly ScenarioResult[],
    flags: readonly string[],
    { signal = new AbortController().signal, ...more }: { readonly signal?: AbortSignal; readonly shard?: object } = {},
  ) => nothingRan({ options: { configuration: configure(flags, {}), ...more }, signal } as unknown as Session, all);
  const many = (passed: number, failed: number, skipped: number, broken = 0): ScenarioResult[] =>
    Object.entries({ passed, failed, skipped, error: broken }).flatMap(([verdict, count]) =>
      Array.from({ length: count }, () => aResult({ verdict: verdict as Verdict })),
    );
  for (const [what, all, flags, code] of [
    ['nothing was selected', many(0, 0, 0), [], undefined],
    ['the only scenario was skipped', many(0, 0, 1), [], 'NOTHING_RAN'],
    ['all scenarios were skipped', many(0, 0, 3), [], 'NOTHING_RAN'],
    [
      'all scenarios were skipped with --pass-with-no-scenarios',
      many(0, 0, 3),
      ['--pass-with-no-scenarios'],
      undefined,
    ],
    ['three of four were judged', many(2, 1, 1), [], undefined],
    ['two of three were judged', many(1, 1, 1), [], 'TOO_LITTLE_RAN'],
    ['two of four were judged and one had an error', many(2, 0, 1, 1), [], 'TOO_LITTLE_RAN'],
    ['two of three were judged with --pass-with-no-scenarios', many(2, 0, 1), ['--pass-with-no-scenarios'], undefined],
    ['one of four was judged with --suite', many(1, 0, 3), ['--suite', 'abac'], undefined],
    ['19 of 20 were judged with profile pre-release', many(18, 1, 1), ['--profile', 'pre-release'], undefined],
    ['18 of 20 were judged with profile pre-release', many(18, 0, 2), ['--profile', 'pre-release'], 'TOO_LITTLE_RAN'],
  ] as const satisfies readonly (readonly [string, ScenarioResult[], string[], string | undefined])[])
    it(`${code === undefined ? 'is reached' : `causes ${code}`} if ${what}`, () =>
      expect(asked(all, flags)?.code).to.equal(code));
  it('ignores suites that are skipped entirely with --aws-endpoint', () => {
    const skipped = many(0, 0, 3).map((result) => ({ ...result, suite: 'irsa' }));
    expect(asked([...many(3, 0, 0), ...skipped], [])?.code).to.equal('TOO_LITTLE_RAN');
    expect(asked([...many(3, 0, 0), ...skipped], ['--aws-endpoint', 's3=http://127.0.0.1:9'])).to.equal(undefined);
  });
  it('does not apply to a stopped run or a shard', () => {
    expect(asked(many(0, 0, 2), [], { signal: AbortSignal.abort() })).to.equal(undefined);
    expect(asked(many(0, 0, 2), [], { shard: { index: 1, count: 2 } })).to.equal(undefined);
  });
  it('is reported with the numbers', () => {
    const message = (all: ScenarioResult[]) => asked(all, [])?.message;
    expect(message(many(0, 0, 1))).to.match(/^The only scenario was skipped/);
    expect(message(many(0, 0, 3))).to.match(/^All 3 scenarios were skipped/);
    expect(tooLittleJudged({ name: 'unknown-profile', version: 1, narrowed: false }, 10, 1)).to.equal(undefined);
    expect(tooLittleJudged({ name: 'core', version: 1, narrowed: false }, 10, 9)?.message).to.match(
      /^Profile core requires verdicts for 10 of its 10 scenarios, but only 9 were judged\./,
    );
  });
});
