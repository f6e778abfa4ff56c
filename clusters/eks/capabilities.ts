import type { V1DaemonSet } from '@kubernetes/client-node';
import type { AgentVersion } from '../../components/agent/options.ts';
import { AGENT_CAPABILITIES, COMMON_CAPABILITIES } from '../capabilities.ts';
import { agentChartOf, unavailableCapabilities } from '../daemon-sets.ts';
import type { EksOptions } from './options.ts';
import type { MadeCluster } from './provision.ts';

/** What decides about the capabilities of a cluster, once it is there. */
export interface ClusterFindings extends Pick<MadeCluster, 'cluster' | 'providerArn'> {
  /** Undefined without an API server. */
  readonly daemonSets: readonly V1DaemonSet[] | undefined;
  /** The run made the agent that is there, and may stop it. */
  readonly ownAgent: boolean;
  /** The run made the nodes' role, and may change it. */
  readonly ownNodeRole: boolean;
  /** The agent is an add-on. */
  readonly agentAddon: boolean;
}

const OF_AGENTS = Object.values(AGENT_CAPABILITIES).flat();

/** What agents can do and one of this chart cannot; without a chart, nothing is known of the agent. */
const unavailableAgents = (chart: AgentVersion | undefined): readonly string[] =>
  OF_AGENTS.filter((of) => chart === undefined || !AGENT_CAPABILITIES[chart].includes(of));

/** What clusters by these options can do as far as it is known before there is one, by the harness' capability names. */
export function capabilitiesOfEks(
  options: Pick<EksOptions, 'attach' | 'compute' | 'nodeRoleArn' | 'agentImage' | 'agentChart' | 'serviceAccount'>,
): ReadonlySet<string> {
  const { attach, compute, nodeRoleArn, agentImage, agentChart = '0.1', serviceAccount } = options;
  const may = new Set([...COMMON_CAPABILITIES, 'network-policy', 'kubelet-stats', ...OF_AGENTS]);
  const attached = attach.length > 0;
  if (attached && attach.length < 2) may.delete('two-clusters');
  if (attached) may.delete('own-cluster');
  // A runner in the cluster has no right to its kubelets, by which it could do what it likes in all pods.
  if (serviceAccount !== undefined) may.delete('kubelet-stats');
  if (agentImage !== undefined) for (const of of ['agent-addon', ...unavailableAgents(agentChart)]) may.delete(of);
  if (attached || nodeRoleArn !== undefined) may.delete('node-role');
  // Auto Mode's agent is part of its nodes.
  if (!attached && compute === 'auto-mode')
    for (const of of ['agent-restart', 'agent-stop', 'agent-addon', ...OF_AGENTS]) may.delete(of);
  return may;
}

/** Which of those a cluster lacks after all. */
export function unavailableOnEks(findings: ClusterFindings): string[] {
  const { cluster, providerArn, daemonSets, ownAgent, ownNodeRole, agentAddon } = findings;
  const unavailable: string[] = [];
  if (providerArn === '') unavailable.push('irsa');
  if (!ownAgent) unavailable.push('agent-restart', 'agent-stop');
  if (!agentAddon) unavailable.push('agent-addon');
  if (!ownNodeRole) unavailable.push('node-role');
  // Pods have IPv6 addresses in clusters of that family alone (EKS User Guide, "Learn about IPv6 addresses to clusters, Pods, and services").
  if (cluster.kubernetesNetworkConfig?.ipFamily !== 'ipv6') unavailable.push('agent-ipv6');
  // Before, keys of the API server need not be those of EKS (aws/eks-pod-identity-agent, internal/validation).
  if (Number(cluster.version?.split('.')[1]) < 34) unavailable.push('agent-token-validation');
  if (daemonSets === undefined) unavailable.push('kubernetes');
  else unavailable.push(...unavailableCapabilities(daemonSets), ...unavailableAgents(agentChartOf(daemonSets)));
  return unavailable;
}
