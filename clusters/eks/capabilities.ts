import type { V1DaemonSet } from '@kubernetes/client-node';
import type { AgentVersion } from '../../components/agent/options.ts';
import { AGENT_CAPABILITIES, COMMON_CAPABILITIES } from '../interface/capabilities.ts';
import { agentChartOf, unavailableCapabilities } from '../in-cluster/daemon-sets.ts';
import type { EksOptions } from './options.ts';
import type { MadeCluster } from './provision.ts';

export interface ClusterFindings extends Pick<MadeCluster, 'cluster' | 'providerArn'> {
  /** Undefined if the cluster has no API server. */
  readonly daemonSets: readonly V1DaemonSet[] | undefined;
  /** Whether the run installed the agent, and so may stop it. */
  readonly ownAgent: boolean;
  /** Whether the run created the node role, and so may change it. */
  readonly ownNodeRole: boolean;
  readonly agentAddon: boolean;
}

const ALL_AGENT_CAPABILITIES = Object.values(AGENT_CAPABILITIES).flat();

/** Returns the capabilities that this chart's agent lacks, or all if the chart is unknown. */
const unavailableAgents = (chart: AgentVersion | undefined): readonly string[] =>
  ALL_AGENT_CAPABILITIES.filter((capability) => chart === undefined || !AGENT_CAPABILITIES[chart].includes(capability));

/** Returns the harness capabilities known before the cluster exists. */
export function capabilitiesOfEks(
  options: Pick<EksOptions, 'attach' | 'compute' | 'nodeRoleArn' | 'agentImage' | 'agentChart' | 'serviceAccount'>,
): ReadonlySet<string> {
  const { attach, compute, nodeRoleArn, agentImage, agentChart = '0.1', serviceAccount } = options;
  const may = new Set([...COMMON_CAPABILITIES, 'network-policy', 'kubelet-stats', ...ALL_AGENT_CAPABILITIES]);
  const attached = attach.length > 0;
  if (attached && attach.length < 2) may.delete('two-clusters');
  if (attached) may.delete('own-cluster');
  // A runner must not have access to kubelets, which control all pods.
  if (serviceAccount !== undefined) may.delete('kubelet-stats');
  if (agentImage !== undefined)
    for (const capability of ['agent-addon', ...unavailableAgents(agentChart)]) may.delete(capability);
  if (attached || nodeRoleArn !== undefined) may.delete('node-role');
  // Auto Mode's nodes include the agent.
  if (!attached && compute === 'auto-mode')
    for (const capability of ['agent-restart', 'agent-stop', 'agent-addon', ...ALL_AGENT_CAPABILITIES])
      may.delete(capability);
  return may;
}

export function unavailableOnEks(findings: ClusterFindings): string[] {
  const { cluster, providerArn, daemonSets, ownAgent, ownNodeRole, agentAddon } = findings;
  const unavailable: string[] = [];
  if (providerArn === '') unavailable.push('irsa');
  if (!ownAgent) unavailable.push('agent-restart', 'agent-stop');
  if (!agentAddon) unavailable.push('agent-addon');
  if (!ownNodeRole) unavailable.push('node-role');
  // Only IPv6 clusters have pods with IPv6 (EKS User Guide, "Learn about IPv6 addresses to clusters, Pods, and services").
  if (cluster.kubernetesNetworkConfig?.ipFamily !== 'ipv6') unavailable.push('agent-ipv6');
  // Older API servers may publish other keys than EKS (aws/eks-pod-identity-agent, internal/validation).
  if (Number(cluster.version?.split('.')[1]) < 34) unavailable.push('agent-token-validation');
  if (daemonSets === undefined) unavailable.push('kubernetes');
  else unavailable.push(...unavailableCapabilities(daemonSets), ...unavailableAgents(agentChartOf(daemonSets)));
  return unavailable;
}
