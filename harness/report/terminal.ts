import { join } from 'node:path';
import type { CallCounts } from '../aws/target.ts';
import type { Phase, RunResults, ScenarioResult, Verdict } from './results.ts';
import { probeText } from './junit.ts';

export interface TerminalOptions {
  readonly stream: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly color: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Milliseconds between lines of life where the stream is no terminal. Default 30,000. */
  readonly heartbeat?: number;
}

const MARKS: Readonly<Record<Verdict, readonly [string, number]>> = {
  passed: ['ok', 32],
  failed: ['FAILED', 31],
  inconclusive: ['INCONCLUSIVE', 33],
  skipped: ['skipped', 36],
  error: ['ERROR', 35],
};

/** Tells a person what a run does: a live line on a terminal, plain lines with a heartbeat elsewhere. */
export class Terminal {
  readonly #options: TerminalOptions;
  readonly #live: boolean;
  #timer: NodeJS.Timeout | undefined;
  #phase: Phase = 'planning';
  #total = 0;
  #over = 0;
  #suite = '';
  #lineShown = false;

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.#live = options.stream.isTTY === true && !options.quiet;
    if (!this.#live && !options.quiet)
      this.#timer = setInterval(() => this.#say(this.#status()), options.heartbeat ?? 30_000).unref();
    if (this.#live) this.#timer = setInterval(() => this.#draw(), 200).unref();
  }

  phase(phase: Phase, detail?: string): void {
    this.#phase = phase;
    if (detail !== undefined && !this.#options.quiet) this.#say(detail);
  }

  /** One line about what is being done, such as a step of provisioning. */
  note(line: string): void {
    if (!this.#options.quiet) this.#say(`  ${line}`);
  }

  expect(total: number): void {
    this.#total = total;
  }

  /** One scenario that is over; `directory` is the report folder. */
  scenario(result: ScenarioResult, directory: string): void {
    this.#over += 1;
    const { quiet, verbose } = this.#options;
    const bad = result.verdict !== 'passed' && result.verdict !== 'skipped';
    if (quiet && !bad) return;
    if (result.suite !== this.#suite && !quiet) {
      this.#suite = result.suite;
      this.#say(`\n${this.#paint(result.suite, 1)}`);
    }
    const [mark, color] = MARKS[result.verdict];
    const time =
      result.verdict === 'skipped'
        ? ''
        : this.#paint(` (${result.durations.arranging + result.durations.probing + result.durations.teardown} ms)`, 2);
    this.#say(`  ${this.#paint(mark, color)} ${result.id} ${result.title}${time}`);
    if (bad || result.verdict === 'skipped') this.#say(`      ${result.reason}`);
    const summary = result.attachments.findLast(({ name }) => name === 'summary.md');
    if (bad && summary) this.#say(`      see ${join(directory, summary.path)}`);
    if (verbose) for (const probe of result.probes) this.#say(indent(probeText(probe, probe.verdict !== 'passed')));
  }

  /** The last lines: failures again, how long each phase took, and the counts. */
  summary(results: RunResults, reports: readonly string[]): void {
    this.stop();
    const { summary, phases, run } = results;
    const findings = results.scenarios.filter((scenario) => scenario.verdict === 'passed' && scenario.finding !== null);
    const bad = results.scenarios.filter((scenario) => !['passed', 'skipped'].includes(scenario.verdict));
    if (bad.length > 0 && !this.#options.quiet) {
      this.#say(`\n${this.#paint('Not as expected', 1)}`);
      for (const [first, ...others] of byDeniedAction(bad)) {
        const [mark, color] = MARKS[first.verdict];
        const more = others.length === 0 ? '' : ` and ${others.length} more, for want of the same right`;
        this.#say(`  ${this.#paint(mark, color)} ${first.id}${more}: ${first.reason}`);
      }
    }
    if (findings.length > 0 && !this.#options.quiet) {
      this.#say(`\n${this.#paint('Findings', 1)} (conforming, and worth knowing)`);
      for (const scenario of findings) this.#say(`  ${scenario.id}: ${scenario.finding}`);
    }
    if (run.error !== null) this.#say(`\n${this.#paint('ERROR', 35)} ${run.error}`);
    const counts = (['passed', 'failed', 'inconclusive', 'error', 'skipped'] as const).filter(
      (verdict) => summary[verdict] > 0 || verdict === 'passed' || verdict === 'failed',
    );
    this.#say('');
    if (!this.#options.quiet) {
      this.#say(
        `Time: ${seconds(run.milliseconds)} in all; provisioning ${seconds(phases.provisioning)}, scenarios ${seconds(phases.scenarios)} (arranging ${seconds(phases.arranging)} and probing ${seconds(phases.probing)} summed over scenarios side by side), teardown ${seconds(phases.teardown)}`,
      );
      if (results.aws !== null) this.#say(callsText(results.aws.calls));
      for (const report of reports) this.#say(`Report: ${report}`);
    }
    this.#say(
      `${summary.total} scenarios, ${summary.probes} probes: ${counts.map((verdict) => `${summary[verdict]} ${verdict}`).join(', ')}${run.interrupted ? ' (interrupted)' : ''}`,
    );
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#erase();
  }

  #status(): string {
    return this.#phase === 'scenarios'
      ? `... ${this.#over} of ${this.#total} scenarios are over`
      : `... ${this.#phase}`;
  }

  #draw(): void {
    this.#erase();
    this.#options.stream.write(this.#status());
    this.#lineShown = true;
  }

  #erase(): void {
    if (this.#lineShown) this.#options.stream.write('\r\u001b[2K');
    this.#lineShown = false;
  }

  #say(text: string): void {
    this.#erase();
    this.#options.stream.write(`${text}\n`);
  }

  #paint(text: string, code: number): string {
    return this.#options.color ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}

/** `AWS calls: 1,234 (12 retries, 3 throttled)` */
function callsText({ total, retries, throttled }: CallCounts): string {
  const counted = (count: number): string => count.toLocaleString('en-US');
  const parts = [
    ...(retries > 0 ? [`${counted(retries)} ${retries === 1 ? 'retry' : 'retries'}`] : []),
    ...(throttled > 0 ? [`${counted(throttled)} throttled`] : []),
  ];
  return `AWS calls: ${counted(total)}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`;
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;
const indent = (text: string): string =>
  text
    .split('\n')
    .map((line) => `        ${line}`)
    .join('\n');

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

/** One group for all errors for want of the same right, such as `iam:CreateRole`; each other scenario is one of its own. */
function byDeniedAction(bad: RunResults['scenarios']): [ScenarioResult, ...ScenarioResult[]][] {
  const groups = new Map<string, [ScenarioResult, ...ScenarioResult[]]>();
  for (const scenario of bad) {
    const action =
      scenario.verdict === 'error' ? / may not ([a-z0-9-]+:\w+) /.exec(scenario.reason ?? '')?.[1] : undefined;
    const key = action ?? scenario.id;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [scenario]);
    else group.push(scenario);
  }
  return [...groups.values()];
}
