import type { AccountClusterType, ClusterType, OpenRequest } from '../../clusters/interface/cluster-type.ts';
import type { ClusterHost } from '../../clusters/interface/driver.ts';
import { hostedDriver } from '../../clusters/hosted.ts';
import { startEmulator, type EmulatorOptions } from '../../emulator/index.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { tagsOf } from '../../foundation/aws/tags.ts';
import { callCounter } from '../../aws/call-counter.ts';
import { AWS_CAPABILITIES } from '../aws-target/capabilities.ts';
import { EMULATOR_CAPABILITIES, emulatedAws } from '../aws-target/emulated.ts';
import type { AwsTarget } from '../aws-target/target.ts';
import { parseEndpoints } from '../../aws/endpoints.ts';
import { foreignServices, hybridAws, type Foreign } from '../aws-target/hybrid.ts';
import { isRootUser } from '../../aws/preflight.ts';
import { realAws } from '../aws-target/real.ts';
import type { Configuration } from '../config/configuration.ts';
import { ofRoles, provisioningError, type Platform } from './environment.ts';
import type { Session } from './session.ts';

/** Capabilities that the configuration implies, before anything is created. */
export function capabilitiesBefore(
  configuration: Configuration,
  ofClusters = configuration.cluster.capabilities(configuration),
): ReadonlySet<string> {
  const { cluster } = configuration;
  const boundary = configuration.text('permissions-boundary');
  const ofAws = cluster.aws === 'account' ? accountCapabilities(configuration) : EMULATOR_CAPABILITIES;
  const all = new Set([...ofAws, ...ofClusters, ...ofRoles(boundary)]);
  if (boundary !== undefined) all.delete('node-role');
  return all;
}

function accountCapabilities(configuration: Configuration): readonly string[] {
  const other = configuration.text('other-account-role') !== undefined;
  return AWS_CAPABILITIES.filter((name) => name !== 'two-accounts' || other);
}

/** Throws `HarnessError` BAD_CLUSTER, BAD_AWS, AWS_UNREACHABLE or PROVISIONING_FAILED. */
export async function preparePlatform(session: Session): Promise<Platform> {
  const { id: run, directory, journal, options } = session;
  const { configuration, environment, workload, interrupted: signal } = options;
  const progress = (line: string): void => session.reporters.tell('note', line);
  const { cluster } = configuration;
  const endpoints = parseEndpoints(configuration.list('aws-endpoint'), cluster.aws);
  const request = { options: configuration, run, directory, workload, endpoints, journal, progress, signal };
  if (cluster.aws === 'account') return accountPlatform(cluster, request, session);
  const foreign =
    Object.keys(endpoints).length === 0
      ? undefined
      : await foreignServices({
          endpoints,
          environment,
          region: configuration.text('region'),
          allowedAccounts: configuration.list('allow-account'),
        });
  return hostedPlatform(await opened(cluster, () => cluster.open(request)), {
    run,
    seed: configuration.text('seed') ?? '0',
    servicePrincipals: configuration.list('service-principal'),
    ...(foreign && { foreign }),
  });
}

/** Throws `HarnessError` BAD_CLUSTER or PROVISIONING_FAILED. */
async function opened<T>(cluster: ClusterType, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    throw provisioningError(cluster.name, error as Error);
  }
}

/** Opens real AWS or other endpoints, with clusters of their EKS. */
async function accountPlatform(
  cluster: AccountClusterType,
  request: OpenRequest,
  { options: { configuration, environment }, id: run, expiresAt }: Session,
): Promise<Platform> {
  const clusters = await opened(cluster, () => cluster.open(request));
  try {
    const aws = await realAws({
      run,
      endpoints: request.endpoints,
      environment,
      tags: (region) => tagsOf(run, expiresAt, region),
      region: configuration.text('region'),
      allowedAccounts: configuration.list('allow-account'),
      otherAccountRole: configuration.text('other-account-role'),
      permissionsBoundary: configuration.text('permissions-boundary'),
    });
    if (aws.services?.includes('eks') === false) {
      await aws.close();
      throw new HarnessError(
        'BAD_AWS',
        `${aws.unavailable?.get('associations')}, so it cannot create clusters. Omit --cluster ${cluster.name} to test the other services with clusters of the harness.`,
      );
    }
    if (isRootUser(aws.callerArn))
      request.progress(
        'The credentials belong to the root user, so the harness cannot see when IAM changes take effect. Verdicts about such changes may be wrong. Use the credentials of a role.',
      );
    return { aws, clusters };
  } catch (error) {
    await clusters.close().catch(() => undefined);
    throw error;
  }
}

const REGION = 'us-west-2';

interface HostedOptions extends Pick<EmulatorOptions, 'servicePrincipals'> {
  readonly run: string;
  readonly seed: string;
  readonly foreign?: Foreign;
}

/** Starts an emulated AWS whose EKS creates its clusters on the host. Closes the host if the emulator cannot start. */
export async function hostedPlatform(host: ClusterHost, options: HostedOptions): Promise<Platform> {
  const { run, seed, servicePrincipals, foreign } = options;
  try {
    const counter = foreign?.client.counter ?? callCounter();
    const emulatedAt = async (seedOfLane: string, clusterProvider = host.provider): Promise<AwsTarget> => {
      const emulator = await startEmulator({
        host: host.bindAddress,
        region: foreign?.client.region ?? REGION,
        seed: seedOfLane,
        ...(servicePrincipals && { servicePrincipals }),
        clusterProvider,
        // Both must use the same account in ARNs.
        ...(foreign?.accountId !== undefined && { accountId: foreign.accountId }),
      });
      return emulatedAws(emulator, host.reachable(emulator.endpoint), counter);
    };
    const emulated = await emulatedAt(seed);
    const clusters = hostedDriver(host, run);
    if (foreign !== undefined) return { aws: hybridAws(emulated, foreign, (url) => host.reachable(url)), clusters };
    if (host.lanes === undefined) return { aws: emulated, clusters };
    const open = async (lane: number | 'other-agent'): Promise<Platform> => {
      const hostOfLane = { ...host, ...(lane === 'other-agent' && host.otherAgent), close: async () => undefined };
      return {
        aws: await emulatedAt(`${seed}-${lane}`, hostOfLane.provider),
        clusters: hostedDriver(hostOfLane, run),
      };
    };
    const ofOtherAgent = host.otherAgent?.capabilities;
    return { aws: emulated, clusters, lanes: { most: host.lanes, ...(ofOtherAgent && { ofOtherAgent }), open } };
  } catch (error) {
    await host.close().catch(() => undefined);
    throw provisioningError(host.name, error as Error);
  }
}
