import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Client } from '../../components/clients/client.ts';
import { CLIENTS, WORKLOAD_PROGRAMS } from '../../components/clients/registry.ts';
import type { WorkloadProgram } from '../../components/clients/workload-program.ts';
import type { ClusterType } from '../../clusters/interface/cluster-type.ts';
import { EXIT } from '../../foundation/node/errors.ts';
import { commandLine } from '../../foundation/node/command-line.ts';
import { catalogue, defectOf } from '../../scripts/faults/index.ts';
import { configure, type Configuration } from '../../harness/config/configuration.ts';
import { OPTIONS, optionsOf } from '../../harness/config/options.ts';
import type { NamedReporter } from '../../harness/report/reporter.ts';
import type { Scenario } from '../../harness/scenario/spec.ts';
import { checkFaults } from './check-faults.ts';
import type { Command } from './command.ts';
import type { Io } from '../../foundation/node/io.ts';
import { columns } from './help.ts';
import { list } from './list.ts';
import { plan } from './plan.ts';
import { EXIT_CODES, exitCodeOf, say, selected, SETTINGS, type Configured } from './scenarios.ts';

/** Parts of the package that tests can replace. */
export interface Registries {
  readonly types?: readonly ClusterType[];
  readonly workload?: WorkloadProgram;
  readonly clients?: readonly Client[];
  /** Whether this is the build with switchable faults. */
  readonly isSwitched?: boolean;
}

/** The module of the switched build that replaces this command (switched.ts). */
interface Switched {
  runWithFaults(faults: readonly string[], argv: readonly string[], io: Io): Promise<number>;
}

type RunConfiguration = Configured & { readonly argv: readonly string[] };

export const runCommand = ({
  types,
  workload = WORKLOAD_PROGRAMS[0],
  clients = CLIENTS,
  isSwitched,
}: Registries = {}): Command<RunConfiguration> => ({
  name: 'run',
  summary: 'run scenarios',
  about:
    'Run conformance scenarios of EKS Pod Identity and IRSA, and report whether access is granted or denied, and why.',
  options: types === undefined ? OPTIONS : optionsOf(types),
  remarks: `${SETTINGS}\n${EXIT_CODES}`,
  read: (argv, environment) => {
    const configuration = configure(argv, environment, { ...(types && { types }) });
    checkFaults(configuration);
    return { ...configuration, argv };
  },
  async run(configuration, io) {
    if (configuration.flag('version')) return say(io, `${packageVersion(io.root)}\n`);
    if (configuration.flag('list-faults')) return say(io, `${listFaults().join('\n')}\n`);
    if (configuration.flag('list-clients')) return say(io, `${listClients(clients).join('\n')}\n`);
    if (configuration.flag('list')) return list(configuration, io);
    if (configuration.flag('print-manifest')) return printManifest(configuration, io);
    if (configuration.flag('plan')) return plan(configuration, io, workload);
    const faults = configuration.list('fault');
    if (faults.length === 0 || isSwitched) return runScenarios(configuration, { workload, clients }, io);
    const code = join(io.root, 'dist', 'faults');
    const switched = (await import(pathToFileURL(join(code, 'bin', 'cli', 'switched.js')).href)) as Switched;
    return switched.runWithFaults(faults, configuration.argv, { ...io, code });
  },
});

async function printManifest(configuration: Configured, io: Io): Promise<number> {
  await selected(configuration, io);
  const { manifestText } = await import('../../harness/in-cluster/print.ts');
  return say(io, manifestText(configuration));
}

async function runScenarios(
  configuration: Configured,
  { workload, clients }: Required<Pick<Registries, 'workload' | 'clients'>>,
  io: Io,
): Promise<number> {
  const [{ isTerminal }, { widthOf, wrap }, { run }, { startedClients, withInstalledClients }] = await Promise.all([
    import('../../harness/report/reporters.ts'),
    import('../../foundation/node/text.ts'),
    import('../../harness/engine/run.ts'),
    import('../../harness/plan/clients.ts'),
  ]);
  const inCluster = configuration.flag('in-cluster');
  const quiet = configuration.flag('quiet');
  const newReporters = (): Promise<readonly NamedReporter[]> => reportersOf(configuration, io);
  const { startRounds, ...selection } = configuration.flag('watch')
    ? await (await import('./watch.ts')).watched(configuration, io)
    : { ...(await selected(configuration, io, clients)), startRounds: undefined };
  for (const problem of selection.problems) io.stderr.write(`${problem}\n`);
  const reporters = await newReporters();
  const shows = reporters.some(({ name }) => isTerminal(name));
  if (!quiet && shows)
    io.stderr.write(`${wrap(effectiveConfiguration(configuration), widthOf(io.stderr, io.environment), 2)}\n`);
  const interrupted = io.interruption(
    `\nInterrupted, tearing down. Press Ctrl-C again to stop immediately; \`${commandLine('sweep')}\` then removes leftovers.\n`,
  );
  const install = (scenarios: readonly Scenario[]): Promise<readonly Scenario[]> =>
    withInstalledClients(scenarios, {
      environment: io.environment,
      progress: (line) => void (quiet || io.stderr.write(`${line}\n`)),
      signal: interrupted,
    });
  const rounds = startRounds?.({ newReporters, install });
  const scenarios = await install(selection.scenarios).catch((error: unknown) => {
    if (!interrupted.aborted) throw error;
    return undefined;
  });
  if (scenarios === undefined) return EXIT.interrupted;
  const start = inCluster ? (await import('../../harness/in-cluster/run.ts')).runInCluster : run;
  const { run: end } = await start({
    configuration,
    ...selection,
    scenarios,
    rounds,
    reporters,
    interrupted,
    workload: { ...workload, clients: startedClients(scenarios) },
    version: packageVersion(io.root),
    environment: io.environment,
    programs: [join(io.root, 'dist', 'probe', 'probe.cjs'), ...filesBelow(join(io.code, 'suites'))],
    stderr: io.stderr,
  });
  await rounds?.close();
  if (end.error !== null && !shows) io.stderr.write(`${end.error}\n`);
  return exitCodeOf(selection, io, end.exitCode);
}

async function reportersOf(configuration: Configured, io: Io): Promise<readonly NamedReporter[]> {
  const [{ makeReporters }, { wantsColor }] = await Promise.all([
    import('../../harness/report/reporters.ts'),
    import('../../foundation/node/text.ts'),
  ]);
  const record = configuration.text('record');
  const named = await makeReporters(configuration.list('reporter'), {
    stdout: io.stdout,
    stderr: io.stderr,
    environment: io.environment,
    color: wantsColor(io.stderr, configuration.flag('no-color'), io.environment),
    quiet: configuration.flag('quiet'),
    verbose: configuration.flag('verbose'),
  });
  if (record === undefined) return named;
  return [...named, (await import('../../harness/record/recording.ts')).recordReporter(record)];
}

/** Returns all files below a folder: the built suites, or from source also their shared folders. */
const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));

function listFaults(): readonly string[] {
  const rows = catalogue().map((fault) => [fault.name, `${fault.subject}: ${defectOf(fault)}`] as const);
  return columns(rows);
}

function listClients(clients: readonly Client[]): readonly string[] {
  const rows = clients.map(({ name, title, versions, chain }) => {
    const { newest, minimum, below } = versions;
    const documented = [minimum && `minimum ${minimum}`, below && `below ${below}`].filter(Boolean).join(', ');
    const chainNote = chain === 'own' ? ' (its own credential chain)' : '';
    return [`${name}@${newest}`, `${title}${chainNote}${documented === '' ? '' : `; ${documented}`}`] as const;
  });
  return columns(rows);
}

/** Describes the effective options that are not defaults, with their origins. */
function effectiveConfiguration(configuration: Configuration): string {
  const set = [...configuration.values].filter(([, { value, origin }]) => origin !== 'default' && value !== undefined);
  const words = set.map(
    ([name, { value, origin }]) =>
      `${name}=${Array.isArray(value) ? value.join(',') : String(value as string)} (${origin})`,
  );
  return `Configuration: ${words.length === 0 ? 'defaults' : words.join(', ')}; cluster ${configuration.cluster.name}, parallel ${configuration.number('parallel')}, timeout ${configuration.number('timeout')} s`;
}

export function packageVersion(root: string): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}
