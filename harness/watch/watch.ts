import { dirname, relative, resolve } from 'node:path';
import type { Round, Rounds } from '../engine/session.ts';
import { counted } from '../../foundation/node/text.ts';
import type { NamedReporter, Output } from '../report/reporter.ts';
import type { Suites } from '../scenario-files/read-suites.ts';
import type { Scenario } from '../scenario/spec.ts';
import { Changes } from './changes.ts';
import { FileWatcher } from './files.ts';
import { watchKeys, type Key } from './keys.ts';
import type { Input } from '../../foundation/node/io.ts';

interface WatchOptions {
  readonly folders: readonly string[];
  /** The report folder, or the parent of report folders. */
  readonly reports: string;
  readonly suites: Suites;
  /** Reloads the suites and selects scenarios. Throws `HarnessError`. */
  readonly readSuites: () => Promise<Suites>;
  /** Paths of files that suites import and read. Later loads add more. */
  readonly files: ReadonlySet<string>;
  readonly reporters: () => Promise<readonly NamedReporter[]>;
  readonly stderr: Output;
  readonly quiet: boolean;
  readonly stdin?: Input | undefined;
  readonly end: () => void;
}

/**
 * Milliseconds without a change before suites are loaded. Editors write several files, or one in parts. chokidar reports a
 * file's changes at most every 50 ms, so unreported changes precede the load.
 */
const SETTLING = 100;
/** Maximum number of such waits, so that a file that changes continuously does not block others. */
const MOST_WAITS = 20;
const NAMED = 8;

/** The rounds of `--watch`. Each runs scenarios whose declaration has changed since their last run. */
export class Watch implements Rounds {
  readonly reporters: Rounds['reporters'];
  readonly #options: WatchOptions;
  readonly #folders: readonly string[];
  readonly #changes = new Changes();
  readonly #watcher: FileWatcher;
  readonly #stopKeys: () => void = () => undefined;
  #suites: Suites;
  readonly #changed = new Set<string>();
  /** Whether suites must be loaded. Initially true, because they may have changed before the watch. */
  #isStale = true;
  #isBroken = false;
  #key: Key | undefined;
  #wake: () => void = () => undefined;

  constructor(options: WatchOptions) {
    const { folders, reports, suites, reporters, stdin, end } = options;
    this.#options = options;
    this.reporters = reporters;
    this.#folders = folders.map((folder) => resolve(folder));
    this.#suites = suites;
    this.#changes.run(suites.scenarios, suites);
    this.#watcher = new FileWatcher({
      folders: this.#folders,
      reports: resolve(reports),
      changed: (file) => this.#fileChanged(file),
      note: (sentence) => this.#say(sentence),
    });
    this.#watcher.add(options.files);
    if (stdin?.isTTY === true) this.#stopKeys = watchKeys(stdin, (key) => (key === 'end' ? end() : this.#pressed(key)));
  }

  async next(bad: ReadonlySet<string>, signal: AbortSignal): Promise<Round | undefined> {
    await this.#watcher.ready;
    this.#sayHow();
    for (;;) {
      if (!this.#isStale && this.#key === undefined) await this.#waken(signal);
      if (signal.aborted) return undefined;
      const before = this.#suites;
      if ((this.#isStale || this.#isBroken) && !(await this.#readSuites())) continue;
      const run = this.#chosen(bad);
      const isFewer = before.scenarios.some(({ id }) => !this.#suites.scenarios.some((other) => other.id === id));
      if (run.length === 0 && !isFewer) continue;
      this.#changes.run(run, this.#suites);
      return { ...this.#suites, run };
    }
  }

  async close(): Promise<void> {
    this.#stopKeys();
    await this.#watcher.close();
  }

  #fileChanged(file: string): void {
    this.#changed.add(file);
    this.#isStale = true;
    this.#wake();
  }

  #pressed(key: Key): void {
    this.#key = key;
    this.#wake();
  }

  async #waken(signal: AbortSignal): Promise<void> {
    await new Promise<void>((wake) => {
      this.#wake = wake;
      signal.addEventListener('abort', () => wake(), { once: true });
    });
  }

  /** Loads the suites. On failure, reports the reason, keeps the earlier suites and returns false. */
  async #readSuites(): Promise<boolean> {
    for (let waits = 0; waits === 0 || (this.#isStale && waits < MOST_WAITS); waits += 1) {
      this.#isStale = false;
      await new Promise((settled) => setTimeout(settled, SETTLING));
    }
    const { readSuites, files } = this.#options;
    const changed = [...this.#changed];
    try {
      this.#suites = await readSuites();
      this.#isBroken = false;
      this.#changed.clear();
      const edited = changed.filter((file) => this.#isPart(file));
      if (edited.length > 0) this.#changes.edited();
      const run = this.#changes.since(this.#suites);
      const names = edited.map((file) => relative('', file)).join(', ');
      if (run.length > 0) this.#tell(`\n${names === '' ? 'Changed' : `Changed: ${names}`}: running ${named(run)}.`);
      else if (names !== '') this.#tell(`Changed: ${names}, but no declaration of a scenario.`);
      return true;
    } catch (error) {
      // No scenario runs until the suites are fixed.
      this.#isBroken = true;
      this.#key = undefined;
      this.#say((error as Error).message);
      return false;
    } finally {
      this.#watcher.add(files);
    }
  }

  /** Whether a file is a suite, or one that a suite imports or reads. */
  #isPart(file: string): boolean {
    return this.#options.files.has(file) || (this.#folders.includes(dirname(file)) && /\.[cm]?[jt]s$/.test(file));
  }

  /** Returns the scenarios that changed, or that a key selects. */
  #chosen(bad: ReadonlySet<string>): readonly Scenario[] {
    const key = this.#key;
    this.#key = undefined;
    const { scenarios } = this.#suites;
    if (key === 'all') return scenarios;
    const changed = new Set(this.#changes.since(this.#suites));
    const run = scenarios.filter((scenario) => changed.has(scenario) || (key === 'failed' && bad.has(scenario.id)));
    if (key === 'failed' && run.length === 0) this.#tell('All scenarios are as expected.');
    return run;
  }

  #sayHow(): void {
    const { folders, stdin } = this.#options;
    const keys = stdin?.isTTY === true ? ': Enter runs all scenarios, f failed ones, q quits' : ' until Ctrl-C';
    this.#tell(`\nWatching ${folders.join(', ')}${keys}.`);
  }

  #tell(text: string): void {
    if (!this.#options.quiet) this.#say(text);
  }

  #say(text: string): void {
    this.#options.stderr.write(`${text}\n`);
  }
}

const named = (scenarios: readonly Scenario[]): string =>
  scenarios.length > NAMED ? counted(scenarios.length, 'scenario') : scenarios.map(({ id }) => id).join(', ');
