import type { Readable } from 'node:stream';
import { execa } from 'execa';

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** A file to read as standard input. Default: none. */
  readonly inputFile?: string;
  /** A stream to read as standard input. */
  readonly input?: Readable;
  readonly outputFile?: string;
  /** Ends the program and its children; the promise then rejects with the reason. */
  readonly signal?: AbortSignal;
}

export interface Finished {
  readonly exitCode: number;
  /** Without the final newline. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program. Rejects with Node's error, such as ENOENT, or with the signal's reason. */
export type Runner = (program: string, args: readonly string[], options?: RunOptions) => Promise<Finished>;

export const runProgram: Runner = async (program, args, options = {}) => {
  const { environment, inputFile, input = 'ignore', outputFile, signal } = options;
  signal?.throwIfAborted();
  const child = execa(program, args, {
    reject: false,
    // A separate process group: children can be ended too, and Ctrl-C does not interrupt cleanup.
    detached: true,
    ...(environment !== undefined && { env: environment }),
    ...(inputFile === undefined ? { stdin: input } : { inputFile }),
    ...(outputFile !== undefined && { stdout: { file: outputFile }, buffer: { stdout: false } }),
  });
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    } catch {
      // The program has already ended.
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
