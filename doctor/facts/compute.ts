import type { Pod } from '../snapshot/kubernetes.ts';
import type { ClusterFacts } from './cluster-facts.ts';

/** Returns why Pod Identity cannot work on a pod's node (EKS User Guide, "Learn how EKS Pod Identity works": considerations). */
export function unsupportedNode(facts: ClusterFacts, pod: Pod): string | undefined {
  const node = facts.node(pod.nodeName);
  const compute = node && facts.computeOf(node);
  if (compute === 'fargate') return 'AWS Fargate';
  if (compute === 'windows') return 'Windows';
  return compute === 'hybrid' && node && facts.agentPodOn(node.metadata.name) === undefined
    ? "a hybrid node without the agent's hybrid DaemonSet"
    : undefined;
}
