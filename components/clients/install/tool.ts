import { basename } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { HarnessError } from '../../../foundation/node/errors.ts';
import { redactor } from '../../../foundation/node/redact.ts';
import type { ClientRelease, InstallContext } from '../client.ts';

export interface ToolOptions {
  /** Names the missing software in messages, such as `Python 3.9 or later with pip`. */
  readonly needs: string;
  readonly minutes: number;
}

export interface ToolRun {
  readonly folder?: string;
  /** Variables to add to the environment of this process. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly givesErrors?: true;
}

export type Command = readonly [string, ...string[]];
/** Runs a tool and returns its standard output. Throws `HarnessError` CLIENT_NOT_INSTALLED, or the signal's reason. */
export type Tool = (command: Command, run?: ToolRun) => Promise<string>;

const PROGRESS_MILLISECONDS = 30_000;
const MOST_QUOTED = 300;

export function toolsFor({ name, version }: ClientRelease, options: ToolOptions, context: InstallContext): Tool {
  const { environment, progress, signal } = context;
  return async ([program, ...args], { folder, variables, givesErrors } = {}) => {
    signal.throwIfAborted();
    const started = performance.now();
    const child = execa(program, args, {
      ...(folder !== undefined && { cwd: folder }),
      env: { ...environment, ...variables } as Record<string, string>,
      extendEnv: false,
      stdin: 'ignore',
      reject: false,
      maxBuffer: 10_000_000,
      // Start a process group, so that its children can be ended too.
      detached: true,
    });
    let last = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer | string) => (last = lines(String(chunk)).at(-1) ?? last));
    const ticking = setInterval(() => {
      const where = last === '' ? '' : `: ${redactor().text(last).slice(0, MOST_QUOTED)}`;
      progress(`Client ${name} ${version}: ${basename(program)} has run for ${seconds(started)} s${where}`);
    }, PROGRESS_MILLISECONDS).unref();
    const end = (): void => endGroup(child.pid);
    const time = AbortSignal.timeout(options.minutes * 60_000);
    const bound = AbortSignal.any([signal, time]);
    bound.addEventListener('abort', end, { once: true });
    process.once('exit', end);
    const done = await child;
    clearInterval(ticking);
    bound.removeEventListener('abort', end);
    process.off('exit', end);
    signal.throwIfAborted();
    if (!done.failed) return givesErrors ? done.stderr : done.stdout;
    const reason = time.aborted
      ? `${program} took more than ${options.minutes} minutes. Retry when this machine is less busy`
      : whyFailed(program, done, options.needs);
    throw new HarnessError('CLIENT_NOT_INSTALLED', `Client ${name} ${version} cannot be installed: ${reason}.`);
  };
}

export function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // The process has already ended.
  }
}

/** Common messages with advice. The first match wins. */
const CAUSES = [
  [
    /not resolve|name resolution|no such host|unknown host|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|connection refused|unreachable|timed out|ETIMEDOUT/i,
    'Check whether this machine can reach the registry',
  ],
  [
    /no match|unknown revision|not found|failed to select|could not find artifact|invalid version|\b40[34]\b/i,
    'Check whether this version exists',
  ],
  [
    /could not|cannot|invalid|error/i,
    'Check whether this version exists, and whether this machine can reach the registry',
  ],
  [/\S/, 'Run it by hand to see more'],
] as const;

interface Failed {
  readonly code?: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly shortMessage?: string | undefined;
}

function whyFailed(program: string, { code, stdout, stderr, shortMessage = '' }: Failed, needs: string): string {
  if (code === 'ENOENT') return `${program} is missing. Install ${needs}`;
  const output = [stderr, stdout, shortMessage].flatMap(lines);
  for (const [pattern, advice] of CAUSES) {
    const line = output.find((one) => pattern.test(one));
    if (line !== undefined)
      return `${basename(program)} says "${redactor().text(line).slice(0, MOST_QUOTED)}". ${advice}`;
  }
  return `${program} failed without any output`;
}

const lines = (output: string): readonly string[] =>
  stripVTControlCharacters(output)
    .split(/[\r\n]/)
    .map((line) => line.trim())
    .filter((line) => line !== '');

const seconds = (since: number): number => Math.round((performance.now() - since) / 1000);
