import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { RunResults } from '../../harness/results/results.ts';
import { inTemporaryFolder } from '../temporary-folder.ts';

/** One run of all scenarios on the embedded cluster, in a process of its own. */
export interface WholeRun {
  /** From the start of the process to its exit. */
  readonly milliseconds: number;
  readonly firstVerdictMilliseconds: number;
  /** Peak resident memory of the harness's process: emulator, clusters, agents and webhooks, without the pods' processes. */
  readonly peakMegabytes: number;
  /** Processor time of that process, which a busy machine changes less than the time it takes. */
  readonly processorSeconds: number;
  readonly resultsMegabytes: number;
  readonly results: RunResults;
}

/**
 * Loaded ahead of the program: tells the process's peak memory (kilobytes) and processor time (microseconds) on file
 * descriptor 3 as it exits.
 */
const USAGE_REPORTER = `data:text/javascript,${encodeURIComponent(
  "import{writeSync}from'node:fs';process.on('exit',()=>writeSync(3,JSON.stringify(process.resourceUsage())));",
)}`;

/**
 * Runs `program` with the defaults: neither this environment's settings nor a terminal change what is measured, but what
 * `environment` adds.
 *
 * @throws Error with the last lines of its output when it does not exit 0, since its numbers would mean nothing
 */
export function wholeRun(
  program: string,
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<WholeRun> {
  return inTemporaryFolder('conformance-bench-', async (directory) => {
    const started = performance.now();
    const child = spawn(
      process.execPath,
      ['--import', USAGE_REPORTER, program, '--quiet', '--report-dir', directory, ...args],
      { env: { ...ownEnvironment(), ...environment }, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
    );
    const [output, usage] = [text(child.stderr as Readable), text(child.stdio[3] as Readable)];
    const [exitCode] = (await once(child, 'exit')) as [number | null];
    const milliseconds = performance.now() - started;
    if (exitCode !== 0)
      throw new Error(`A run exited ${exitCode}:\n${(await output).split('\n').slice(-40).join('\n')}`);
    const written = readFileSync(join(directory, 'results.json'));
    const results = JSON.parse(written.toString()) as RunResults;
    if (results.run.firstVerdictMilliseconds === null) throw new Error('A run came to no verdict.');
    const { maxRSS, userCPUTime, systemCPUTime } = JSON.parse(await usage) as NodeJS.ResourceUsage;
    return {
      milliseconds,
      firstVerdictMilliseconds: results.run.firstVerdictMilliseconds,
      peakMegabytes: maxRSS / 1024,
      processorSeconds: (userCPUTime + systemCPUTime) / 1e6,
      resultsMegabytes: written.length / 2 ** 20,
      results,
    };
  });
}

/** How many workloads a run probes: each is a pod, and so a process, at least. */
export function podsOf({ scenarios }: Pick<RunResults, 'scenarios'>): number {
  const pods = scenarios.flatMap(({ id, probes }) =>
    probes.flatMap(({ workload }) => (workload === null ? [] : [`${id} ${workload}`])),
  );
  return new Set(pods).size;
}

/** Milliseconds that so many starts of Node with nothing to do take, one after another: what pods cost at the least. */
export async function bareStarts(count: number): Promise<number> {
  const started = performance.now();
  for (let number = 0; number < count; number += 1) {
    await once(spawn(process.execPath, ['-e', '0'], { env: ownEnvironment(), stdio: 'ignore' }), 'exit');
  }
  return performance.now() - started;
}

/** Ids and verdicts in their order: the same in each run. */
export function verdictsOf({ scenarios }: RunResults): string {
  return scenarios.map(({ id, verdict }) => `${id} ${verdict}`).join('\n');
}

function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CONFORMANCE_')));
}
