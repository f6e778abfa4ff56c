import { createHash } from 'node:crypto';
import type { Case, Check } from '../checks/check.ts';
import type { ClusterFacts } from '../facts/cluster-facts.ts';
import type { Metadata } from '../snapshot/kubernetes.ts';
import type { ObjectName } from '../snapshot/object-name.ts';

/** The end of generated names (Kubernetes, k8s.io/apimachinery/pkg/util/rand). */
const GENERATED = /-[bcdfghjklmnpqrstvwxz2456789]{5}$/;
/** Kinds whose names people choose, although a name may end like a generated one. */
const NAMED = /^(?:Deployment|StatefulSet|DaemonSet|CronJob|ServiceAccount|Association)$/;

/**
 * Returns the identity of a finding in later reports: a hash of the cluster, the check, and the object's owner,
 * namespace and service account. It does not depend on names of pods and nodes, on ids of associations, or on texts.
 */
export function fingerprintOf(check: Check, { object, part = '', pods = [] }: Case, facts: ClusterFacts): string {
  const { kind, namespace = '', name } = stableName(object, facts);
  const pod = facts.pods.find(({ metadata }) => metadata.namespace === namespace && metadata.name === pods[0]);
  const identity = [
    facts.issuer ?? facts.snapshot.context,
    check.id,
    kind,
    namespace,
    name,
    pod?.serviceAccountName ?? '',
    part,
  ];
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 32);
}

function stableName(object: ObjectName, facts: ClusterFacts): ObjectName {
  if (object.kind === 'Node') return nodeGroupOf(facts.node(object.name)?.metadata ?? object);
  const isGenerated = object.namespace !== undefined && !NAMED.test(object.kind);
  return isGenerated ? { ...object, name: object.name.replace(GENERATED, '') } : object;
}

/** Returns the node group or node pool of a node, or the node itself. */
function nodeGroupOf({ name, labels = {} }: Metadata): ObjectName {
  const [nodeGroup, nodePool] = [labels['eks.amazonaws.com/nodegroup'], labels['karpenter.sh/nodepool']];
  if (nodeGroup !== undefined) return { kind: 'NodeGroup', name: nodeGroup };
  return nodePool === undefined ? { kind: 'Node', name } : { kind: 'NodePool', name: nodePool };
}
