import { fork } from 'node:child_process';
import { switchingOn } from '../faults/switch.ts';
import type { FromWorker, Job, ScenarioEnd } from './job.ts';

export interface JobEnd {
  readonly scenarios: readonly ScenarioEnd[];
  readonly always: readonly string[];
  /** Why the run could not do its work; undefined when it could. */
  readonly error?: string;
  readonly timedOut: boolean;
}

/** Runs are too short for code to be optimized early (docs/performance.md); later versions of Node have no such flag. */
const LATE = process.versions.node.startsWith('20.') ? ['--interrupt-budget=1200000'] : [];

/**
 * Runs a job in a process of its own, which is killed with all that it has started when it is silent for too long.
 *
 * @param worker path of the built `detection/worker.js`
 */
export function runJob(
  worker: string,
  job: Job,
  { mutant, silenceMilliseconds }: { readonly mutant?: string; readonly silenceMilliseconds: number },
): Promise<JobEnd> {
  const { NODE_OPTIONS: _, ...environment } = process.env;
  const child = fork(worker, {
    env: { ...environment, ...(mutant !== undefined && { __STRYKER_ACTIVE_MUTANT__: mutant }) },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: ['--no-deprecation', '--no-parallel-scavenge', ...LATE, ...switchedOn(job.fault)],
    detached: true,
  });
  const scenarios: ScenarioEnd[] = [];
  let over: Extract<FromWorker, { over: true }> | undefined;
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child.pid);
  }, silenceMilliseconds);
  const interrupted = (): void => killGroup(child.pid);
  process.once('exit', interrupted);
  return new Promise((resolve) => {
    child.on('message', (message: FromWorker) => {
      timer.refresh();
      if ('over' in message) over = message;
      else scenarios.push(message);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      process.off('exit', interrupted);
      killGroup(child.pid);
      const error = over === undefined ? `the process ended with ${signal ?? code}` : over.error;
      resolve({ scenarios, timedOut, always: over?.always ?? [], ...(error !== null && !timedOut && { error }) });
    });
    child.send(job);
  });
}

const switchedOn = (fault: string | undefined): string[] =>
  fault === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(switchingOn([fault]))}`];

/** A process and what it has started. */
function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}

/** Does work for each item, so many at once. */
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
