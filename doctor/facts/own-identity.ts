import type { Pod } from '../snapshot/kubernetes.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import { isInjected } from './injection.ts';
import { roleAnnotation } from './irsa.ts';

/** Whether a pod has an identity of its own: injected, or meant for its service account. */
export function hasOwnIdentity(facts: ClusterFacts, pod: Pod): boolean {
  const account = facts.serviceAccountOf(pod);
  return (
    isInjected(pod) || facts.associationOf(pod) !== undefined || (account !== undefined && !!roleAnnotation(account))
  );
}
