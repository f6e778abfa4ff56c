import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { AgentHost } from './agent-image.ts';
import { AGENT_IMAGE, agentImage } from './agent-image.ts';
import type { Clock, NodeGroupSpec } from '../../../emulator/index.ts';
import type { ApiServer, KubeObject } from '../../../kubernetes/api-server/types.ts';
import { POD_IP, startKubelet } from '../../../kubernetes/kubelet/index.ts';
import type { Image, ProcessImage, RunningKubelet } from '../../../kubernetes/kubelet/index.ts';
import type { StartLimiter } from '../../../foundation/start-limiter.ts';
import { startInstanceMetadata } from '../../instance-metadata.ts';
import { LinkLocalAddress } from './link-local.ts';

export interface NodeOptions {
  readonly name: string;
  readonly group: NodeGroupSpec;
  readonly api: ApiServer;
  readonly region: string;
  /** Kubernetes version, such as `1.34`. */
  readonly version: string;
  readonly images: ReadonlyMap<string, ProcessImage>;
  readonly directory: string;
  readonly clock: Clock;
  readonly starts: StartLimiter;
  readonly agent: Omit<AgentHost, 'addresses' | 'credentials'>;
}

export interface RunningNode {
  readonly name: string;
  readonly groupName: string;
  readonly kubelet: RunningKubelet;
  close(): Promise<void>;
}

/** Starts a node: its link-local addresses, instance metadata and kubelet, and the node object once all are there. */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { name, group, api, region, clock } = options;
  const instanceId = `i-${randomBytes(9).toString('hex').slice(0, 17)}`;
  const [v4, v6, metadata] = await Promise.all([
    LinkLocalAddress.open('169.254.170.23'),
    LinkLocalAddress.open('[fd00:ec2::23]'),
    startInstanceMetadata({
      instanceId,
      region,
      hostName: name,
      roleArn: group.nodeRoleArn,
      credentials: group.credentials,
      clock,
    }),
  ]);
  const image = agentImage({ ...options.agent, credentials: group.credentials, addresses: { v4, v6 } });
  const object = nodeObject(options, instanceId);
  const uid = api.store.create('nodes', object).metadata.uid ?? '';
  const kubelet = await startKubelet({
    store: api.store,
    tokens: api.tokens,
    apiServerUrl: api.url,
    node: { name, uid },
    images: new Map<string, Image>([...options.images, [AGENT_IMAGE, image]]),
    linkLocal: { agentV4: v4.url, agentV6: v6.url, instanceMetadata: metadata.url },
    directory: join(options.directory, name),
    clock,
    starts: options.starts,
  });
  return {
    name,
    groupName: group.name,
    kubelet,
    close: async () => {
      await kubelet.close();
      await Promise.all([v4.close(), v6.close(), metadata.close()]);
    },
  };
}

function nodeObject({ name, group, region, version, clock }: NodeOptions, instanceId: string): KubeObject {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const now = new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  const resources = { cpu: '2', memory: '8Gi', pods: '1000' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'eks.amazonaws.com/nodegroup': group.name,
        'kubernetes.io/arch': arch,
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'topology.kubernetes.io/region': region,
        'topology.kubernetes.io/zone': `${region}a`,
      },
    },
    spec: { providerID: `aws:///${region}a/${instanceId}` },
    status: {
      addresses: [
        { type: 'InternalIP', address: POD_IP },
        { type: 'Hostname', address: name },
      ],
      capacity: resources,
      allocatable: resources,
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'KubeletReady',
          message: 'kubelet is posting ready status',
          lastHeartbeatTime: now,
          lastTransitionTime: now,
        },
      ],
      nodeInfo: {
        architecture: arch,
        operatingSystem: 'linux',
        kubeletVersion: `v${version}.0`,
        kubeProxyVersion: '',
        containerRuntimeVersion: 'embedded://1.0',
        osImage: 'embedded',
        kernelVersion: '',
        bootID: '',
        machineID: '',
        systemUUID: '',
      },
    },
  };
}
