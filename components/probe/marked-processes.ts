/** Processes with a variable in their environment, which children inherit. */
import { readdirSync, readFileSync } from 'node:fs';

export const MARK = 'CONFORMANCE_CLIENT_PROCESS';
/** A process may start another while it is ended. */
const MOST_ROUNDS = 20;

/** Ends all processes with this mark, also outside their group. Only on Linux. */
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
