import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { RunResults } from '../../harness/results/results.ts';
import { inTemporaryFolder } from '../temporary-folder.ts';

/** Measurements of a run in its own process. */
export interface WholeRun {
  readonly seconds: number;
  readonly firstVerdictSeconds: number;
  /** Peak resident memory of the harness's process, without pods. */
  readonly peakMegabytes: number;
  /** Other processes affect it less than the duration. */
  readonly processorSeconds: number;
  readonly resultsMegabytes: number;
  readonly results: RunResults;
}

/** Preloaded module that writes peak memory (kilobytes) and processor time (microseconds) to file descriptor 3. */
const USAGE_REPORTER = `data:text/javascript,${encodeURIComponent(
  "import{writeSync}from'node:fs';process.on('exit',()=>writeSync(3,JSON.stringify(process.resourceUsage())));",
)}`;

/** Runs `program` without the caller's settings. If it does not exit with 0, throws an Error with its last output. */
export function wholeRun(program: string, args: readonly string[] = []): Promise<WholeRun> {
  return inTemporaryFolder('conformance-bench-', async (directory) => {
    const settings = Object.entries(process.env).filter(([name]) => !name.startsWith('CONFORMANCE_'));
    const started = performance.now();
    const child = spawn(
      process.execPath,
      ['--import', USAGE_REPORTER, program, '--quiet', '--report-dir', directory, ...args],
      { env: Object.fromEntries(settings), stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
    );
    const [output, usage] = [text(child.stderr as Readable), text(child.stdio[3] as Readable)];
    const [exitCode] = (await once(child, 'exit')) as [number | null];
    const seconds = (performance.now() - started) / 1000;
    if (exitCode !== 0)
      throw new Error(`The run exited with ${exitCode}:\n${(await output).split('\n').slice(-40).join('\n')}`);
    const written = readFileSync(join(directory, 'results.json'));
    const results = JSON.parse(written.toString()) as RunResults;
    if (results.run.firstVerdictMilliseconds === null) throw new Error('The run reported no verdict.');
    const { maxRSS, userCPUTime, systemCPUTime } = JSON.parse(await usage) as NodeJS.ResourceUsage;
    return {
      seconds,
      firstVerdictSeconds: results.run.firstVerdictMilliseconds / 1000,
      peakMegabytes: maxRSS / 1024,
      processorSeconds: (userCPUTime + systemCPUTime) / 1e6,
      resultsMegabytes: written.length / 2 ** 20,
      results,
    };
  });
}

export const verdictsOf = ({ scenarios }: RunResults): string =>
  scenarios.map(({ id, verdict }) => `${id} ${verdict}`).join('\n');
