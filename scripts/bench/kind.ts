import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { kindProgram } from '../../clusters/kind/kind.ts';
import { median } from '../../harness/results/median.ts';
import { measurement, type Measurement } from './measurement.ts';
import { wholeRun } from './whole-run.ts';

/** Scenario of the run that is measured for provisioning: a quick one, on one cluster. */
const QUICK_SCENARIO = 'PI-01';

export interface KindBenchOptions {
  /** Node image. */
  readonly image: string;
  /** The program that runs scenarios. */
  readonly program: string;
  /** Clusters of each sort that are made for the comparison of provisioning. */
  readonly repeat: number;
  readonly progress: (line: string) => void;
}

/** Measures runs on kind: bare clusters and the harness' own take turns, so that both meet the same machine. */
export async function benchKind({
  image,
  program,
  repeat,
  progress,
}: KindBenchOptions): Promise<readonly Measurement[]> {
  const flags = ['--cluster', 'kind', '--kind-image', image];
  const bare: number[] = [];
  const provisioned: number[] = [];
  // Once unmeasured: images are built and read into memory by it.
  await wholeRun(program, [...flags, '--scenario', QUICK_SCENARIO]);
  for (let number = 1; number <= repeat; number += 1) {
    bare.push(await bareCluster(image));
    const { results } = await wholeRun(program, [...flags, '--scenario', QUICK_SCENARIO]);
    provisioned.push(results.phases.provisioning);
    progress(`bare ${seconds(bare.at(-1))}, with agent and webhook ${seconds(provisioned.at(-1))}`);
  }
  const whole = await wholeRun(program, flags);
  const { phases, summary } = whole.results;
  progress(`whole run ${seconds(whole.milliseconds)}`);
  return [
    measurement(
      'provisioning on kind, of a bare one',
      (100 * median(provisioned)) / median(bare),
      '%',
      200,
      `ready with emulator, agent and webhook in ${provisioned.map(seconds).join(', ')}; \`kind create cluster --wait\` in ${bare.map(seconds).join(', ')}`,
    ),
    measurement(
      'whole run on kind',
      whole.milliseconds,
      'ms',
      180_000,
      `two clusters, start of the process to its exit, ${summary.total} scenarios, ${summary.skipped} of them skipped; provisioning ${seconds(phases.provisioning)}, scenarios ${seconds(phases.scenarios)}, teardown ${seconds(phases.teardown)}`,
    ),
    measurement(
      'pod to first verdict on kind',
      phases.podMedian ?? Number.NaN,
      'ms',
      3_000,
      'median over all pods of the whole run, from the request that creates the pod to its first report',
    ),
  ];
}

/** Milliseconds that `kind create cluster --wait` takes. */
async function bareCluster(image: string): Promise<number> {
  const name = `bench-${randomBytes(3).toString('hex')}`;
  const folder = mkdtempSync(join(tmpdir(), 'conformance-bench-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const kind = await kindProgram();
  try {
    const started = performance.now();
    await execa(kind, [
      'create',
      'cluster',
      '--name',
      name,
      '--image',
      image,
      '--wait',
      '5m',
      '--kubeconfig',
      kubeconfig,
    ]);
    return performance.now() - started;
  } finally {
    await execa(kind, ['delete', 'cluster', '--name', name, '--kubeconfig', kubeconfig], { reject: false });
    rmSync(folder, { recursive: true, force: true });
  }
}

const seconds = (milliseconds = Number.NaN): string => `${(milliseconds / 1000).toFixed(1)} s`;
