import { createHash, randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentVersion } from '../../../components/agent/index.ts';
import type { RunningWebhook } from '../../../components/webhook/index.ts';
import type { Clock, ClusterSpec, ManagedCluster, NodeGroupSpec } from '../../../emulator/index.ts';
import { AGENT_ADDON } from '../../common/agent-addon.ts';
import { startApiServer } from '../../kubernetes/index.ts';
import type { ApiServer, Audit, ProcessHost, ProcessImage } from '../../kubernetes/index.ts';
import type { StartLimiter } from '../../../foundation/node/start-limiter.ts';
import { AgentDaemonSet } from './agent-daemon-set.ts';
import { startNode } from './node.ts';
import type { EmbeddedNode } from './node.ts';
import { ACCESS_POLICY_OBJECTS } from '../../common/access-policies.ts';
import { startPodIdentityWebhook, WEBHOOK_RIGHTS, WEBHOOK_USER } from './webhook.ts';

export interface ClusterResources {
  /** Programs by image reference. Pods with other images get ImagePullBackOff. */
  readonly images: ReadonlyMap<string, ProcessImage>;
  /** Directory for the pods' volumes and logs, created if missing and removed at the end if empty. */
  readonly directory: string;
  readonly starts: StartLimiter;
  readonly processes: ProcessHost;
  /** The version of the agent's chart and behaviour. */
  readonly agentChart: AgentVersion;
  readonly audit?: Audit;
}

/** EKS's limits: a day, and 90 days (EKS User Guide, "Kubernetes service accounts"). */
const TOKEN_LIFETIMES = { maxSeconds: 24 * 3600, extendedSeconds: 90 * 24 * 3600 };

/** Returns 40 hexadecimal digits, like EKS's key ids (aws/eks-pod-identity-agent, internal/validation). */
const keyId = (publicKey: Buffer): string => createHash('sha1').update(publicKey).digest('hex');

/** Lifetime of a signing key: a week (EKS User Guide, "Fetch signing keys to validate OIDC tokens"). */
const KEY_MILLISECONDS = 7 * 24 * 3600 * 1000;

/** Milliseconds. */
const ADDON_TIMEOUT = 10_000;

export class EmbeddedCluster implements ManagedCluster {
  readonly endpoint: string;
  readonly certificateAuthorityData: string;
  readonly #spec: ClusterSpec;
  readonly #resources: ClusterResources;
  readonly #clock: Clock;
  readonly #api: ApiServer;
  readonly #webhook: RunningWebhook;
  readonly #agents: AgentDaemonSet;
  readonly #nodes = new Map<string, EmbeddedNode>();
  #leaving: Promise<void> | undefined;

  private constructor(
    spec: ClusterSpec,
    resources: ClusterResources,
    clock: Clock,
    api: ApiServer,
    webhook: RunningWebhook,
  ) {
    this.#spec = spec;
    this.#resources = resources;
    this.#clock = clock;
    this.#api = api;
    this.#webhook = webhook;
    this.endpoint = api.url;
    this.certificateAuthorityData = Buffer.from(api.certificateAuthority).toString('base64');
    this.#agents = new AgentDaemonSet(api.store, spec, resources.agentChart);
  }

  static async create(spec: ClusterSpec, resources: ClusterResources): Promise<EmbeddedCluster> {
    const { issuer, version, authenticate, region } = spec;
    // Share the emulator's clock, so that both move together.
    const clock = spec.clock ?? { now: () => Date.now() };
    const webhookToken = randomBytes(32).toString('hex');
    const [api] = await Promise.all([
      startApiServer({
        issuer,
        version,
        clock,
        tokenLifetimes: TOKEN_LIFETIMES,
        keyId,
        authenticate: async (token) =>
          token === webhookToken ? { username: WEBHOOK_USER, groups: [] } : authenticate(token),
        keyMilliseconds: KEY_MILLISECONDS,
        ...(resources.audit && { audit: resources.audit }),
      }),
      mkdir(resources.directory, { recursive: true, mode: 0o755 }),
    ]);
    try {
      for (const object of [...ACCESS_POLICY_OBJECTS, ...WEBHOOK_RIGHTS])
        api.store.create(`${object.kind.toLowerCase()}s`, object);
      const webhook = await startPodIdentityWebhook(api, region, webhookToken);
      return new EmbeddedCluster(spec, resources, clock, api, webhook);
    } catch (error) {
      await api.close();
      throw error;
    }
  }

  jwks(): ReturnType<ManagedCluster['jwks']> {
    return this.#api.tokens.jwks();
  }

  async addNodes(group: NodeGroupSpec): Promise<void> {
    const { name: clusterName, region, version, awsEndpoint } = this.#spec;
    const { images, directory, starts, processes, agentChart } = this.#resources;
    const clock = this.#clock;
    const node = await startNode({
      name: group.instance.privateDnsName,
      group,
      api: this.#api,
      region,
      version,
      images,
      clock,
      starts,
      processes,
      directory: join(directory, 'nodes'),
      agent: {
        clusterName,
        region,
        awsEndpoint,
        clock,
        version: agentChart,
        apiServer: this.endpoint,
      },
    });
    this.#nodes.set(node.name, node);
    if (group.nodePools !== undefined) this.#addNodePools(group.name, group.nodePools);
    await this.#agentsSettled();
  }

  /** Creates NodePools. Deleting the last one removes the nodes (Karpenter, "Disruption"). */
  #addNodePools(group: string, names: readonly string[]): void {
    const { store } = this.#api;
    for (const name of names)
      store.create('nodepools', { apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: { name }, spec: {} });
    const unwatch = store.watch('nodepools', ({ type }) => {
      if (type !== 'DELETED' || store.list('nodepools').length > 0) return;
      unwatch();
      this.#leaving = this.removeNodes(group);
    });
  }

  async removeNodes(name: string): Promise<void> {
    const leaving = [...this.#nodes.values()].filter(({ groupName }) => groupName === name);
    for (const node of leaving) this.#nodes.delete(node.name);
    await Promise.all(leaving.map((node) => node.remove()));
  }

  /** Installs the add-on and waits until the agent is ready on every node. Rejects with the agent's message. */
  async installAddon(addon: Parameters<ManagedCluster['installAddon']>[0]): Promise<void> {
    if (addon.name !== AGENT_ADDON) return;
    this.#agents.install(addon.configurationValues, addon.version);
    await this.#agentsSettled();
  }

  async removeAddon(name: string): Promise<void> {
    if (name !== AGENT_ADDON) return;
    this.#agents.uninstall();
    await this.#agentsSettled();
  }

  addonProblem(name: string): string | undefined {
    if (name !== AGENT_ADDON || this.#agents.isSettled()) return undefined;
    return `The add-on is unhealthy because it doesn't have the desired number of replicas.`;
  }

  async associationsChanged(identities: Parameters<ManagedCluster['associationsChanged']>[0]): Promise<void> {
    this.#webhook.setIdentities(identities);
  }

  async delete(): Promise<void> {
    await Promise.all([this.#leaving, ...[...this.#nodes.values()].map((node) => node.close())]);
    this.#nodes.clear();
    await Promise.all([this.#webhook.stop(), this.#api.close()]);
    await rm(this.#resources.directory, { recursive: true, force: true });
  }

  #agentsSettled(): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (end: () => void): void => {
        clearTimeout(timer);
        unsubscribe();
        end();
      };
      const look = (): void => {
        const failure = this.#agents.failure();
        if (failure !== undefined) finish(() => reject(new Error(`the agent does not start: ${failure}`)));
        else if (this.#agents.isSettled()) finish(resolve);
      };
      const late = new Error(`the agent's pods were not ready within ${ADDON_TIMEOUT / 1000} s`);
      const timer = setTimeout(() => finish(() => reject(late)), ADDON_TIMEOUT);
      const unsubscribe = this.#api.store.watch('pods', () => look());
      look();
    });
  }
}
