import type { KubeConfig } from '@kubernetes/client-node';
import type { ClusterSpec, ManagedCluster } from '../../emulator/index.ts';
import type { HostContext } from './context.ts';

/** Where clusters come from: made for the run, or there before. */
export interface ClusterSource {
  /** Docker network of the nodes. */
  readonly network: string;
  /** What the clusters can do, by the harness' capability names. */
  readonly capabilities: ReadonlySet<string>;
  /** Facts of each of its clusters. */
  readonly facts: Readonly<Record<string, string>>;
  createCluster(spec: ClusterSpec, context: HostContext): Promise<ManagedCluster>;
  /** The way to clusters that do not take EKS' own tokens. */
  readonly kubeConfig?: (clusterName: string) => KubeConfig;
}
