import { fork, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { deferred, type Deferred } from './deferred.ts';

export interface Exit {
  /** After a signal, 128 plus its number; 128 if the process did not start. */
  readonly exitCode: number;
  readonly signal?: number;
  readonly failure?: string;
}

export interface Running {
  /** Resolves after all output. Never rejects. */
  readonly ended: Promise<Exit>;
  signal(signal: 'SIGTERM' | 'SIGKILL'): void;
  /** Returns the URL of the container's HTTP server on the port. */
  target(port: number): URL | undefined;
}

export interface Command {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly uid?: number;
  readonly gid?: number;
}

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

/**
 * Starts containers through a small program, `host-program.js`, which forks faster than this large process. Restarts it when
 * needed. Containers and directories do not outlive this process, even if it is killed.
 */
export class ProcessHost {
  readonly #containers = new Map<number, Container>();
  #program: ChildProcess;
  #lastId = 0;

  constructor() {
    this.#program = this.#fork();
  }

  /** Starts a command in a separate process group, without a shell. */
  start(command: Command, output: (chunk: Buffer) => void): Running {
    this.#lastId += 1;
    const id = this.#lastId;
    const ended = deferred<Exit>();
    if (this.#containers.size === 0) process.on('exit', this.#killContainers);
    this.#containers.set(id, { program: command.argv[0] ?? '', output, ended });
    const program = this.#connected();
    // A running container keeps this process alive.
    program.channel?.ref();
    program.send({ do: 'start', id, ...command });
    return {
      ended: ended.promise,
      signal: (signal) => {
        if (this.#containers.has(id)) program.send({ do: 'signal', id, signal }, () => undefined);
      },
      target: () => undefined,
    };
  }

  /** Registers a directory for removal after the end of this process, even if it is killed. */
  clearAtEnd(directory: string): void {
    this.#connected().send({ do: 'clear', directory }, () => undefined);
  }

  /** Stops the program and all running containers. */
  close(): void {
    if (this.#program.connected) this.#program.disconnect();
  }

  #connected(): ChildProcess {
    if (!this.#program.connected) this.#program = this.#fork();
    return this.#program;
  }

  #fork(): ChildProcess {
    const program = fork(programPath(), [], {
      detached: true,
      serialization: 'advanced',
      stdio: 'ignore',
      execArgv: [],
      env: {},
    });
    program.unref();
    program.channel?.unref();
    program.on('message', (message) => this.#receive(message as Message));
    program.once('disconnect', () => {
      this.#killContainers();
      for (const [id, { program }] of this.#containers) this.#finish(id, notStarted(program, 'the process host ended'));
    });
    return program;
  }

  #receive({ id, leader, output, failure, exit }: Message): void {
    const container = this.#containers.get(id);
    if (container === undefined) return;
    if (leader !== undefined) container.leader = leader;
    if (output !== undefined) container.output(Buffer.from(output.buffer, output.byteOffset, output.byteLength));
    if (failure !== undefined) this.#finish(id, notStarted(container.program, failure));
    if (exit !== undefined) this.#finish(id, exitOf(exit.code, exit.signal));
  }

  #finish(id: number, exit: Exit): void {
    this.#containers.get(id)?.ended.resolve(exit);
    this.#containers.delete(id);
    if (this.#containers.size > 0) return;
    this.#program.channel?.unref();
    process.off('exit', this.#killContainers);
  }

  /** Kills all containers. The program would do so only after the end of this process. */
  readonly #killContainers = (): void => {
    for (const { leader } of this.#containers.values()) {
      try {
        if (leader !== undefined) process.kill(-leader, 'SIGKILL');
      } catch {
        // The group has no processes left.
      }
    }
  };
}

/** Returns the program's path. In a build, this module is in a chunk of dist/. */
function programPath(): string {
  const here = fileURLToPath(import.meta.url);
  const dist = here.lastIndexOf('/dist/');
  return dist === -1
    ? fileURLToPath(new URL('host-program.js', import.meta.url))
    : `${here.slice(0, dist)}/dist/host-program.js`;
}

function exitOf(code: number | null, signal: NodeJS.Signals | null): Exit {
  if (signal === null) return { exitCode: code ?? 0 };
  const number = constants.signals[signal];
  return { exitCode: 128 + number, signal: number };
}

function notStarted(program: string, failure: string): Exit {
  return { exitCode: 128, failure: `failed to start container process: exec: ${JSON.stringify(program)}: ${failure}` };
}
