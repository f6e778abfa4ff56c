import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { temporaryFolder } from '../../test/support/run-cli.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { noHooks, type SuiteHooks } from '../scenario/hooks.ts';
import type { Suites } from '../scenario-files/read-suites.ts';
import type { Scenario } from '../scenario/spec.ts';
import { Changes } from './changes.ts';
import { watchKeys, type Key } from './keys.ts';
import { Watch } from './watch.ts';

const scenario = (id: string, exactNames: boolean, suite = 'mine'): Scenario => ({
  id,
  suite,
  title: 'x',
  file: 'mine.ts',
  spec: { exactNames, probes: [] },
});

describe('changed scenarios', () => {
  const loaded = (scenarios: readonly Scenario[], hooks: Partial<SuiteHooks> = {}): Suites => ({
    scenarios,
    hooks: new Map([['mine', { ...noHooks(), ...hooks }]]),
    scopes: {},
    problems: [],
  });
  const ids = (scenarios: readonly Scenario[]): string[] => scenarios.map(({ id }) => id);

  it('are those with another declaration than at their last run, and new ones', () => {
    const changes = new Changes();
    const first = loaded([scenario('MY-01', true), scenario('MY-02', true)]);
    changes.run(first.scenarios, first);
    changes.edited();
    expect(changes.since(first)).to.deep.equal([]);
    const later = loaded([scenario('MY-01', true), scenario('MY-02', false), scenario('MY-03', true)]);
    expect(ids(changes.since(later))).to.deep.equal(['MY-02', 'MY-03']);
    changes.run(later.scenarios.slice(1, 2), later);
    expect(ids(changes.since(later))).to.deep.equal(['MY-03']);
  });

  it('are all scenarios of a suite with hooks after a change of a suite file', () => {
    const changes = new Changes();
    const all = [scenario('MY-01', true), scenario('OT-01', true, 'other')];
    const hooked = loaded(all, { before: [() => undefined] });
    changes.run(all, hooked);
    expect(changes.since(hooked)).to.deep.equal([]);
    changes.edited();
    expect(ids(changes.since(hooked))).to.deep.equal(['MY-01']);
  });
});

describe('watchKeys', () => {
  it('reports keys, and restores the terminal at the end', () => {
    const events: unknown[] = [];
    let read: (chunk: Buffer) => void = () => undefined;
    const input = {
      setRawMode: (raw: boolean) => void events.push(`raw ${raw}`),
      on: (_: 'data', listener: typeof read) => void (read = listener),
      off: (_: 'data', listener: typeof read) => void events.push(listener === read),
      resume: () => undefined,
      pause: () => undefined,
    };
    const stop = watchKeys(input, (key: Key) => void events.push(key));
    for (const typed of ['\r', 'fx', 'q', '\u0003']) read(Buffer.from(typed));
    stop();
    expect(events).to.deep.equal(['raw true', 'all', 'failed', 'end', 'end', true, 'raw false']);
  });
});

/** Returns a watch of a folder in which each JSON file is a scenario; its content is `exactNames`. */
function watchOf(files: Readonly<Record<string, boolean>>) {
  const folder = temporaryFolder();
  const write = (name: string, text: string): void => writeFileSync(join(folder, 'suites', name), text);
  mkdirSync(join(folder, 'suites', 'reports'), { recursive: true });
  mkdirSync(join(folder, 'elsewhere'));
  for (const [id, exact] of Object.entries(files)) write(`${id}.json`, String(exact));
  const ids = new Set(Object.keys(files));
  const elsewhere = join(folder, 'elsewhere', 'policy.json');
  const load = (): Suites => {
    const all = [...ids].map((id) => {
      const text = readFileSync(join(folder, 'suites', `${id}.json`), 'utf8');
      if (!/^(true|false)$/.test(text)) throw new HarnessError('BAD_FILE', `${id} is broken.`);
      return scenario(id, text === 'true');
    });
    return { scenarios: all, hooks: new Map(), scopes: {}, problems: [] };
  };
  let printed = '';
  let typed: (chunk: Buffer) => void = () => undefined;
  const ended: string[] = [];
  const watch = new Watch({
    folders: [join(folder, 'suites')],
    reports: join(folder, 'suites', 'reports'),
    suites: load(),
    readSuites: () => Promise.resolve().then(load),
    files: new Set([elsewhere, ...Object.keys(files).map((id) => join(folder, 'suites', `${id}.json`))]),
    reporters: () => Promise.resolve([]),
    stderr: { write: (text) => void (printed += text) },
    quiet: false,
    stdin: {
      isTTY: true,
      on: (_, listener) => void (typed = listener),
      off: () => undefined,
      resume: () => undefined,
      pause: () => undefined,
    },
    end: () => void ended.push('end'),
  });
  open.push(watch);
  const interrupt = new AbortController();
  const next = async (bad: readonly string[] = []): Promise<string[] | undefined> =>
    (await watch.next(new Set(bad), interrupt.signal))?.run.map(({ id }) => id);
  /** Resolves when a text has been printed. */
  const heard = async (text: string): Promise<void> => {
    while (!printed.includes(text)) await new Promise((again) => setTimeout(again, 5));
  };
  const type = (text: string): void => typed(Buffer.from(text));
  return { folder, write, ids, elsewhere, next, heard, type, ended, interrupt, output: () => printed };
}

const open: Watch[] = [];
afterEach(async () => {
  for (const watch of open.splice(0)) await watch.close();
});

describe('--watch', () => {
  it('runs scenarios that an edit changes, even during a round', async () => {
    const { next, write, heard, output } = watchOf({ 'MY-01': true, 'MY-02': true });
    const first = next();
    await heard('Watching');
    write('MY-02.json', 'false');
    expect(await first).to.deep.equal(['MY-02']);
    expect(output()).to.match(/Changed: .*MY-02\.json: running MY-02\./);
    // Two edits during a round.
    write('MY-01.json', 'false');
    write('MY-02.json', 'true');
    expect(await next()).to.deep.equal(['MY-01', 'MY-02']);
  });

  it('runs scenarios that were edited before the watch', async () => {
    const { next, write } = watchOf({ 'MY-01': true });
    write('MY-01.json', 'false');
    expect(await next()).to.deep.equal(['MY-01']);
  });

  it('runs the final content of a file that is written in parts', async () => {
    const { next, write, heard } = watchOf({ 'MY-01': true });
    const round = next();
    await heard('Watching');
    // Around the end of the first settling time, within the 50 ms in which chokidar reports only one change.
    for (const [delay, text] of [
      [40, ''],
      [20, 'false'],
    ] as const) {
      await new Promise((later) => setTimeout(later, delay));
      write('MY-01.json', text);
    }
    expect(await round).to.deep.equal(['MY-01']);
  });

  it('reports broken suites, and continues when they are fixed', async () => {
    const { next, write, heard, output, type } = watchOf({ 'MY-01': true, 'MY-02': true });
    const round = next();
    await heard('Watching');
    write('MY-01.json', '');
    await heard('MY-01 is broken.');
    // A key does not run the earlier suites.
    type('\r');
    await heard('MY-01 is broken.\nMY-01 is broken.');
    write('MY-01.json', 'false');
    expect(await round).to.deep.equal(['MY-01']);
    expect(output()).to.match(
      /Watching .*: Enter runs all scenarios, f failed ones, q quits\.\n(MY-01 is broken\.\n)+\nChanged: .*MY-01\.json: running MY-01\.\n$/,
    );
  });

  it('detects a file that is replaced, removed and written again', async () => {
    const { next, write, folder, heard, ids } = watchOf({ 'MY-01': true, 'MY-02': true });
    const file = join(folder, 'suites', 'MY-01.json');
    const first = next();
    await heard('Watching');
    write('.MY-01.json.swp', 'false');
    renameSync(join(folder, 'suites', '.MY-01.json.swp'), file);
    expect(await first).to.deep.equal(['MY-01']);
    ids.delete('MY-01');
    const second = next();
    rmSync(file);
    // No scenario runs, and reports no longer have this one.
    expect(await second).to.deep.equal([]);
    ids.add('MY-01');
    const third = next();
    write('MY-01.json', 'true');
    expect(await third).to.deep.equal(['MY-01']);
  });

  it('watches files elsewhere that suites read, but not others in their folder', async () => {
    const { next, heard, elsewhere, output } = watchOf({ 'MY-01': true });
    void next();
    await heard('Watching');
    writeFileSync(join(dirname(elsewhere), 'other.json'), '{}');
    writeFileSync(elsewhere, '{}');
    await heard('policy.json, but no declaration of a scenario.');
    expect(output()).not.to.contain('other.json');
  });

  it('runs all scenarios at Enter, unexpected ones at f, and ends at q', async () => {
    const { next, heard, type, ended, interrupt } = watchOf({ 'MY-01': true, 'MY-02': true });
    const first = next(['MY-02']);
    await heard('Watching');
    type('\r');
    expect(await first).to.deep.equal(['MY-01', 'MY-02']);
    type('f');
    expect(await next(['MY-02'])).to.deep.equal(['MY-02']);
    const last = next();
    type('f');
    await heard('All scenarios are as expected.');
    type('q');
    expect(ended).to.deep.equal(['end']);
    interrupt.abort();
    expect(await last).to.equal(undefined);
  });
});
