import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WORKLOAD_PROGRAMS } from '../clients/registry.ts';
import type { WorkloadProgram } from '../clients/workload-program.ts';
import type { ClusterType } from '../clusters/cluster-type.ts';
import { FAULTS } from '../faults/index.ts';
import { configure, type Configuration } from './config/configuration.ts';
import { helpText } from './config/options.ts';
import { EXIT, HarnessError } from '../foundation/errors.ts';
import { listText, planText } from './plan/print.ts';
import { select } from './plan/select.ts';
import { makeReporters } from './report/reporters.ts';
import { wantsColor } from './report/terminal.ts';
import { checkClusterFlags } from './config/cluster-flags.ts';
import { capabilitiesBefore } from './engine/platform.ts';
import { keepUntil } from './engine/keep.ts';
import { run } from './engine/run.ts';
import { loadScenarios } from './scenario/load.ts';

export interface Io {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folder of the package. */
  readonly root: string;
  /** Folder of the code that runs, with `suites/` in it: dist/, or the package itself when it runs from source. */
  readonly code: string;
  readonly interrupted: AbortSignal;
  /** What `--cluster` can name. Default: the types of this package. */
  readonly clusterTypes?: readonly ClusterType[];
  /** The program that makes probes in pods. Default: the first of this package. */
  readonly workload?: WorkloadProgram;
}

/** The command line; gives the exit code. Every error that a user can act on is one sentence on standard error. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const verbose = argv.includes('--verbose');
  try {
    return await command(configure(argv, io.environment, io.clusterTypes), io);
  } catch (error) {
    const known = error instanceof HarnessError;
    io.stderr.write(
      `${known ? error.message : `The harness failed: ${error instanceof Error ? error.message.split('\n')[0] : String(error)} (--verbose shows where).`}\n`,
    );
    if (verbose && error instanceof Error) io.stderr.write(`${error.stack}\n`);
    return known ? error.exitCode : EXIT.environment;
  }
}

async function command(configuration: Configuration, io: Io): Promise<number> {
  const version = packageVersion(io.root);
  if (configuration.flag('help')) return say(io, helpText(configuration.options));
  if (configuration.flag('version')) return say(io, `${version}\n`);
  if (configuration.flag('list-faults')) return say(io, listFaults());
  const ownSuites = join(io.code, 'suites');
  const { scenarios: all, hooks } = await loadScenarios(ownSuites, configuration.list('suites-dir'));
  const scenarios = select(all, configuration);
  if (configuration.flag('list')) return say(io, listText(scenarios));
  checkClusterFlags(configuration);
  if (configuration.flag('plan')) return say(io, planText(scenarios, configuration, capabilitiesBefore(configuration)));
  const quiet = configuration.flag('quiet');
  const reporters = await makeReporters(configuration.list('reporter'), {
    stdout: io.stdout,
    stderr: io.stderr,
    environment: io.environment,
    color: wantsColor(io.stderr, configuration.flag('no-color'), io.environment),
    quiet,
    verbose: configuration.flag('verbose'),
  });
  const shows = reporters.some(({ name }) => name === 'terminal');
  if (!quiet && shows) io.stderr.write(`${effectiveConfiguration(configuration)}\n`);
  const { run: end } = await run({
    ...{ configuration, scenarios, hooks, reporters, version },
    workload: io.workload ?? WORKLOAD_PROGRAMS[0],
    environment: io.environment,
    interrupted: io.interrupted,
    programs: [
      join(io.root, 'dist', 'probe', 'probe.cjs'),
      ...readdirSync(ownSuites).map((file) => join(ownSuites, file)),
    ],
    whileKept: (provisioned, directory, journal) =>
      keepUntil(io.interrupted, provisioned, {
        ...{ directory, journal },
        kubectlFlags: configuration.cluster.kubectlFlags?.(configuration),
        output: io.stderr,
      }),
  });
  if (end.error !== null && !shows) io.stderr.write(`${end.error}\n`);
  return end.exitCode;
}

function say(io: Io, text: string): number {
  io.stdout.write(text);
  return EXIT.conforms;
}

function listFaults(): string {
  const width = Math.max(...FAULTS.map((fault) => fault.name.length));
  return FAULTS.map((fault) => `${fault.name.padEnd(width)}  ${fault.subject}: ${fault.defect}\n`).join('');
}

/** The options in force that are not a default, and where each came from. */
function effectiveConfiguration(configuration: Configuration): string {
  const set = [...configuration.values].filter(([, { value, origin }]) => origin !== 'default' && value !== undefined);
  const words = set.map(
    ([name, { value, origin }]) =>
      `${name}=${Array.isArray(value) ? value.join(',') : String(value as string)} (${origin})`,
  );
  return `Configuration: ${words.length === 0 ? 'defaults' : words.join(', ')}; cluster ${configuration.cluster.name}, parallel ${configuration.number('parallel')}, timeout ${configuration.number('timeout')} s`;
}

function packageVersion(root: string): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}
