import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import type { AgentVersion } from '../../components/agent/options.ts';
import type { ClusterSpec, Credentials, JsonWebKeySet, ManagedCluster, NodeGroupSpec } from '../../emulator/index.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { connect, ignoring, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { RUN_LABEL } from '../../foundation/protocols/labels.ts';
import { AGENT_ADDON } from '../common/agent-addon.ts';
import type { ClusterHost } from '../interface/driver.ts';
import { serviceAccountConfig } from '../common/service-account.ts';
import { AGENT_CREDENTIALS, installAgent, type InstalledAgent } from './agent.ts';
import { identitiesDelivery } from './delivery.ts';
import { pathOf, put } from './objects.ts';
import type { InClusterOptions } from './options.ts';

interface InClusterHostOptions extends Pick<InClusterOptions, 'run' | 'readyMilliseconds' | 'progress' | 'signal'> {
  /** The folder of this pod's service account. */
  readonly serviceAccount: string;
  /** The emulator's URL for nodes and pods. */
  readonly reachedAt: string;
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
  #group: NodeGroupSpec | undefined;
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

  async addNodes(group: NodeGroupSpec): Promise<void> {
    this.#group = group;
  }

  async removeNodes(): Promise<void> {
    this.#group = undefined;
  }

  async installAddon({ name, version, configurationValues }: Parameters<ManagedCluster['installAddon']>[0]) {
    if (name !== AGENT_ADDON) return;
    const { run, agentImage: image, agentArgs: args, agentVariables, agentChart: chart, reachedAt } = this.#options;
    const { readyMilliseconds, signal, progress } = this.#options;
    await this.#giveCredentials(signal);
    const environment = Object.fromEntries(
      agentVariables.map((one): readonly [string, string] => {
        const [name = '', value = ''] = one.split(/=(.*)/s);
        return [name, value];
      }),
    );
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
      environmentSecret: AGENT_CREDENTIALS.metadata.name,
      addonVersion: version,
      ...(configurationValues !== undefined && { configurationValues }),
    });
  }

  /** Puts the node role's credentials in a Secret for the agent, because these nodes have no instance metadata. */
  async #giveCredentials(signal: AbortSignal): Promise<void> {
    const groupCredentials: Credentials | undefined = await this.#group?.credentials();
    const { accessKeyId = '', secretAccessKey = '', sessionToken = '' } = groupCredentials ?? {};
    const { metadata } = AGENT_CREDENTIALS;
    const secret = {
      ...AGENT_CREDENTIALS,
      metadata: { ...metadata, labels: { [RUN_LABEL]: this.#options.run } },
      stringData: {
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_SESSION_TOKEN: sessionToken,
      },
    };
    await put(this.#connection, secret, signal);
  }

  async removeAddon(name: string): Promise<void> {
    if (name !== AGENT_ADDON) return;
    await this.#agent?.remove();
    this.#agent = undefined;
    await this.#connection.json('DELETE', pathOf(AGENT_CREDENTIALS)).catch(ignoring(404));
  }

  delete(): Promise<void> {
    return this.removeAddon(AGENT_ADDON);
  }
}
