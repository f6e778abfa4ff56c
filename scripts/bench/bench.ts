import { writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Io } from '../../foundation/node/io.ts';
import { benchGetObject, benchSignatureVerifications } from './emulator.ts';
import { benchPolicyEvaluations } from './policy.ts';
import { benchGrowth } from './growth.ts';
import { median } from '../../harness/results/median.ts';
import { measurement, type Measurement } from './measurement.ts';
import { tableOf, type BenchReport } from './table.ts';
import { bareStarts, podsOf, verdictsOf, wholeRun, type WholeRun } from './whole-run.ts';

/** Milliseconds after which no further run starts, unless --repeat requires it. */
const RUNS_BUDGET = 180_000;
const DEFAULT_RUNS = 5;

export interface BenchOptions {
  /** Path of the JSON file, or `-` for standard output. */
  readonly json: string | undefined;
  readonly repeat: number | undefined;
  readonly growth: boolean;
  readonly strict: boolean;
}

type BenchIo = Pick<Io, 'stdout' | 'stderr' | 'root'>;

/** Measures, prints the report and returns the exit code. */
export async function bench(options: BenchOptions, io: BenchIo): Promise<number> {
  const report = await measure(options, io);
  const json = `${JSON.stringify(report, null, 2)}\n`;
  io.stdout.write(options.json === '-' ? json : tableOf(report));
  if (options.json !== undefined && options.json !== '-') writeFileSync(options.json, json);
  return options.strict && report.measurements.some(({ met }) => !met) ? 1 : 0;
}

/** Path of the built command-line program, which users run. */
const programOf = ({ root }: BenchIo): string => join(root, 'bin', 'conformance.js');

async function measure({ repeat, growth }: BenchOptions, io: BenchIo): Promise<BenchReport> {
  const [cpu] = cpus();
  const machine = {
    cores: cpus().length,
    cpu: cpu?.model.trim() ?? 'unknown',
    memoryMegabytes: Math.round(totalmem() / 2 ** 20),
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    load: loadavg()[0] ?? 0,
  };
  const measurements = growth
    ? await benchGrowth(programOf(io), (line) => void io.stderr.write(`${line}\n`))
    : [...(await rates()), ...ofRuns(await wholeRuns(repeat, io))];
  return { version: 1, machine, measurements };
}

const RATES = [
  {
    name: 'policy evaluations',
    target: 50_000,
    note: 'identity and bucket policy',
    perSecond: benchPolicyEvaluations,
  },
  {
    name: 'signature verifications',
    target: 30_000,
    note: 'of GetObject',
    perSecond: benchSignatureVerifications,
  },
  {
    name: 'GetObject, signed and authorized',
    target: 3_000,
    note: '1 KiB over 16 loopback connections, client included',
    perSecond: benchGetObject,
  },
];

/** Measures rates. The notes report the processor share: less than one core means a busy machine. */
async function rates(): Promise<readonly Measurement[]> {
  const measurements: Measurement[] = [];
  for (const { name, target, note, perSecond } of RATES) {
    const [usage, started] = [process.cpuUsage(), performance.now()];
    const rate = await perSecond();
    const { user, system } = process.cpuUsage(usage);
    const cores = (user + system) / 1000 / (performance.now() - started);
    measurements.push(measurement(name, rate, 'per second', target, `${note}; on ${cores.toFixed(2)} cores`));
  }
  return measurements;
}

/** A whole run, and the time of as many bare starts of Node as it has pods. */
interface RunBesideNode extends WholeRun {
  readonly bareMilliseconds: number;
}

function ofRuns(runs: readonly RunBesideNode[]): readonly Measurement[] {
  const { summary } = runs[0]?.results ?? { summary: { total: 0, probes: 0 } };
  const processor = median(runs.map(({ processorSeconds }) => processorSeconds)).toFixed(1);
  const times = runs.map(({ milliseconds }) => (milliseconds / 1000).toFixed(1));
  return [
    measurement(
      'whole embedded run',
      median(runs.map(({ milliseconds }) => milliseconds)),
      'ms',
      10_000,
      `from process start to exit, ${summary.total} scenarios, ${summary.probes} probes; runs of ${times.join(', ')} s; ${processor} s of processor time in the harness's process`,
    ),
    measurement(
      'whole run compared with bare Node',
      median(runs.map(({ milliseconds, bareMilliseconds }) => milliseconds / bareMilliseconds)),
      'times as long',
      1.45,
      `as ${podsOf(runs[0]?.results ?? { scenarios: [] })} consecutive starts of node -e 0 right after each run`,
    ),
    measurement(
      'first verdict',
      median(runs.map(({ firstVerdictMilliseconds }) => firstVerdictMilliseconds)),
      'ms',
      1_500,
      'from process start, in the whole run',
    ),
    measurement(
      'memory of the whole run',
      Math.max(...runs.map(({ peakMegabytes }) => peakMegabytes)),
      'MB',
      300,
      "peak resident memory of the harness's process, without pods",
    ),
  ];
}

async function wholeRuns(repeat: number | undefined, io: BenchIo): Promise<readonly RunBesideNode[]> {
  const started = performance.now();
  const runs: RunBesideNode[] = [];
  for (let number = 1; number <= (repeat ?? DEFAULT_RUNS); number += 1) {
    const run = await wholeRun(programOf(io));
    const [first] = runs;
    if (first !== undefined && verdictsOf(first.results) !== verdictsOf(run.results))
      throw new Error(`The verdicts of run ${number}, or their order, differ from those of the first run.`);
    runs.push({ ...run, bareMilliseconds: await bareStarts(podsOf(run.results)) });
    if (repeat !== undefined) io.stderr.write(`run ${number}: ${(run.milliseconds / 1000).toFixed(1)} s\n`);
    else if (performance.now() - started > RUNS_BUDGET) break;
  }
  return runs;
}
