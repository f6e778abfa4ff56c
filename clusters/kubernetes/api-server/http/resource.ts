import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiContext } from '../rest/context.ts';
import { restrictNode } from '../admission/node-restriction.ts';
import { demandAccess } from '../authorization/demand.ts';
import { badRequest, methodNotAllowed, notFound, pathNotFound } from '../model/errors.ts';
import type { UserInfo } from '../model/user.ts';
import { requestToken } from '../rest/token-request.ts';
import { kindOf, type ResourceKind } from '../model/kinds.ts';
import { isObject } from '../patch/merge-patch.ts';
import { serverSideApply } from '../patch/server-side-apply.ts';
import { deleteObject, deleteOptions } from '../rest/delete.ts';
import { APPLY_PATCH, patchOf } from '../rest/patch.ts';
import { list, listObject } from '../rest/read.ts';
import { scaled, scaleOf } from '../rest/scale.ts';
import { includeObject, tableOf, wantsTable } from '../rest/table.ts';
import { watch } from '../rest/watch.ts';
import { validationMode } from '../rest/field-validation.ts';
import { create, update, type WriteTarget } from '../rest/write.ts';
import { timestamp } from '../model/types.ts';
import { ApiError, type KubeObject } from '../model/types.ts';
import { mediaType, readBody } from './body.ts';
import { serveLog, serveProxy } from './pod-streams.ts';
import { attributesOf, type RequestInfo, type ResourceRequest } from './request-info.ts';
import { respondJson, successStatus } from '../rest/respond.ts';
import { reviewOf } from './reviews.ts';

interface Exchange {
  readonly context: ApiContext;
  readonly info: RequestInfo;
  readonly target: ResourceRequest;
  readonly user: UserInfo;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Returns the kind of the requested resource. Throws `ApiError` 404. */
function kindAt(target: ResourceRequest): ResourceKind {
  const kind = kindOf(target.resource);
  if (kind === undefined || kind.group !== target.group || kind.version !== target.version) throw pathNotFound();
  // The path of a namespace itself names it twice. A path of namespaces below a namespace does not exist.
  const scoped =
    target.namespace !== undefined && !(target.resource === 'namespaces' && target.name === target.namespace);
  if (scoped && !kind.namespaced) throw pathNotFound();
  if (kind.namespaced && !scoped && !['list', 'watch'].includes(target.verb)) throw methodNotAllowed();
  return kind;
}

function writeTarget({ info, target, user, response }: Exchange, kind: ResourceKind): WriteTarget {
  const dryRun = info.query.getAll('dryRun');
  if (dryRun.some((value) => value !== 'All')) throw badRequest('dryRun must be "All"');
  const { name, subresource } = target;
  const namespace = kind.namespaced ? target.namespace : undefined;
  const fields = { mode: validationMode(info.query.get('fieldValidation')), warn: warningsOf(response) };
  return { kind, namespace, name, subresource, user, dryRun: dryRun.length > 0, fields };
}

/** Adds Warning headers, each once (RFC 7234, section 5.5). */
function warningsOf(response: ServerResponse): (text: string) => void {
  const sent = new Set<string>();
  return (text) => {
    sent.add(`299 - "${text.replace(/["\\]/g, '\\$&')}"`);
    response.setHeader('warning', [...sent]);
  };
}

function stored({ context, target }: Exchange, kind: ResourceKind): KubeObject {
  const name = target.name ?? '';
  const storedObject = context.store.get(kind.resource, kind.namespaced ? target.namespace : undefined, name);
  if (storedObject === undefined) throw notFound(kind, name);
  return storedObject;
}

function respondObject(
  { context, info, request, response }: Exchange,
  kind: ResourceKind,
  code: number,
  object: object,
) {
  // A Status, such as after some deletions, is never a table.
  if (!wantsTable(request.headers.accept) || !('kind' in object) || object.kind !== kind.kind) {
    respondJson(response, code, object);
    return;
  }
  const storedObject = object as KubeObject;
  const { resourceVersion } = storedObject.metadata;
  const options = { now: context.clock.now(), include: includeObject(info.query) };
  respondJson(response, code, tableOf(kind, [storedObject], { resourceVersion }, options));
}

function serveList({ context, info, target, request, response }: Exchange, kind: ResourceKind): void {
  const result = list(context, kind, kind.namespaced ? target.namespace : undefined, info.query);
  if (!wantsTable(request.headers.accept)) {
    respondJson(response, 200, listObject(kind, result));
    return;
  }
  const options = { now: context.clock.now(), include: includeObject(info.query) };
  respondJson(response, 200, tableOf(kind, result.items, result.metadata, options));
}

function serveWatch({ context, info, target, request, response }: Exchange, kind: ResourceKind): void {
  const namespace = kind.namespaced ? target.namespace : undefined;
  watch(context, { kind, namespace, query: info.query, table: wantsTable(request.headers.accept) }, response);
}

async function servePatch(exchange: Exchange, kind: ResourceKind): Promise<void> {
  const { context, info, request } = exchange;
  const target = writeTarget(exchange, kind);
  const type = mediaType(request);
  const body = await readBody(request);
  const name = target.name ?? '';
  if (type !== APPLY_PATCH) {
    const patched = await update(context, target, patchOf(type, body, kind, name));
    respondObject(exchange, kind, 200, patched);
    return;
  }
  const manager = info.query.get('fieldManager');
  if (!manager) throw badRequest('fieldManager is required for apply patch');
  if (!isObject(body)) throw badRequest('an applied configuration must be an object');
  const force = info.query.get('force') === 'true';
  const options = { manager, force, time: timestamp(context.clock.now()) };
  const exists = context.store.get(kind.resource, target.namespace, name) !== undefined;
  if (exists || target.subresource !== '') {
    const applied = await update(context, target, (previous) => serverSideApply(previous, body, options));
    respondObject(exchange, kind, 200, applied);
    return;
  }
  const namespace = target.namespace === undefined ? {} : { namespace: target.namespace };
  // An apply that creates an object also requires `create` (endpoints/handlers/patch.go).
  demandAccess(context, exchange.user, { ...attributesOf(info), verb: 'create' });
  const empty = { apiVersion: String(body['apiVersion']), kind: kind.kind, metadata: { name, ...namespace } };
  respondObject(exchange, kind, 201, await create(context, target, serverSideApply(empty, body, options)));
}

async function serveDelete(exchange: Exchange, kind: ResourceKind): Promise<void> {
  const { context, info, target, request } = exchange;
  const options = deleteOptions(await readBody(request), info.query);
  const write = writeTarget(exchange, kind);
  const dryRun = options.dryRun || write.dryRun;
  if (target.verb === 'delete') {
    respondObject(exchange, kind, 200, await deleteObject(context, write, { ...options, dryRun }));
    return;
  }
  const { items, metadata } = list(context, kind, write.namespace, info.query);
  for (const { metadata: meta } of items) {
    await deleteObject(context, { ...write, name: meta.name }, { ...options, dryRun }).catch((error: unknown) => {
      // Another request may have removed the object.
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    });
  }
  respondJson(exchange.response, 200, listObject(kind, { items, metadata }));
}

async function serveEviction(exchange: Exchange, kind: ResourceKind): Promise<void> {
  const body = await readBody(exchange.request);
  const options = deleteOptions(isObject(body) ? body['deleteOptions'] : undefined, exchange.info.query);
  const target = writeTarget(exchange, kind);
  const previous = stored(exchange, kind);
  restrictNode(exchange.context, { ...target, operation: 'CREATE', object: undefined, previous });
  await deleteObject(exchange.context, { ...target, subresource: '' }, options);
  respondJson(exchange.response, 201, successStatus({}));
}

async function serveScale(exchange: Exchange, kind: ResourceKind): Promise<void> {
  const { context, target, request, response } = exchange;
  const { verb } = target;
  if (verb === 'get') return respondJson(response, 200, scaleOf(stored(exchange, kind)));
  if (verb !== 'update' && verb !== 'patch') throw methodNotAllowed();
  const body = await readBody(request);
  const wanted = verb === 'update' ? () => body : patchOf(mediaType(request), body, kind, target.name ?? '');
  const workload = { ...writeTarget(exchange, kind), subresource: '' };
  const updated = await update(context, workload, (previous) => scaled(previous, wanted(scaleOf(previous))));
  respondJson(response, 200, scaleOf(updated));
}

async function serveToken(exchange: Exchange, kind: ResourceKind): Promise<void> {
  const { context, request, response } = exchange;
  const { object, warnings } = await requestToken(
    context,
    stored(exchange, kind),
    await readBody(request),
    writeTarget(exchange, kind),
  );
  const warn = warningsOf(response);
  for (const text of warnings) warn(text);
  respondJson(response, 201, object);
}

async function serveObject(exchange: Exchange, kind: ResourceKind): Promise<void> {
  const { context, target, request } = exchange;
  const plain = target.subresource === '';
  switch (target.verb) {
    case 'get':
      return respondObject(exchange, kind, 200, stored(exchange, kind));
    case 'list':
      return serveList(exchange, kind);
    case 'watch':
      return serveWatch(exchange, kind);
    case 'create':
      if (target.name !== undefined) throw methodNotAllowed();
      return respondObject(
        exchange,
        kind,
        201,
        await create(context, writeTarget(exchange, kind), await readBody(request)),
      );
    case 'update': {
      const body = await readBody(request);
      return respondObject(exchange, kind, 200, await update(context, writeTarget(exchange, kind), () => body));
    }
    case 'patch':
      return servePatch(exchange, kind);
    case 'delete':
    case 'deletecollection':
      if (!plain) throw methodNotAllowed();
      return serveDelete(exchange, kind);
    default:
      throw methodNotAllowed();
  }
}

/** Serves an authorized request. Throws `ApiError`. */
export async function serveResource(exchange: Exchange): Promise<void> {
  const { context, info, target, user, request, response } = exchange;
  const review = reviewOf(target);
  if (review !== undefined) {
    const isLocal = target.resource === 'localsubjectaccessreviews';
    if (isLocal !== (target.namespace !== undefined)) throw pathNotFound();
    if (target.verb !== 'create') throw methodNotAllowed();
    respondJson(response, 201, await review(context, await readBody(request), user, target));
    return;
  }
  const kind = kindAt(target);
  const path = target.subresource === '' ? kind.resource : `${kind.resource}/${target.subresource}`;
  switch (path) {
    case 'pods/log':
      if (target.verb !== 'get') throw methodNotAllowed();
      return serveLog(context, info, target, response);
    case 'pods/proxy':
      return serveProxy(context, info, target, request, response);
    case 'pods/eviction':
      if (target.verb !== 'create') throw methodNotAllowed();
      return serveEviction(exchange, kind);
    case 'deployments/scale':
    case 'replicasets/scale':
      return serveScale(exchange, kind);
    case 'serviceaccounts/token':
      if (target.verb !== 'create') throw methodNotAllowed();
      return serveToken(exchange, kind);
    case 'pods/exec':
    case 'pods/attach':
    case 'pods/portforward':
      throw new ApiError(
        501,
        'NotImplemented',
        `this cluster does not support ${path}, because its containers are plain processes`,
      );
    default:
      if (target.subresource !== '' && !(target.subresource === 'status' && kind.status)) throw pathNotFound();
      return serveObject(exchange, kind);
  }
}
