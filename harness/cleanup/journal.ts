import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Ledger, Making } from '../../foundation/journal.ts';
import { thisProcess, type ProcessIdentity } from './process-identity.ts';

/** Name of the state file in a report folder. */
export const STATE_FILE = 'state.json';
/** Ids of runs. */
export const RUN_ID = /^c[0-9a-f]{6}$/;

/** What a run has made and not yet removed; written ahead of each making, so that what a killed run left is found. */
export interface RunState {
  readonly version: 1;
  readonly run: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly process: ProcessIdentity;
  readonly makings: readonly Making[];
}

export interface RunLedger extends Ledger {
  /** What was made and is not known to be gone. */
  left(): readonly Making[];
}

/**
 * Opens the state file of a run. There is one as long as something is made and not removed: a run that makes nothing outside
 * of its process leaves none. A state file that another run left in the same report folder is kept, and this one's is called
 * `state-<run>.json`.
 */
export function openLedger(directory: string, run: string): RunLedger {
  const usual = resolve(directory, STATE_FILE);
  const path = existsSync(usual) ? resolve(directory, `state-${run}.json`) : usual;
  const startedAt = new Date().toISOString();
  const makings: Making[] = [];
  let self: ProcessIdentity | undefined;
  const write = (): void => {
    if (makings.length === 0) {
      rmSync(path, { force: true });
      return;
    }
    self ??= thisProcess();
    store(path, { version: 1, run, startedAt, process: self, makings });
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
    left: () => [...makings],
  };
}

const isSame = (one: Making, other: Making): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Paths of the state files in a report folder. */
export function stateFiles(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name === STATE_FILE || /^state-c[0-9a-f]{6}\.json$/.test(name))
    .sort()
    .map((name) => join(directory, name));
}

/** Takes what is gone out of a state file that another process left; deletes the file when nothing is in it any more. */
export function strike(file: string, isGone: (making: Making) => boolean): void {
  const state = readState(file);
  const makings = state.makings.filter((making) => !isGone(making));
  if (makings.length === 0) rmSync(file, { force: true });
  else if (makings.length < state.makings.length) store(file, { ...state, makings });
}

/** Whole or not at all, also when the process is killed meanwhile. */
function store(file: string, state: RunState): void {
  writeFileSync(`${file}.part`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.part`, file);
}

/** Reads a state file. Throws an error whose message says what is wrong with it. */
export function readState(path: string): RunState {
  let state: unknown;
  try {
    state = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(code === undefined ? 'it is no JSON' : `reading it ended with ${code}`, { cause: error });
  }
  if (!isState(state)) throw new Error('it does not have the form of a state file');
  return state;
}

function isState(value: unknown): value is RunState {
  if (!isObject(value) || value['version'] !== 1) return false;
  const { run, startedAt, process: owner, makings } = value;
  return (
    typeof run === 'string' &&
    RUN_ID.test(run) &&
    typeof startedAt === 'string' &&
    !Number.isNaN(Date.parse(startedAt)) &&
    isObject(owner) &&
    typeof owner['host'] === 'string' &&
    Number.isSafeInteger(owner['pid']) &&
    typeof owner['started'] === 'string' &&
    Array.isArray(makings) &&
    makings.every(isMaking)
  );
}

function isMaking(value: unknown): value is Making {
  if (!isObject(value)) return false;
  switch (value['kind']) {
    case 'docker-network':
    case 'kind-cluster':
    case 'docker-container':
    case 'docker-image':
      return typeof value['name'] === 'string';
    case 'path':
      return typeof value['path'] === 'string';
    case 'attachment':
      return (
        typeof value['kubeconfig'] === 'string' &&
        typeof value['context'] === 'string' &&
        Array.isArray(value['nodes']) &&
        value['nodes'].every((node) => typeof node === 'string' && /^\w[\w.-]*$/.test(node))
      );
    case 'aws':
      return (
        typeof value['accountId'] === 'string' &&
        /^\d{12}$/.test(value['accountId']) &&
        typeof value['region'] === 'string' &&
        /^[a-z0-9-]+$/.test(value['region']) &&
        isObject(value['endpoints']) &&
        Object.values(value['endpoints']).every((url) => typeof url === 'string')
      );
    default:
      return false;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
