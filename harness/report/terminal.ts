import { join } from 'node:path';
import { explainedProbeText, probeText } from './junit.ts';
import { LiveRegion } from './live-region.ts';
import { Progress } from './progress.ts';
import type { Reporter, ReporterOptions, RunStart, ScenarioStart } from './reporter.ts';
import { isFine, isFlaky, ownTime, type Phase, type RunResults, type ScenarioResult } from '../results/results.ts';
import { summaryBlocks } from './summary.ts';
import { painter, widthOf, wrap, type Paint } from '../../foundation/node/text.ts';
import { allowedText, mark, verdictCounts } from '../results/text.ts';
import { wrongProbes } from './wrong-probes.ts';

export interface TerminalOptions extends Omit<ReporterOptions, 'stdout'> {
  /** Whether to show the scenarios; false if mocha does. Default true. */
  readonly scenarios?: boolean;
  /** `live`: lines and a progress bar; `list`: lines; `dot`: characters, and lines for failures. Default `live`. */
  readonly style?: 'live' | 'list' | 'dot';
  /** Milliseconds between heartbeats without a live region. Default 30,000. */
  readonly heartbeat?: number;
}

/** Reports a run for people: live lines on a terminal, plain lines with a heartbeat elsewhere. */
export class Terminal implements Reporter {
  readonly #options: TerminalOptions;
  readonly #live: LiveRegion | undefined;
  readonly #progress = new Progress();
  #timer: NodeJS.Timeout | undefined;
  #run: RunStart = { id: '', directory: '', scenarios: [] };
  readonly #results: ScenarioResult[] = [];
  #dots = 0;

  constructor(options: TerminalOptions) {
    this.#options = options;
    const { stderr, quiet, style = 'live', environment } = options;
    const isLive = stderr.isTTY === true && !quiet && style === 'live' && environment['TERM'] !== 'dumb';
    this.#live = isLive ? new LiveRegion(stderr) : undefined;
  }

  runStarted(run: RunStart): void {
    this.#run = run;
    this.#progress.begin(run.scenarios.length);
    this.#startTimer();
  }

  phaseStarted(phase: Phase, detail?: string): void {
    this.#progress.enter(phase);
    if (detail !== undefined && !this.#options.quiet) this.#say(detail);
    if (phase === 'kept') this.#stopTimer();
    else this.#startTimer();
  }

  scenarioStarted({ id }: ScenarioStart): void {
    this.#progress.started(id);
  }

  note(line: string): void {
    if (!this.#options.quiet) this.#say(`  ${line}`);
  }

  scenarioOver(result: ScenarioResult): void {
    this.#results.push(result);
    this.#progress.over(result);
    const { quiet, verbose, scenarios = true, style } = this.#options;
    const bad = !isFine(result);
    if (!scenarios || (quiet && !bad)) return;
    if (style === 'dot' && !bad && !isFlaky(result)) return this.#dot(result);
    const time = result.verdict === 'skipped' ? '' : this.#paint(` (${ownTime(result)} ms)`, 2);
    this.#say(`  ${mark(result, this.#paint)} ${result.id} ${result.title}${time}`);
    if (result.verdict === 'skipped') this.#say(`      ${result.reason}`);
    else if (result.allowed) this.#say(`      ${allowedText(result.allowed)}`);
    else if (bad) this.#sayWhy(result);
    if (isFlaky(result)) this.#say(`      flaky: ${verdictCounts(result.repetitions ?? [])}`);
    if (verbose)
      for (const probe of result.probes) {
        const text = probe.verdict === 'passed' ? probeText(probe) : explainedProbeText(probe, result);
        for (const line of text.split('\n')) this.#say(`        ${line}`);
      }
    if (!quiet && style !== 'dot') this.#sayCounts(result.suite);
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
    const suiteResults = this.#results.filter((result) => result.suite === suite);
    const all = scenarios.filter((scenario) => scenario.suite === suite).length;
    if (suiteResults.length === all && all < scenarios.length)
      this.#say(`${this.#paint(suite, 1)}: ${verdictCounts(suiteResults)}`);
  }

  #dot({ verdict, allowed }: ScenarioResult): void {
    const isFull = this.#dots === (widthOf(this.#options.stderr, this.#options.environment) ?? 80);
    const character = allowed ? 'a' : verdict === 'passed' ? '.' : 's';
    this.#options.stderr.write(isFull ? `\n${character}` : character);
    this.#dots = isFull ? 1 : this.#dots + 1;
  }

  #startTimer(): void {
    const { quiet, style, heartbeat = 30_000 } = this.#options;
    if (quiet || style === 'dot' || this.#timer !== undefined) return;
    const live = this.#live;
    this.#timer = live
      ? setInterval(() => live.draw(this.#progress.rows()), 200).unref()
      : setInterval(() => this.#say(this.#progress.line()), heartbeat).unref();
  }

  #stopTimer(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#live?.clear();
  }

  #say(text: string): void {
    this.#live?.clear();
    const width = widthOf(this.#options.stderr, this.#options.environment);
    const ofDots = this.#dots > 0 ? '\n' : '';
    this.#dots = 0;
    const lines = text.split('\n').map((line) => wrap(line, width, 2));
    this.#options.stderr.write(`${ofDots}${lines.join('\n')}\n`);
  }

  get #paint(): Paint {
    return painter(this.#options.color);
  }
}
