import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import type { Journal, JournalEntry } from '../../foundation/journal.ts';
import { validated } from '../../foundation/validate.ts';
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
  return validated(stateFile, asCurrent(state), (problem) => `it does not have the form of a state file (${problem})`);
}

/** A state file of version 1, which a killed run of an older release left, differs by one name. */
function asCurrent(state: unknown): unknown {
  const old = z.looseObject({ version: z.literal(1), makings: z.unknown() }).safeParse(state).data;
  return old === undefined ? state : { ...old, version: 2, resources: old.makings };
}

const text = z.string();
const named = z.object({
  kind: z.enum(['docker-network', 'kind-cluster', 'docker-container', 'docker-image']),
  name: text,
});
const entry = z.discriminatedUnion(
  'kind',
  [
    named,
    z.object({ kind: z.literal('path'), path: text }),
    z.object({
      kind: z.literal('attachment'),
      kubeconfig: text,
      context: text,
      nodes: z.array(text.regex(/^\w[\w.-]*$/, 'the name of a container')),
    }),
    z.object({
      kind: z.literal('aws'),
      accountId: text.regex(/^\d{12}$/, '12 digits'),
      region: text.regex(/^[a-z0-9-]+$/, 'a region'),
      endpoints: z.record(text, text),
    }),
  ],
  'a kind of resource that is known',
);

const stateFile = z.object({
  version: z.literal(2),
  run: text.regex(RUN_ID, 'the id of a run'),
  startedAt: text.refine((time) => !Number.isNaN(Date.parse(time)), 'must be a time'),
  process: z.object({ host: text, pid: z.int('a whole number'), started: text }),
  resources: z.array(entry),
}) satisfies z.ZodType<RunState>;
