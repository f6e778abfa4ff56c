import type { Readable } from 'node:stream';
import { execa } from 'execa';

export interface DockerAnswer {
  /** 127 when there is no `docker`. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface DockerOptions {
  /** Ends the command. */
  readonly signal?: AbortSignal;
  /** What it reads from standard input. */
  readonly input?: Readable;
  /** File that receives its standard output. */
  readonly output?: string;
}

/** Runs a command of Docker's command line, and gives how it ended. */
export type Docker = (args: readonly string[], options?: DockerOptions) => Promise<DockerAnswer>;

export const docker: Docker = async (args, { signal, input, output } = {}) => {
  const { exitCode, stdout, stderr, code } = await execa('docker', args, {
    reject: false,
    stdin: input ?? 'ignore',
    ...(output !== undefined && { stdout: { file: output }, buffer: { stdout: false } }),
    ...(signal !== undefined && { cancelSignal: signal }),
  });
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return { exitCode: exitCode ?? (code === 'ENOENT' ? 127 : 1), stdout: text(stdout), stderr: text(stderr) };
};

/** The last line that says something: where commands tell what went wrong. */
export const lastLine = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trim())
    .findLast((line) => line !== '' && !/^(Run|See) 'docker /.test(line)) ?? '';
