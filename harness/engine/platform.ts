import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClusterDriver, ClusterHost } from '../../clusters/driver.ts';
import { EMBEDDED_CAPABILITIES, embeddedHost } from '../../clusters/embedded/host.ts';
import { hostedDriver } from '../../clusters/hosted.ts';
import { KIND_CAPABILITIES, kindHost } from '../../clusters/kind/index.ts';
import type { Journal } from '../../foundation/journal.ts';
import { EMULATOR_FAULTS, startEmulator, type EmulatorFault, type EmulatorOptions } from '../../emulator/index.ts';
import { EMULATOR_CAPABILITIES, emulatedAws } from '../aws/emulated.ts';
import { endpointUrl, parseEndpoints } from '../aws/endpoints.ts';
import { foreignServices, hybridAws, type Foreign } from '../aws/hybrid.ts';
import type { Configuration } from '../config/configuration.ts';
import { eksAwsCapabilities, eksCapabilities, eksPlatform } from './eks-platform.ts';
import { ofRoles, provisioningError, type Platform } from './environment.ts';

export type ClusterName = ClusterDriver['name'];

/** What is there with a kind of cluster, as far as it is known before one is made. */
export function capabilitiesBefore(cluster: ClusterName, configuration?: Configuration): ReadonlySet<string> {
  const ofAws = cluster === 'eks' ? eksAwsCapabilities(configuration) : EMULATOR_CAPABILITIES;
  const ofCluster = { embedded: EMBEDDED_CAPABILITIES, kind: KIND_CAPABILITIES, eks: eksCapabilities(configuration) }[
    cluster
  ];
  const all = new Set([...ofAws, ...ofCluster, ...ofRoles(configuration?.text('permissions-boundary'))]);
  if (configuration?.text('permissions-boundary') !== undefined) all.delete('node-role');
  if (configuration !== undefined && isAttached(configuration) && configuration.list('cluster-name').length < 2)
    all.delete('two-clusters');
  return all;
}

/** Whether the run uses clusters that exist already. */
export const isAttached = (configuration: Configuration): boolean =>
  configuration.text('kubeconfig') !== undefined ||
  configuration.text('context') !== undefined ||
  configuration.list('cluster-name').length > 0;

export interface PlatformOptions {
  readonly configuration: Configuration;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly run: string;
  /** When what the run leaves in AWS may be swept. */
  readonly expiresAt: Date;
  /** The report folder. */
  readonly directory: string;
  readonly journal: Journal;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Prepares what the configuration asks for. Throws `HarnessError`: BAD_CLUSTER, BAD_AWS, AWS_UNREACHABLE or PROVISIONING_FAILED. */
export async function preparePlatform(options: PlatformOptions): Promise<Platform> {
  const { configuration, environment, run } = options;
  const { aws } = configuration.cluster;
  const endpoints = parseEndpoints(configuration.list('aws-endpoint'), aws);
  if (aws === 'account') return eksPlatform({ ...options, endpoints });
  const s3Endpoint = configuration.text('s3-endpoint');
  const foreign =
    Object.keys(endpoints).length === 0
      ? undefined
      : await foreignServices({
          ...{ endpoints, environment },
          region: configuration.text('region'),
          allowedAccounts: configuration.list('allow-account'),
        });
  return hostedPlatform(await clusterHost(options), {
    run,
    seed: configuration.text('seed') ?? '0',
    faults: configuration.list('fault'),
    ...(foreign && { foreign }),
    ...(s3Endpoint !== undefined && { s3Backend: s3Backend(s3Endpoint, environment) }),
  });
}

type S3Backend = NonNullable<EmulatorOptions['s3Backend']>;

/** The S3 of `--s3-endpoint`, with the credentials that the environment has for it. */
function s3Backend(endpoint: string, environment: PlatformOptions['environment']): S3Backend {
  return {
    endpoint: endpointUrl(endpoint, endpoint, 's3-endpoint'),
    accessKeyId: environment['CONFORMANCE_S3_ACCESS_KEY_ID'] || 'test',
    secretAccessKey: environment['CONFORMANCE_S3_SECRET_ACCESS_KEY'] || 'test',
  };
}

const REGION = 'us-west-2';

export interface HostedOptions {
  readonly run: string;
  readonly seed: string;
  readonly faults: readonly string[];
  /** Services that are not the emulator's. */
  readonly foreign?: Foreign;
  /** Where the emulator's S3 keeps its data. */
  readonly s3Backend?: S3Backend;
}

/** An emulated AWS whose EKS has its clusters at the host. The host is closed when the emulator cannot be started. */
export async function hostedPlatform(host: ClusterHost, options: HostedOptions): Promise<Platform> {
  const { run, seed, faults, foreign, s3Backend } = options;
  try {
    const emulator = await startEmulator({
      host: host.bindAddress,
      region: foreign?.client.region ?? REGION,
      seed,
      clusterProvider: host.provider,
      faults: faults.filter((fault): fault is EmulatorFault => (EMULATOR_FAULTS as readonly string[]).includes(fault)),
      // ARNs of both sides are then of one account.
      ...(foreign?.accountId !== undefined && { accountId: foreign.accountId }),
      ...(s3Backend && { s3Backend }),
    });
    const emulated = {
      ...emulatedAws(emulator, host.reachable(emulator.endpoint)),
      ...(s3Backend && { outlives: true }),
    };
    const aws = foreign === undefined ? emulated : hybridAws(emulated, foreign, (url) => host.reachable(url));
    return { aws, clusters: hostedDriver(host, run) };
  } catch (error) {
    await host.close().catch(() => undefined);
    throw provisioningError(host.name, error as Error);
  }
}

/** Throws `HarnessError` BAD_CLUSTER or PROVISIONING_FAILED. */
async function clusterHost(options: PlatformOptions): Promise<ClusterHost> {
  const { configuration, run, directory, journal, progress, signal } = options;
  const faults = configuration.list('fault');
  if (configuration.text('cluster') !== 'kind') return embedded(run, directory, faults, journal);
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
      journal,
      progress,
      signal,
    });
  } catch (error) {
    throw provisioningError('kind', error as Error);
  }
}

/** A host of embedded clusters that run the built probe program. */
export function embedded(run: string, directory: string, faults: readonly string[], journal?: Journal): ClusterHost {
  const probe = { entrypoint: [process.execPath, probeProgram()] };
  return embeddedHost({ run, directory, faults, probe, ...(journal && { journal }) });
}

/** The built probe program, found from where this module lies: sources or dist/. */
function probeProgram(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const dist = `${here}/`.lastIndexOf('/dist/');
  const root = dist === -1 ? join(here, '..', '..', 'dist') : here.slice(0, dist + 5);
  return join(root, 'probe', 'launch.cjs');
}
