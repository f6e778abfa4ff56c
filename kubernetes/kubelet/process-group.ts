import { fork, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { deferred, type Deferred } from './deferred.ts';

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

/** What the process host says of a container. */
interface Message {
  readonly id: number;
  readonly leader?: number;
  readonly output?: Uint8Array;
  readonly failure?: string;
  readonly exit?: { readonly code: number | null; readonly signal: NodeJS.Signals | null };
}

interface Container {
  readonly program: string;
  readonly output: (chunk: Buffer) => void;
  readonly ended: Deferred<Exit>;
  leader?: number;
}

const containers = new Map<number, Container>();
let host: ChildProcess | undefined;
let exitHook = false;
let lastId = 0;

/** Starts a program as the leader of a process group of its own, without a shell. */
export function startProcess(command: Command, output: (chunk: Buffer) => void): Running {
  lastId += 1;
  const id = lastId;
  const ended = deferred<Exit>();
  const container: Container = { program: command.argv[0] ?? '', output, ended };
  containers.set(id, container);
  const running = startHost();
  // While a container runs, this process has something to wait for.
  running.channel?.ref();
  running.send({ do: 'start', id, ...command });
  return {
    ended: ended.promise,
    signal: (signal) => {
      if (containers.has(id)) running.send({ do: 'signal', id, signal }, () => undefined);
    },
    target: () => undefined,
  };
}

/** Has the process host ready before the first container needs it. */
export function startHost(): ChildProcess {
  if (host?.connected) return host;
  killOnExit();
  const started = fork(hostProgram(), [], {
    detached: true,
    serialization: 'advanced',
    stdio: 'ignore',
    execArgv: [],
    env: {},
  });
  started.unref();
  started.channel?.unref();
  started.on('message', (message) => receive(message as Message));
  started.once('disconnect', () => {
    if (host === started) host = undefined;
    killContainers();
    for (const [id, { program }] of containers) finish(id, notStarted(program, 'the process host ended'));
  });
  host = started;
  return started;
}

/** Has a directory removed when this process ends before it could do so itself, be it by SIGKILL. */
export function clearAtEnd(directory: string): void {
  startHost().send({ do: 'clear', directory }, () => undefined);
}

function receive({ id, leader, output, failure, exit }: Message): void {
  const container = containers.get(id);
  if (container === undefined) return;
  if (leader !== undefined) container.leader = leader;
  if (output !== undefined) container.output(Buffer.from(output.buffer, output.byteOffset, output.byteLength));
  if (failure !== undefined) finish(id, notStarted(container.program, failure));
  if (exit !== undefined) finish(id, exitOf(exit.code, exit.signal));
}

function finish(id: number, exit: Exit): void {
  containers.get(id)?.ended.resolve(exit);
  containers.delete(id);
  if (containers.size === 0) host?.channel?.unref();
}

/** The host ends containers when this process is gone; this does so before it is. */
function killOnExit(): void {
  if (exitHook) return;
  exitHook = true;
  process.on('exit', killContainers);
}

function killContainers(): void {
  for (const { leader } of containers.values()) {
    try {
      if (leader !== undefined) process.kill(-leader, 'SIGKILL');
    } catch {
      // The group has no member left.
    }
  }
}

/** Built, this module lies in a chunk of dist/ and the program at a place of its own. */
function hostProgram(): string {
  const here = fileURLToPath(import.meta.url);
  const dist = here.lastIndexOf('/dist/');
  return dist === -1
    ? fileURLToPath(new URL('process-host.js', import.meta.url))
    : `${here.slice(0, dist)}/dist/process-host.js`;
}

function exitOf(code: number | null, signal: NodeJS.Signals | null): Exit {
  if (signal === null) return { exitCode: code ?? 0 };
  const number = constants.signals[signal];
  return { exitCode: 128 + number, signal: number };
}

function notStarted(program: string, failure: string): Exit {
  return { exitCode: 128, failure: `failed to start container process: exec: ${JSON.stringify(program)}: ${failure}` };
}
