import { restrictNode } from '../admission/node-restriction.ts';
import type { ApiContext } from './context.ts';
import { badRequest, conflict, forbidden, notFound } from '../model/errors.ts';
import { isObject } from '../patch/merge-patch.ts';
import { orphan } from './dependents.ts';
import { terminateNamespace } from './terminate-namespace.ts';
import { successStatus } from './respond.ts';
import type { KubeObject } from '../model/types.ts';
import { deletePod } from './delete-pod.ts';
import { removeOrMark } from './finalizers.ts';
import type { WriteTarget } from './write.ts';

/** The supported part of `meta/v1.DeleteOptions`. */
interface DeleteOptions {
  /** Seconds. */
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  /** `propagationPolicy: Orphan`. Otherwise dependents are deleted in the background. */
  readonly orphans: boolean;
  readonly dryRun: boolean;
}

/** Reads the options from body or query. Throws `ApiError` 400. */
export function deleteOptions(body: unknown, query: URLSearchParams): DeleteOptions {
  if (body !== undefined && !isObject(body)) throw badRequest('the body of the request must be DeleteOptions');
  const fromQuery = query.get('gracePeriodSeconds');
  const grace = body?.['gracePeriodSeconds'] ?? (fromQuery === null ? undefined : Number(fromQuery));
  if (grace !== undefined && !(typeof grace === 'number' && Number.isInteger(grace) && grace >= 0)) {
    throw badRequest('gracePeriodSeconds must be a whole number of seconds');
  }
  const preconditions = body?.['preconditions'];
  const dryRun = [body?.['dryRun'], query.getAll('dryRun')].some(
    (value) => Array.isArray(value) && value.includes('All'),
  );
  return {
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
    ...(isObject(preconditions) ? { preconditions } : {}),
    orphans: (body?.['propagationPolicy'] ?? query.get('propagationPolicy')) === 'Orphan',
    dryRun,
  };
}

function checkPreconditions(target: WriteTarget, object: KubeObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const { metadata } = object;
  if (uid !== undefined && uid !== metadata.uid) {
    const cause = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid ?? ''}`;
    throw conflict(target.kind, metadata.name, cause);
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const cause = `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion ?? ''}`;
    throw conflict(target.kind, metadata.name, cause);
  }
}

const PERMANENT_NAMESPACES = ['default', 'kube-system', 'kube-public'];

/** Deletes an object. Returns the object if it terminates first, otherwise a `Status`. */
export async function deleteObject(context: ApiContext, target: WriteTarget, options: DeleteOptions): Promise<object> {
  const { kind, namespace } = target;
  const { store } = context;
  const object = store.get(kind.resource, namespace, target.name ?? '');
  if (object === undefined) throw notFound(kind, target.name ?? '');
  const { name, uid } = object.metadata;
  checkPreconditions(target, object, options);
  if (kind.resource === 'namespaces' && PERMANENT_NAMESPACES.includes(name)) {
    throw forbidden(kind, name, 'this namespace may not be deleted');
  }
  const { dryRun } = options;
  const write = { ...target, dryRun, operation: 'DELETE', object: undefined, previous: object } as const;
  restrictNode(context, write);
  await context.webhooks.mutate(write);
  await context.webhooks.validate(write);
  const details = { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.resource };
  const status = successStatus({ ...details, ...(uid === undefined ? {} : { uid }) });
  if (dryRun) return kind.resource === 'pods' ? object : status;
  if (kind.resource === 'pods')
    return deletePod(context, store.get('pods', namespace, name) ?? object, options.gracePeriodSeconds);
  if (kind.resource === 'namespaces') return terminateNamespace(context, object);
  if (options.orphans) orphan(store, object);
  const last = removeOrMark(context, kind.resource, store.get(kind.resource, namespace, name) ?? object);
  return last.metadata.deletionTimestamp === undefined ? status : last;
}
