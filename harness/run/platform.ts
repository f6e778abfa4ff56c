import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClusterDriver, ClusterHost } from '../../clusters/driver.ts';
import { EMBEDDED_CAPABILITIES, embeddedHost } from '../../clusters/embedded/host.ts';
import { hostedDriver } from '../../clusters/hosted.ts';
import { KIND_CAPABILITIES, kindHost } from '../../clusters/kind/index.ts';
import type { Ledger } from '../../clusters/ledger.ts';
import { EMULATOR_FAULTS, startEmulator, type EmulatorFault } from '../../emulator/index.ts';
import { EMULATOR_CAPABILITIES, emulatedAws } from '../aws/emulated.ts';
import type { Configuration } from '../config/configuration.ts';
import { HarnessError } from '../errors.ts';
import { ofRoles, provisioningError, type Platform } from './environment.ts';

export type ClusterName = ClusterDriver['name'];

/** What is there with a kind of cluster, as far as it is known before one is made. */
export function capabilitiesBefore(cluster: ClusterName, configuration?: Configuration): ReadonlySet<string> {
  const all = new Set([
    ...EMULATOR_CAPABILITIES,
    ...(cluster === 'kind' ? KIND_CAPABILITIES : EMBEDDED_CAPABILITIES),
    ...ofRoles(configuration?.text('permissions-boundary')),
  ]);
  if (configuration !== undefined && isAttached(configuration)) all.delete('two-clusters');
  return all;
}

/** Whether the run uses a cluster that exists already. */
export const isAttached = (configuration: Configuration): boolean =>
  configuration.text('kubeconfig') !== undefined || configuration.text('context') !== undefined;

/** Options that mean nothing without kind. */
const KIND_OPTIONS = [
  'kubeconfig',
  'context',
  'kind-image',
  'agent-image',
  'webhook-image',
  'workload-image',
  'image-base',
  'agent-args',
] as const;

/**
 * Refuses flags that the cluster would not heed: a run that leaves out the agent that it was told to judge must not pass.
 * Those of the environment and of a config file may be there for other runs. Throws `HarnessError` BAD_FLAG_VALUE.
 */
export function checkClusterFlags(configuration: Configuration): void {
  const cluster = configuration.text('cluster');
  const unheeded = KIND_OPTIONS.find((name) => configuration.values.get(name)?.origin === 'flag');
  if (cluster !== 'kind' && unheeded !== undefined)
    throw new HarnessError(
      'BAD_FLAG_VALUE',
      `--${unheeded} is for kind clusters, and this run uses --cluster ${cluster}: add --cluster kind, or leave --${unheeded} out.`,
    );
}

export interface PlatformOptions {
  readonly configuration: Configuration;
  readonly run: string;
  /** The report folder. */
  readonly directory: string;
  readonly ledger: Ledger;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Prepares what the configuration asks for. Throws `HarnessError` BAD_CLUSTER or PROVISIONING_FAILED. */
export async function preparePlatform(options: PlatformOptions): Promise<Platform> {
  const { configuration, run } = options;
  return hostedPlatform(await clusterHost(options), {
    run,
    seed: configuration.text('seed') ?? '0',
    faults: configuration.list('fault'),
  });
}

const REGION = 'us-west-2';

/** An emulated AWS whose EKS has its clusters at the host. The host is closed when the emulator cannot be started. */
export async function hostedPlatform(
  host: ClusterHost,
  { run, seed, faults }: { readonly run: string; readonly seed: string; readonly faults: readonly string[] },
): Promise<Platform> {
  try {
    const emulator = await startEmulator({
      host: host.bindAddress,
      region: REGION,
      seed,
      clusterProvider: host.provider,
      faults: faults.filter((fault): fault is EmulatorFault => (EMULATOR_FAULTS as readonly string[]).includes(fault)),
    });
    return { aws: emulatedAws(emulator, host.reachable(emulator.endpoint)), clusters: hostedDriver(host, run) };
  } catch (error) {
    await host.close().catch(() => undefined);
    throw provisioningError(host.name, error as Error);
  }
}

/** Throws `HarnessError` BAD_CLUSTER or PROVISIONING_FAILED. */
async function clusterHost(options: PlatformOptions): Promise<ClusterHost> {
  const { configuration, run, directory, ledger, progress, signal } = options;
  const faults = configuration.list('fault');
  if (configuration.text('cluster') !== 'kind') return embedded(run, directory, faults, ledger);
  const [node, agent, webhook, workload, base, kubeconfig, context] = (
    ['kind-image', 'agent-image', 'webhook-image', 'workload-image', 'image-base', 'kubeconfig', 'context'] as const
  ).map((name) => configuration.text(name));
  try {
    return await kindHost({
      run,
      images: {
        ...(node !== undefined && { node }),
        ...(agent !== undefined && { agent }),
        ...(webhook !== undefined && { webhook }),
        ...(workload !== undefined && { workload }),
        ...(base !== undefined && { base }),
      },
      agentArgs: configuration.list('agent-args'),
      faults,
      ...(isAttached(configuration) && {
        attach: { ...(kubeconfig !== undefined && { kubeconfig }), ...(context !== undefined && { context }) },
      }),
      readyMilliseconds: configuration.number('ready-timeout') * 1000,
      diagnosticsDirectory: join(directory, 'diagnostics'),
      ledger,
      progress,
      signal,
    });
  } catch (error) {
    throw provisioningError('kind', error as Error);
  }
}

/** A host of embedded clusters that run the built probe program. */
export function embedded(run: string, directory: string, faults: readonly string[], ledger?: Ledger): ClusterHost {
  const probe = { entrypoint: [process.execPath, probeProgram()] };
  return embeddedHost({ run, directory, faults, probe, ...(ledger && { ledger }) });
}

/** The built probe program, found from where this module lies: sources or dist/. */
function probeProgram(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const dist = `${here}/`.lastIndexOf('/dist/');
  const root = dist === -1 ? join(here, '..', '..', 'dist') : here.slice(0, dist + 5);
  return join(root, 'probe', 'launch.cjs');
}
