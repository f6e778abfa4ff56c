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
const OF_TEXT = '982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1';

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
  const environmentFailed = new HarnessError('AWS_UNREACHABLE', 'AWS is away.');
  const usage = new HarnessError('BAD_CLUSTER', 'No such cluster.');

  for (const [what, all, values, exitCode] of [
    ['all passed', results('passed', 'passed'), {}, 0],
    ['some were skipped', results('passed', 'skipped'), {}, 0],
    ['there is nothing to judge', results(), {}, 0],
    ['one failed', results('passed', 'failed', 'passed'), {}, 1],
    ['one failed and one is an error', results(error('POD_FAILED'), 'failed'), {}, 1],
    ['one failed and the run as well', results('failed'), { failure: environmentFailed }, 1],
    ['one is an error of the environment', results('passed', error('POD_FAILED')), {}, 3],
    ['one is an error without a code', results('passed', 'error'), {}, 3],
    ['one is inconclusive', results('inconclusive', 'passed'), {}, 3],
    ['a suite is wrong', results(error('BAD_POLICY'), 'passed'), {}, 2],
    ['a suite is wrong and one is inconclusive', results(error('BAD_POLICY'), 'inconclusive'), {}, 3],
    ['the environment failed', results('passed'), { failure: environmentFailed }, 3],
    ['usage is wrong', results('passed'), { failure: usage }, 2],
    ['something unknown failed', results('passed'), { failure: new TypeError('x') }, 3],
    ['something unknown failed and a suite is wrong', results(error('BAD_POLICY')), { failure: 'x' }, 3],
    ['it was interrupted', results('failed'), { interrupted: true, failure: environmentFailed }, 130],
    ['it was kept until an interrupt', results('failed'), { interrupted: true, isOver: true }, 1],
    ['it was kept until an interrupt and all passed', results('passed'), { interrupted: true, isOver: true }, 0],
  ] as const satisfies readonly (readonly [string, ScenarioResult[], object, number])[])
    it(`has exit code ${exitCode} where ${what}`, () => {
      const { run } = conclude(sessionOf(all, values));
      expect(run.exitCode).to.equal(exitCode);
      expect(run.interrupted).to.equal(exitCode === 130);
    });

  const gate = (...problems: string[]) => ({ file: 'gate.yaml', problems, warnings: ['unused'] });
  const allowed = { reason: 'known', until: '2030-01-01' };
  for (const [what, all, failure, problems, exitCode] of [
    ['allows what failed', results({ verdict: 'failed', allowed }), undefined, [], 0],
    ['allows an error', results({ verdict: 'error', allowed }), undefined, [], 0],
    ['allows one of two that failed', results({ verdict: 'failed', allowed }, 'failed'), undefined, [], 1],
    ['asks for more', results('passed'), undefined, ['Too few.'], 1],
    ['asks for more than a run that failed has', results('passed'), 3, ['Too few.'], 1],
    ['allows what failed of a run that failed', results({ verdict: 'failed', allowed }), 2, [], 2],
  ] as const)
    it(`has exit code ${exitCode} where its gate ${what}`, () => {
      expect(exitCodeOf(all, failure, false, gate(...problems))).to.equal(exitCode);
      expect(exitCodeOf(all, failure, true, gate(...problems))).to.equal(130);
    });

  it('has what its gate says of it, and none without one', () => {
    const item = { scenario: 'AB-00', probe: null, when: {}, observed: { verdict: 'failed' } } as const;
    const allowances = [{ ...item, listed: 'allowed[0]', until: '2999-12-31', reason: 'Known.' }];
    const session = sessionOf(results('passed'), {
      options: { gate: { file: 'gate.yaml', allowances, findings: undefined } },
    });
    expect(conclude(session).gate).to.deep.equal({
      file: 'gate.yaml',
      problems: [],
      warnings: ['AB-00 passed, though allowed[0] of gate.yaml allows it to fail: take that out.'],
    });
    expect(conclude(sessionOf(results('passed')))).not.to.have.property('gate');
    expect(gatedRun(session))
      .to.deep.include({ id: session.id })
      .and.to.have.property('today')
      .that.matches(/^[\d-]{10}$/);
    expect(gatedRun(session).facts).to.include({ cluster: 'embedded' });
  });

  it('says which shard it is, and nothing of one that is whole', () => {
    const shard = { index: 1, count: 2, scenarios: { 'AB-00': 1 }, digest: 'd' };
    expect(conclude(sessionOf(results('passed'), { options: { shard } })).run.shard).to.deep.equal(shard);
    expect(conclude(sessionOf(results('passed'))).run).not.to.have.property('shard');
  });

  for (const [what, values, told] of [
    ['nothing where nothing failed', {}, null],
    ['what failed', { failure: usage }, 'No such cluster.'],
    [
      'what failed, of an interrupt too, in words of the harness',
      { failure: usage, interrupted: true },
      'No such cluster.',
    ],
    ['not what an interrupt breaks', { failure: new Error('aborted'), interrupted: true }, null],
    ['what is unknown', { failure: new TypeError('x is not\na function') }, 'TypeError: x is not'],
  ] as const)
    it(`tells ${what}`, () => expect(conclude(sessionOf([], values)).run.error).to.equal(told));

  it('sums up what was measured', () => {
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
      digests: { [program]: OF_TEXT, 'main.js': OF_TEXT },
    });
  });

  for (const [flags, name] of [
    [[], 'emulator'],
    [['--aws-endpoint', 's3=http://127.0.0.1:9'], 'endpoint'],
    [['--cluster', 'eks'], 'aws'],
  ] as const)
    it(`of a run that did not get to its AWS names it ${name}`, () => {
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

describe('a run that judged too little', () => {
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
    ['the only one was skipped', many(0, 0, 1), [], 'NOTHING_RAN'],
    ['all were skipped', many(0, 0, 3), [], 'NOTHING_RAN'],
    ['all were skipped, which is allowed', many(0, 0, 3), ['--pass-with-no-scenarios'], undefined],
    ['three of four were judged', many(2, 1, 1), [], undefined],
    ['less than three of four were judged', many(1, 1, 1), [], 'TOO_LITTLE_RAN'],
    ['an error is not judged', many(2, 0, 1, 1), [], 'TOO_LITTLE_RAN'],
    ['two of three were judged, which is allowed', many(2, 0, 1), ['--pass-with-no-scenarios'], undefined],
    ['little was judged of what was chosen', many(1, 0, 3), ['--suite', 'abac'], undefined],
    ['nearly all were judged, before a release', many(18, 1, 1), ['--profile', 'pre-release'], undefined],
    ['not nearly all were judged, before a release', many(18, 0, 2), ['--profile', 'pre-release'], 'TOO_LITTLE_RAN'],
  ] as const satisfies readonly (readonly [string, ScenarioResult[], string[], string | undefined])[])
    it(`${code === undefined ? 'is fine' : `fails with ${code}`} where ${what}`, () =>
      expect(asked(all, flags)?.code).to.equal(code));
  it('counts no suite whose services do not answer at another endpoint', () => {
    const skipped = many(0, 0, 3).map((result) => ({ ...result, suite: 'irsa' }));
    expect(asked([...many(3, 0, 0), ...skipped], [])?.code).to.equal('TOO_LITTLE_RAN');
    expect(asked([...many(3, 0, 0), ...skipped], ['--aws-endpoint', 's3=http://127.0.0.1:9'])).to.equal(undefined);
  });
  it('is fine where it was stopped, and in a shard', () => {
    expect(asked(many(0, 0, 2), [], { signal: AbortSignal.abort() })).to.equal(undefined);
    expect(asked(many(0, 0, 2), [], { shard: { index: 1, count: 2 } })).to.equal(undefined);
  });
  it('is told with the numbers', () => {
    const message = (all: ScenarioResult[]) => asked(all, [])?.message;
    expect(message(many(0, 0, 1))).to.match(/^The only scenario was skipped/);
    expect(message(many(0, 0, 3))).to.match(/^All 3 scenarios were skipped/);
    expect(tooLittleJudged({ name: 'of a later version', version: 1, narrowed: false }, 10, 1)).to.equal(undefined);
    expect(tooLittleJudged({ name: 'core', version: 1, narrowed: false }, 10, 9)?.message).to.match(
      /^Of the 10 scenarios of profile core 9 were judged, and 10 must be/,
    );
  });
});
