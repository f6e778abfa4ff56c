import type { Pod } from '../snapshot/kubernetes.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import { isInjected } from './injection.ts';
import { roleAnnotation } from './irsa.ts';

/** Whether a service account has an association or a role annotation. */
export function hasIdentity(facts: ClusterFacts, namespace: string | undefined, name: string): boolean {
  const account = facts.serviceAccount(namespace, name);
  return facts.association(namespace, name) !== undefined || (account !== undefined && !!roleAnnotation(account));
}

/** Whether a pod has an identity of its own: injected, or meant for its service account. */
export const hasOwnIdentity = (facts: ClusterFacts, pod: Pod): boolean =>
  isInjected(pod) || hasIdentity(facts, pod.metadata.namespace, pod.serviceAccountName);

export const podsWithIdentity = (facts: ClusterFacts): readonly Pod[] =>
  facts.pods.filter((pod) => hasOwnIdentity(facts, pod));
