import type { Metadata } from '../snapshot/kubernetes.ts';
import type { ObjectName } from '../snapshot/object-name.ts';

/** Returns the node group or node pool of a node, or the node itself. */
export function nodeGroupOf({ name, labels = {} }: Metadata): ObjectName {
  const [nodeGroup, nodePool] = [labels['eks.amazonaws.com/nodegroup'], labels['karpenter.sh/nodepool']];
  if (nodeGroup !== undefined) return { kind: 'NodeGroup', name: nodeGroup };
  return nodePool === undefined ? { kind: 'Node', name } : { kind: 'NodePool', name: nodePool };
}
