/** Finds processes by a variable in their environment, which children inherit. */
import { readdirSync, readFileSync } from 'node:fs';

export const MARK = 'CONFORMANCE_CLIENT_PROCESS';
/** Number of rounds, because a process may start another just before it is killed. */
const MOST_ROUNDS = 20;

/** Kills all processes with this mark, even outside their group. Only on Linux. */
export function endMarked(mark: string): void {
  const ended = new Set<string>();
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const markedPids = processes().filter((pid) => !ended.has(pid) && hasMark(pid, mark));
    if (markedPids.length === 0) return;
    for (const pid of markedPids) {
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
    // The process has ended, or belongs to another user.
    return false;
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process has already ended.
  }
}
