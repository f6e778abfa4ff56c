import type { V1Pod, V1PodList } from '@kubernetes/client-node';
import { poll } from '../../foundation/node/poll.ts';
import { readVerdict } from '../../foundation/protocols/load-protocol.ts';
import { RUN_LABEL } from '../../foundation/protocols/labels.ts';
import { PROBE_CONTAINER } from '../world/pod-manifest.ts';
import { SCENARIO_LABEL } from '../kubernetes-client/pod-watcher.ts';
import { clusterOf, type ScenarioContext } from '../scenario/scenario-context.ts';
import type { ClusterAlias } from '../scenario/policy.ts';
import { LOAD_LABEL } from './controllers.ts';
import { UNSEEN, type EndedPod } from '../scenario/running-load.ts';

const POLL_MILLISECONDS = 500;

/**
 * Follows the pods of a load. Pods of a Job stay until the Job is deleted, so the watch misses none. A deleted pod counts as
 * ended: kubelets report its end before its removal (Kubernetes, "Pod Lifecycle", Termination of Pods).
 */
export async function followPods(context: ScenarioContext, load: string, clusters: readonly ClusterAlias[]) {
  const { run } = context.environment;
  const selector = `${RUN_LABEL}=${run},${SCENARIO_LABEL}=${context.scenario.id},${LOAD_LABEL}=${load}`;
  const ended = new Map<string, EndedPod>();
  const started = new Set<string>();
  const names = new Map<string, string>();
  const watches = await Promise.all(
    clusters.map((alias) =>
      clusterOf(context, alias).kubernetes.watchPods(selector, (pod, deleted) => {
        const how = endOf(pod, deleted);
        const { uid = '', namespace, name } = pod.metadata ?? {};
        names.set(uid, `${namespace}/${name}`);
        if (how !== undefined || pod.status?.phase === 'Running') started.add(uid);
        if (how !== undefined && ended.get(uid)?.verdict === undefined) ended.set(uid, how);
      }),
    ),
  );
  const until = (what: string, satisfies: () => boolean | Promise<boolean>): Promise<unknown> =>
    poll(async () => (await satisfies()) || undefined, { every: POLL_MILLISECONDS, signal: context.signal, what });
  // Uses lists, because watches may have ended.
  const areGone = async (): Promise<boolean> => {
    const path = `/api/v1/pods?labelSelector=${encodeURIComponent(selector)}`;
    const answers = await Promise.all(clusters.map((alias) => clusterOf(context, alias).kubernetes.raw({ path })));
    return answers.every(({ status, body }) => status === 200 && (JSON.parse(body) as V1PodList).items.length === 0);
  };
  return {
    seen: () => [...names.values()],
    running: () => [...names].flatMap(([uid, name]) => (ended.has(uid) ? [] : [name])),
    gone: () => until(`the pods of load ${load} to be gone`, areGone),
    stop: (): void => watches.forEach((watch) => watch.stop()),
    started: (count: number): Promise<unknown> =>
      until(`${count} pods of load ${load} to run`, () => started.size >= count),
    ended: async (count: number): Promise<readonly EndedPod[]> => {
      await until(`${count} pods of load ${load} to end`, () => ended.size >= count);
      return [...ended.values()];
    },
  };
}

function endOf(pod: V1Pod, deleted: boolean): EndedPod | undefined {
  const { phase, containerStatuses = [], reason } = pod.status ?? {};
  if (phase !== 'Succeeded' && phase !== 'Failed' && !deleted) return undefined;
  const { name = '', namespace = '' } = pod.metadata ?? {};
  const state = containerStatuses.find((status) => status.name === PROBE_CONTAINER)?.state?.terminated;
  const how = state && `${state.reason}, exit code ${state.exitCode}`;
  const end = [deleted ? UNSEEN : phase, reason, how].filter(Boolean).join(', ');
  return { name, namespace, verdict: readVerdict(state?.message), end };
}
