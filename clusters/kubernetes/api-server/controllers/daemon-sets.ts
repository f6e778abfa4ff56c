import { deletePod } from '../rest/delete-pod.ts';
import type { KubeObject } from '../model/types.ts';
import { startController } from './controller.ts';
import { DAEMON_TOLERATIONS, fits } from './placement.ts';
import { availability, createPod, hasEnded, isActive, isReady, podsOf, setStatus, templateHash } from './workload.ts';
import type { ApiContext } from '../rest/context.ts';
import type { Workload } from './workload.ts';

/** Pod label with the hash of the template. */
export const REVISION_LABEL = 'controller-revision-hash';

/** Returns the nodes on which the set's pods may run (Kubernetes, "DaemonSet"). */
export function selectedNodes(set: KubeObject, nodes: readonly KubeObject[]): string[] {
  const spec = (set as Workload).spec.template.spec ?? { containers: [] };
  const tolerations = [...(spec.tolerations ?? []), ...DAEMON_TOLERATIONS];
  return nodes.filter((node) => fits({ ...spec, tolerations }, node)).map(({ metadata }) => metadata.name);
}

/** Keeps a pod of the current template on each selected node. */
export function startDaemonSetController(context: ApiContext): () => void {
  const { store } = context;
  return startController(store, {
    resource: 'daemonsets',
    kind: 'DaemonSet',
    owned: ['pods'],
    concerning: ['nodes'],
    reconcile: async (object) => {
      const set = object as Workload;
      const revision = templateHash(set.spec.template);
      const nodes = selectedNodes(set, store.list('nodes'));
      for (const pod of podsOf(store, set)) {
        const keep = nodes.includes(pod.spec?.nodeName ?? '') && pod.metadata.labels?.[REVISION_LABEL] === revision;
        if (!keep || hasEnded(pod)) deletePod(context, pod);
      }
      // A new pod starts only after the previous one is gone.
      const taken = new Set(podsOf(store, set).map((pod) => pod.spec?.nodeName));
      for (const nodeName of nodes.filter((name) => !taken.has(name)))
        await createPod(context, set, { labels: { [REVISION_LABEL]: revision }, spec: { nodeName } });
      const pods = podsOf(store, set).filter(isActive);
      const { available, next } = availability(pods, set, context.clock);
      setStatus(store, 'daemonsets', set, {
        desiredNumberScheduled: nodes.length,
        currentNumberScheduled: pods.length,
        updatedNumberScheduled: pods.length,
        numberReady: pods.filter(isReady).length,
        numberAvailable: available,
        numberMisscheduled: 0,
      });
      return next;
    },
  });
}
