import type { Readable } from 'node:stream';
import { execa } from 'execa';

export interface RunOptions {
  /** Further environment variables. */
  readonly environment?: Readonly<Record<string, string>>;
  /** File whose bytes the program reads from standard input. Default: nothing. */
  readonly inputFile?: string;
  /** What it reads from standard input instead. */
  readonly input?: Readable;
  /** File that receives its standard output. */
  readonly outputFile?: string;
  /** Ends the program, and the programs that it started: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How a program ended. */
export interface Finished {
  readonly exitCode: number;
  /** Without the final newline. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. Rejects when it cannot be started (node's error, such as ENOENT) or was ended by the signal. */
export type Runner = (program: string, args: readonly string[], options?: RunOptions) => Promise<Finished>;

/** Runs programs on this machine. */
export const runProgram: Runner = async (program, args, options = {}) => {
  const { environment, inputFile, input = 'ignore', outputFile, signal } = options;
  signal?.throwIfAborted();
  const child = execa(program, args, {
    reject: false,
    // Of its own process group, so that what it started ends with it, and so that a terminal's Ctrl-C, which is for this
    // process to act on, does not end what removes things.
    detached: true,
    ...(environment !== undefined && { env: environment }),
    ...(inputFile === undefined ? { stdin: input } : { inputFile }),
    ...(outputFile !== undefined && { stdout: { file: outputFile }, buffer: { stdout: false } }),
  });
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    } catch {
      // It ended meanwhile.
    }
  };
  signal?.addEventListener('abort', end, { once: true });
  const { exitCode, stdout, stderr, cause } = await child;
  signal?.removeEventListener('abort', end);
  signal?.throwIfAborted();
  if (exitCode === undefined) throw cause instanceof Error ? cause : new Error(`${program} was ended by a signal`);
  return { exitCode, stdout: text(stdout), stderr: text(stderr) };
};

const text = (output: unknown): string => (typeof output === 'string' ? output : '');
