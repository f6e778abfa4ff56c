import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import { expect } from 'chai';
import type { ChosenClient } from '../../components/clients/client.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { act } from '../../test/support/acts.ts';
import { anEnvironment } from '../../test/support/environment.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import type { AwsTarget } from '../aws-target/target.ts';
import { fails, succeeds } from '../operations/index.ts';
import { noHooks, type SuiteHooks } from '../scenario/hooks.ts';
import type { Scenario, ScenarioSpec, Step } from '../scenario/spec.ts';
import type { Prefetch } from '../world/prefetch.ts';
import type { Environment, ScenarioContext } from '../scenario/scenario-context.ts';
import { scenarioResult } from './scenario-result.ts';
import { runScenario, type ScenarioOptions } from './scenario.ts';
import { SuiteRuns } from './suite-runs.ts';

const GRANTED: ProbeResult = { outcome: 'granted' };
const REFUSED: ProbeResult = { outcome: 'refused', layer: 'eks', code: 'Other' };
const never = (): Promise<never> => new Promise(() => undefined);
const aws = { region: 'us-west-2', accountId: () => '111122223333' } as unknown as AwsTarget;

describe('a scenario', () => {
  let directory: string;
  let tries: number;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'scenario-'));
    tries = 0;
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const scenarioOf = (probes: readonly Step[], spec: Partial<ScenarioSpec> = {}) =>
    aScenario({ roles: {}, workloads: {}, objects: [], probes, ...spec });
  const run = (
    probes: readonly Step[],
    {
      spec,
      environment,
      ...options
    }: Partial<Omit<ScenarioOptions, 'environment'>> & {
      readonly spec?: Partial<ScenarioSpec>;
      readonly environment?: Partial<Environment>;
    } = {},
  ) =>
    runScenario(scenarioOf(probes, spec), {
      environment: anEnvironment(aws, environment),
      available: new Set(['s3']),
      timeoutMilliseconds: 30_000,
      retries: 0,
      signal: new AbortController().signal,
      keep: 'never',
      diagnostics: { directory, interrupted: new AbortController().signal },
      ...options,
    });
  const counted = (result: ProbeResult = GRANTED) =>
    act(() => {
      tries += 1;
      return result;
    });
  const failing = (error: unknown) =>
    act(() => {
      tries += 1;
      throw error;
    });
  const environmentFailed = new HarnessError('POD_FAILED', 'The pod is gone.');

  it('passes if all probes have the expected results', async () => {
    const { milliseconds: _, ...passed } = (await run([succeeds(counted())])).probes[0] ?? {};
    expect(passed).to.include({ verdict: 'passed', number: 0, workload: null });
    const one = await run([succeeds(counted())], { spec: { finding: 'a risk', source: 'a page' } });
    expect(one).to.deep.include({
      id: 'AB-01',
      suite: 'abac',
      title: 'the title of AB-01',
      file: 'suites/abac.ts',
      finding: 'a risk',
      source: 'a page',
      verdict: 'passed',
      reason: 'The probe had the expected result.',
      errorCode: null,
      attempts: 1,
      attachments: [],
    });
    const several = await run([succeeds(counted()), fails(counted(REFUSED), { by: 'eks' })]);
    expect(several).to.include({ verdict: 'passed', reason: 'All 2 probes had the expected results.', finding: null });
    expect(existsSync(join(directory, 'diagnostics'))).to.equal(false);
  });

  for (const [what, probes, verdict, reason] of [
    ['the failed probe', [succeeds(counted()), succeeds(counted(REFUSED))], 'failed', /^Probe 2 .*Access was expected/],
    [
      'an error rather than a failure',
      [succeeds(counted(REFUSED)), succeeds(counted({ outcome: 'error' }))],
      'error',
      /^Probe 2 .*stopped by an error/,
    ],
    [
      'a failure rather than an inconclusive probe',
      [fails(counted(REFUSED), { by: 'eks' }), succeeds(counted(REFUSED))],
      'failed',
      /^Probe 2 /,
    ],
    [
      'a failed control rather than an inconclusive probe',
      [fails(counted(REFUSED), { by: 'eks' }), { ...succeeds(counted(REFUSED)), control: true }],
      'inconclusive',
      /^Probe 2 .*The control failed/,
    ],
    [
      'an inconclusive probe',
      [fails(counted(REFUSED), { by: 'eks' })],
      'inconclusive',
      /^Probe 1 .*No expected grant of this scenario passed/,
    ],
  ] as const satisfies readonly (readonly [string, readonly Step[], string, RegExp])[])
    it(`reports ${what}, and collects diagnostics`, async () => {
      const result = await run(probes);
      expect(result.verdict).to.equal(verdict);
      expect(result.reason).to.match(reason);
      expect(result.attachments[0]?.path).to.equal('diagnostics/AB-01/summary.md');
      expect(existsSync(join(directory, 'diagnostics/AB-01/summary.md'))).to.equal(true);
      expect(result.attempts).to.equal(1);
    });

  it('is skipped if it requires an unavailable capability', async () => {
    const result = await run([succeeds(counted())], {
      spec: { needs: ['aws-disturbances', 's3'] },
      unavailable: new Map([['aws-disturbances', 'it is real']]),
    });
    expect(result).to.include({
      verdict: 'skipped',
      reason: 'Not available here: simulated delays and failures of AWS (aws-disturbances: it is real).',
    });
    expect([tries, result.probes]).to.deep.equal([0, []]);
  });

  for (const [what, error, retries, attempts, code] of [
    ['retries an environment error', environmentFailed, 2, 3, 'POD_FAILED'],
    ['does not retry an environment error', environmentFailed, 0, 1, 'POD_FAILED'],
    ['retries an error without a code', new TypeError('x'), 1, 2, null],
    [
      'does not retry an error of its suite',
      new HarnessError('BAD_POLICY', 'The policy is wrong.'),
      2,
      1,
      'BAD_POLICY',
    ],
  ] as const)
    it(`${what} with --retries ${retries}`, async () => {
      const result = await run([succeeds(failing(error))], { retries });
      expect(result).to.include({ verdict: 'error', attempts, errorCode: code });
      expect(result.reason).to.match(/^AB-01 could not be judged: /);
      expect(tries).to.equal(attempts);
      const folders = ['AB-01', 'AB-01-attempt2', 'AB-01-attempt3'].slice(0, attempts);
      expect(result.attachments.filter(({ name }) => name === 'summary.md').map(({ path }) => path)).to.deep.equal(
        folders.map((folder) => `diagnostics/${folder}/summary.md`),
      );
    });

  it('records its durations, timeline and client', async () => {
    const slow = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
    const probing = act(async ({ resources }) => {
      resources.add({ name: 'a thing', lives: 'aws', remove: slow });
      await slow();
      return GRANTED;
    });
    const { durations, timeline, ...result } = await run([succeeds(probing)], { turn: slow() });
    expect(result).not.to.have.property('client');
    expect(Object.keys(durations)).to.have.members(['arranging', 'probing', 'teardown']);
    for (const phase of ['probing', 'teardown'] as const) {
      expect(durations[phase]).to.be.within(1, performance.now());
      expect(timeline.find((one) => one.phase === phase)).to.include({ attempt: 1, milliseconds: durations[phase] });
    }
    for (const { milliseconds } of timeline) expect(milliseconds).to.be.within(1, performance.now());
    const client = { client: { name: 'go' }, version: '1.2' } as unknown as ChosenClient;
    expect(scenarioResult({ ...scenarioOf([]), client }, 'passed', '').client).to.deep.equal({
      name: 'go',
      version: '1.2',
    });
  });

  it('uses prefetched resources only in its first attempt', async () => {
    const taken: string[] = [];
    const prefetch = { take: ({ id }: Scenario) => void taken.push(id) } as unknown as Prefetch;
    await run([succeeds(failing(environmentFailed))], { prefetch, retries: 1 });
    expect([tries, taken]).to.deep.equal([2, ['AB-01']]);
  });

  it('has the verdict of its last attempt', async () => {
    const second = act(() => {
      tries += 1;
      if (tries === 1) throw environmentFailed;
      return GRANTED;
    });
    const result = await run([succeeds(second)], { retries: 1 });
    expect(result).to.include({ verdict: 'passed', attempts: 2, errorCode: null });
    expect(result.attachments).to.have.length.above(0);
  });

  it('is not retried after an error if another probe failed', async () => {
    const result = await run([succeeds(counted(REFUSED)), succeeds(counted({ outcome: 'error' }))], { retries: 2 });
    expect(result).to.include({ verdict: 'error', attempts: 1 });
    const once = await run([succeeds(counted({ outcome: 'error' }))], { retries: 1 });
    expect(once).to.include({ verdict: 'error', attempts: 2 });
  });

  describe('that is stopped', () => {
    const stopped = new HarnessError('STOPPED', '--max-failures 1 was reached.');
    it('is skipped if it has not started', async () => {
      const result = await run([succeeds(counted())], { signal: AbortSignal.abort(stopped) });
      expect(result).to.include({
        verdict: 'skipped',
        reason: 'Not run: --max-failures 1 was reached.',
        errorCode: null,
      });
      expect(tries).to.equal(0);
    });
    for (const [what, result] of [
      [
        'while it runs',
        { verdict: 'skipped', reason: 'Not finished: --max-failures 1 was reached.', errorCode: null, attempts: 1 },
      ],
      [
        'after an error',
        { verdict: 'skipped', reason: 'Not finished: --max-failures 1 was reached.', errorCode: null, attempts: 1 },
      ],
    ] as const)
      it(`is skipped without diagnostics ${what}`, async () => {
        const stop = new AbortController();
        const stopping = act(() => {
          tries += 1;
          stop.abort(stopped);
          if (what === 'after an error') throw environmentFailed;
          return never();
        });
        const outcome = await run([succeeds(stopping)], { signal: stop.signal, retries: 1 });
        expect(outcome).to.include(result);
        expect([tries, outcome.attachments]).to.deep.equal([1, []]);
      });
    it('keeps its verdict if it had ended', async () => {
      const stop = new AbortController();
      const outcome = await run([succeeds(counted(REFUSED))], {
        signal: stop.signal,
        retries: 1,
        hooks: { ...noneAround, afterEach: async () => stop.abort(stopped) },
      });
      expect(outcome).to.include({ verdict: 'failed', attempts: 1 });
    });
  });

  it('is an error if it times out', async () => {
    const result = await run([succeeds(act(never))], { timeoutMilliseconds: 20 });
    expect(result).to.include({ verdict: 'error', errorCode: 'TIMED_OUT' });
    expect(result.reason).to.contain('AB-01 did not finish within 0.02 s');
  });

  it('waits for its turn before it probes, beyond its timeout', async () => {
    const events: string[] = [];
    const probing = act(() => {
      events.push('probe');
      return GRANTED;
    });
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      /** Resolves after the timeout. */
      const turn = new Promise<void>((resolve) => setTimeout(resolve, 50_000)).then(() => events.push('turn'));
      const passTime = setInterval(() => mock.timers.tick(10_000), 5);
      const result = await run([succeeds(probing)], { turn, timeoutMilliseconds: 30_000 });
      clearInterval(passTime);
      expect(result).to.include({ verdict: 'passed' });
    } finally {
      mock.timers.reset();
    }
    expect(events).to.deep.equal(['turn', 'probe']);
    const late = await run([succeeds(act(never))], { turn: Promise.resolve(), timeoutMilliseconds: 20 });
    expect(late.errorCode).to.equal('TIMED_OUT');
  });

  it('redacts secrets of workloads and tokens', async () => {
    const leaking = act(({ tokens }) => {
      tokens.set('t', 'the-token-minted');
      return { outcome: 'refused', layer: 'eks', message: 'the-token-minted, the-secret-key and the-harmless' };
    });
    const workloads = { red: { env: { AWS_SECRET_ACCESS_KEY: 'the-secret-key', COLOR: 'the-harmless' } } };
    const result = await run([succeeds(leaking)], { spec: { workloads } });
    expect(JSON.stringify(result)).not.to.match(/the-token-minted|the-secret-key/);
    expect(result.reason).to.contain('the-harmless');
    const failed = await run([succeeds(failing(new Error('no the-secret-key')))], { spec: { workloads } });
    expect(failed.reason)
      .to.match(/^AB-01 could not be judged: no /)
      .and.not.contain('the-secret-key');
  });

  describe('with resources', () => {
    /** Whether a resource is removed when the scenario is over. */
    const removed = async (
      keep: ScenarioOptions['keep'],
      result: ProbeResult | Error,
      { due = 'always', ...spec }: Partial<ScenarioSpec> & { due?: 'unless-kept' | 'always' | 'none' } = {},
      environment: Partial<Environment> = {},
    ): Promise<boolean> => {
      let gone = false;
      const making = act(({ resources }: ScenarioContext) => {
        resources.add({
          name: 'a thing',
          lives: 'aws',
          remove: async () => void (gone = true),
          ...(due !== 'none' && { due }),
        });
        if (result instanceof Error) throw result;
        return result;
      });
      await run([succeeds(making)], { keep, spec, environment });
      return gone;
    };
    for (const [keep, what, result, isRemoved] of [
      ['never', 'passed', GRANTED, true],
      ['never', 'failed', REFUSED, true],
      ['on-failure', 'passed', GRANTED, true],
      ['on-failure', 'failed', REFUSED, false],
      ['always', 'passed', GRANTED, false],
    ] as const)
      it(`${isRemoved ? 'removes' : 'keeps'} them with --keep ${keep} if it ${what}`, async () =>
        expect(await removed(keep, result, { due: 'none' })).to.equal(isRemoved));
    for (const [what, result, spec, isRemoved] of [
      ['another attempt may follow', environmentFailed, {}, true],
      ['no other attempt follows', REFUSED, {}, false],
      ['it uses exact names', GRANTED, { exactNames: true }, true],
      ['its names are unique', GRANTED, { exactNames: false }, false],
    ] as const)
      it(`${isRemoved ? 'removes them' : 'leaves them to the end of the run'} if ${what}`, async () =>
        expect(await removed('never', result, { due: 'none', ...spec }, { fixturesEndWith: 'run' })).to.equal(
          isRemoved,
        ));
    it('is an error if a change cannot be undone', async () => {
      const change = act(({ resources }) => {
        const remove = () => Promise.reject(new HarnessError('FIXTURE_FAILED', 'It stays.'));
        resources.add({ name: 'a change', lives: 'aws', isChange: true, remove });
        return GRANTED;
      });
      const result = await run([succeeds(change)]);
      expect(result).to.include({ verdict: 'error', errorCode: 'FIXTURE_FAILED' });
      expect(result.reason).to.equal('AB-01 could not be judged: It stays.');
    });
  });

  describe('with hooks of its suite', () => {
    const log: string[] = [];
    beforeEach(() => (log.length = 0));
    const hooks = (own: Partial<SuiteHooks>) => {
      const logging = (name: keyof SuiteHooks) => [() => void log.push(name), ...(own[name] ?? [])];
      const all = {
        before: logging('before'),
        after: logging('after'),
        beforeEach: logging('beforeEach'),
        afterEach: logging('afterEach'),
      };
      return new SuiteRuns([scenarioOf([])], new Map([['abac', all]]), 1000).around(scenarioOf([]));
    };
    const probe = () =>
      succeeds(
        act(() => {
          log.push('probe');
          return GRANTED;
        }),
      );
    const skips = function (this: { skip(): never }): never {
      return this.skip();
    };
    const throws = (): never => {
      throw new Error('no luck');
    };

    it('runs "beforeEach" and "afterEach" around each attempt, and the others once', async () => {
      const around = hooks({});
      const failsOnce = act(() => {
        log.push('probe');
        if (log.filter((one) => one === 'probe').length === 1) throw environmentFailed;
        return GRANTED;
      });
      expect((await run([succeeds(failsOnce)], { hooks: around, retries: 1 })).verdict).to.equal('passed');
      await around.after();
      expect(log).to.deep.equal([
        'before',
        'beforeEach',
        'probe',
        'afterEach',
        'beforeEach',
        'probe',
        'afterEach',
        'after',
      ]);
    });
    for (const name of ['before', 'beforeEach'] as const) {
      it(`is skipped if a "${name}" hook skips it`, async () => {
        const result = await run([probe()], { hooks: hooks({ [name]: [skips] }) });
        expect(result).to.include({ verdict: 'skipped', reason: `Skipped by a "${name}" hook of suite abac.` });
        expect(log).not.to.include('probe');
      });
      it(`is an error without retries if a "${name}" hook fails`, async () => {
        const result = await run([probe()], { hooks: hooks({ [name]: [throws] }), retries: 2 });
        expect(result).to.include({ verdict: 'error', errorCode: 'HOOK_FAILED', attempts: 1 });
        expect(result.reason).to.match(new RegExp(`"${name}" of suite abac failed: no luck`));
        expect(log).not.to.include('probe');
      });
    }
    it('is an error but keeps its probes if an "afterEach" hook fails', async () => {
      const result = await run([probe()], { hooks: hooks({ afterEach: [throws] }), retries: 2 });
      expect(result).to.include({ verdict: 'error', errorCode: 'HOOK_FAILED' });
      expect(result.probes).to.have.length(1);
      expect(log.filter((one) => one === 'probe')).to.have.length(1);
    });
    it('times out a slow hook', async () => {
      const around = new SuiteRuns([scenarioOf([])], new Map([['abac', { ...noHooks(), before: [never] }]]), 20).around(
        scenarioOf([]),
      );
      expect((await run([probe()], { hooks: around })).reason).to.match(/Timeout of 20ms exceeded/);
    });
    it('runs "after" hooks after the last scenario of the suite, and "before" hooks once', async () => {
      const counts = { before: 0, after: 0 };
      const suite = {
        ...noHooks(),
        before: [() => void (counts.before += 1)],
        after: [() => void (counts.after += 1)],
      };
      const [one, two] = [aScenario({}, 'AB-01'), aScenario({}, 'AB-02')];
      const suites = new SuiteRuns([one, two, aScenario({}, 'XX-01', 'xx')], new Map([['abac', suite]]), 1000);
      await suites.around(one).before();
      await suites.around(one).after();
      expect(counts).to.deep.equal({ before: 1, after: 0 });
      await suites.around(two).before();
      await suites.around(two).after();
      expect(counts).to.deep.equal({ before: 1, after: 1 });
    });
    it('runs no "after" hook of a suite that never started', async () => {
      const around = hooks({});
      await around.after();
      expect(log).to.deep.equal([]);
    });
  });
});

const noneAround = {
  before: async () => false,
  beforeEach: async () => false,
  afterEach: async () => undefined,
  after: async () => undefined,
};
