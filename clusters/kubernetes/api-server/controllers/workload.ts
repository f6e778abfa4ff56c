import { createHash } from 'node:crypto';
import type { V1DeploymentSpec, V1JobCondition, V1Pod, V1PodTemplateSpec } from '@kubernetes/client-node';
import type { ApiContext } from '../rest/context.ts';
import { kindOf, groupVersion } from '../model/kinds.ts';
import { create } from '../rest/write.ts';
import { copyOf } from '../store/copy.ts';
import { recordEvent } from '../store/event.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import { timestamp } from '../model/types.ts';
import type { Clock, KubeObject, Stored } from '../model/types.ts';
import { controllerOf } from './controller.ts';

export type PodTemplate = Stored<V1PodTemplateSpec>;

export interface Workload extends KubeObject {
  readonly spec: Stored<V1DeploymentSpec>;
}
type Owner = KubeObject & { readonly spec: Pick<Workload['spec'], 'template'> };

export type WorkloadPod = KubeObject & Pick<Stored<V1Pod>, 'spec' | 'status'>;

/** Returns the owner's dependents. They are stored objects and read-only. */
export function controlledBy(store: MemoryStore, owner: KubeObject, resource: string): KubeObject[] {
  return store
    .list(resource, owner.metadata.namespace)
    .filter((object) => controllerOf(object)?.uid === owner.metadata.uid);
}

export function podsOf(store: MemoryStore, owner: KubeObject): WorkloadPod[] {
  return controlledBy(store, owner, 'pods');
}

export const hasEnded = ({ status }: WorkloadPod): boolean =>
  status?.phase === 'Succeeded' || status?.phase === 'Failed';

export const isActive = (pod: WorkloadPod): boolean => pod.metadata.deletionTimestamp === undefined && !hasEnded(pod);

export const isReady = ({ status }: WorkloadPod): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;

/** Counts pods that have been ready for `minReadySeconds`. `next`: milliseconds until the next pod has. */
export function availability(
  pods: readonly WorkloadPod[],
  { spec: { minReadySeconds = 0 } }: Workload,
  clock: Clock,
): { readonly available: number; readonly next: number | undefined } {
  const waits = pods.filter(isReady).map(({ status }) => {
    const since = status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? '';
    return minReadySeconds === 0 ? 0 : Date.parse(since) + minReadySeconds * 1000 - clock.now();
  });
  const pending = waits.filter((wait) => wait > 0);
  return {
    available: waits.length - pending.length,
    next: pending.length === 0 ? undefined : Math.min(...pending),
  };
}

/** Returns ten characters, for use as a label. */
export function templateHash(template: PodTemplate): string {
  return createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 10);
}

export function controllerReference(owner: KubeObject): object {
  const { name, uid } = owner.metadata;
  return { apiVersion: owner.apiVersion, kind: owner.kind, name, uid, controller: true, blockOwnerDeletion: true };
}

interface PodChanges {
  /** Default: the owner's name and a dash. */
  readonly generateName?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** Creates a pod through admission. On failure, records an event of the owner and throws `ApiError`. */
export async function createPod(context: ApiContext, owner: Owner, changes: PodChanges = {}): Promise<void> {
  const { metadata = {}, spec } = owner.spec.template;
  const { namespace } = owner.metadata;
  const kind = kindOf('pods');
  if (kind === undefined) return;
  const { generateName = `${owner.metadata.name}-` } = changes;
  const pod = {
    apiVersion: groupVersion(kind),
    kind: kind.kind,
    metadata: {
      generateName,
      labels: { ...metadata.labels, ...changes.labels },
      annotations: { ...metadata.annotations, ...changes.annotations },
      ownerReferences: [controllerReference(owner)],
    },
    spec: copyOf({ ...spec, ...changes.spec }),
  };
  const groups = ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'];
  const component = `${owner.kind.toLowerCase()}-controller`;
  const user = { username: `system:serviceaccount:kube-system:${component}`, groups };
  try {
    await create(context, { kind, namespace, name: undefined, subresource: '', user, dryRun: false }, pod);
  } catch (error) {
    recordFailure(context, owner, component, error);
    throw error;
  }
}

function recordFailure({ store, clock }: ApiContext, owner: Owner, component: string, error: unknown): void {
  const message = `Error creating: ${error instanceof Error ? error.message : String(error)}`;
  const { namespace = 'default', uid } = owner.metadata;
  // Record repeated failures only once.
  const existingPods = store
    .list('events', namespace)
    .some((event) => event['message'] === message && (event['involvedObject'] as { uid?: string }).uid === uid);
  if (!existingPods) recordEvent(store, clock, owner, { reason: 'FailedCreate', message, type: 'Warning', component });
}

/** Updates the status, unless the object was replaced or deleted. */
export function setStatus(store: MemoryStore, resource: string, object: KubeObject, status: object): void {
  const { namespace, name, uid } = object.metadata;
  const current = store.get(resource, namespace, name);
  if (current?.metadata.uid !== uid || current === undefined) return;
  const observedGeneration = object.metadata['generation'];
  const observed = observedGeneration === undefined ? {} : { observedGeneration };
  store.update(resource, { ...current, status: { ...observed, ...status } });
}

export type Condition = Stored<V1JobCondition>;

/** Returns a condition. Keeps the transition time if it is unchanged. */
export function condition(
  object: KubeObject,
  { type, status, ...why }: Omit<Condition, 'lastTransitionTime'>,
  clock: Clock,
): Condition {
  const existing = (object['status'] as { conditions?: readonly Condition[] } | undefined)?.conditions;
  const before = existing?.find((condition) => condition.type === type);
  const now = timestamp(clock.now());
  return { type, status, ...why, lastTransitionTime: (before?.status === status && before.lastTransitionTime) || now };
}
