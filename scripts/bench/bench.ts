import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import type { Io } from '../../foundation/node/io.ts';
import { median } from '../../harness/results/median.ts';
import { inTemporaryFolder } from '../temporary-folder.ts';
import { rates } from './rates.ts';
import { verdictsOf, wholeRun, type WholeRun } from './whole-run.ts';

export interface BenchOptions {
  /** Number of whole runs, of which the median is reported. */
  readonly repeat: number;
  readonly growth: boolean;
}

type BenchIo = Pick<Io, 'stdout' | 'root'>;

/** Measures this machine and prints the figures. Throws an Error if a run fails, or if verdicts of runs differ. */
export async function bench({ repeat, growth }: BenchOptions, io: BenchIo): Promise<void> {
  io.stdout.write(
    `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${process.platform} ${process.arch}, Node ${process.versions.node}, load ${loadavg()[0]?.toFixed(1)}\n`,
  );
  const run = (args?: readonly string[]): Promise<WholeRun> => wholeRun(join(io.root, 'bin', 'conformance.js'), args);
  if (growth) return compareGrowth(run, io);
  for (const [name, perSecond] of Object.entries(await rates()))
    io.stdout.write(`${name}: ${Math.round(perSecond).toLocaleString('en-US')} per second\n`);
  const runs: WholeRun[] = [];
  for (let number = 1; number <= repeat; number += 1) {
    const one = await run();
    if (verdictsOf(one.results) !== verdictsOf((runs[0] ?? one).results))
      throw new Error(`The verdicts of run ${number}, or their order, differ from those of the first run.`);
    io.stdout.write(`run ${number}: ${lineOf(one)}\n`);
    runs.push(one);
  }
  io.stdout.write(`median: ${median(runs.map(({ seconds }) => seconds)).toFixed(1)} s\n`);
}

const lineOf = (run: WholeRun): string =>
  `${run.seconds.toFixed(1)} s, first verdict after ${run.firstVerdictSeconds.toFixed(1)} s; ${run.processorSeconds.toFixed(1)} s of processor time and ${run.peakMegabytes.toFixed(0)} MB at most, without pods; ${run.resultsMegabytes.toFixed(1)} MB of results`;

/** Runs 100 and 1,000 generated scenarios: a role, two objects, a pod and two probes each. */
async function compareGrowth(run: (args: readonly string[]) => Promise<WholeRun>, { stdout }: BenchIo): Promise<void> {
  for (const count of [100, 1000])
    await inTemporaryFolder('conformance-growth-', async (folder) => {
      writeFileSync(join(folder, 'generated.ts'), suiteOf(count));
      const one = await run(['--suites-dir', folder, '--suite', 'generated']);
      stdout.write(`${count} scenarios: ${lineOf(one)}\n`);
    });
}

const suiteOf = (count: number): string => `
import { allow, denied, getObject, granted, podIdentityRole, suite } from 'eks-pod-identity-conformance';

suite('generated', ({ scenario }) => {
  for (let number = 1; number <= ${count}; number += 1)
    scenario(\`GR-\${String(number).padStart(4, '0')}\`, 'an association grants the permissions of its role, and no more', {
      source: 'Amazon EKS User Guide, "Understand how EKS Pod Identity works"',
      roles: { app: podIdentityRole(allow('s3:GetObject', 'data/own')) },
      workloads: { app: { role: 'app' } },
      objects: ['data/own', 'data/other'],
      probes: [granted('app', getObject('data/own')), denied('app', getObject('data/other'), { by: 's3', code: 'AccessDenied' })],
    });
});
`;
