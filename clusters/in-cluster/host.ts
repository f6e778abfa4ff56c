import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import type { AgentVersion } from '../../components/agent/options.ts';
import type { ClusterSpec, JsonWebKeySet, ManagedCluster } from '../../emulator/index.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { connect, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { AGENT_ADDON } from '../common/agent-addon.ts';
import { startInstanceMetadata, type InstanceMetadata } from '../common/instance-metadata.ts';
import type { ClusterHost } from '../interface/driver.ts';
import { serviceAccountConfig } from '../common/service-account.ts';
import { installAgent, type InstalledAgent } from './agent.ts';
import { identitiesDelivery } from './delivery.ts';
import type { InClusterOptions } from './options.ts';

interface InClusterHostOptions extends Pick<InClusterOptions, 'run' | 'readyMilliseconds' | 'progress' | 'signal'> {
  /** The folder of this pod's service account. */
  readonly serviceAccount: string;
  /** The emulator's URL for nodes and pods. */
  readonly reachedAt: string;
  /** Port of the instance metadata, at the address of `reachedAt`. 0: any free port. */
  readonly metadataPort: number;
  readonly agentImage: string;
  readonly agentArgs: readonly string[];
  /** `NAME=VALUE` */
  readonly agentVariables: readonly string[];
  readonly agentChart: AgentVersion;
}

/** Runs an emulated EKS with the cluster of this pod. Throws `ClusterError` BAD_KUBECONFIG. */
export function inClusterHost(options: InClusterHostOptions): ClusterHost {
  const config = serviceAccountConfig(options.serviceAccount);
  const connection = connect(config);
  let taken = false;
  return {
    name: 'in-cluster',
    provider: {
      createCluster: async (spec) => {
        if (taken)
          throw new ClusterError(
            'CLUSTER_FAILED',
            `An in-cluster emulator only has the cluster that it runs in, so it cannot create ${spec.name}.`,
          );
        taken = true;
        const { issuer } = await json<{ readonly issuer: string }>(connection, '/.well-known/openid-configuration');
        const { server = '', caFile = '' } = config.getCurrentCluster() ?? {};
        const certificateAuthorityData = await readFile(caFile, 'base64');
        return ownCluster(spec, options, connection, { endpoint: server, certificateAuthorityData, issuer });
      },
    },
    bindAddress: '0.0.0.0',
    reachable: () => options.reachedAt,
    capabilities: new Set(),
    workloadImage: '',
    facts: () => ({}),
    translations: () => [],
    failure: () => undefined,
    close: async () => connection.close(),
  };
}

/** Reads a JSON document of any media type: the issuer's documents have special ones. */
async function json<T>(connection: Connection, path: string): Promise<T> {
  const answer = await connection.send({ method: 'GET', path, headers: { accept: '*/*' } });
  const text = await textOf(answer);
  if (answer.statusCode === 200) return JSON.parse(text) as T;
  throw new ClusterError('CLUSTER_UNREACHABLE', `The API server returned status ${answer.statusCode} for ${path}.`);
}

type Facts = Required<Pick<ManagedCluster, 'endpoint' | 'certificateAuthorityData' | 'issuer'>>;

function ownCluster(
  spec: ClusterSpec,
  options: InClusterHostOptions,
  connection: Connection,
  facts: Facts,
): ManagedCluster {
  let served: InstanceMetadata | undefined;
  let agent: InstalledAgent | undefined;
  const cluster: ManagedCluster = {
    ...facts,
    associationsChanged: identitiesDelivery({ connection, signal: options.signal }),
    jwks: () => json<JsonWebKeySet>(connection, '/openid/v1/jwks'),
    // The nodes have no instance metadata, from which the agent renews its credentials.
    addNodes: async ({ instance, nodeRoleArn: roleArn, credentials }) => {
      const { metadataPort: port } = options;
      served ??= await startInstanceMetadata({
        ...{ instance, region: spec.region, hostName: instance.id, roleArn, credentials, clock: Date, port },
        bindAddress: '0.0.0.0',
      });
    },
    removeNodes: async () => {
      await served?.close();
      served = undefined;
    },
    installAddon: async ({ name, version, configurationValues }) => {
      if (name !== AGENT_ADDON) return;
      const { run, agentImage: image, agentArgs: args, agentVariables, agentChart: chart, reachedAt } = options;
      const { readyMilliseconds, signal, progress } = options;
      const environment: Record<string, string> = Object.fromEntries(
        agentVariables.map((one): readonly [string, string] => {
          const [name = '', value = ''] = one.split(/=(.*)/s);
          return [name, value];
        }),
      );
      const metadata = new URL(reachedAt);
      metadata.port = String(served?.port ?? 0);
      environment['AWS_EC2_METADATA_SERVICE_ENDPOINT'] = metadata.origin;
      agent = await installAgent({
        ...{ connection, run, image, args, chart, readyMilliseconds, signal, progress, environment },
        region: spec.region,
        clusterName: spec.name,
        endpoint: reachedAt,
        addonVersion: version,
        ...(configurationValues !== undefined && { configurationValues }),
      });
    },
    removeAddon: async (name) => {
      if (name !== AGENT_ADDON) return;
      await agent?.remove();
      agent = undefined;
    },
    delete: async () => {
      await cluster.removeAddon(AGENT_ADDON);
      await cluster.removeNodes('');
    },
  };
  return cluster;
}
