import { spawn } from 'node:child_process';
import { closeSync, createWriteStream, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { finished } from 'node:stream/promises';
import { execa } from 'execa';
import { HarnessError } from '../../foundation/node/errors.ts';
import type { Terminal } from './terminal.ts';

export interface ToolOptions {
  /** Description for errors, such as `Building kind`. */
  readonly doing: string;
  /** File for all output, without standard output if `output` is set. */
  readonly log: string;
  readonly terminal: Terminal;
  /** Kills the tool and its child processes. */
  readonly signal: AbortSignal;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Root folder of the tool (chroot), with /proc. Requires root. */
  readonly root?: string;
  readonly output?: string;
}

const LINES_SHOWN = 12;

/**
 * Runs a tool. For root, it uses namespaces that end with this process, so no process or mount remains. Throws
 * HarnessError with the tool's last lines.
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
    `${doing} failed: ${command[0]} exited with ${status ?? problem?.message ?? 'unknown'}. The last lines follow. See ${log} for all output.\n` +
      lines.map((line) => `  | ${line}`).join('\n'),
    { cause: problem },
  );
}

/** Returns a command prefix that runs a command in its own namespaces. */
function contain(root: string | undefined): string[] {
  const namespaces = ['--pid', '--mount', '--fork', '--kill-child', '--mount-proc'];
  const inRoot = root === undefined ? [] : ['--root', root];
  return ['setpriv', '--pdeathsig', 'KILL', 'unshare', ...namespaces, ...inRoot, '--'];
}

interface CommandResult {
  /** Null if the command could not start. */
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
  readonly missing: boolean;
}

export async function ask(command: string, args: readonly string[], signal?: AbortSignal): Promise<CommandResult> {
  const { exitCode, stdout, stderr, code } = await execa(command, args, {
    reject: false,
    stdin: 'ignore',
    ...(signal && { cancelSignal: signal }),
  });
  signal?.throwIfAborted();
  return { status: exitCode ?? null, output: stdout.trim(), errors: stderr.trim(), missing: code === 'ENOENT' };
}
