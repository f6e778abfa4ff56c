import { spawn } from 'node:child_process';
import { closeSync, createWriteStream, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { finished } from 'node:stream/promises';
import { execa } from 'execa';
import { HarnessError } from '../../foundation/node/errors.ts';
import type { Terminal } from './terminal.ts';

export interface ToolOptions {
  /** What the tool does, for the sentence when it fails: `building Kubernetes`. */
  readonly doing: string;
  /** File that receives all that the tool says, standard output included unless that goes to `output`. */
  readonly log: string;
  readonly terminal: Terminal;
  /** Ends the tool, and every process that it started. */
  readonly signal: AbortSignal;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Folder that the tool sees as its root, with /proc mounted; for root alone. */
  readonly root?: string;
  /** File for its standard output. */
  readonly output?: string;
}

/** Lines of a failed tool's output that are shown. */
const LINES_SHOWN = 12;

/**
 * Runs a tool; as root, in process and mount namespaces of its own. So nothing of it outlives this process, however that
 * ends: no process, and no mount (debootstrap mounts /proc in the folder that it fills).
 *
 * @throws HarnessError with the tool's last lines, when it fails
 */
export async function runTool(command: readonly [string, ...string[]], options: ToolOptions): Promise<void> {
  const { doing, log, terminal, signal } = options;
  mkdirSync(dirname(log), { recursive: true });
  const [program, ...args] = [...(process.getuid?.() === 0 ? contain(options.root) : []), ...command];
  const output = options.output === undefined ? undefined : openSync(options.output, 'w');
  const child = spawn(program ?? '', args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', output ?? 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGKILL',
  });
  if (output !== undefined) closeSync(output);
  const written = createWriteStream(log);
  let last = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      written.write(chunk);
      last = `${last}${chunk.toString()}`.slice(-8000);
      if (terminal.verbose) process.stderr.write(chunk);
    });
  }
  let problem: Error | undefined;
  child.on('error', (error) => (problem = error));
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  written.end();
  await finished(written);
  signal.throwIfAborted();
  if (status === 0) return;
  const lines = last.trimEnd().split('\n').slice(-LINES_SHOWN);
  throw new HarnessError(
    'PROVISIONING_FAILED',
    `${doing} failed: ${command[0]} ended with status ${status ?? problem?.message ?? 'unknown'}. Its last lines follow; all of them are in ${log}.\n` +
      lines.map((line) => `  | ${line}`).join('\n'),
    { cause: problem },
  );
}

/** What to put before a command so that it runs in namespaces of its own, which end with this process. */
function contain(root: string | undefined): string[] {
  const namespaces = ['--pid', '--mount', '--fork', '--kill-child', '--mount-proc'];
  const inRoot = root === undefined ? [] : ['--root', root];
  return ['setpriv', '--pdeathsig', 'KILL', 'unshare', ...namespaces, ...inRoot, '--'];
}

export interface Answer {
  /** Exit status; null when it could not start. */
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
  /** Whether there is no such command. */
  readonly missing: boolean;
}

/** Runs a command that is not worth a log, and gives what it printed. */
export async function ask(command: string, args: readonly string[], signal?: AbortSignal): Promise<Answer> {
  const { exitCode, stdout, stderr, code } = await execa(command, args, {
    reject: false,
    stdin: 'ignore',
    ...(signal && { cancelSignal: signal }),
  });
  signal?.throwIfAborted();
  return { status: exitCode ?? null, output: stdout.trim(), errors: stderr.trim(), missing: code === 'ENOENT' };
}
