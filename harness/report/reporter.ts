import { orAborted } from '../../foundation/node/aborted.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import type { Scenario } from '../scenario/spec.ts';
import type { Phase, RunResults, ScenarioResult } from '../results/results.ts';

/** A scenario before it is over. */
export type ScenarioStart = Pick<Scenario, 'id' | 'suite' | 'title' | 'file'>;

export interface RunStart {
  readonly id: string;
  readonly directory: string;
  /** The selected scenarios, in the order of `--list`. */
  readonly scenarios: readonly ScenarioStart[];
}

/**
 * Receives a run's events. All methods are optional and may be asynchronous: a reporter gets the next event when it is done,
 * while the run continues. A reporter that fails gets no more events, and the run exits with 3.
 */
export interface Reporter {
  runStarted?(run: RunStart): void | Promise<void>;
  phaseStarted?(phase: Phase, detail?: string): void | Promise<void>;
  /** One line about current work, such as a step of provisioning. */
  note?(line: string): void | Promise<void>;
  scenarioStarted?(scenario: ScenarioStart): void | Promise<void>;
  /** Called in the order in which scenarios end, not that of the list. */
  scenarioOver?(result: ScenarioResult): void | Promise<void>;
  /** Called when results.json is written. Returns the paths of the files that the reporter has written, if any. */
  runOver?(results: RunResults): void | readonly string[] | Promise<void | readonly string[]>;
  /** The last event, after all `runOver`. `files` are the paths of all reports. */
  reportsWritten?(results: RunResults, files: readonly string[]): void | Promise<void>;
}

export interface NamedReporter {
  readonly name: string;
  readonly reporter: Reporter;
}

/** A stream. This type does not need Node's types, so that users' modules do not either. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface ReporterOptions {
  readonly stdout: Output;
  readonly stderr: Output;
  /** `COLUMNS` is the width of a stream without a known width. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly color: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** Timeout of a reporter for each of its last two events. */
const MAX_MILLISECONDS = 60_000;

type Events = Required<Reporter>;
type Call = (reporter: Reporter) => unknown;

/** Sends events to all reporters of a run. None of its methods throws. */
export class Reporters {
  readonly errors: HarnessError[] = [];
  readonly #audience: Listener[];
  readonly #maxMilliseconds: number;

  constructor(reporters: readonly NamedReporter[], maxMilliseconds = MAX_MILLISECONDS) {
    this.#maxMilliseconds = maxMilliseconds;
    this.#audience = reporters.map((named) => new Listener(named, (error) => this.errors.push(error)));
  }

  tell<Event extends keyof Events>(event: Event, ...about: Parameters<Events[Event]>): void {
    for (const listener of this.#audience) void listener.tell(callOf(event, about));
  }

  /** Like `tell`, but resolves with each reporter's result once all are done or timed out. */
  async ask<Event extends keyof Events>(
    event: Event,
    ...about: Parameters<Events[Event]>
  ): Promise<readonly unknown[]> {
    const call = callOf(event, about);
    return Promise.all(this.#audience.map((listener) => listener.tell(call, this.#maxMilliseconds)));
  }

  async runOver(results: RunResults): Promise<readonly string[]> {
    const written = await this.ask('runOver', results);
    return written.flatMap((files) => (Array.isArray(files) ? (files as string[]) : []));
  }
}

const callOf =
  (event: keyof Events, about: readonly unknown[]): Call =>
  (reporter) =>
    (reporter as Partial<Record<string, (...about: readonly unknown[]) => unknown>>)[event]?.(...about);

/** Sends events to a reporter, one after the other. */
class Listener {
  readonly #named: NamedReporter;
  readonly #failed: (error: HarnessError) => void;
  #over = false;
  #busy: Promise<unknown> | undefined;

  constructor(named: NamedReporter, failed: (error: HarnessError) => void) {
    this.#named = named;
    this.#failed = failed;
  }

  /** Never rejects. Calls an idle reporter at once, so that its output stays in order with that of others. */
  tell(call: Call, maxMilliseconds?: number): Promise<unknown> {
    const done = this.#busy === undefined ? this.#call(call) : this.#busy.then(() => this.#call(call));
    if (done === undefined) return Promise.resolve();
    const busy = done.catch((error: unknown) => this.#fail(error));
    this.#busy = busy;
    void busy.then(() => {
      if (this.#busy === busy) this.#busy = undefined;
    });
    return maxMilliseconds === undefined ? busy : this.#bounded(busy, maxMilliseconds);
  }

  /** Returns undefined if the reporter is done already, without a result. */
  #call(call: Call): Promise<unknown> | undefined {
    if (this.#over) return undefined;
    try {
      const given = call(this.#named.reporter);
      return given === undefined ? undefined : Promise.resolve(given);
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  async #bounded(busy: Promise<unknown>, milliseconds: number): Promise<unknown> {
    const timeUp = new AbortController();
    const late = new Error(`timed out after ${milliseconds / 1000} s`);
    const timer = setTimeout(() => timeUp.abort(late), milliseconds);
    try {
      return await orAborted(busy, timeUp.signal);
    } catch (error) {
      return this.#fail(error);
    } finally {
      clearTimeout(timer);
    }
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#failed(error instanceof HarnessError ? error : reporterFailed(this.#named.name, error));
  }
}

function reporterFailed(name: string, cause: unknown): HarnessError {
  const text = cause instanceof Error ? cause.message || cause.name : String(cause);
  const reason = (text.split('\n')[0] ?? '').replace(/\.$/, '');
  return new HarnessError(
    'REPORTER_FAILED',
    `Reporter ${name} failed (${reason}): fix it, or leave it out of --reporter; results.json has all results.`,
    { cause },
  );
}
