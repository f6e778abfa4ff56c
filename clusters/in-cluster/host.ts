import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import type { AgentVersion } from '../../components/agent/options.ts';
import type { ClusterSpec, JsonWebKeySet, ManagedCluster, NodeGroupSpec } from '../../emulator/index.ts';
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
        return new OwnCluster(spec, options, connection, { endpoint: server, certificateAuthorityData, issuer });
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

class OwnCluster implements ManagedCluster {
  readonly endpoint: string;
  readonly certificateAuthorityData: string;
  readonly issuer: string;
  readonly associationsChanged: ManagedCluster['associationsChanged'];
  readonly #spec: ClusterSpec;
  readonly #options: InClusterHostOptions;
  readonly #connection: Connection;
  #metadata: InstanceMetadata | undefined;
  #agent: InstalledAgent | undefined;

  constructor(spec: ClusterSpec, options: InClusterHostOptions, connection: Connection, facts: Facts) {
    this.#spec = spec;
    this.#options = options;
    this.#connection = connection;
    this.endpoint = facts.endpoint;
    this.certificateAuthorityData = facts.certificateAuthorityData;
    this.issuer = facts.issuer;
    this.associationsChanged = identitiesDelivery({ connection, signal: options.signal });
  }

  jwks(): Promise<JsonWebKeySet> {
    return json(this.#connection, '/openid/v1/jwks');
  }

  /** Serves the group's instance metadata, because these nodes have none: the agent renews its credentials there. */
  async addNodes({ instance, nodeRoleArn: roleArn, credentials }: NodeGroupSpec): Promise<void> {
    const { metadataPort: port } = this.#options;
    this.#metadata ??= await startInstanceMetadata({
      ...{ instance, region: this.#spec.region, hostName: instance.id, roleArn, credentials, clock: Date, port },
      bindAddress: '0.0.0.0',
    });
  }

  async removeNodes(): Promise<void> {
    await this.#metadata?.close();
    this.#metadata = undefined;
  }

  async installAddon({ name, version, configurationValues }: Parameters<ManagedCluster['installAddon']>[0]) {
    if (name !== AGENT_ADDON) return;
    const { run, agentImage: image, agentArgs: args, agentVariables, agentChart: chart, reachedAt } = this.#options;
    const { readyMilliseconds, signal, progress } = this.#options;
    const environment: Record<string, string> = Object.fromEntries(
      agentVariables.map((one): readonly [string, string] => {
        const [name = '', value = ''] = one.split(/=(.*)/s);
        return [name, value];
      }),
    );
    const metadata = new URL(reachedAt);
    metadata.port = String(this.#metadata?.port ?? 0);
    environment['AWS_EC2_METADATA_SERVICE_ENDPOINT'] = metadata.origin;
    this.#agent = await installAgent({
      connection: this.#connection,
      run,
      image,
      args,
      chart,
      readyMilliseconds,
      signal,
      progress,
      region: this.#spec.region,
      clusterName: this.#spec.name,
      endpoint: reachedAt,
      environment,
      addonVersion: version,
      ...(configurationValues !== undefined && { configurationValues }),
    });
  }

  async removeAddon(name: string): Promise<void> {
    if (name !== AGENT_ADDON) return;
    await this.#agent?.remove();
    this.#agent = undefined;
  }

  async delete(): Promise<void> {
    await this.removeAddon(AGENT_ADDON);
    await this.removeNodes();
  }
}
