import type { V1NodeSpec, V1PodSpec, V1Toleration } from '@kubernetes/client-node';
import { matchesLabels, matchesTerms, untolerated } from '../../../../foundation/protocols/scheduling.ts';
import type { KubeObject, Stored } from '../model/types.ts';

type Toleration = Stored<V1Toleration>;

/**
 * Whether a pod's selector, required node affinity and tolerations allow a node (Kubernetes, "Assigning Pods to Nodes" and
 * "Taints and Tolerations"). Treats the operators `Gt` and `Lt` as no match.
 */
export function fits(
  { nodeSelector, affinity, tolerations = [] }: Stored<V1PodSpec>,
  { metadata, spec }: KubeObject,
): boolean {
  const { labels = {} } = metadata;
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  // The only field is `metadata.name` (Kubernetes API Reference, NodeSelectorTerm v1 core).
  const terms = required?.map(({ matchExpressions = [], matchFields = [] }) => ({
    matchExpressions: [...matchExpressions, ...matchFields],
  }));
  const { taints = [] } = (spec ?? {}) as Stored<V1NodeSpec>;
  return (
    matchesLabels({ matchLabels: nodeSelector ?? {} }, labels) &&
    matchesTerms(terms, { ...labels, 'metadata.name': metadata.name }) &&
    untolerated(taints, tolerations) === undefined
  );
}

/** Tolerations of each DaemonSet's pods (Kubernetes, "DaemonSet", Taints and tolerations). */
export const DAEMON_TOLERATIONS: readonly Toleration[] = [
  ...['not-ready', 'unreachable'].map((name) => [name, 'NoExecute'] as const),
  ...['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map((name) => [name, 'NoSchedule'] as const),
].map(([name, effect]) => ({ key: `node.kubernetes.io/${name}`, operator: 'Exists', effect }));
