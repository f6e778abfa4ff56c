import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { RunResults } from '../../harness/report/results.ts';

/** One run of all scenarios on the embedded cluster, in a process of its own. */
export interface WholeRun {
  /** From the start of the process to its exit. */
  readonly milliseconds: number;
  readonly firstVerdictMilliseconds: number;
  /** Peak resident memory of the harness's process: emulator, clusters, agents and webhooks, without the pods' processes. */
  readonly peakMegabytes: number;
  /** Processor time of the run and its pods, which a busy machine changes less; undefined where the system does not tell. */
  readonly processorSeconds: number | undefined;
  readonly results: RunResults;
}

/** Loaded ahead of the program: tells the process's peak memory (kilobytes) on file descriptor 3 as it exits. */
const MEMORY_REPORTER = `data:text/javascript,${encodeURIComponent(
  "import{writeSync}from'node:fs';process.on('exit',()=>writeSync(3,String(process.resourceUsage().maxRSS)));",
)}`;

/**
 * Runs `program` with the defaults: neither this environment's settings nor a terminal change what is measured.
 *
 * @throws Error with the last lines of its output when it does not exit 0, since its numbers would mean nothing
 */
export async function wholeRun(program: string, args: readonly string[] = []): Promise<WholeRun> {
  const directory = mkdtempSync(join(tmpdir(), 'conformance-bench-'));
  try {
    const before = processorSecondsOfChildren();
    const started = performance.now();
    const child = spawn(
      process.execPath,
      ['--import', MEMORY_REPORTER, program, '--quiet', '--report-dir', directory, ...args],
      { env: ownEnvironment(), stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
    );
    const output = textOf(child.stderr);
    const memory = textOf(child.stdio[3] as Readable);
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code));
    });
    const milliseconds = performance.now() - started;
    if (exitCode !== 0)
      throw new Error(`A run exited ${exitCode}:\n${(await output).split('\n').slice(-40).join('\n')}`);
    const after = processorSecondsOfChildren();
    const results = JSON.parse(readFileSync(join(directory, 'results.json'), 'utf8')) as RunResults;
    if (results.run.firstVerdictMilliseconds === null) throw new Error('A run came to no verdict.');
    return {
      milliseconds,
      firstVerdictMilliseconds: results.run.firstVerdictMilliseconds,
      peakMegabytes: Number(await memory) / 1024,
      processorSeconds: before === undefined || after === undefined ? undefined : after - before,
      results,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Ids and verdicts in their order: the same in each run. */
export function verdictsOf({ scenarios }: RunResults): string {
  return scenarios.map(({ id, verdict }) => `${id} ${verdict}`).join('\n');
}

/** Processor time of all ended children and theirs (Linux, proc_pid_stat(5): cutime and cstime, in hundredths of a second). */
function processorSecondsOfChildren(): number | undefined {
  if (!existsSync('/proc/self/stat')) return undefined;
  const text = readFileSync('/proc/self/stat', 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CONFORMANCE_')));
}

async function textOf(stream: Readable | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
}
