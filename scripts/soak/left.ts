import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Leftovers of a run on the local machine. */
export interface Left {
  readonly processes: readonly string[];
  /** TCP ports on which the processes listen. */
  readonly ports: readonly number[];
  readonly files: readonly string[];
}

export const isNothing = ({ processes, ports, files }: Left): boolean =>
  processes.length + ports.length + files.length === 0;

const REPORTS = new Set(['results.json', 'junit.xml', 'report.html', 'diagnostics']);

export interface OfRun {
  /** Run id. Undefined if the run wrote no results. */
  readonly run: string | undefined;
  readonly reports: string;
  /** The run's TMPDIR. */
  readonly temporary: string;
}

/** Returns the leftovers of a run. Finds processes and ports only on Linux. */
export function leftBy(ofRun: OfRun): Left {
  const pids = processesOf(ofRun);
  return { processes: pids.map(commandLine), ports: portsOf(pids), files: filesOf(ofRun) };
}

/** Finds processes by TMPDIR in their environment, or by a pod's working folder. */
function processesOf({ run, temporary }: OfRun): string[] {
  const isOfRun = (pid: string): boolean =>
    reading(() => readFileSync(`/proc/${pid}/environ`, 'utf8'), '').includes(temporary) ||
    (run !== undefined && reading(() => readlinkSync(`/proc/${pid}/cwd`), '').includes(run));
  return reading(() => readdirSync('/proc'), [])
    .filter((name) => /^\d+$/.test(name))
    .filter(isOfRun);
}

const commandLine = (pid: string): string =>
  reading(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'), '')
    .replaceAll('\0', ' ')
    .trim();

/** State of a listening socket in /proc/net/tcp (proc(5)). */
const LISTENS = '0A';

function portsOf(pids: readonly string[]): number[] {
  const descriptors = pids.flatMap((pid) =>
    reading(() => readdirSync(`/proc/${pid}/fd`), []).map((fd) =>
      reading(() => readlinkSync(`/proc/${pid}/fd/${fd}`), ''),
    ),
  );
  const sockets = new Set(descriptors);
  const lines = ['tcp', 'tcp6'].flatMap((name) =>
    reading(() => readFileSync(`/proc/net/${name}`, 'utf8'), '')
      .split('\n')
      .slice(1),
  );
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === LISTENS && sockets.has(`socket:[${inode}]`))
    .map(([, address = '']) => Number.parseInt(address.split(':').at(-1) ?? '', 16));
}

function filesOf({ run, reports, temporary }: OfRun): string[] {
  const within = (folder: string): string[] => reading(() => readdirSync(folder), []).map((name) => join(folder, name));
  return [
    ...within(temporary),
    ...within(reports).filter((path) => !REPORTS.has(path.slice(reports.length + 1))),
    ...within('/dev/shm').filter((path) => run !== undefined && path.includes(run)),
  ].filter((path) => existsSync(path));
}

/** Returns `otherwise` if reading fails. Processes may exit meanwhile, or be unreadable. */
function reading<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
