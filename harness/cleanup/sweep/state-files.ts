import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runState, type JournalEntry, type RunState } from '../../../foundation/node/journal.ts';
import { validated } from '../../../foundation/node/validate.ts';
import { STATE_FILE, store } from '../journal.ts';

export function stateFiles(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name === STATE_FILE || /^state-c[0-9a-f]{6}\.json$/.test(name))
    .sort()
    .map((name) => join(directory, name));
}

/** Removes entries that no longer exist from another process's state file; deletes the file when it is empty. */
export function forget(file: string, isGone: (entry: JournalEntry) => boolean): void {
  const state = readState(file);
  const resources = state.resources.filter((entry) => !isGone(entry));
  if (resources.length === 0) rmSync(file, { force: true });
  else if (resources.length < state.resources.length) store(file, { ...state, resources });
}

/** Reads a state file. Throws an error whose message describes the problem. */
export function readState(path: string): RunState {
  let state: unknown;
  try {
    state = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(code === undefined ? 'it is not JSON' : `reading it failed with ${code}`, { cause: error });
  }
  return validated(runState, state, (problem) => `it does not have the form of a state file (${problem})`);
}
