import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Milliseconds between checks. Without /proc, each of them starts a program. */
const EVERY = process.platform === 'linux' ? 250 : 2000;

/**
 * Calls `ended` once the npm or npx that started this process has exited. npm runs a shell that does not forward signals, so
 * this process would outlive it. Does nothing in a process that npm did not start, and does not keep the process alive.
 */
export function onNpmEnded(ended: () => void, environment: NodeJS.ProcessEnv = process.env): void {
  if (environment['npm_command'] === undefined) return;
  const ancestors = (): string => [process.ppid, parentOfShell(process.ppid)].join();
  const started = ancestors();
  const timer = setInterval(() => {
    if (ancestors() === started) return;
    clearInterval(timer);
    ended();
  }, EVERY);
  timer.unref();
}

/** Returns the parent of a shell, which changes when npm exits. Undefined for other programs and ended processes. */
function parentOfShell(pid: number): number | undefined {
  try {
    const [, command = '', parent] =
      process.platform === 'linux'
        ? // proc_pid_stat(5): pid, (command), state, parent.
          (/^\d+ \((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? [])
        : (/^(\S+) +(\d+)/.exec(ps(pid)) ?? []);
    return /(?:^|\/)-?(?:a|ba|da|k|z)?sh$/.test(command) ? Number(parent) : undefined;
  } catch {
    return undefined;
  }
}

const ps = (pid: number): string =>
  execFileSync('ps', ['-o', 'comm=,ppid=', '-p', String(pid)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
