import { matchesLabels, matchesTerms, untolerated } from '../../foundation/protocols/scheduling.ts';
import type { DaemonSet, Node } from '../snapshot/kubernetes.ts';

/** Taints that are temporary or that DaemonSets tolerate (Kubernetes, "DaemonSet": taints and tolerations; Karpenter, "Disruption"). */
const TEMPORARY = /^(node\.kubernetes\.io|node\.cloudprovider\.kubernetes\.io|karpenter\.sh)\//;

/** Returns why no pod of a DaemonSet can run on a node, such as `does not tolerate taint a=b:NoSchedule of`; undefined if it can. */
export function obstacle({ tolerations, nodeSelector, nodeAffinity }: DaemonSet, node: Node): string | undefined {
  const labels = { 'kubernetes.io/os': node.operatingSystem ?? 'linux', ...node.metadata.labels };
  if (!matchesLabels({ matchLabels: nodeSelector }, labels)) return 'has a node selector that excludes';
  if (!matchesTerms(nodeAffinity, labels)) return 'has a node affinity that excludes';
  const taints = node.taints.filter(({ key }) => !TEMPORARY.test(key));
  const texts = taints
    .filter((taint) => untolerated([taint], tolerations))
    .map(({ key, value, effect }) => `${key}${value ? `=${value}` : ''}:${effect}`);
  return texts.length === 0
    ? undefined
    : `does not tolerate ${texts.length === 1 ? 'taint' : 'taints'} ${texts.join(' and ')} of`;
}
