import type { V1Pod } from '@kubernetes/client-node';
import { poll } from '../../foundation/poll.ts';
import { readVerdict } from '../../foundation/load-protocol.ts';
import { RUN_LABEL } from '../../foundation/labels.ts';
import { PROBE_CONTAINER } from '../world/pod-manifest.ts';
import { SCENARIO_LABEL } from '../world/pods.ts';
import { clusterOf, type ScenarioWorld } from '../world/world.ts';
import type { ClusterAlias } from '../scenario/policy.ts';
import { LOAD_LABEL } from './jobs.ts';
import type { EndedPod } from './running.ts';

const POLL_MILLISECONDS = 500;

/**
 * Follows the pods of a load on some clusters. A watch that breaks is started again from a list (`watchPods`), and the pods of a
 * Job stay until the Job is deleted, so that none that ended can be missed; one that was deleted before counts as ended too.
 */
export async function followPods(world: ScenarioWorld, load: string, clusters: readonly ClusterAlias[]) {
  const { run } = world.environment;
  const selector = `${RUN_LABEL}=${run},${SCENARIO_LABEL}=${world.scenario.id},${LOAD_LABEL}=${load}`;
  const ended = new Map<string, EndedPod>();
  const started = new Set<string>();
  const watches = await Promise.all(
    clusters.map((alias) =>
      clusterOf(world, alias).kubernetes.watchPods(selector, (pod, deleted) => {
        const how = endOf(pod, deleted);
        const uid = pod.metadata?.uid ?? '';
        if (how !== undefined || pod.status?.phase === 'Running') started.add(uid);
        if (how !== undefined && ended.get(uid)?.verdict === undefined) ended.set(uid, how);
      }),
    ),
  );
  const until = (what: string, isSo: () => boolean): Promise<unknown> =>
    poll(() => isSo() || undefined, { every: POLL_MILLISECONDS, signal: world.signal, what });
  return {
    stop: (): void => watches.forEach((watch) => watch.stop()),
    /** Resolves once so many pods run or have run. */
    started: (count: number): Promise<unknown> =>
      until(`${count} pods of load ${load} to run`, () => started.size >= count),
    /** Resolves once so many pods have ended. */
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
  const end = [deleted ? 'deleted' : phase, reason, how].filter(Boolean).join(', ');
  return { name, namespace, verdict: readVerdict(state?.message), end };
}
