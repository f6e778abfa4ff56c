import type { V1Pod } from '@kubernetes/client-node';
import { ignoring } from '../../foundation/protocols/kubernetes-connection.ts';
import { PHASE_ANNOTATION, type ProbeReport } from '../../foundation/protocols/probe-protocol.ts';
import { createOnceInjected } from './admitted-pod.ts';
import { firstPhase, podManifest } from './pod-manifest.ts';
import { setPodContext } from './pod-context.ts';
import { collectReports, Inbox } from './pod-reports.ts';
import type { PodGroups } from './stages.ts';
import { clusterOf, type ScenarioContext, type Workload } from '../scenario/scenario-context.ts';

export type WorkloadPod = Awaited<ReturnType<typeof startWorkloadPod>>;

/** Creates the pod with the plan of its groups. `ordinal` distinguishes pods of one workload. */
export async function startWorkloadPod(
  context: ScenarioContext,
  workload: Workload,
  groups: PodGroups,
  ordinal: number,
) {
  const { namespace } = workload;
  const cluster = clusterOf(context, workload.cluster);
  const manifestOf = (name: string): V1Pod => {
    context.names.learn(`pod:${workload.name}`, name);
    setPodContext(context, workload, name);
    return podManifest(context, workload, name, groups);
  };
  const release = (await context.environment.podStarts?.acquire()) ?? ((): void => undefined);
  const startedAt = performance.now();
  const first = `${workload.name}-${ordinal}`;
  const { name, uid } = await createOnceInjected(context, workload, first, manifestOf).catch((error: unknown) => {
    release();
    throw error;
  });
  context.names.learn(`pod-uid:${workload.name}`, uid);
  const inbox = new Inbox(
    groups.groups.reduce((sum, group) => sum + group.probes.length, 0),
    () => groups.deferred || context.environment.podTimes.push(performance.now() - startedAt),
  );
  const abort = new AbortController();
  void collectReports(cluster, namespace, name, inbox, release, AbortSignal.any([context.signal, abort.signal]));
  let over = false;
  const remove = async (): Promise<void> => {
    if (over) return;
    await cluster.kubernetes.deletePod(namespace, name, 1).catch(ignoring(404));
    over = true;
  };
  // A pod that has reported exits by itself. Delete others, or they keep running during later scenarios.
  context.resources.addChange(
    `pod ${namespace}/${name}`,
    async () => (inbox.complete && workload.spec.container !== 'sidecar' ? undefined : remove()),
    'unless-kept',
  );
  return {
    name,
    uid,
    reports: reportsByGroup(inbox, firstPhase(groups), (annotation, value) =>
      cluster.kubernetes.annotate(namespace, `pods/${name}`, { [annotation]: String(value) }),
    ),
    delete: async (): Promise<void> => {
      await remove();
      await cluster.pods.gone(namespace, name, context.signal);
      abort.abort(new Error('the pod was deleted'));
    },
  };
}

/** If two changes follow closely, a kubelet may miss the second for a minute. A further change reminds it. */
const REMINDER_ANNOTATION = 'conformance.eks-pod-identity/reminder';
const REMINDER_MILLISECONDS = 3000;

/** `opened`: the last phase that the pod may already start. */
function reportsByGroup(inbox: Inbox, opened: number, annotate: (annotation: string, value: number) => Promise<void>) {
  return async (group: number, count: number): Promise<readonly ProbeReport[]> => {
    if (group <= opened) return inbox.take(count);
    opened = group;
    await annotate(PHASE_ANNOTATION, group);
    let reminders = 0;
    const remind = (): void => void annotate(REMINDER_ANNOTATION, (reminders += 1)).catch(() => undefined);
    const reminder = setInterval(remind, REMINDER_MILLISECONDS);
    try {
      return await inbox.take(count);
    } finally {
      clearInterval(reminder);
    }
  };
}
