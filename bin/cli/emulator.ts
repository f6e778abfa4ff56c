import { hostedAmong, type HostedClusterType } from '../../clusters/interface/cluster-type.ts';
import { IN_CLUSTER } from '../../clusters/in-cluster/cluster-type.ts';
import { CLUSTER_TYPES } from '../../clusters/registry.ts';
import { badFlagValue, HarnessError } from '../../foundation/node/errors.ts';
import { SERVICE_PRINCIPAL, option, textsOf, type OptionSpec } from '../../foundation/node/options.ts';
import type { GivenOptions } from '../../harness/config/read-options.ts';
import type { Emulator } from '../../emulator/index.ts';
import type { Credentials } from '../../emulator/core/credentials.ts';
import { callWriter, type CallLog } from './call-log.ts';
import { ACCOUNT_ID, REGION, SECOND_ACCOUNT, WORLD } from './emulator-options.ts';
import type { Command } from './command.ts';
import type { Io } from '../../foundation/node/io.ts';
import type { ClusterOptions, EmulatorClusters } from '../../harness/engine/emulator-clusters.ts';

/** Returns undefined for clusters that are only records. */
export type MakeClusters = (options: ClusterOptions) => Promise<EmulatorClusters | undefined>;

const HOSTED = [...hostedAmong(CLUSTER_TYPES), IN_CLUSTER];

const ofType = ({ options, emulatorOptions = [] }: HostedClusterType): readonly OptionSpec[] =>
  options.filter(({ name }) => emulatorOptions.includes(name));

const OPTIONS: readonly OptionSpec[] = [
  option.number('port N', 'listen on this port; 0 picks a free one', { maximum: 65_535, default: 0 }),
  option.text(
    'host ADDRESS',
    'bind to this address (default: 127.0.0.1; with --clusters kind, one that the nodes can reach)',
  ),
  ACCOUNT_ID,
  SECOND_ACCOUNT,
  REGION,
  option.text('access-key-id ID', 'use this access key id for the administrator (default: random)', {
    conflicts: [{ without: ['secret-access-key'] }],
    // No slash, which separates parts of the credential scope.
    form: { pattern: /^\w{16,128}$/, expected: 'give 16 to 128 letters and digits' },
  }),
  option.text('secret-access-key KEY', 'use this secret key with --access-key-id', {
    conflicts: [{ without: ['access-key-id'] }],
  }),
  WORLD,
  option.text('log FILE', 'append a JSON line to this file for each call, with the decisions of policies'),
  option.text('seed TEXT', 'derive non-secret ids from this seed'),
  option.choice(
    'clusters',
    [...HOSTED.map(({ name }) => name), 'none'],
    'create clusters of this type; none only keeps records of clusters',
    { default: CLUSTER_TYPES[0]?.name ?? 'none' },
  ),
  option.list(
    'service-principal NAME',
    'accept this service principal in trust policies (repeatable, or comma-separated)',
    { form: SERVICE_PRINCIPAL },
  ),
  ...[...new Set(HOSTED.flatMap(ofType))].map((shared) => {
    const types = HOSTED.filter((type) => ofType(type).includes(shared)).map(({ name }) => name);
    return {
      ...shared,
      help: `${types.join(', ')}: ${shared.help}`,
      conflicts: [{ without: types.map((type) => `clusters=${type}`) }],
    };
  }),
  option.text('clock TIME', 'start at this time, such as 2027-03-31T12:00:00Z, and continue at real speed', {
    form: { pattern: /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?Z$/, expected: 'give a time such as 2027-03-31T12:00:00Z' },
  }),
  option.choice(
    'timing',
    ['instant', 'aws'],
    'answer at once (instant), or delay, propagate and throttle like AWS (aws)',
    { default: 'instant' },
  ),
  option.number('pace N', 'with --timing aws: run this many times faster than AWS', {
    conflicts: [{ without: ['timing=aws'] }],
    minimum: 1,
    fraction: true,
    default: 1,
  }),
];

export const emulatorCommand = (standIns: { readonly makeClusters?: MakeClusters } = {}): Command => ({
  name: 'emulator',
  summary: 'serve the emulated AWS',
  about: `Serve S3, IAM, STS, EKS and EKS Auth on one loopback port until interrupted. The first line of standard output is a JSON
object: endpoint, region, accountId, accessKeyId and secretAccessKey (of the IAM user administrator).`,
  options: OPTIONS,
  remarks:
    'Exit codes: 0 after SIGTERM, 130 after SIGINT, 2 wrong usage, 3 the address cannot be bound or clusters cannot start.',
  async run(given, io) {
    check(given);
    const world = await readWorldOf(given);
    const log = { isOpen: false, calls: 0 };
    // Registered before the first line is printed, because its reader may stop the emulator at once.
    const interrupted = io.interruption();
    let clusters: EmulatorClusters | undefined;
    let emulator: Emulator;
    try {
      const make: MakeClusters =
        standIns.makeClusters ?? (await import('../../harness/engine/emulator-clusters.ts')).makeClusters;
      const type = typeOf(given);
      clusters = type && (await make(clusterOptions(type, given, io, interrupted)));
      emulator = await start(given, clusters, log);
    } catch (error) {
      await clusters?.close();
      if (interrupted.aborted) return exitCode(interrupted);
      throw error;
    }
    try {
      const { endpoint, region } = emulator;
      const existing = typeOf(given) === IN_CLUSTER ? given.text('cluster-name') : undefined;
      const users = world && (await world(emulator, existing, interrupted));
      if (existing !== undefined && world === undefined) {
        const { registerCluster } = await import('../../harness/engine/emulator-clusters.ts');
        const { emulatedAws } = await import('../../harness/aws-target/emulated.ts');
        const tags = { 'eks-pod-identity-conformance': 'in-cluster' };
        await registerCluster(emulatedAws(emulator), existing, { tags, signal: interrupted });
      }
      log.isOpen = true;
      // Omits the keys, which others could read in the pod's log. The pod's creator knows the administrator's.
      const printed =
        existing === undefined
          ? { ...announcement(emulator, given.text('second-account')), ...(users && { users }) }
          : { endpoint, region };
      io.stdout.write(`${JSON.stringify(printed)}\n`);
      if (!interrupted.aborted) await new Promise((resolve) => interrupted.addEventListener('abort', resolve));
      return exitCode(interrupted);
    } finally {
      await emulator.close();
      await clusters?.close();
    }
  },
});

const exitCode = ({ reason }: AbortSignal): number => ((reason as Error).cause === 'SIGINT' ? 130 : 0);

/** Rejects equal accounts and a time that does not exist. Throws `HarnessError`. */
function check({ text }: GivenOptions): void {
  const [account, second] = [text('account-id'), text('second-account')];
  if (second === account) throw badFlagValue(`--second-account must differ from --account-id, which is ${second} too.`);
  const time = text('clock');
  if (time !== undefined && Number.isNaN(Date.parse(time)))
    throw badFlagValue(`--clock is "${time}": give an existing time, such as 2027-03-31T12:00:00Z.`);
}

const typeOf = ({ text }: GivenOptions): HostedClusterType | undefined =>
  HOSTED.find(({ name }) => name === text('clusters'));

function clusterOptions(type: HostedClusterType, given: GivenOptions, io: Io, signal: AbortSignal): ClusterOptions {
  const progress = (line: string): void => void io.stderr.write(`${line}\n`);
  const flags = ofType(type).flatMap(({ name }) =>
    [given.values.get(name)?.value ?? []].flat().map((value) => `--${name}=${value}`),
  );
  return { type, flags, progress, signal };
}

/** Throws `HarnessError` ADDRESS_UNAVAILABLE when the address cannot be bound. */
async function start(given: GivenOptions, clusters: EmulatorClusters | undefined, log: CallLog): Promise<Emulator> {
  const [{ startEmulator }, { AWS_TIMING }] = await Promise.all([
    import('../../emulator/index.ts'),
    import('../../emulator/core/aws-timing.ts'),
  ]);
  const { text, number, list } = given;
  const host = text('host') ?? clusters?.bindAddress ?? '127.0.0.1';
  const [accessKeyId, secretAccessKey] = [text('access-key-id'), text('secret-access-key')];
  const callAnswered = await callWriter(text('log'), log);
  const key = accessKeyId !== undefined && secretAccessKey !== undefined ? { accessKeyId, secretAccessKey } : undefined;
  try {
    const emulator = await startEmulator({
      host,
      port: number('port'),
      servicePrincipals: list('service-principal'),
      ...textsOf(given, { accountId: 'account-id', region: 'region', seed: 'seed' }),
      ...(callAnswered && { callAnswered }),
      ...(key && { administrator: key }),
      ...(clusters && { clusterProvider: clusters.provider }),
      ...(text('timing') === 'aws' && { settings: { ...AWS_TIMING, pace: number('pace') } }),
    });
    const time = text('clock');
    if (time !== undefined) emulator.clock.advance(Date.parse(time) - Date.now());
    return emulator;
  } catch (error) {
    const problem = bindingProblem(error, host, number('port'));
    throw problem === undefined ? error : new HarnessError('ADDRESS_UNAVAILABLE', problem, { cause: error });
  }
}

/** Reads the file of --world. Returns a function that creates it, and returns the users' access keys. */
async function readWorldOf({ text }: GivenOptions) {
  const file = text('world');
  if (file === undefined) return undefined;
  const [{ readWorld }, { prepareWorld }] = await Promise.all([
    import('../../harness/standalone/read-world.ts'),
    import('../../harness/standalone/prepare.ts'),
  ]);
  const world = readWorld(file);
  return async (emulator: Emulator, clusterName: string | undefined, signal: AbortSignal) =>
    (await prepareWorld(emulator, world, { file, signal, ...(clusterName !== undefined && { clusterName }) })).users;
}

/** Returns the line with the emulator's address and keys. */
function announcement(emulator: Emulator, second: string | undefined): object {
  const { endpoint, region, accountId, administrator } = emulator;
  return {
    endpoint,
    region,
    ...keyOf(accountId, administrator),
    ...(second !== undefined && { secondAccount: keyOf(second, emulator.createAccount(second)) }),
  };
}

function keyOf(accountId: string, { accessKeyId, secretAccessKey }: Credentials): object {
  return { accountId, accessKeyId, secretAccessKey };
}

function bindingProblem(error: unknown, host: string, port: number): string | undefined {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is in use. Use another --port, or 0 for any free port.`;
    case 'EACCES':
      return `This user may not bind port ${port} on ${host}. Use a --port above 1023, or 0 for any free port.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} is not an address of this machine. Use another --host, such as 127.0.0.1.`;
    default:
      return undefined;
  }
}
