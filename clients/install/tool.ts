/** Package managers and compilers of this machine, which make clients ready. */
import { execa } from 'execa';
import { HarnessError } from '../../foundation/errors.ts';
import { redactor } from '../../foundation/redact.ts';
import type { InstallContext } from '../client.ts';

export interface ToolRun {
  /** Of which client: `python 1.44.8`. */
  readonly whose: string;
  readonly command: readonly [string, ...string[]];
  /** What to install where the command is not there, such as `Python 3.9 or later with pip`. */
  readonly needs: string;
  readonly folder?: string;
  /** Beside the environment of this process. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Longest time: a compiler on a busy machine takes minutes. */
const MOST_MILLISECONDS = 900_000;
const MOST_QUOTED = 300;

/**
 * Runs a tool to its end; gives what it wrote to standard output.
 * Throws `HarnessError` CLIENT_NOT_INSTALLED where it is missing or fails; the signal's reason when interrupted.
 */
export async function runTool(
  { whose, command, needs, folder, variables }: ToolRun,
  context: InstallContext,
): Promise<string> {
  const [program, ...args] = command;
  const done = await execa(program, args, {
    ...(folder !== undefined && { cwd: folder }),
    env: { ...context.environment, ...variables } as Record<string, string>,
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    cancelSignal: context.signal,
    timeout: MOST_MILLISECONDS,
    maxBuffer: 10_000_000,
  });
  context.signal.throwIfAborted();
  if (!done.failed) return done.stdout;
  const reason =
    done.code === 'ENOENT'
      ? `${program} is not there: install ${needs}`
      : `${program} says "${quoted(done.stderr || done.stdout || (done.shortMessage ?? ''))}": see whether there is such a version, and whether its registry can be reached`;
  throw new HarnessError('CLIENT_NOT_INSTALLED', `Client ${whose} cannot be installed, since ${reason}.`);
}

/** The most telling first. */
const TELLING = [
  /no match|unknown revision|not found/i,
  /could not|cannot|invalid|refused|timed? ?out/i,
  /error/i,
  /\S/,
];

/** The line that says what is wrong. */
function quoted(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const [line] = TELLING.flatMap((pattern) => lines.find((one) => pattern.test(one)) ?? []);
  return redactor()
    .text(line ?? 'nothing')
    .slice(0, MOST_QUOTED);
}
