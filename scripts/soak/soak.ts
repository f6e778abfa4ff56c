import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Io } from '../../foundation/node/io.ts';
import { poll } from '../../foundation/node/poll.ts';
import type { RunResults } from '../../harness/results/results.ts';
import { isNothing, leftBy, type Left, type OfRun } from './left.ts';
import { planned, tallyOf, textOf, verdictsIn, type SoakRun } from './tally.ts';

export interface SoakOptions {
  readonly runs: number;
  /** Number of busy processes during every third run of each order. */
  readonly busy: number;
  readonly json: string | undefined;
  /** Folder for the reports of runs with problems. */
  readonly directory: string;
  readonly interrupted: AbortSignal;
}

/** Repeats runs and reports the results. Returns whether all runs were as expected. */
export async function soak(options: SoakOptions, io: Pick<Io, 'stdout' | 'stderr' | 'root'>): Promise<boolean> {
  const runs: SoakRun[] = [];
  while (runs.length < options.runs && !options.interrupted.aborted) {
    const run = await oneRun(planned(runs.length + 1, options.busy), resolve(options.directory), io.root);
    runs.push(run);
    io.stderr.write(lineOf(run));
    if (options.json !== undefined)
      writeFileSync(options.json, `${JSON.stringify({ version: 1, tally: tallyOf(runs), runs }, null, 2)}\n`);
  }
  io.stdout.write(textOf(runs));
  return tallyOf(runs).isAsItShouldBe;
}

function lineOf({ number, order, busy, exitCode, seconds, unexpected }: SoakRun): string {
  const bad = unexpected.map(({ scenario, verdict }) => ` ${scenario} ${verdict}`).join('');
  return `run ${number}, ${order} order, ${busy} busy processes: exit code ${exitCode}, ${seconds.toFixed(0)} s${bad}\n`;
}

/** Program that keeps a processor busy until its parent exits. */
const BUSY = 'while (process.ppid === Number(process.argv[1]));';

async function oneRun(plan: ReturnType<typeof planned>, directory: string, root: string): Promise<SoakRun> {
  const reports = join(directory, String(plan.number));
  const temporary = mkdtempSync(join(tmpdir(), 'conformance-soak-'));
  mkdirSync(reports, { recursive: true });
  const busy = Array.from({ length: plan.busy }, () =>
    spawn(process.execPath, ['-e', BUSY, String(process.pid)], { stdio: 'ignore' }),
  );
  const started = performance.now();
  try {
    const exitCode = await exitOf(startRun(plan, reports, temporary, root));
    const seconds = (performance.now() - started) / 1000;
    const results = resultsIn(reports);
    const left = await leftInTheEnd({ run: results?.run.id, reports, temporary });
    const verdicts = results === undefined ? { judged: null, unexpected: [] } : verdictsIn(results);
    if (exitCode === 0 && isNothing(left)) rmSync(reports, { recursive: true });
    return { ...plan, exitCode, seconds, ...verdicts, left };
  } finally {
    for (const process of busy) process.kill('SIGKILL');
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Milliseconds that processes may take to exit after the run. */
const GRACE = 5000;

function leftInTheEnd(ofRun: OfRun): Promise<Left> {
  const look = (): Left | undefined => {
    const left = leftBy(ofRun);
    return isNothing(left) ? left : undefined;
  };
  return poll(look, { every: 100, within: GRACE, late: () => leftBy(ofRun) });
}

function startRun(
  { order, seed }: ReturnType<typeof planned>,
  reports: string,
  temporary: string,
  root: string,
): ChildProcess {
  const shuffle = order === 'declared' ? [] : ['--shuffle', seed ?? order];
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith('CONFORMANCE_'));
  return spawn(
    process.execPath,
    [
      join(root, 'bin', 'conformance.js'),
      '--quiet',
      '--no-color',
      '--scope',
      'all',
      '--report-dir',
      reports,
      ...shuffle,
    ],
    // In its own process group, so that the current run finishes after Ctrl-C.
    { env: { ...Object.fromEntries(environment), TMPDIR: temporary }, stdio: 'ignore', detached: true },
  );
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  return exitCode;
}

function resultsIn(reports: string): RunResults | undefined {
  try {
    return JSON.parse(readFileSync(join(reports, 'results.json'), 'utf8')) as RunResults;
  } catch {
    return undefined;
  }
}
