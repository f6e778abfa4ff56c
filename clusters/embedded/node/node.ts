import { join } from 'node:path';
import type { NodeGroupSpec } from '../../../emulator/index.ts';
import { startNode as startKubernetesNode } from '../../kubernetes/index.ts';
import type { Image, NodeOptions as KubernetesNodeOptions } from '../../kubernetes/index.ts';
import type { ProcessImage, RunningNode } from '../../kubernetes/index.ts';
import { startInstanceMetadata } from '../../common/instance-metadata.ts';
import { translatedAddresses } from './addresses.ts';
import type { AgentHost } from './agent-image.ts';
import { agentImage, agentImageOf } from './agent-image.ts';
import { LinkLocalAddress } from './link-local.ts';

type OfKubernetes = 'api' | 'name' | 'version' | 'directory' | 'clock' | 'starts' | 'processes';

interface NodeOptions extends Required<Pick<KubernetesNodeOptions, OfKubernetes>> {
  readonly group: NodeGroupSpec;
  readonly region: string;
  readonly images: ReadonlyMap<string, ProcessImage>;
  readonly agent: Omit<AgentHost, 'addresses' | 'credentials'>;
}

export interface EmbeddedNode extends RunningNode {
  readonly groupName: string;
}

/** Starts the link-local addresses, instance metadata and kubelet, then registers the node. */
export async function startNode(options: NodeOptions): Promise<EmbeddedNode> {
  const { name, group, api, region, version, clock, starts, processes } = options;
  const { id, zone } = group.instance;
  const [v4, v6, metadata] = await Promise.all([
    LinkLocalAddress.open('169.254.170.23'),
    LinkLocalAddress.open('[fd00:ec2::23]'),
    startInstanceMetadata({
      instance: group.instance,
      region,
      hostName: name,
      roleArn: group.nodeRoleArn,
      credentials: group.credentials,
      clock,
    }),
  ]);
  const image = agentImage({ ...options.agent, credentials: group.credentials, addresses: { v4, v6 } });
  const node = await startKubernetesNode({
    api,
    name,
    version,
    labels: {
      'eks.amazonaws.com/nodegroup': group.name,
      'topology.kubernetes.io/region': region,
      'topology.kubernetes.io/zone': zone,
      ...group.labels,
    },
    ...(group.taints && { taints: group.taints }),
    providerId: `aws:///${zone}/${id}`,
    images: new Map<string, Image>([...options.images, [agentImageOf(options.agent.version), image]]),
    ...translatedAddresses({ agentV4: v4.url, agentV6: v6.url, instanceMetadata: metadata.url }),
    directory: join(options.directory, name),
    clock,
    starts,
    processes,
  });
  const closing = async (end: () => Promise<void>): Promise<void> => {
    await end();
    await Promise.all([v4.close(), v6.close(), metadata.close()]);
  };
  return {
    name,
    groupName: group.name,
    close: () => closing(() => node.close()),
    remove: () => closing(() => node.remove()),
  };
}
