import { deletePod } from '../rest/delete-pod.ts';
import { startController } from './controller.ts';
import { availability, condition, createPod, isActive, isReady, podsOf, setStatus } from './workload.ts';
import type { ApiContext } from '../rest/context.ts';
import type { Condition, Workload, WorkloadPod } from './workload.ts';

/** Keeps the number of pods of each ReplicaSet (Kubernetes, "ReplicaSet"). Does not adopt other pods. */
export function startReplicaSetController(context: ApiContext): () => void {
  const { store } = context;
  return startController(store, {
    resource: 'replicasets',
    kind: 'ReplicaSet',
    owned: ['pods'],
    reconcile: async (object) => {
      const set = object as Workload;
      const pods = podsOf(store, set).filter(isActive);
      const wanted = set.spec.replicas ?? 1;
      const surplus = pods.sort(byUse).slice(Math.max(wanted, 0));
      for (const pod of surplus) deletePod(context, pod);
      let refusal: Error | undefined;
      try {
        for (let count = pods.length; count < wanted; count += 1) await createPod(context, set);
      } catch (error) {
        refusal = error as Error;
      }
      const now = podsOf(store, set).filter(isActive);
      const { available, next } = availability(now, set, context.clock);
      setStatus(store, 'replicasets', set, {
        replicas: now.length,
        fullyLabeledReplicas: now.length,
        readyReplicas: now.filter(isReady).length,
        availableReplicas: available,
        ...(refusal && { conditions: failed(set, refusal, context) }),
      });
      if (refusal) throw refusal;
      return next;
    },
  });
}

/** Returns the conditions of refused pods. The first message remains (Kubernetes, `replica_set_utils.go`, SetCondition). */
function failed(set: Workload, { message }: Error, { clock }: ApiContext): readonly Condition[] {
  const prior = (set['status'] as { readonly conditions?: readonly Condition[] } | undefined)?.conditions;
  return prior ?? [condition(set, { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }, clock)];
}

/** Sorts ready pods first, then older ones. */
function byUse(a: WorkloadPod, b: WorkloadPod): number {
  const age = (pod: WorkloadPod): string => pod.metadata.creationTimestamp ?? '';
  return Number(isReady(b)) - Number(isReady(a)) || age(a).localeCompare(age(b));
}
