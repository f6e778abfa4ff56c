import type { KubeObject } from '../types.ts';
import { startController } from './controller.ts';
import { condition, controlledBy, controllerReference, podsOf, setStatus, templateHash } from './workload.ts';
import type { ApiContext } from '../context.ts';
import type { Workload } from './workload.ts';

const HASH_LABEL = 'pod-template-hash';
const REVISION = 'deployment.kubernetes.io/revision';
/** How often it is looked whether old pods have ended, which is no change of a ReplicaSet, in milliseconds. */
const TERMINATION_POLL = 100;
/** Kubernetes' default of `revisionHistoryLimit`. */
const HISTORY = 10;

const revisionOf = (set: KubeObject): number => Number(set.metadata.annotations?.[REVISION] ?? 0);
const statusOf = (set: KubeObject): Record<string, number> => (set['status'] ?? {}) as Record<string, number>;

/**
 * Keeps one ReplicaSet for each template that a Deployment had (Kubernetes, "Deployments"): the current one gets all
 * replicas, and the others lose theirs as those become ready, or first, with the strategy `Recreate`.
 */
export function startDeploymentController(context: ApiContext): () => void {
  return startController(context.store, {
    resource: 'deployments',
    kind: 'Deployment',
    owned: ['replicasets'],
    reconcile: async (object) => {
      const deployment = object as Workload;
      const waits = deployment.spec['paused'] !== true && !rollOut(context, deployment);
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

/** False while old pods must end before there may be new ones. */
function rollOut(context: ApiContext, deployment: Workload): boolean {
  const { store } = context;
  const { replicas = 1 } = deployment.spec;
  const { current, old } = setsOf(context, deployment);
  const recreate = (deployment.spec['strategy'] as { type?: string } | undefined)?.type === 'Recreate';
  // Whatever the new pods do not serve yet, the newest of the old ones go on with.
  let needed = recreate ? 0 : Math.max(0, replicas - (statusOf(current ?? deployment)['readyReplicas'] ?? 0));
  if (!recreate && current === undefined) needed = replicas;
  for (const set of old) {
    const kept = Math.min(needed, set.spec.replicas ?? 0);
    needed -= kept;
    scale(context, set, kept);
  }
  const mayStart = !recreate || old.every((set) => podsOf(store, set).length === 0);
  if (mayStart) {
    if (current === undefined) createSet(context, deployment, Math.max(0, ...old.map(revisionOf)) + 1);
    else {
      const newest = Math.max(0, ...old.map(revisionOf));
      if (revisionOf(current) < newest) annotate(context, current, newest + 1);
      scale(context, current, replicas);
    }
  }
  const limit = Number(deployment.spec['revisionHistoryLimit'] ?? HISTORY);
  for (const { spec, metadata } of old.slice(limit))
    if (spec.replicas === 0) store.remove('replicasets', metadata.namespace, metadata.name);
  return mayStart;
}

function createSet({ store }: ApiContext, deployment: Workload, revision: number): void {
  const { template, replicas = 1, selector } = deployment.spec;
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
  const sum = (field: string): number =>
    [...old, ...(current === undefined ? [] : [current])].reduce((all, set) => all + (statusOf(set)[field] ?? 0), 0);
  const updated = current === undefined ? 0 : (statusOf(current)['replicas'] ?? 0);
  const [replicas, available] = [sum('replicas'), sum('availableReplicas')];
  const complete = updated === wanted && replicas === wanted && available === wanted;
  const enough = available >= wanted;
  setStatus(store, 'deployments', deployment, {
    replicas,
    updatedReplicas: updated,
    readyReplicas: sum('readyReplicas'),
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
