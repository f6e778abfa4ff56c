import { join } from 'node:path';
import { probeText } from './junit.ts';
import type { Reporter, ReporterOptions, RunStart } from './reporter.ts';
import { isFine, isFlaky, type Phase, type RunResults, type ScenarioResult } from './results.ts';
import { summaryBlocks } from './summary.ts';
import { allowedText, counted, mark, verdictCounts, wrap, type Paint } from './text.ts';
import { wrongProbes } from './wrong-probes.ts';

export interface TerminalOptions extends Omit<ReporterOptions, 'stdout'> {
  /** False: somebody else shows the scenarios. Default true. */
  readonly scenarios?: boolean;
  /** Milliseconds between heartbeats where the stream is no terminal. Default 30,000. */
  readonly heartbeat?: number;
}

/** Tells a person what a run does: a live line on a terminal, plain lines with a heartbeat elsewhere. */
export class Terminal implements Reporter {
  readonly #options: TerminalOptions;
  readonly #live: boolean;
  #timer: NodeJS.Timeout | undefined;
  #phase: Phase = 'planning';
  #run: RunStart = { id: '', directory: '', scenarios: [] };
  /** The scenarios that are over. */
  readonly #results: ScenarioResult[] = [];
  #lineShown = false;

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.#live = options.stderr.isTTY === true && !options.quiet;
  }

  runStarted(run: RunStart): void {
    this.#run = run;
    this.#startTimer();
  }

  phaseStarted(phase: Phase, detail?: string): void {
    this.#phase = phase;
    if (detail !== undefined && !this.#options.quiet) this.#say(detail);
    if (phase === 'kept') this.#stopTimer();
    else this.#startTimer();
  }

  note(line: string): void {
    if (!this.#options.quiet) this.#say(`  ${line}`);
  }

  /** A line for the scenario, as soon as it is over; a suite's counts follow its last one. */
  scenarioOver(result: ScenarioResult): void {
    this.#results.push(result);
    const { quiet, verbose, scenarios = true } = this.#options;
    const bad = !isFine(result);
    if (!scenarios || (quiet && !bad)) return;
    const { arranging, probing, teardown } = result.durations;
    const time = result.verdict === 'skipped' ? '' : this.#paint(` (${arranging + probing + teardown} ms)`, 2);
    this.#say(`  ${mark(result, this.#paint)} ${result.id} ${result.title}${time}`);
    if (result.verdict === 'skipped') this.#say(`      ${result.reason}`);
    else if (result.allowed) this.#say(`      ${allowedText(result.allowed)}`);
    else if (bad) this.#sayWhy(result);
    if (isFlaky(result)) this.#say(`      flaky: ${verdictCounts(result.repetitions ?? [])}`);
    if (verbose)
      for (const probe of result.probes)
        for (const line of probeText(probe, probe.verdict !== 'passed').split('\n')) this.#say(`        ${line}`);
    if (!quiet) this.#sayCounts(result.suite);
  }

  reportsWritten(results: RunResults, files: readonly string[]): void {
    this.#stopTimer();
    for (const block of summaryBlocks(results, files, this.#paint, this.#options.quiet))
      for (const line of block.split('\n')) this.#say(line);
  }

  #sayWhy(result: ScenarioResult): void {
    for (const sentence of wrongProbes(result)) this.#say(`      ${sentence.replaceAll('\n', '\n      ')}`);
    const summary = result.attachments.findLast(({ name }) => name === 'summary.md');
    if (summary) this.#say(`      see ${join(this.#run.directory, summary.path)}`);
  }

  #sayCounts(suite: string): void {
    const { scenarios } = this.#run;
    const own = this.#results.filter((result) => result.suite === suite);
    const all = scenarios.filter((scenario) => scenario.suite === suite).length;
    if (own.length === all && all < scenarios.length) this.#say(`${this.#paint(suite, 1)}: ${verdictCounts(own)}`);
  }

  #startTimer(): void {
    if (this.#options.quiet || this.#timer !== undefined) return;
    this.#timer = this.#live
      ? setInterval(() => this.#draw(), 200).unref()
      : setInterval(() => this.#say(this.#status()), this.#options.heartbeat ?? 30_000).unref();
  }

  #stopTimer(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#erase();
  }

  #status(): string {
    return this.#phase === 'scenarios'
      ? `... ${this.#results.length} of ${counted(this.#run.scenarios.length, 'scenario')} over`
      : `... ${this.#phase}`;
  }

  #draw(): void {
    this.#erase();
    this.#options.stderr.write(this.#status());
    this.#lineShown = true;
  }

  #erase(): void {
    if (this.#lineShown) this.#options.stderr.write('\r\u001b[2K');
    this.#lineShown = false;
  }

  #say(text: string): void {
    this.#erase();
    const width = widthOf(this.#options);
    this.#options.stderr.write(
      `${text
        .split('\n')
        .map((line) => wrap(line, width, 2))
        .join('\n')}\n`,
    );
  }

  readonly #paint: Paint = (text, code) => (this.#options.color ? `\u001b[${code}m${text}\u001b[0m` : text);
}

/** Columns to wrap at: those of the terminal, or `COLUMNS`; undefined where neither is known. */
function widthOf({ stderr, environment }: Pick<TerminalOptions, 'stderr' | 'environment'>): number | undefined {
  const width = stderr.isTTY === true && stderr.columns ? stderr.columns : Number(environment['COLUMNS']);
  return width >= 20 ? width : undefined;
}

/** Whether to colour: `--no-color`, `NO_COLOR`, `FORCE_COLOR`, `TERM=dumb`, then whether it is a terminal (no-color.org). */
export function wantsColor(
  stream: { readonly isTTY?: boolean },
  noColor: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  if (noColor || (environment['NO_COLOR'] ?? '') !== '') return false;
  if ((environment['FORCE_COLOR'] ?? '') !== '' && environment['FORCE_COLOR'] !== '0') return true;
  return stream.isTTY === true && environment['TERM'] !== 'dumb';
}
