import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { JAVASCRIPT } from '../../components/clients/javascript/index.ts';
import type { OpenRequest } from '../../clusters/interface/cluster-type.ts';
import type { ClusterHost } from '../../clusters/interface/driver.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { act } from '../../test/support/acts.ts';
import { aHost } from '../../test/support/hosts.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import { configure } from '../config/configuration.ts';
import type { Gate } from '../gate/gate.ts';
import { succeeds, wait } from '../operations/index.ts';
import type { Reporter } from '../report/reporter.ts';
import type { RunResults } from '../results/results.ts';
import { noHooks, type SuiteHooks } from '../scenario/hooks.ts';
import type { Scenario, ScenarioSpec } from '../scenario/spec.ts';
import { run } from './run.ts';

const GRANTED: ProbeResult = { outcome: 'granted' };
const REFUSED: ProbeResult = { outcome: 'refused', layer: 'eks', code: 'Other' };

describe('a run', () => {
  let directory: string;
  let events: string[];
  let interrupt: AbortController;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'run-'));
    events = [];
    interrupt = new AbortController();
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const scenarioOf = (id: string, what: Parameters<typeof act>[0], spec: Partial<ScenarioSpec> = {}): Scenario =>
    aScenario({ roles: {}, workloads: {}, objects: [], probes: [succeeds(act(what))], ...spec }, id);
  const passing = (id: string): Scenario => scenarioOf(id, () => GRANTED);
  const failing = (id: string): Scenario => scenarioOf(id, () => REFUSED);
  const skipped = (id: string): Scenario => scenarioOf(id, () => GRANTED, { needs: ['imds'] });

  /** Returns a reporter that logs events. */
  const listening = (reporter: Reporter): Reporter => ({
    runStarted: ({ scenarios }) => void events.push(`run of ${scenarios.map(({ id }) => id).join()}`),
    phaseStarted: (phase) => void events.push(phase),
    scenarioStarted: ({ id }) => void events.push(`${id} starts`),
    scenarioOver: ({ id, verdict }) => void events.push(`${id} ${verdict}`),
    runOver: ({ run: { exitCode } }) => void events.push(`over with ${exitCode}`),
    reportsWritten: (_, files) => void events.push(`wrote ${files.map((file) => file.replace(directory, '')).join()}`),
    ...reporter,
  });
  const running = (
    scenarios: readonly Scenario[],
    {
      flags = [],
      host = aHost(),
      reporter = {},
      hooks = {},
      gate,
    }: {
      readonly flags?: readonly string[];
      readonly host?: ClusterHost | ((request: OpenRequest) => Promise<ClusterHost>);
      readonly reporter?: Reporter;
      readonly hooks?: Partial<SuiteHooks>;
      readonly gate?: Gate;
    } = {},
  ): Promise<RunResults> => {
    const type = {
      name: 'bare',
      aws: 'emulator' as const,
      options: [],
      existing: () => [],
      capabilities: () => new Set<string>(),
      open: async (request: OpenRequest) => (typeof host === 'function' ? host(request) : host),
    } as const;
    return run({
      configuration: configure(
        ['--cluster', 'bare', '--report-dir', directory, '--retries', '0', '--suite', 'abac', ...flags],
        {},
        { types: [type] },
      ),
      scenarios,
      gate,
      hooks: new Map([['abac', { ...noHooks(), ...hooks }]]),
      reporters: [{ name: 'listening', reporter: listening(reporter) }],
      version: '0',
      workload: JAVASCRIPT,
      environment: {},
      programs: [],
      stderr: new PassThrough(),
      interrupted: interrupt.signal,
    });
  };
  const written = (): RunResults => JSON.parse(readFileSync(join(directory, 'results.json'), 'utf8')) as RunResults;
  const verdicts = ({ scenarios }: RunResults): string => scenarios.map(({ id, verdict }) => `${id} ${verdict}`).join();

  it('reports its phases and verdicts, and writes the results', async () => {
    const results = await running([passing('AB-01'), failing('AB-02'), skipped('AB-03')], {
      flags: ['--parallel', '1'],
    });
    expect(events.filter((event) => !event.includes('AB-03'))).to.deep.equal([
      ...['provisioning', 'scenarios', 'AB-01 starts', 'AB-01 passed', 'AB-02 starts', 'AB-02 failed'],
      ...['teardown', 'over with 1', 'wrote /results.json,/policy-coverage.json'],
    ]);
    expect(events[0]).to.equal('run of AB-01,AB-02,AB-03');
    expect(verdicts(results)).to.equal('AB-01 passed,AB-02 failed,AB-03 skipped');
    expect(results.run).to.include({ exitCode: 1, error: null, interrupted: false });
    expect(results.run.firstVerdictMilliseconds).to.be.a('number');
    expect(results.phases.provisioning).to.be.above(0);
    expect(verdicts(written())).to.equal(verdicts(results));
  });

  it('keeps each result in a journal until results.json is written', async () => {
    const journal = join(directory, 'results.jsonl');
    const seen: string[] = [];
    const reporter: Reporter = {
      scenarioOver: ({ id }) => {
        const [, ...lines] = readFileSync(journal, 'utf8').trim().split('\n');
        seen.push(`${id}: ${lines.map((line) => (JSON.parse(line) as { id: string }).id).join()}`);
      },
    };
    await running([passing('AB-01'), failing('AB-02')], { flags: ['--parallel', '1'], reporter });
    expect(seen).to.deep.equal(['AB-01: AB-01', 'AB-02: AB-01,AB-02']);
    expect(readdirSync(directory)).to.include('results.json').and.not.include('results.jsonl');
  });

  it('stops when --max-failures is reached', async () => {
    const all = ['AB-01', 'AB-02', 'AB-03', 'AB-04'].map((id) => (id === 'AB-02' ? passing(id) : failing(id)));
    const flags = ['--parallel', '1', '--shuffle', 'reverse'];
    const stopped = await running(all, { flags: [...flags, '--max-failures', '2'] });
    expect(verdicts(stopped)).to.equal('AB-01 skipped,AB-02 skipped,AB-03 failed,AB-04 failed');
    expect(stopped.scenarios[0]?.reason).to.equal('Not run: --max-failures 2 was reached.');
    expect(stopped.run).to.include({ exitCode: 1, error: null });
    expect(verdicts(await running(all, { flags }))).to.equal('AB-01 failed,AB-02 passed,AB-03 failed,AB-04 failed');
    const last = await running(all, { flags: [...flags, '--max-failures', '3'] });
    expect(last.summary).to.include({ failed: 3, skipped: 0 });
  });

  it('does not count errors and allowed failures for --max-failures', async () => {
    const broken = scenarioOf('AB-01', () => ({ outcome: 'error' }));
    const item = { scenario: 'AB-02', probe: null, when: {}, observed: { verdict: 'failed' } } as const;
    const allowances = [{ ...item, listed: 'allowed[0]', until: '2999-12-31', reason: 'Known.' }];
    const results = await running([broken, failing('AB-02'), passing('AB-03')], {
      flags: ['--parallel', '1', '--max-failures', '1'],
      gate: { file: 'gate.yaml', allowances, findings: undefined },
    });
    expect(verdicts(results)).to.equal('AB-01 error,AB-02 failed,AB-03 passed');
    expect(results.scenarios[1]?.allowed).to.deep.equal({ until: '2999-12-31', reason: 'Known.' });
  });

  it('starts scenarios in the order of the plan with long waits early, or shuffled', async () => {
    const waits = scenarioOf('AB-04', () => GRANTED, { needs: ['imds'], probes: [wait(30)] });
    const all = [passing('AB-01'), passing('AB-02'), passing('AB-03'), waits, passing('AB-05'), passing('AB-06')];
    const started = async (...flags: string[]): Promise<string> => {
      events = [];
      await running(all, { flags: ['--parallel', '1', ...flags] });
      return events.flatMap((event) => /^AB-(\d+) starts$/.exec(event)?.[1] ?? []).join(' ');
    };
    expect(await started()).to.equal('01 04 02 03 05 06');
    expect(await started('--shuffle', 'reverse')).to.equal('06 05 04 03 02 01');
  });

  it('waits for the hooks of a suite as long as for a scenario', async () => {
    const hooks = { before: [() => new Promise((resolve) => setTimeout(resolve, 30))] };
    const results = await running([failing('AB-01')], { hooks });
    expect(verdicts(results)).to.equal('AB-01 failed');
    expect(results.scenarios[0]?.attachments[0]?.path).to.equal('diagnostics/AB-01/summary.md');
  });

  it('applies allowSeconds of a scenario instead of a shorter --timeout', async () => {
    const waiting = (id: string, spec: Partial<ScenarioSpec> = {}): Scenario =>
      scenarioOf(id, () => new Promise((resolve) => setTimeout(() => resolve(GRANTED), 1500)), spec);
    const results = await running([waiting('AB-01'), waiting('AB-02', { allowSeconds: 50 })], {
      flags: ['--timeout', '1'],
    });
    expect(verdicts(results)).to.equal('AB-01 error,AB-02 passed');
    expect(results.run.exitCode).to.equal(3);
  });

  it('retries errors as often as --retries allows', async () => {
    let tries = 0;
    const broken = scenarioOf('AB-01', () => {
      tries += 1;
      throw new Error('no');
    });
    await running([broken], { flags: ['--retries', '2'] });
    expect(tries).to.equal(3);
  });

  it('fails if it judged nothing', async () => {
    const results = await running([skipped('AB-01'), skipped('AB-02')]);
    expect(results.run).to.include({ exitCode: 3, firstVerdictMilliseconds: null });
    expect(results.run.error).to.match(/^All 2 scenarios were skipped/);
  });

  describe('with --keep', () => {
    const kept = async (keep: string, scenario: Scenario): Promise<boolean> => {
      let was = false;
      const results = await running([scenario, skipped('AB-09')], {
        flags: ['--keep', keep],
        reporter: {
          phaseStarted: (phase) => {
            if (phase !== 'kept') return;
            was = true;
            setTimeout(() => {
              expect(written().scenarios).to.have.length(2);
              interrupt.abort(new Error('SIGINT'));
            }, 100);
          },
        },
      });
      // The interrupt does not change the result.
      expect(results.run.interrupted).to.equal(false);
      expect(results.run.exitCode).to.equal(results.scenarios[0]?.verdict === 'failed' ? 1 : 0);
      return was;
    };
    for (const [keep, what, scenario, isKept] of [
      ['always', 'the scenario passed', passing('AB-01'), true],
      ['on-failure', 'the scenario passed', passing('AB-01'), false],
      ['on-failure', 'the scenario failed', failing('AB-01'), true],
      ['never', 'the scenario failed', failing('AB-01'), false],
    ] as const)
      it(`${keep} ${isKept ? 'keeps' : 'does not keep'} the clusters if ${what}`, async () =>
        expect(await kept(keep, scenario)).to.equal(isKept));
    it('does not keep the clusters after an interrupt', async () => {
      const stopping = scenarioOf('AB-01', () => {
        interrupt.abort(new Error('SIGINT'));
        return REFUSED;
      });
      const { run: over } = await running([stopping], { flags: ['--keep', 'always'] });
      expect(over).to.include({ exitCode: 130, interrupted: true, error: null });
      expect(events).not.to.include('kept');
    });
  });

  describe('whose clusters cannot be provisioned', () => {
    const away = new ClusterError('CLUSTER_FAILED', 'The host is down.');
    it('reports the error and exits 3', async () => {
      const { run: over, scenarios } = await running([passing('AB-01')], { host: () => Promise.reject(away) });
      expect(over).to.include({ exitCode: 3, error: 'The host is down.' });
      expect(scenarios).to.deep.equal([]);
      expect(events).to.deep.equal(['run of AB-01', 'provisioning', 'teardown', 'over with 3', 'wrote /results.json']);
    });
    it('exits 130 without an error after an interrupt', async () => {
      const host = (): Promise<ClusterHost> => {
        interrupt.abort(new Error('SIGINT'));
        return Promise.reject(away);
      };
      expect((await running([passing('AB-01')], { host })).run).to.include({ exitCode: 130, error: null });
    });
  });

  it('reports a failure even if it is interrupted', async () => {
    const hooks = {
      after: [
        () => {
          interrupt.abort(new Error('SIGINT'));
          throw new Error('no luck');
        },
      ],
    };
    const { run: over } = await running([passing('AB-01')], { hooks });
    expect(over.exitCode).to.equal(130);
    expect(over.error).to.match(/"after" of suite abac failed: no luck/);
  });

  it('fails if an "after" hook fails, and keeps its verdicts', async () => {
    const throws = (): never => {
      throw new Error('no luck');
    };
    const results = await running([passing('AB-01')], { hooks: { after: [throws] } });
    expect(verdicts(results)).to.equal('AB-01 passed');
    expect(results.run.exitCode).to.equal(3);
    expect(results.run.error).to.match(/"after" of suite abac failed: no luck/);
  });

  describe('with an error outside of all scenarios', () => {
    const EVENTS = ['uncaughtException', 'unhandledRejection'] as const;
    let mochaListeners: Map<string, readonly unknown[]>;
    // Otherwise Mocha fails the test.
    beforeEach(() => {
      mochaListeners = new Map(EVENTS.map((event) => [event, process.listeners(event as 'exit')] as const));
      for (const event of EVENTS) process.removeAllListeners(event);
    });
    afterEach(() => {
      for (const [event, listeners] of mochaListeners)
        for (const listener of listeners) process.on(event, listener as () => void);
    });
    for (const [what, fail] of [
      [
        'thrown',
        () =>
          void setTimeout(() => {
            throw new Error('stray');
          }, 1),
      ],
      ['rejected', () => void Promise.reject(new Error('stray'))],
      ['rejected without an Error', () => void process.emit('unhandledRejection', 'stray', Promise.resolve())],
    ] as const)
      it(`fails if it is ${what}`, async () => {
        const stray = scenarioOf('AB-01', async () => {
          fail();
          await new Promise((resolve) => setTimeout(resolve, 20));
          return GRANTED;
        });
        const results = await running([stray]);
        expect(verdicts(results)).to.equal('AB-01 passed');
        expect(results.run).to.include({ exitCode: 3, error: 'An error occurred outside of all scenarios: stray' });
        expect(EVENTS.map((event) => process.listenerCount(event))).to.deep.equal([0, 0]);
      });
  });

  describe('that cannot clean up', () => {
    const close = (): Promise<never> => Promise.reject(new Error('it stays'));
    it('fails', async () => {
      const slowly = async (): Promise<never> => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return close();
      };
      const { run: over, phases } = await running([passing('AB-01')], { host: aHost({}, { close: slowly }) });
      expect(over).to.include({ exitCode: 3, error: 'it stays' });
      expect(phases.teardown).to.be.above(0);
    });
    it('reports the earlier failure', async () => {
      const { run: over } = await running([skipped('AB-01')], { host: aHost({}, { close }) });
      expect(over.error).to.match(/^The only scenario was skipped/);
    });
    const leaving = (): Scenario =>
      scenarioOf('AB-01', ({ resources }) => {
        const remove = (): Promise<never> => Promise.reject(new Error('in use'));
        resources.add({ name: 'role x', lives: 'aws', remove });
        return GRANTED;
      });
    // Existing clusters: the run does not delete them with their contents.
    const existing = (): ClusterHost => aHost({}, { kubeConfig: () => undefined });
    const notes: string[] = [];
    const reporter: Reporter = { note: (line) => void notes.push(line) };
    beforeEach(() => (notes.length = 0));
    it('reports its leftovers', async () => {
      const { run: over } = await running([leaving()], { host: existing(), reporter });
      expect(over.exitCode).to.equal(3);
      expect(over.error).to.match(/^The run could not remove role x \(Error: in use\): remove it by hand\.$/);
      expect(notes.join()).not.to.contain('could not be removed');
    });
    it('reports its leftovers in a note after another failure', async () => {
      const hooks = { after: [() => Promise.reject(new Error('no luck'))] };
      const { run: over } = await running([leaving()], { host: existing(), reporter, hooks });
      expect(over.error).to.contain('no luck');
      expect(notes.join()).to.contain('The run could not remove role x');
    });
    it('prints the sweep command if its state file has entries', async () => {
      const host = async ({ journal }: OpenRequest): Promise<ClusterHost> => {
        journal.add({ kind: 'path', path: '/tmp/left' });
        return aHost();
      };
      const { run: over } = await running([passing('AB-01')], { host, reporter });
      expect(over.exitCode).to.equal(0);
      expect(notes.at(-1)).to.match(
        new RegExp(`^Some resources of the run could not be removed. To try again, run \`.*sweep.* --run ${over.id} `),
      );
    });
  });

  describe('whose reports fail', () => {
    it('keeps its results, and exits 3', async () => {
      const runOver = (): never => {
        throw new Error('full');
      };
      const results = await running([passing('AB-01')], { reporter: { runOver } });
      expect(results.run.exitCode).to.equal(3);
      expect(results.run.error).to.match(/^Reporter listening failed \(full\)/);
      expect(written().run).to.include({ exitCode: 3, error: results.run.error });
    });
    it('reports the earlier failure', async () => {
      const runOver = (): never => {
        throw new Error('full');
      };
      const results = await running([skipped('AB-01')], { reporter: { runOver } });
      expect(results.run.error).to.match(/^The only scenario was skipped/);
    });
    it('exits 3 if results.json cannot be written, and still notifies its reporters', async () => {
      mkdirSync(join(directory, 'results.json'));
      const results = await running([passing('AB-01')]);
      expect(results.run.exitCode).to.equal(3);
      expect(results.run.error).to.match(/results\.json could not be written/);
      expect(events.slice(-2)).to.deep.equal(['over with 3', 'wrote ']);
    });
    it('lists the files of its reporters', async () => {
      await running([passing('AB-01')], { reporter: { runOver: () => [join(directory, 'a'), join(directory, 'b')] } });
      expect(events.at(-1)).to.equal('wrote /results.json,/policy-coverage.json,/a,/b');
    });
  });

  it('prints the stack of an error only with --verbose', async () => {
    const write = process.stderr.write.bind(process.stderr);
    const errorOutput = async (...flags: string[]): Promise<string> => {
      let text = '';
      process.stderr.write = (chunk: string) => (text += chunk) !== '';
      try {
        await running([skipped('AB-01')], { flags });
      } finally {
        process.stderr.write = write;
      }
      return text;
    };
    expect(await errorOutput('--verbose')).to.match(/HarnessError: The only scenario was skipped[^]*at /);
    expect(await errorOutput()).not.to.contain('HarnessError');
  });
});
