import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { JAVASCRIPT } from '../../components/clients/javascript/index.ts';
import type { OpenRequest } from '../../clusters/cluster-type.ts';
import type { ClusterHost } from '../../clusters/driver.ts';
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

  /** What is told, by the event and its first word or id. */
  const listening = (own: Reporter): Reporter => ({
    runStarted: ({ scenarios }) => void events.push(`run of ${scenarios.map(({ id }) => id).join()}`),
    phaseStarted: (phase) => void events.push(phase),
    scenarioStarted: ({ id }) => void events.push(`${id} starts`),
    scenarioOver: ({ id, verdict }) => void events.push(`${id} ${verdict}`),
    runOver: ({ run: { exitCode } }) => void events.push(`over with ${exitCode}`),
    reportsWritten: (_, files) => void events.push(`wrote ${files.map((file) => file.replace(directory, '')).join()}`),
    ...own,
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

  it('tells its phases, judges, and writes what it comes to', async () => {
    const results = await running([passing('AB-01'), failing('AB-02'), skipped('AB-03')], {
      flags: ['--parallel', '1'],
    });
    expect(events.filter((event) => !event.includes('AB-03'))).to.deep.equal([
      ...['provisioning', 'scenarios', 'AB-01 starts', 'AB-01 passed', 'AB-02 starts', 'AB-02 failed'],
      ...['teardown', 'over with 1', 'wrote /results.json'],
    ]);
    expect(events[0]).to.equal('run of AB-01,AB-02,AB-03');
    expect(verdicts(results)).to.equal('AB-01 passed,AB-02 failed,AB-03 skipped');
    expect(results.run).to.include({ exitCode: 1, error: null, interrupted: false });
    expect(results.run.firstVerdictMilliseconds).to.be.a('number');
    expect(results.phases.provisioning).to.be.above(0);
    expect(verdicts(written())).to.equal(verdicts(results));
  });

  it('keeps each result on disk as soon as it is there, until all are written', async () => {
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

  it('stops after so many failures', async () => {
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

  it('is stopped by neither errors nor what its gate allows', async () => {
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

  it('starts in the order of the plan, the longest waits early, or as it is shuffled', async () => {
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

  it('waits for hooks of a suite as long as for a scenario', async () => {
    const hooks = { before: [() => new Promise((resolve) => setTimeout(resolve, 30))] };
    const results = await running([failing('AB-01')], { hooks });
    expect(verdicts(results)).to.equal('AB-01 failed');
    expect(results.scenarios[0]?.attachments[0]?.path).to.equal('diagnostics/AB-01/summary.md');
  });

  it('gives a scenario the time that it asks for, and others that of --timeout', async () => {
    const waiting = (id: string, spec: Partial<ScenarioSpec> = {}): Scenario =>
      scenarioOf(id, () => new Promise((resolve) => setTimeout(() => resolve(GRANTED), 1500)), spec);
    const results = await running([waiting('AB-01'), waiting('AB-02', { allowSeconds: 50 })], {
      flags: ['--timeout', '1'],
    });
    expect(verdicts(results)).to.equal('AB-01 error,AB-02 passed');
    expect(results.run.exitCode).to.equal(3);
  });

  it('tries errors again, as often as it is told', async () => {
    let tries = 0;
    const broken = scenarioOf('AB-01', () => {
      tries += 1;
      throw new Error('no');
    });
    await running([broken], { flags: ['--retries', '2'] });
    expect(tries).to.equal(3);
  });

  it('that judged nothing is none', async () => {
    const results = await running([skipped('AB-01'), skipped('AB-02')]);
    expect(results.run).to.include({ exitCode: 3, firstVerdictMilliseconds: null });
    expect(results.run.error).to.match(/^All 2 scenarios were skipped/);
  });

  describe('is kept', () => {
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
      // What it came to before it was kept.
      expect(results.run.interrupted).to.equal(false);
      expect(results.run.exitCode).to.equal(results.scenarios[0]?.verdict === 'failed' ? 1 : 0);
      return was;
    };
    for (const [keep, what, scenario, isKept] of [
      ['always', 'it passed', passing('AB-01'), true],
      ['on-failure', 'it passed', passing('AB-01'), false],
      ['on-failure', 'it failed', failing('AB-01'), true],
      ['never', 'it failed', failing('AB-01'), false],
    ] as const)
      it(`${isKept ? 'with' : 'not with'} --keep ${keep} where ${what}`, async () =>
        expect(await kept(keep, scenario)).to.equal(isKept));
    it('not where it is interrupted already', async () => {
      const stopping = scenarioOf('AB-01', () => {
        interrupt.abort(new Error('SIGINT'));
        return REFUSED;
      });
      const { run: over } = await running([stopping], { flags: ['--keep', 'always'] });
      expect(over).to.include({ exitCode: 130, interrupted: true, error: null });
      expect(events).not.to.include('kept');
    });
  });

  describe('without clusters', () => {
    const away = new ClusterError('CLUSTER_FAILED', 'The host is away.');
    it('tells why, reports and exits 3', async () => {
      const { run: over, scenarios } = await running([passing('AB-01')], { host: () => Promise.reject(away) });
      expect(over).to.include({ exitCode: 3, error: 'The host is away.' });
      expect(scenarios).to.deep.equal([]);
      expect(events).to.deep.equal(['run of AB-01', 'provisioning', 'teardown', 'over with 3', 'wrote /results.json']);
    });
    it('since it was interrupted exits 130, whatever that broke', async () => {
      const host = (): Promise<ClusterHost> => {
        interrupt.abort(new Error('SIGINT'));
        return Promise.reject(away);
      };
      expect((await running([passing('AB-01')], { host })).run).to.include({ exitCode: 130, error: null });
    });
  });

  it('that fails with what is interrupted later tells what failed', async () => {
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

  it('fails where a hook of a suite fails at its end, and keeps its verdicts', async () => {
    const throws = (): never => {
      throw new Error('no luck');
    };
    const results = await running([passing('AB-01')], { hooks: { after: [throws] } });
    expect(verdicts(results)).to.equal('AB-01 passed');
    expect(results.run.exitCode).to.equal(3);
    expect(results.run.error).to.match(/"after" of suite abac failed: no luck/);
  });

  describe('notices what fails outside of scenarios', () => {
    const EVENTS = ['uncaughtException', 'unhandledRejection'] as const;
    let own: Map<string, readonly unknown[]>;
    // Mocha would take it for a failure of the test.
    beforeEach(() => {
      own = new Map(EVENTS.map((event) => [event, process.listeners(event as 'exit')] as const));
      for (const event of EVENTS) process.removeAllListeners(event);
    });
    afterEach(() => {
      for (const [event, listeners] of own) for (const listener of listeners) process.on(event, listener as () => void);
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
      ['rejected with no Error', () => void process.emit('unhandledRejection', 'stray', Promise.resolve())],
    ] as const)
      it(`that is ${what}`, async () => {
        const stray = scenarioOf('AB-01', async () => {
          fail();
          await new Promise((resolve) => setTimeout(resolve, 20));
          return GRANTED;
        });
        const results = await running([stray]);
        expect(verdicts(results)).to.equal('AB-01 passed');
        expect(results.run).to.include({ exitCode: 3, error: 'Something failed outside of every scenario: stray' });
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
    it('tells what failed before', async () => {
      const { run: over } = await running([skipped('AB-01')], { host: aHost({}, { close }) });
      expect(over.error).to.match(/^The only scenario was skipped/);
    });
    const leaving = (): Scenario =>
      scenarioOf('AB-01', ({ resources }) => {
        const remove = (): Promise<never> => Promise.reject(new Error('in use'));
        resources.add({ name: 'role x', lives: 'aws', remove });
        return GRANTED;
      });
    // Clusters that were there before: nothing in them ends with the run.
    const existing = (): ClusterHost => aHost({}, { kubeConfig: () => undefined });
    const notes: string[] = [];
    const reporter: Reporter = { note: (line) => void notes.push(line) };
    beforeEach(() => (notes.length = 0));
    it('names what it leaves', async () => {
      const { run: over } = await running([leaving()], { host: existing(), reporter });
      expect(over.exitCode).to.equal(3);
      expect(over.error).to.match(/^The run could not remove role x \(Error: in use\): remove it by hand\.$/);
      expect(notes.join()).not.to.contain('could not be removed');
    });
    it('names it in a note where something else failed before', async () => {
      const hooks = { after: [() => Promise.reject(new Error('no luck'))] };
      const { run: over } = await running([leaving()], { host: existing(), reporter, hooks });
      expect(over.error).to.contain('no luck');
      expect(notes.join()).to.contain('The run could not remove role x');
    });
    it('names the command that removes what its state file names', async () => {
      const host = async ({ journal }: OpenRequest): Promise<ClusterHost> => {
        journal.add({ kind: 'path', path: '/tmp/left' });
        return aHost();
      };
      const { run: over } = await running([passing('AB-01')], { host, reporter });
      expect(over.exitCode).to.equal(0);
      expect(notes.at(-1)).to.match(
        new RegExp(`^Not all that the run made could be removed: \`.*sweep.* --run ${over.id} `),
      );
    });
  });

  describe('whose reports fail', () => {
    it('has its results, and exits 3', async () => {
      const runOver = (): never => {
        throw new Error('full');
      };
      const results = await running([passing('AB-01')], { reporter: { runOver } });
      expect(results.run.exitCode).to.equal(3);
      expect(results.run.error).to.match(/^Reporter listening failed \(full\)/);
      expect(written().run).to.include({ exitCode: 3, error: results.run.error });
    });
    it('tells what failed before', async () => {
      const runOver = (): never => {
        throw new Error('full');
      };
      const results = await running([skipped('AB-01')], { reporter: { runOver } });
      expect(results.run.error).to.match(/^The only scenario was skipped/);
    });
    it('exits 3 where results.json cannot be written, and still tells its reporters', async () => {
      mkdirSync(join(directory, 'results.json'));
      const results = await running([passing('AB-01')]);
      expect(results.run.exitCode).to.equal(3);
      expect(results.run.error).to.match(/results\.json could not be written/);
      expect(events.slice(-2)).to.deep.equal(['over with 3', 'wrote ']);
    });
    it('names the files that its reporters wrote', async () => {
      await running([passing('AB-01')], { reporter: { runOver: () => [join(directory, 'a'), join(directory, 'b')] } });
      expect(events.at(-1)).to.equal('wrote /results.json,/a,/b');
    });
  });

  it('prints where an error came from with --verbose alone', async () => {
    const write = process.stderr.write.bind(process.stderr);
    const told = async (...flags: string[]): Promise<string> => {
      let text = '';
      process.stderr.write = (chunk: string) => (text += chunk) !== '';
      try {
        await running([skipped('AB-01')], { flags });
      } finally {
        process.stderr.write = write;
      }
      return text;
    };
    expect(await told('--verbose')).to.match(/HarnessError: The only scenario was skipped[^]*at /);
    expect(await told()).not.to.contain('HarnessError');
  });
});
