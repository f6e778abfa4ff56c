import { fork } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endGroup } from '../../components/clients/install/tool.ts';
import { switchingOn } from '../faults/switch.ts';
import { readState, stateFiles } from '../../harness/cleanup/sweep/state-files.ts';
import type { Again, FromWorker, Job, ScenarioEnd } from './job.ts';

export interface JobEnd extends ProcessEnd {
  readonly scenarios: readonly ScenarioEnd[];
  /** Repetitions of failed scenarios, alone. */
  readonly alone: readonly ScenarioEnd[];
}

interface ProcessEnd {
  readonly always: readonly string[];
  readonly error?: string;
  /** Whether the process was killed because it sent no message. */
  readonly timedOut: boolean;
  /** Whether the process was killed because it blocked its event loop. */
  readonly hangs: boolean;
  /** Longest turn of the event loop, in milliseconds of processor time. */
  readonly turn: number;
  readonly milliseconds: number;
}

/** Maximum processor time of a turn of the event loop, in milliseconds. */
const LONGEST_TURN = 10_000;

/** Avoids early optimization in short runs (docs/performance.md). Only Node 20 has this flag. */
const LATE = process.versions.node.startsWith('20.') ? ['--interrupt-budget=1200000'] : [];

interface ProcessOptions {
  readonly mutant?: string;
  readonly silenceMilliseconds: number;
  readonly turnMilliseconds?: number;
}

/** Runs a job in its own process. Kills it and its children if it is silent or blocks its event loop. */
export async function runJob(worker: string, job: Job, how: ProcessOptions): Promise<JobEnd> {
  const ends: ScenarioEnd[] = [];
  const end = await inProcess(worker, job, { ...how, fault: job.fault }, (message) => {
    if ('id' in message) ends.push(message);
  });
  return { ...end, scenarios: ends.filter(({ alone }) => !alone), alone: ends.filter(({ alone }) => alone) };
}

/** Returns the faults that are noticed again, or none if the process exits early. */
export async function noticedAgain(
  worker: string,
  job: Again,
  how: Pick<ProcessOptions, 'silenceMilliseconds'>,
): Promise<readonly string[]> {
  const noticed: string[] = [];
  await inProcess(worker, job, how, (message) => {
    if ('noticed' in message) noticed.push(...message.noticed);
  });
  return noticed;
}

function inProcess(
  worker: string,
  job: Job | Again,
  {
    fault,
    mutant,
    silenceMilliseconds,
    turnMilliseconds = LONGEST_TURN,
  }: ProcessOptions & { readonly fault?: string | undefined },
  onMessage: (message: FromWorker) => void,
): Promise<ProcessEnd> {
  const { NODE_OPTIONS: _, ...environment } = process.env;
  const temporary = mkdtempSync(join(tmpdir(), 'conformance-detect-'));
  // Pods of other users read their programs in this folder.
  chmodSync(temporary, 0o711);
  const child = fork(worker, {
    env: { ...environment, TMPDIR: temporary, ...(mutant !== undefined && { __STRYKER_ACTIVE_MUTANT__: mutant }) },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: ['--no-deprecation', '--no-parallel-scavenge', ...LATE, ...switchedOn(fault)],
    detached: true,
  });
  let over: Extract<FromWorker, { over: true }> | undefined;
  let [timedOut, hangs, turn, before] = [false, false, 0, 0];
  const started = performance.now();
  const timer = setTimeout(() => {
    timedOut = true;
    endGroup(child.pid);
  }, silenceMilliseconds);
  const watch = setInterval(() => {
    turn = Math.max(turn, processorTime(child.pid) - before);
    hangs = turn > turnMilliseconds;
    if (hangs) endGroup(child.pid);
  }, 500);
  const interrupted = (): void => {
    endGroup(child.pid);
    removeTemporary(temporary);
  };
  process.once('exit', interrupted);
  return new Promise((resolve) => {
    child.on('message', (message: FromWorker) => {
      if ('alive' in message) {
        before = processorTime(child.pid);
        return;
      }
      timer.refresh();
      if ('over' in message) over = message;
      else onMessage(message);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      clearInterval(watch);
      process.off('exit', interrupted);
      endGroup(child.pid);
      removeTemporary(temporary);
      const error = over === undefined ? `the process exited with ${signal ?? code}` : over.error;
      resolve({
        timedOut,
        hangs,
        turn,
        milliseconds: Math.round(performance.now() - started),
        always: over?.always ?? [],
        ...(error !== null && !timedOut && !hangs && { error }),
      });
    });
    child.send(job);
  });
}

const switchedOn = (fault: string | undefined): string[] =>
  fault === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(switchingOn([fault]))}`];

/** Returns the processor time in milliseconds, or 0 if unknown (proc(5), `stat`: `utime` and `stime` in hundredths of a second). */
function processorTime(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}

/** Retries, since killed processes may still write for a moment. */
const REMOVING = { recursive: true, force: true, maxRetries: 3 };

/** Removes temporary files, and the paths listed in state files of killed runs. */
function removeTemporary(folder: string): void {
  for (const reports of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()))
    for (const file of stateFiles(join(folder, reports.name)))
      for (const entry of readState(file).resources) if (entry.kind === 'path') rmSync(entry.path, REMOVING);
  rmSync(folder, REMOVING);
}

export async function inParallel<Item>(
  items: readonly Item[],
  jobs: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const next = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: jobs }, next));
}
