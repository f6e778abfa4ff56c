import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { Ledger, Making } from '../../clusters/ledger.ts';

/** Name of the state file in a report folder. */
export const STATE_FILE = 'state.json';

/** What a run has made and not yet removed; written ahead of each making, so that what a killed run left is found. */
export interface RunState {
  readonly version: 1;
  readonly run: string;
  readonly startedAt: string;
  readonly process: ProcessIdentity;
  readonly makings: readonly Making[];
}

/** A process, told apart from a later one with the same number. */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** When it started, as `ps` tells it. */
  readonly started: string;
}

export interface RunLedger extends Ledger {
  /** Removes the state file when nothing is left. */
  close(): void;
}

/** Opens the state file of a run. It is written at the first making: a run that makes nothing outside leaves none. */
export function openLedger(directory: string, run: string): RunLedger {
  const path = resolve(directory, STATE_FILE);
  const startedAt = new Date().toISOString();
  const makings: Making[] = [];
  let self: ProcessIdentity | undefined;
  const write = (): void => {
    self ??= thisProcess();
    const state: RunState = { version: 1, run, startedAt, process: self, makings };
    // Whole or not at all, also when the run is killed meanwhile.
    writeFileSync(`${path}.part`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${path}.part`, path);
  };
  return {
    willMake: (making) => {
      if (makings.some((other) => isSame(other, making))) return;
      makings.push(making);
      write();
    },
    removed: (making) => {
      const index = makings.findIndex((other) => isSame(other, making));
      if (index === -1) return;
      makings.splice(index, 1);
      write();
    },
    close: () => {
      if (makings.length === 0) rmSync(path, { force: true });
    },
  };
}

const isSame = (one: Making, other: Making): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Reads a report folder's state file; undefined where there is none. Throws when it is not one. */
export function readState(directory: string): RunState | undefined {
  const path = join(directory, STATE_FILE);
  if (!existsSync(path)) return undefined;
  const state = JSON.parse(readFileSync(path, 'utf8')) as Partial<RunState>;
  if (state.version !== 1 || typeof state.run !== 'string' || !Array.isArray(state.makings))
    throw new Error(`${path} is no state file of a run`);
  return state as RunState;
}

function thisProcess(): ProcessIdentity {
  return { host: hostname(), pid: process.pid, started: startOf(process.pid) ?? '' };
}

/** Whether the process still runs; one on another machine counts as running, since nobody can tell. */
export function isRunning({ host, pid, started }: ProcessIdentity): boolean {
  if (host !== hostname()) return true;
  return started !== '' && startOf(pid) === started;
}

/** When a process started, as `ps` tells it; undefined when there is none. */
function startOf(pid: number): string | undefined {
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}
