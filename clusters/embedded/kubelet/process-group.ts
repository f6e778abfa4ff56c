import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { deferred } from './deferred.ts';

/** How a container ended. */
export interface Exit {
  /** As a container runtime gives it: 128 plus the signal's number when a signal ended it, 128 when it did not start. */
  readonly exitCode: number;
  readonly signal?: number;
  /** Why it did not start. */
  readonly failure?: string;
}

/** A container that has been started, whatever runs it. */
export interface Running {
  /** Resolves when it has ended and all its output was handed over; never rejects. */
  readonly ended: Promise<Exit>;
  signal(signal: 'SIGTERM' | 'SIGKILL'): void;
  /** Root of the HTTP server that it has on this port of the pod, if any can be reached. */
  target(port: number): URL | undefined;
}

export interface Command {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly uid?: number;
  readonly gid?: number;
}

const groups = new Set<number>();
let exitHook = false;

function killGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // The group has no member left.
  }
}

/** No container outlives the cluster: not even when the process ends without closing it. */
function killOnExit(): void {
  if (exitHook) return;
  exitHook = true;
  process.on('exit', () => {
    for (const leader of groups) killGroup(leader, 'SIGKILL');
  });
}

/** How long output is awaited from a process that left the group and holds its pipes open, in milliseconds. */
const OUTPUT_GRACE = 500;

/** Starts a program as the leader of a process group of its own, without a shell. */
export function startProcess(command: Command, output: (chunk: Buffer) => void): Running {
  killOnExit();
  const [program = '', ...args] = command.argv;
  const ended = deferred<Exit>();
  let leader: number | undefined;
  try {
    const child = spawn(program, args, {
      cwd: command.directory,
      env: command.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(command.uid === undefined ? {} : { uid: command.uid }),
      ...(command.gid === undefined ? {} : { gid: command.gid }),
    });
    leader = child.pid;
    if (leader !== undefined) groups.add(leader);
    child.stdout.on('data', output);
    child.stderr.on('data', output);
    child.once('error', (error) => ended.resolve(notStarted(program, error)));
    child.once('exit', (code, signal) => {
      if (leader !== undefined) {
        // As when the first process of a container's PID namespace ends: the others end with it.
        killGroup(leader, 'SIGKILL');
        groups.delete(leader);
      }
      const exit = exitOf(code, signal);
      const timer = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, OUTPUT_GRACE);
      child.once('close', () => {
        clearTimeout(timer);
        ended.resolve(exit);
      });
    });
  } catch (error) {
    ended.resolve(notStarted(program, error));
  }
  return {
    ended: ended.promise,
    signal: (signal) => {
      if (leader !== undefined && groups.has(leader)) killGroup(leader, signal);
    },
    target: () => undefined,
  };
}

function exitOf(code: number | null, signal: NodeJS.Signals | null): Exit {
  if (signal === null) return { exitCode: code ?? 0 };
  const number = constants.signals[signal];
  return { exitCode: 128 + number, signal: number };
}

function notStarted(program: string, error: unknown): Exit {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  return { exitCode: 128, failure: `failed to start container process: exec: ${JSON.stringify(program)}: ${code}` };
}
