import { createHash, randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentVersion } from '../../../components/agent/index.ts';
import type { RunningWebhook } from '../../../components/webhook/index.ts';
import type { Clock, ClusterSpec, ManagedCluster } from '../../../emulator/index.ts';
import { AGENT_ADDON } from '../../common/agent-addon.ts';
import { startApiServer } from '../../kubernetes/index.ts';
import type { ApiServer, Audit, ProcessHost, ProcessImage } from '../../kubernetes/index.ts';
import type { StartLimiter } from '../../../foundation/node/start-limiter.ts';
import { agentDaemonSet } from './agent-daemon-set.ts';
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

/** Starts a cluster without nodes. */
export async function embeddedCluster(spec: ClusterSpec, resources: ClusterResources): Promise<ManagedCluster> {
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
    return managed(spec, resources, clock, api, await startPodIdentityWebhook(api, region, webhookToken));
  } catch (error) {
    await api.close();
    throw error;
  }
}

function managed(
  { name: clusterName, region, version, awsEndpoint }: ClusterSpec,
  { images, directory, starts, processes, agentChart }: ClusterResources,
  clock: Clock,
  api: ApiServer,
  webhook: RunningWebhook,
): ManagedCluster {
  const { store, url: endpoint } = api;
  const agents = agentDaemonSet(store, { name: clusterName, region }, agentChart);
  const nodes = new Map<string, EmbeddedNode>();
  let leaving: Promise<void> | undefined;

  /** Creates NodePools. Deleting the last one removes the nodes (Karpenter, "Disruption"). */
  function addNodePools(group: string, names: readonly string[]): void {
    for (const name of names)
      store.create('nodepools', { apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: { name }, spec: {} });
    const unwatch = store.watch('nodepools', ({ type }) => {
      if (type !== 'DELETED' || store.list('nodepools').length > 0) return;
      unwatch();
      leaving = removeNodes(group);
    });
  }

  async function removeNodes(name: string): Promise<void> {
    const removed = [...nodes.values()].filter(({ groupName }) => groupName === name);
    for (const node of removed) nodes.delete(node.name);
    await Promise.all(removed.map((node) => node.remove()));
  }

  const agentsSettled = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const finish = (end: () => void): void => {
        clearTimeout(timer);
        unsubscribe();
        end();
      };
      const look = (): void => {
        const failure = agents.failure();
        if (failure !== undefined) finish(() => reject(new Error(`the agent does not start: ${failure}`)));
        else if (agents.isSettled()) finish(resolve);
      };
      const late = new Error(`the agent's pods were not ready within ${ADDON_TIMEOUT / 1000} s`);
      const timer = setTimeout(() => finish(() => reject(late)), ADDON_TIMEOUT);
      const unsubscribe = store.watch('pods', () => look());
      look();
    });

  return {
    endpoint,
    certificateAuthorityData: Buffer.from(api.certificateAuthority).toString('base64'),
    jwks: () => api.tokens.jwks(),
    removeNodes,
    addNodes: async (group) => {
      const node = await startNode({
        ...{ group, api, region, version, images, clock, starts, processes },
        name: group.instance.privateDnsName,
        directory: join(directory, 'nodes'),
        agent: { clusterName, region, awsEndpoint, clock, version: agentChart, apiServer: endpoint },
      });
      nodes.set(node.name, node);
      if (group.nodePools !== undefined) addNodePools(group.name, group.nodePools);
      await agentsSettled();
    },
    // Waits until the agent is ready on every node. Rejects with the agent's message.
    installAddon: async ({ name, configurationValues, version }) => {
      if (name !== AGENT_ADDON) return;
      agents.install(configurationValues, version);
      await agentsSettled();
    },
    removeAddon: async (name) => {
      if (name !== AGENT_ADDON) return;
      agents.uninstall();
      await agentsSettled();
    },
    addonProblem: (name) =>
      name !== AGENT_ADDON || agents.isSettled()
        ? undefined
        : `The add-on is unhealthy because it doesn't have the desired number of replicas.`,
    associationsChanged: async (identities) => webhook.setIdentities(identities),
    delete: async () => {
      await Promise.all([leaving, ...[...nodes.values()].map((node) => node.close())]);
      nodes.clear();
      await Promise.all([webhook.stop(), api.close()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
