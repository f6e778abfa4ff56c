import type { KubeObject } from '../model/types.ts';
import { startController } from './controller.ts';
import { condition, controlledBy, controllerReference, podsOf, setStatus, templateHash } from './workload.ts';
import type { ApiContext } from '../rest/context.ts';
import type { Workload } from './workload.ts';

const HASH_LABEL = 'pod-template-hash';
const REVISION = 'deployment.kubernetes.io/revision';
/** Milliseconds between checks for terminated pods, because their end does not change the ReplicaSet. */
const TERMINATION_POLL = 100;
/** Kubernetes's default for `revisionHistoryLimit`. */
const HISTORY = 10;

const revisionOf = (set: KubeObject): number => Number(set.metadata.annotations?.[REVISION] ?? 0);
const statusOf = (set: KubeObject): Record<string, number> => (set['status'] ?? {}) as Record<string, number>;
const sizeOf = ({ spec }: Workload): number => spec.replicas ?? 0;
/** Returns the available pods, at most the size: the status may be older. */
const availableOf = (set: Workload): number => Math.min(sizeOf(set), statusOf(set)['availableReplicas'] ?? 0);
const sum = (sets: readonly Workload[], valueOf: (set: Workload) => number): number =>
  sets.reduce((all, set) => all + valueOf(set), 0);

/**
 * Manages one ReplicaSet per template (Kubernetes, "Deployments"). Stays within `maxSurge` and `maxUnavailable`; with
 * `Recreate`, removes the old pods first.
 */
export function startDeploymentController(context: ApiContext): () => void {
  return startController(context.store, {
    resource: 'deployments',
    kind: 'Deployment',
    owned: ['replicasets'],
    reconcile: async (object) => {
      const deployment = object as Workload;
      const waits = deployment.spec.paused !== true && !rollOut(context, deployment);
      report(context, deployment);
      return waits ? TERMINATION_POLL : undefined;
    },
  });
}

function setsOf(context: ApiContext, deployment: Workload): { current: Workload | undefined; old: Workload[] } {
  const hash = templateHash(deployment.spec.template);
  const sets = controlledBy(context.store, deployment, 'replicasets') as Workload[];
  return {
    current: sets.find((set) => set.metadata.labels?.[HASH_LABEL] === hash),
    old: sets.filter((set) => set.metadata.labels?.[HASH_LABEL] !== hash).sort((a, b) => revisionOf(b) - revisionOf(a)),
  };
}

/** Converts a number or a percentage of the replicas to a number of pods. */
const podsIn = (value: number | string, replicas: number, round: (share: number) => number): number =>
  typeof value === 'number' ? value : round((replicas * Number.parseInt(value, 10)) / 100);

/** Scales the ReplicaSets. Returns false while old pods must terminate first. */
function rollOut(context: ApiContext, deployment: Workload): boolean {
  const { current, old } = setsOf(context, deployment);
  const { replicas = 1 } = deployment.spec;
  const { type, rollingUpdate = {} } = deployment.spec.strategy ?? {};
  const surge = podsIn(rollingUpdate.maxSurge ?? '25%', replicas, Math.ceil);
  // If both are 0, one pod may be unavailable.
  const unavailable = podsIn(rollingUpdate.maxUnavailable ?? '25%', replicas, Math.floor) || Number(surge === 0);
  if (type === 'Recreate') for (const set of old) scale(context, set, 0);
  const mayStart = type !== 'Recreate' || old.every((set) => podsOf(context.store, set).length === 0);
  if (mayStart) {
    const room =
      type === 'Recreate' ? replicas : replicas + surge - sum([...old, ...(current ? [current] : [])], sizeOf);
    const size = Math.min(replicas, (current ? sizeOf(current) : 0) + Math.max(0, room));
    const newest = Math.max(0, ...old.map(revisionOf));
    if (current === undefined) createSet(context, deployment, size, newest + 1);
    else {
      if (revisionOf(current) < newest) annotate(context, current, newest + 1);
      scale(context, current, size);
    }
    if (type !== 'Recreate') scaleDown(context, old, current, size, replicas - unavailable);
  }
  const limit = deployment.spec.revisionHistoryLimit ?? HISTORY;
  for (const { spec, metadata } of old.slice(limit))
    if (spec.replicas === 0) context.store.remove('replicasets', metadata.namespace, metadata.name);
  return mayStart;
}

/** Removes old pods while enough remain available; starts with unavailable pods and the oldest sets. */
function scaleDown(
  context: ApiContext,
  old: readonly Workload[],
  current: Workload | undefined,
  size: number,
  enough: number,
): void {
  const inUse = current === undefined ? 0 : Math.min(availableOf(current), size);
  let spare = Math.max(0, sum(old, sizeOf) + inUse - enough);
  let spareAvailable = Math.max(0, sum(old, availableOf) + inUse - enough);
  for (const set of old.toReversed()) {
    const idle = Math.min(spare, sizeOf(set) - availableOf(set));
    const served = Math.min(spare - idle, spareAvailable, availableOf(set));
    spare -= idle + served;
    spareAvailable -= served;
    scale(context, set, sizeOf(set) - idle - served);
  }
}

function createSet({ store }: ApiContext, deployment: Workload, replicas: number, revision: number): void {
  const { template, selector, minReadySeconds } = deployment.spec;
  const hash = templateHash(template);
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash };
  const { name, namespace } = deployment.metadata;
  store.create('replicasets', {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      annotations: { [REVISION]: String(revision) },
      ownerReferences: [controllerReference(deployment)],
      generation: 1,
    },
    spec: {
      replicas,
      ...(minReadySeconds !== undefined && { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector?.matchLabels, [HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
    status: {},
  });
}

function scale({ store }: ApiContext, set: Workload, replicas: number): void {
  if (set.spec.replicas === replicas) return;
  const latest = store.get('replicasets', set.metadata.namespace, set.metadata.name) ?? set;
  const generation = Number(latest.metadata['generation'] ?? 1) + 1;
  store.update('replicasets', {
    ...latest,
    metadata: { ...latest.metadata, generation },
    spec: { ...(latest as Workload).spec, replicas },
  });
}

function annotate({ store }: ApiContext, set: Workload, revision: number): void {
  const annotations = { ...set.metadata.annotations, [REVISION]: String(revision) };
  const { resourceVersion: _version, ...metadata } = set.metadata;
  store.update('replicasets', { ...set, metadata: { ...metadata, name: set.metadata.name, annotations } });
}

function report(context: ApiContext, deployment: Workload): void {
  const { store, clock } = context;
  const { replicas: wanted = 1 } = deployment.spec;
  const { current, old } = setsOf(context, deployment);
  const sets = [...old, ...(current ? [current] : [])];
  const total = (field: string): number => sum(sets, (set) => statusOf(set)[field] ?? 0);
  const updated = current === undefined ? 0 : (statusOf(current)['replicas'] ?? 0);
  const [replicas, available] = [total('replicas'), total('availableReplicas')];
  const complete = updated === wanted && replicas === wanted && available === wanted;
  const enough = available >= wanted;
  setStatus(store, 'deployments', deployment, {
    replicas,
    updatedReplicas: updated,
    readyReplicas: total('readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, wanted - available),
    conditions: [
      condition(
        deployment,
        enough
          ? { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' }
          : { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable' },
        clock,
      ),
      condition(
        deployment,
        { type: 'Progressing', status: 'True', reason: complete ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated' },
        clock,
      ),
    ],
  });
}
