import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, distinguished from a later one with the same number. */
export interface ProcessIdentity {
  /** Machine, and on Linux the PID namespace, because process numbers are only unique within one. */
  readonly host: string;
  readonly pid: number;
  readonly started: string;
}

/** `unknown`: the process belongs to another machine or container. */
export type Liveness = 'alive' | 'ended' | 'unknown';

export function thisProcess(): ProcessIdentity {
  return { host: thisHost(), pid: process.pid, started: startOf(process.pid) ?? '' };
}

export function livenessOf({ host, pid, started }: ProcessIdentity): Liveness {
  if (host !== thisHost()) return 'unknown';
  return started !== '' && startOf(pid) === started ? 'alive' : 'ended';
}

/** Like `livenessOf`, if only machine and number are known. A reused number counts as the same process. */
export function livenessOfNumber(host: string, pid: number): Liveness {
  if (host !== hostname()) return 'unknown';
  return startOf(pid) === undefined ? 'ended' : 'alive';
}

function thisHost(): string {
  return process.platform === 'linux' ? `${hostname()} ${readlinkSync('/proc/self/ns/pid')}` : hostname();
}

/** Returns when a process started; undefined if it does not exist or is a zombie. */
function startOf(pid: number): string | undefined {
  try {
    return process.platform === 'linux' ? startByProc(pid) : startByPs(pid);
  } catch {
    return undefined;
  }
}

/** Returns the boot id and the clock ticks since boot (proc_pid_stat(5), fields 3 and 22; field 2 may contain any character). */
function startByProc(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = '', ticks] = [fields[0], fields[19]];
  if (ticks === undefined || /^[ZXx]/.test(state)) return undefined;
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()} ${ticks}`;
}

function startByPs(pid: number): string | undefined {
  const [state = '', ...started] = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
    .trim()
    .split(/\s+/);
  return state.startsWith('Z') || started.length === 0 ? undefined : started.join(' ');
}
