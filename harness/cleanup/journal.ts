import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Journal, JournalEntry } from '../../foundation/journal.ts';
import { thisProcess, type ProcessIdentity } from './process-identity.ts';

/** Name of the state file in a report folder. */
export const STATE_FILE = 'state.json';
/** Ids of runs. */
export const RUN_ID = /^c[0-9a-f]{6}$/;

/** What a run has made and not yet removed; written ahead of making it, so that what a killed run left is found. */
export interface RunState {
  readonly version: 2;
  readonly run: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly process: ProcessIdentity;
  readonly resources: readonly JournalEntry[];
}

export interface RunJournal extends Journal {
  /** What was made and is not known to be gone. */
  left(): readonly JournalEntry[];
}

/**
 * Opens the state file of a run. There is one as long as something is made and not removed: a run that makes nothing outside
 * of its process leaves none. A state file that another run left in the same report folder is kept, and this one's is called
 * `state-<run>.json`.
 */
export function openJournal(directory: string, run: string): RunJournal {
  const usual = resolve(directory, STATE_FILE);
  const path = existsSync(usual) ? resolve(directory, `state-${run}.json`) : usual;
  const startedAt = new Date().toISOString();
  const resources: JournalEntry[] = [];
  let self: ProcessIdentity | undefined;
  const write = (): void => {
    if (resources.length === 0) {
      rmSync(path, { force: true });
      return;
    }
    self ??= thisProcess();
    store(path, { version: 2, run, startedAt, process: self, resources });
  };
  return {
    add: (entry) => {
      if (resources.some((other) => isSame(other, entry))) return;
      resources.push(entry);
      write();
    },
    forget: (entry) => {
      const index = resources.findIndex((other) => isSame(other, entry));
      if (index === -1) return;
      resources.splice(index, 1);
      write();
    },
    left: () => [...resources],
  };
}

const isSame = (one: JournalEntry, other: JournalEntry): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Paths of the state files in a report folder. */
export function stateFiles(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name === STATE_FILE || /^state-c[0-9a-f]{6}\.json$/.test(name))
    .sort()
    .map((name) => join(directory, name));
}

/** Takes what is gone out of a state file that another process left; deletes the file when nothing is in it any more. */
export function forget(file: string, isGone: (entry: JournalEntry) => boolean): void {
  const state = readState(file);
  const resources = state.resources.filter((entry) => !isGone(entry));
  if (resources.length === 0) rmSync(file, { force: true });
  else if (resources.length < state.resources.length) store(file, { ...state, resources });
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
  const current = asCurrent(state);
  if (!isState(current)) throw new Error('it does not have the form of a state file');
  return current;
}

/** A state file of version 1, which a killed run of an older release left, differs by one name. */
function asCurrent(state: unknown): unknown {
  if (!isObject(state) || state['version'] !== 1) return state;
  const { makings, ...rest } = state;
  return { ...rest, version: 2, resources: makings };
}

function isState(value: unknown): value is RunState {
  if (!isObject(value) || value['version'] !== 2) return false;
  const { run, startedAt, process: owner, resources } = value;
  return (
    typeof run === 'string' &&
    RUN_ID.test(run) &&
    typeof startedAt === 'string' &&
    !Number.isNaN(Date.parse(startedAt)) &&
    isObject(owner) &&
    typeof owner['host'] === 'string' &&
    Number.isSafeInteger(owner['pid']) &&
    typeof owner['started'] === 'string' &&
    Array.isArray(resources) &&
    resources.every(isEntry)
  );
}

function isEntry(value: unknown): value is JournalEntry {
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
