import type { ClusterSpec, JsonWebKeySet, ManagedCluster, NodeGroupSpec } from '../../emulator/index.ts';
import { VERSION_VARIABLE } from '../../components/agent/index.ts';
import { AGENT_ADDON } from '../common/agent-addon.ts';
import { daemonSetsOf, unavailableCapabilities } from '../in-cluster/daemon-sets.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { installAgent, type InstalledAgent, type InstalledWebhook } from '../in-cluster/index.ts';
import type { Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import type { Resources } from '../../foundation/aws/resources.ts';
import type { HostContext } from './context.ts';
import { explained } from './diagnostics.ts';
import { keysOf } from './kube.ts';
import { serveMetadata, type LinkLocal, type NodeContainer } from './node.ts';

type Addon = Parameters<ManagedCluster['installAddon']>[0];

interface KindClusterParts extends Pick<ManagedCluster, 'endpoint' | 'certificateAuthorityData' | 'issuer'> {
  readonly context: HostContext;
  readonly spec: ClusterSpec;
  readonly connection: Connection;
  readonly nodes: readonly NodeContainer[];
  readonly linkLocal: readonly LinkLocal[];
  readonly webhook: InstalledWebhook;
  readonly resources: Resources;
  /** Collects the nodes' logs and returns their folder. */
  readonly diagnose: () => Promise<string | undefined>;
}

export class KindCluster implements ManagedCluster {
  readonly endpoint: string;
  readonly certificateAuthorityData: string;
  readonly issuer?: string;
  readonly #parts: KindClusterParts;
  #group: { readonly name: string; readonly end: () => Promise<void> } | undefined;
  #agent: InstalledAgent | undefined;

  constructor(parts: KindClusterParts) {
    this.#parts = parts;
    this.endpoint = parts.endpoint;
    this.certificateAuthorityData = parts.certificateAuthorityData;
    if (parts.issuer !== undefined) this.issuer = parts.issuer;
  }

  /** Settings for another installer of the agent. */
  get agentSpec(): { readonly image: string; readonly bindHosts?: readonly string[] } {
    const { context, linkLocal } = this.#parts;
    const bindHosts = linkLocal.find((node) => node.bindHosts !== undefined)?.bindHosts;
    return { image: context.images.agent, ...(bindHosts && { bindHosts }) };
  }

  jwks(): Promise<JsonWebKeySet> {
    return keysOf(this.#parts.connection);
  }

  /** Gives the nodes the group's role. A node has only one role, so there can be only one group. */
  addNodes(group: NodeGroupSpec): Promise<void> {
    return this.#parts.context.notes.attempt(() => this.#addNodes(group));
  }

  async #addNodes(group: NodeGroupSpec): Promise<void> {
    const { context, spec, nodes } = this.#parts;
    // Its further instances: the number of nodes is fixed.
    if (this.#group?.name === group.name) return;
    if (this.#group !== undefined)
      throw new ClusterError(
        'CLUSTER_FAILED',
        `The nodes of kind cluster ${spec.name} already belong to node group ${this.#group.name}, so ${group.name} cannot have any.`,
        { blame: 'usage' },
      );
    group.instance.privateDnsName = nodes[0]?.name ?? '';
    const served = await Promise.allSettled(nodes.map((node) => serveMetadata(context, spec.region, node, group)));
    const ends = served.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const end = async (): Promise<void> => {
      await Promise.all(ends.map((each) => each()));
    };
    const failed = served.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) {
      await end().catch(() => undefined);
      throw failed.reason;
    }
    this.#group = { name: group.name, end };
  }

  async removeNodes(name: string): Promise<void> {
    if (this.#group?.name !== name) return;
    const { end } = this.#group;
    this.#group = undefined;
    await end();
  }

  async installAddon(addon: Addon): Promise<void> {
    if (addon.name !== AGENT_ADDON) return;
    const { context, diagnose } = this.#parts;
    await context.notes.attempt(async () => {
      try {
        await this.#installAgent(addon);
      } catch (error) {
        throw explained(error as Error, context.options.signal.aborted ? undefined : await diagnose());
      }
    });
  }

  async #installAgent(addon: Addon): Promise<void> {
    const { context, spec, connection } = this.#parts;
    const { options, reach } = context;
    const { agentChart = '0.1' } = options;
    const isOwnAgent = options.images.agent === undefined;
    this.#agent = await installAgent({
      ...inClusterOptions(this.#parts),
      connection,
      ...this.agentSpec,
      clusterName: spec.name,
      endpoint: reachable(spec.awsEndpoint, reach.host),
      args: options.agentArgs,
      chart: agentChart,
      // Candidate agents have their own version.
      ...(isOwnAgent && agentChart !== '0.1' && { environment: { [VERSION_VARIABLE]: agentChart } }),
      addonVersion: addon.version,
      ...(addon.configurationValues !== undefined && { configurationValues: addon.configurationValues }),
    });
    context.notes.lacks(unavailableCapabilities(await daemonSetsOf(connection)));
  }

  async removeAddon(name: string): Promise<void> {
    if (name !== AGENT_ADDON) return;
    const agent = this.#agent;
    this.#agent = undefined;
    await agent?.remove();
  }

  associationsChanged(identities: Parameters<ManagedCluster['associationsChanged']>[0]): Promise<void> {
    return this.#parts.webhook.setIdentities(identities);
  }

  async delete(): Promise<void> {
    const group = this.#group?.name;
    // The nodes may no longer exist.
    if (group !== undefined) await this.removeNodes(group).catch(() => undefined);
    await this.#parts.resources.dispose();
  }
}

export function inClusterOptions({ context, spec }: { readonly context: HostContext; readonly spec: ClusterSpec }) {
  const { run, readyMilliseconds, signal, progress } = context.options;
  return { run, region: spec.region, readyMilliseconds, signal, progress };
}

export function reachable(url: string, host: string): string {
  const parsed = new URL(url);
  parsed.hostname = host;
  return parsed.href.replace(/\/$/, '');
}
