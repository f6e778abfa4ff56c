import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Journal, JournalEntry, RunState } from '../../foundation/node/journal.ts';
import { thisProcess, type ProcessIdentity } from './process-identity.ts';

export const STATE_FILE = 'state.json';
interface RunJournal extends Journal {
  left(): readonly JournalEntry[];
}

/**
 * Opens the state file of a run, which only exists while the run has resources outside the process. Another run's state file
 * in the report folder is kept; the new one is then called `state-<run>.json`.
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

/** Writes a state file atomically, even if the process is killed meanwhile. */
export function store(file: string, state: RunState): void {
  writeFileSync(`${file}.part`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.part`, file);
}
