import { POD_IP, startKubelet, type KubeletOptions, type RunningKubelet } from './kubelet/index.ts';
import type { ApiServer, KubeObject } from './api-server/index.ts';
import { timestamp } from './api-server/model/types.ts';

export interface NodeOptions extends Omit<KubeletOptions, 'store' | 'tokens' | 'apiServerUrl' | 'node'> {
  readonly api: ApiServer;
  readonly name: string;
  /** For example `1.34`. */
  readonly version: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  /** Value of `spec.providerID`. */
  readonly providerId?: string;
}

export interface RunningNode {
  readonly name: string;
  /** Stops the pods, but keeps the objects. */
  close(): Promise<void>;
  /** Removes the node and its pods, including their objects. */
  remove(): Promise<void>;
}

export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { api, name } = options;
  const { store } = api;
  const { uid = '' } = store.create('nodes', nodeObject(options)).metadata;
  const kubelet: RunningKubelet = await startKubelet({
    ...options,
    store,
    tokens: api.tokensFor(name),
    apiServerUrl: api.url,
    node: { name, uid },
  });
  api.setKubelet(name, kubelet);
  const close = async (): Promise<void> => {
    await kubelet.close();
    api.setKubelet(name, undefined);
  };
  return {
    name,
    close,
    remove: async () => {
      store.remove('nodes', undefined, name);
      await close();
      for (const pod of store.list('pods')) {
        if ((pod['spec'] as { nodeName?: string }).nodeName === name)
          store.remove('pods', pod.metadata.namespace, pod.metadata.name);
      }
    },
  };
}

function nodeObject({ name, version, labels, taints = [], providerId, clock }: NodeOptions): KubeObject {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const time = timestamp(clock?.now() ?? Date.now());
  const resources = { cpu: '2', memory: '8Gi', pods: '1000' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/arch': architecture,
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        ...labels,
      },
    },
    spec: {
      ...(providerId !== undefined && { providerID: providerId }),
      ...(taints.length > 0 && { taints }),
    },
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
          lastHeartbeatTime: time,
          lastTransitionTime: time,
        },
      ],
      nodeInfo: {
        architecture,
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
