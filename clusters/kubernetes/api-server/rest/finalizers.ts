import type { ApiContext } from './context.ts';
import { forbiddenValue, invalid } from '../model/errors.ts';
import type { ResourceKind } from '../model/kinds.ts';
import { timestamp, type KubeObject } from '../model/types.ts';

export const finalizersOf = ({ metadata }: KubeObject): readonly string[] =>
  (metadata['finalizers'] as readonly string[] | null | undefined) ?? [];

/** Removes an object, or marks it for deletion while it has finalizers (Kubernetes, "Finalizers"). Returns its last state. */
export function removeOrMark(
  {
    store,
    clock,
  }: { readonly store: Pick<ApiContext['store'], 'remove' | 'update'>; readonly clock: ApiContext['clock'] },
  resource: string,
  object: KubeObject,
): KubeObject {
  const { name, namespace, resourceVersion: _version, ...metadata } = object.metadata;
  if (finalizersOf(object).length === 0) return store.remove(resource, namespace, name) ?? object;
  const deletionTimestamp = metadata.deletionTimestamp ?? timestamp(clock.now());
  const marked = { ...metadata, name, deletionTimestamp, deletionGracePeriodSeconds: 0 };
  return store.update(resource, { ...object, metadata: { ...marked, ...(namespace !== undefined && { namespace }) } });
}

/** Whether an object is only waiting for its finalizers. A pod also waits for its containers. */
export const awaitsFinalizers = ({ metadata }: KubeObject): boolean =>
  metadata.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0;

/** Throws `ApiError` 422 if an object that is being deleted gets a new finalizer. */
export function checkNewFinalizers(kind: ResourceKind, object: KubeObject, previous: KubeObject): void {
  if (previous.metadata.deletionTimestamp === undefined) return;
  const added = finalizersOf(object).filter((one) => !finalizersOf(previous).includes(one));
  if (added.length === 0) return;
  const list = added.map((one) => JSON.stringify(one)).join(', ');
  const why = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
  throw invalid(kind, object.metadata.name, [forbiddenValue('metadata.finalizers', why)]);
}
