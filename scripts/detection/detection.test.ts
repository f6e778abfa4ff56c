import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { AREAS, areaOf } from './areas.ts';
import { mayNotice, runsOf } from './coverage.ts';
import type { Detection, State } from './detect.ts';
import { isEquivalent, problemsOf, readEquivalents } from './equivalent.ts';
import { instrument, shouldIgnore, type Mutant } from './mutants-build.ts';
import { measuredSection, writeMeasured } from './page.ts';
import { figures, jsonOf, scenarioSummary, terminalText } from './report.ts';
import { sample } from './sample.ts';
import { inParallel, noticedAgain, runJob } from './workers.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('mutated sources', () => {
  it('exist', () => {
    for (const path of Object.values(AREAS).flat()) expect(existsSync(join(root, path)), path).to.equal(true);
  });
  it('exclude messages and logs', () => {
    const callOf = (name: string) => ({ type: 'CallExpression', callee: { property: { name } } });
    const statement = (expression: object) => ({ type: 'ExpressionStatement', expression: expression as never });
    const block = (...body: readonly never[]) => ({ type: 'BlockStatement', body });
    const [log, work] = [statement(callOf('info')), statement(callOf('close'))] as never[];
    for (const node of [
      { type: 'StringLiteral', value: 'two words' },
      callOf('error'),
      { type: 'NewExpression', callee: { name: 'Logger' } },
      { type: 'ArrowFunctionExpression', body: callOf('warn') },
      block(log as never, log as never),
      { type: 'IfStatement', consequent: block(log as never), alternate: null },
    ])
      expect(shouldIgnore(node), node.type).to.be.a('string');
    for (const node of [
      { type: 'StringLiteral', value: 'word' },
      callOf('close'),
      { type: 'ArrowFunctionExpression', body: callOf('error') },
      block(),
      block(log as never, work as never),
      { type: 'IfStatement', consequent: log as never, alternate: work as never },
    ])
      expect(shouldIgnore(node), node.type).to.equal(undefined);
  });
  it('exclude explanations, command-line flags and tests', () => {
    expect(areaOf('identity/policy/authorize.ts')).to.equal('iam/policy');
    for (const file of [
      'identity/policy/explain-values.ts',
      'components/agent/cli/flags.ts',
      'emulator/sts/sdk.test.ts',
    ])
      expect(areaOf(file), file).to.equal(undefined);
  });
});

describe('sample', () => {
  const items = Array.from({ length: 200 }, (_, index) => ({ name: String(index) }));
  it('depends on the seed, and changes little when items are added', () => {
    const one = sample(items, 20, '7');
    expect(one).to.have.length(20);
    expect(sample(items, 20, '7')).to.deep.equal(one);
    expect(sample(items, 20, '8')).not.to.deep.equal(one);
    const more = sample([...items, { name: 'new' }], 21, '7');
    expect(one.filter((item) => more.includes(item)).length).to.be.at.least(20);
  });
});

describe('equivalent mutants', () => {
  const mutant = (original: string): Mutant => ({
    id: original,
    area: 'sts',
    file: 'a.ts',
    line: 1,
    column: 1,
    mutator: 'EqualityOperator',
    original,
    replacement: 'false',
  });
  const entry = {
    file: 'a.ts',
    mutator: 'EqualityOperator',
    original: 'a',
    replacement: 'false',
    reason: 'both are one',
  };
  it('are those in the list', () => {
    expect(isEquivalent(mutant('a'), [entry])).to.equal(true);
    expect(isEquivalent(mutant('b'), [entry])).to.equal(false);
  });
  it('may be at most one in ten, and the list may only contain existing mutants', () => {
    const ten = [...'abcdefghij'].map(mutant);
    expect(problemsOf(ten, [entry])).to.deep.equal([]);
    expect(problemsOf(ten.slice(0, 9), [entry])).to.have.length(1);
    expect(problemsOf(ten, [{ ...entry, original: 'z' }])[0]).to.include('Remove this entry');
  });
  it('in the list exist in the sources', async () => {
    const { mutants } = await instrument(root);
    expect(problemsOf(mutants, readEquivalents(join(root, 'scripts', 'detection', 'equivalent.yaml')))).to.deep.equal(
      [],
    );
  }).timeout(60_000);
});

describe('kill matrix', () => {
  const detection = (name: string, area: string, state: State, ...noticedBy: string[]): Detection => ({
    name,
    id: name,
    area,
    text: '',
    state,
    noticedBy,
    reachedBy: 1,
  });
  const matrix = {
    kind: 'mutants' as const,
    detections: [
      detection('m1', 'sts', 'noticed', 'A'),
      detection('m2', 'sts', 'noticed', 'A', 'B'),
      detection('m3', 'sts', 'survived'),
      detection('m4', 'agent', 'unreached'),
      detection('m5', 'agent', 'timed out'),
      detection('m6', 'agent', 'error'),
      detection('m7', 'agent', 'no verdict'),
    ],
    scenarios: ['A', 'B', 'C'],
  };
  it('calculates the shares noticed in any way and by scenarios for each area, and counts errors as missed', () => {
    expect(figures(matrix).map(({ area, share, byScenarios }) => [area, share, byScenarios])).to.deep.equal([
      ['sts', 2 / 3, 2 / 3],
      ['agent', 2 / 4, 0],
      ['all', 4 / 7, 2 / 7],
    ]);
  });
  it('prints both shares and the counts of states', () => {
    const text = terminalText(matrix, { all: false });
    const counts = '2 noticed, 1 no verdict, 1 timed out, 1 survived, 1 unreached, 1 error';
    expect(text).to.match(new RegExp(`\\nall +57\\.1 % +28\\.6 % {2}${counts}\\n`));
  });
  it('lists scenarios that are the only one to notice a defect, and scenarios that notice none', () => {
    expect(scenarioSummary(matrix)).to.deep.equal({ alone: ['A'], nothing: ['C'] });
    expect(terminalText(matrix, { all: true })).to.match(/m2 +noticed +A, B\n[^]*notice no defect: C\n/);
    expect(jsonOf(matrix, { all: false })).not.to.have.property('scenarios');
  });
  it('is recorded by kind, with the missed defects, and becomes a table', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'detect-'));
    try {
      mkdirSync(join(folder, 'scripts', 'detection'), { recursive: true });
      writeFileSync(join(folder, 'scripts', 'detection', 'measured.json'), '{}');
      await writeMeasured(folder, matrix, { seed: '7' });
      await writeMeasured(folder, { ...matrix, kind: 'faults', detections: [] }, { seed: '0' });
      const mutants = measuredSection(folder, 'mutants');
      expect(mutants).to.match(/seed 7[^]*\| all \| 2 \| 1 \| 1 \| 1 \| 1 \| 1 \| 57\.1 % \| 28\.6 % \|/);
      const { mutants: record } = JSON.parse(
        readFileSync(join(folder, 'scripts', 'detection', 'measured.json'), 'utf8'),
      ) as {
        mutants: { missed: unknown };
      };
      expect(record.missed).to.deep.include.members([
        ['m3', 'survived'],
        ['m4', 'unreached'],
      ]);
      expect(measuredSection(folder, 'faults')).to.include('| all | 0 |');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('worker process', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'detect-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const job = { scenarios: ['A'], flags: [], stopAtFirst: true, parallel: 1, covers: false };
  const running = (code: string, how: Partial<Parameters<typeof runJob>[2]> = {}) => {
    const worker = join(folder, 'worker.mjs');
    writeFileSync(worker, code);
    return runJob(worker, job, { silenceMilliseconds: 60_000, ...how });
  };

  it('receives its job and mutant, and reports verdicts', async () => {
    const end = await running(
      `process.once('message', ({ scenarios: [id] }) => {
        process.send({ id, verdict: 'passed', milliseconds: 1, reached: [process.env.__STRYKER_ACTIVE_MUTANT__] });
        process.send({ over: true, error: null, always: [] }, () => process.exit());
      });`,
      { mutant: '12' },
    );
    expect(end.error).to.equal(undefined);
    expect(end.scenarios[0])
      .to.include({ id: 'A', verdict: 'passed' })
      .and.deep.include({ reached: ['12'] });
  });
  it('is killed if it is silent', async () => {
    const silent = 'setInterval(() => process.send({ alive: true }), 100)';
    expect(await running(silent, { silenceMilliseconds: 2000 })).to.include({ timedOut: true, hangs: false });
  });
  it('is killed if it blocks its event loop', async () => {
    const end = await running('process.send({ alive: true }); for (;;);', { turnMilliseconds: 200 });
    expect(end).to.include({ timedOut: false, hangs: true });
    expect(end.turn).to.be.greaterThan(200);
  });
  it('leaves no folder when the command is interrupted', async () => {
    const [worker, command, temporary] = ['worker.mjs', 'command.mjs', 'tmp'].map((name) => join(folder, name));
    mkdirSync(temporary!);
    writeFileSync(worker!, "setInterval(() => process.send({ alive: true }), 50); process.send({ id: 'A' });");
    const workers = fileURLToPath(new URL('./workers.ts', import.meta.url));
    writeFileSync(
      command!,
      `import { runJob } from ${JSON.stringify(workers)};
       process.on('SIGTERM', () => process.exit(130));
       void runJob(${JSON.stringify(worker)}, ${JSON.stringify(job)}, { silenceMilliseconds: 60_000 });
       console.log('started');`,
    );
    const env = { ...process.env, TMPDIR: temporary };
    const child = spawn(process.execPath, ['--import=tsx', command!], { cwd: root, env });
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    expect(readdirSync(temporary!).filter((name) => name.startsWith('conformance-detect-'))).to.have.length(1);
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(readdirSync(temporary!).filter((name) => name.startsWith('conformance-detect-'))).to.deep.equal([]);
  });

  it('leaves no folders of its run when it is killed', async () => {
    const kept = join(folder, 'run-c0ffee1');
    const state = {
      version: 2,
      run: 'c0ffee1',
      startedAt: new Date().toISOString(),
      process: { host: 'a b', pid: 1, started: '' },
      resources: [{ kind: 'path', path: kept }],
    };
    const end = await running(
      `import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
      import { tmpdir } from 'node:os';
      import { join } from 'node:path';
      mkdirSync('${kept}');
      writeFileSync(join(mkdtempSync(join(tmpdir(), 'reports-')), 'state.json'), '${JSON.stringify(state)}');
      process.once('message', () => {
        const end = { id: tmpdir(), verdict: 'failed', milliseconds: 1, reached: [] };
        process.send(end, () => process.kill(process.pid, 'SIGKILL'));
      });`,
    );
    expect([end.error, end.scenarios.length]).to.deep.equal(['the process exited with SIGKILL', 1]);
    expect([end.scenarios[0]!.id, kept].filter((path) => existsSync(path))).to.deep.equal([]);
  });
  it('distinguishes failures in parallel from failures alone', async () => {
    const end = await running(
      `process.once('message', () => {
        const end = { id: 'A', verdict: 'failed', milliseconds: 1, reached: [] };
        process.send(end);
        process.send({ ...end, verdict: 'passed', alone: true });
        process.send({ over: true, error: null, always: [] }, () => process.exit());
      });`,
    );
    expect([end.scenarios, end.alone].map((ends) => ends.map(({ verdict }) => verdict))).to.deep.equal([
      ['failed'],
      ['passed'],
    ]);
  });
  it('reports the faults that are noticed again, or none if it exits early', async () => {
    const worker = join(folder, 'again.mjs');
    writeFileSync(
      worker,
      `process.once('message', ({ again }) => {
        process.send({ id: 'A', verdict: 'failed', milliseconds: 1, reached: [] });
        if (again.length === 1) process.exit(1);
        process.send({ noticed: again.slice(1).map(({ fault }) => fault) });
        process.send({ over: true, error: null, always: [] }, () => process.exit());
      });`,
    );
    const again = ['one', 'other'].map((fault) => ({ fault, scenario: 'A' }));
    const noticed = (some: typeof again): Promise<readonly string[]> =>
      noticedAgain(worker, { again: some, flags: [], parallel: 2 }, { silenceMilliseconds: 60_000 });
    expect(await noticed(again)).to.deep.equal(['other']);
    expect(await noticed(again.slice(1))).to.deep.equal([]);
  });
  it('reports an error if it exits before its job is done', async () => {
    expect((await running('process.exit(3)')).error).to.equal('the process exited with 3');
  });
});

describe('scenario run', () => {
  it('may notice faults with its flags, and mutants unless it uses the raw client', () => {
    const scenarios = ['agent', 'client'].map((suite) => ({ id: suite, suite }));
    const noticing = (flags?: string) =>
      runsOf(scenarios)
        .filter((run) => mayNotice(run, flags === undefined ? {} : { flags }))
        .map(({ key }) => key);
    expect(noticing('')).to.deep.equal(['agent', 'client']);
    expect(noticing('--agent-chart 0.2')).to.deep.equal(['agent --agent-chart 0.2']);
    expect(noticing('--client raw')).to.deep.equal(['client --client raw']);
    expect(noticing()).to.deep.equal(['agent', 'client', 'agent --agent-chart 0.2']);
  });
});

describe('inParallel', () => {
  it('processes each item, at most the given number at a time', async () => {
    let [now, most] = [0, 0];
    const done: number[] = [];
    await inParallel([1, 2, 3, 4, 5], 2, async (item) => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      done.push(item);
      now -= 1;
    });
    expect([done, most]).to.deep.equal([[1, 2, 3, 4, 5], 2]);
  });
});
