/** Processes that are told by a variable of their environment, which whatever they start inherits. */
import { readdirSync, readFileSync } from 'node:fs';

export const MARK = 'CONFORMANCE_CLIENT_PROCESS';

/** One that is being ended may be starting another. */
const MOST_ROUNDS = 20;

/** Ends all with this mark, also those that have left their group or their parent. Only Linux tells who they are. */
export function endMarked(mark: string): void {
  const ended = new Set<string>();
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const found = processes().filter((pid) => !ended.has(pid) && hasMark(pid, mark));
    if (found.length === 0) return;
    for (const pid of found) {
      ended.add(pid);
      end(Number(pid));
    }
  }
}

function processes(): readonly string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  } catch {
    return [];
  }
}

function hasMark(pid: string, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`${MARK}=${mark}`);
  } catch {
    // Gone meanwhile, or another user's.
    return false;
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
