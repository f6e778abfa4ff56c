import { qosClass } from '../admission/pod-defaults.ts';
import { restrictNode } from '../admission/node-restriction.ts';
import { checkMatchConditions } from '../admission/match-conditions.ts';
import { admitServiceAccount } from '../admission/service-account.ts';
import { checkEscalation } from '../authorization/escalation.ts';
import type { ApiContext } from './context.ts';
import { badRequest, conflict, forbidden, invalid, notFound, notOffered, requiredValue } from '../model/errors.ts';
import type { UserInfo } from '../model/user.ts';
import { groupVersion, type ResourceKind } from '../model/kinds.ts';
import { isObject } from '../patch/merge-patch.ts';
import { copyOf } from '../store/copy.ts';
import { nameSuffix } from '../store/memory-store.ts';
import { timestamp } from '../model/types.ts';
import { ApiError, type KubeObject } from '../model/types.ts';
import { applyDefaults, checkImmutable, prepareForCreate, prepareForUpdate } from './strategy.ts';
import { awaitsFinalizers, checkNewFinalizers, finalizersOf } from './finalizers.ts';
import { finishIfEmpty } from './terminate-namespace.ts';
import { withKnownFields, type FieldValidation } from './field-validation.ts';
import { validate } from './validation.ts';

export interface WriteTarget {
  readonly kind: ResourceKind;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** Undefined for writes of the cluster itself. */
  readonly fields?: FieldValidation;
}

/** Returns the object in a request body. Throws `ApiError` 400. */
function objectFrom(body: unknown, target: WriteTarget): KubeObject {
  const { kind, namespace, name } = target;
  if (!isObject(body)) throw badRequest('the body of the request must be an object');
  const expected = groupVersion(kind);
  const { apiVersion = expected, kind: kindName = kind.kind, metadata = {} } = body;
  if (apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${String(apiVersion)}) does not match the expected API version (${expected})`,
    );
  }
  if (kindName !== kind.kind) throw badRequest(`the object provided is unrecognized: the kind must be ${kind.kind}`);
  if (!isObject(metadata)) throw badRequest('metadata must be an object');
  const object = { ...body, apiVersion: expected, kind: kind.kind, metadata: { ...metadata } };
  const meta = object.metadata as KubeObject['metadata'];
  for (const field of ['name', 'generateName', 'namespace', 'uid', 'resourceVersion']) {
    const value = metadata[field];
    if (value === null || value === undefined) Reflect.deleteProperty(meta, field);
    else if (typeof value !== 'string') throw badRequest(`metadata.${field} must be a string`);
  }
  for (const field of ['labels', 'annotations'] as const) {
    const value = metadata[field];
    if (value === null || (isObject(value) && Object.keys(value).length === 0)) Reflect.deleteProperty(meta, field);
  }
  if (kind.namespaced) {
    if (meta.namespace && meta.namespace !== namespace) {
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    }
    if (namespace !== undefined) meta.namespace = namespace;
  } else delete meta.namespace;
  if (name !== undefined) {
    if (meta.name && meta.name !== name) {
      throw badRequest(`the name of the object (${meta.name}) does not match the name on the URL (${name})`);
    }
    meta.name = name;
  }
  for (const field of ['spec', 'status']) {
    if (object[field as 'metadata'] === null) Reflect.deleteProperty(object, field);
    else if (object[field as 'metadata'] !== undefined && !isObject(object[field as 'metadata'])) {
      throw badRequest(`${field} must be an object`);
    }
  }
  return (target.fields ? withKnownFields(kind, object, target.fields) : object) as KubeObject;
}

function checkNamespace(context: ApiContext, target: WriteTarget, object: KubeObject): void {
  const { kind, namespace } = target;
  if (!kind.namespaced) return;
  const namespaceObject = context.store.get('namespaces', undefined, namespace ?? '');
  if (namespaceObject === undefined) throw notFound({ group: '', resource: 'namespaces' }, namespace ?? '');
  if (namespaceObject.metadata.deletionTimestamp !== undefined) {
    const cause = `unable to create new content in namespace ${namespace ?? ''} because it is being terminated`;
    throw forbidden(kind, object.metadata.name, cause);
  }
}

/** Creates an object after defaults, admission and validation. Throws `ApiError`. */
export async function create(context: ApiContext, target: WriteTarget, body: unknown): Promise<KubeObject> {
  const { kind, user, dryRun } = target;
  const { store } = context;
  if (kind.refusal !== undefined) throw notOffered(kind, kind.refusal);
  const requested = objectFrom(body, target);
  const { metadata } = requested;
  if (metadata.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created');
  checkNamespace(context, target, requested);
  // Generate the name before admission, so that webhooks see it.
  if (!metadata.name && metadata.generateName) metadata.name = `${metadata.generateName}${nameSuffix()}`;
  if (!metadata.name) throw invalid(kind, '', [requiredValue('metadata.name', 'name or generateName is required')]);
  prepareForCreate(kind, requested);
  checkEscalation(context, user, kind, requested, true);
  const write = { ...target, operation: 'CREATE', previous: undefined } as const;
  restrictNode(context, { ...write, object: requested });
  if (kind.resource === 'pods') admitServiceAccount(requested, store);
  const object =
    (await context.webhooks.mutate(
      { ...write, object: requested },
      {
        defaults: (patched) => applyDefaults(kind, patched),
        plugins: (patched) => {
          if (kind.resource !== 'pods') return;
          admitServiceAccount(patched, store);
          patched['status'] = { ...(patched['status'] as object), qosClass: qosClass(patched) };
        },
      },
    )) ?? requested;
  await validateAll(kind, object);
  await context.webhooks.validate({ ...write, object });
  if (!dryRun) return store.create(kind.resource, object);
  if (store.get(kind.resource, target.namespace, object.metadata.name)) return store.create(kind.resource, object);
  return { ...object, metadata: { ...object.metadata, creationTimestamp: timestamp(context.clock.now()) } };
}

async function validateAll(kind: ResourceKind, object: KubeObject): Promise<void> {
  validate(kind, object);
  const errors = kind.group === 'admissionregistration.k8s.io' ? await checkMatchConditions(object) : [];
  if (errors.length > 0) throw invalid(kind, object.metadata.name, errors);
}

/** Returns the new object. Called again if the stored object has changed. */
export type Change = (previous: KubeObject) => unknown;

const UPDATE_ATTEMPTS = 5;

/** Replaces an object or its status. Throws `ApiError`. */
export async function update(context: ApiContext, target: WriteTarget, change: Change): Promise<KubeObject> {
  const { kind, namespace, subresource, user, dryRun } = target;
  const { store } = context;
  const name = target.name ?? '';
  for (let attempt = 1; ; attempt += 1) {
    const previous = store.get(kind.resource, namespace, name);
    if (previous === undefined) throw notFound(kind, name);
    const wanted = objectFrom(copyOf(change(copyOf(previous))), target);
    const { resourceVersion } = wanted.metadata;
    if (resourceVersion && resourceVersion !== previous.metadata.resourceVersion) {
      const cause = 'the object has been modified; please apply your changes to the latest version and try again';
      throw conflict(kind, name, cause);
    }
    let object = prepareForUpdate(kind, subresource, wanted, previous);
    if (subresource === '') checkEscalation(context, user, kind, object, false);
    const write = { ...target, operation: 'UPDATE', previous } as const;
    restrictNode(context, { ...write, object: wanted });
    object = (await context.webhooks.mutate({ ...write, object })) ?? object;
    if (subresource === '') checkImmutable(kind, object, previous);
    checkNewFinalizers(kind, object, previous);
    await validateAll(kind, object);
    await context.webhooks.validate({ ...write, object });
    if (dryRun) return object;
    try {
      // The object may have changed during admission.
      const version = previous.metadata.resourceVersion;
      const metadata = { ...object.metadata, ...(version === undefined ? {} : { resourceVersion: version }) };
      const updated = store.update(kind.resource, { ...object, metadata });
      if (awaitsFinalizers(updated) && finalizersOf(updated).length === 0) {
        store.remove(kind.resource, namespace, name);
        if (namespace !== undefined) finishIfEmpty(store, namespace);
      }
      return updated;
    } catch (error) {
      const raced = error instanceof ApiError && error.reason === 'Conflict';
      if (!raced || attempt === UPDATE_ATTEMPTS) throw error;
    }
  }
}
