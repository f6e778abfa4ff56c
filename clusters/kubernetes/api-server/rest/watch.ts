import type { ServerResponse } from 'node:http';
import type { ApiContext } from './context.ts';
import { badRequest } from '../model/errors.ts';
import { failureStatus } from './respond.ts';
import { groupVersion, type ResourceKind } from '../model/kinds.ts';
import type { Change } from '../store/memory-store.ts';
import { ApiError, type KubeObject } from '../model/types.ts';
import { selectorOf } from './read.ts';
import { includeObject, tableOf } from './table.ts';

interface WatchTarget {
  readonly kind: ResourceKind;
  readonly namespace: string | undefined;
  readonly query: URLSearchParams;
  readonly table: boolean;
}

/** Seconds until a watch ends. */
const DEFAULT_TIMEOUT = 1800;

/** Returns the event type for a selector: an object may start or stop matching. */
function visible(change: Change, selects: (object: KubeObject) => boolean): Change['type'] | undefined {
  const before = change.type !== 'ADDED' && change.previous !== undefined && selects(change.previous);
  const after = change.type !== 'DELETED' && selects(change.object);
  if (after) return before ? 'MODIFIED' : 'ADDED';
  return before ? 'DELETED' : undefined;
}

function startVersion(query: URLSearchParams): number | undefined {
  const value = query.get('resourceVersion') ?? '';
  if (value === '' || value === '0') return undefined;
  if (!/^\d+$/.test(value)) throw badRequest(`Invalid value: "${value}": resourceVersion must be a whole number`);
  return Number(value);
}

/**
 * Serves a watch as one JSON event per line, until timeout, disconnect or close. Without resourceVersion, or with
 * `sendInitialEvents`, it starts with existing objects. Throws `ApiError` before it starts.
 */
export function watch(context: ApiContext, target: WatchTarget, response: ServerResponse): void {
  const { kind, namespace, query, table } = target;
  const { store, clock } = context;
  const selects = selectorOf(kind, query);
  const include = includeObject(query);
  const since = startVersion(query);
  const initialEvents = query.get('sendInitialEvents') === 'true' || query.get('sendInitialEvents') === '1';
  const seconds = Number(query.get('timeoutSeconds') ?? DEFAULT_TIMEOUT);
  if (!(seconds >= 0)) throw badRequest('timeoutSeconds must be a whole number');
  let columns = true;

  function send(type: string, object: object): void {
    response.write(`${JSON.stringify({ type, object })}\n`);
  }
  function sendObject(type: string, object: KubeObject): void {
    if (!table) {
      send(type, object);
      return;
    }
    const { resourceVersion } = object.metadata;
    send(type, tableOf(kind, [object], { resourceVersion }, { now: clock.now(), include, columns }));
    columns = false;
  }
  function sendBookmark(annotations?: Record<string, string>): void {
    const metadata = { name: '', resourceVersion: String(store.version), ...(annotations ? { annotations } : {}) };
    const bookmark = { kind: kind.kind, apiVersion: groupVersion(kind), metadata };
    if (!table) send('BOOKMARK', bookmark);
    else {
      const rows = [
        { cells: [], object: { ...bookmark, kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' } },
      ];
      const { resourceVersion } = metadata;
      send('BOOKMARK', {
        kind: 'Table',
        apiVersion: 'meta.k8s.io/v1',
        metadata: { resourceVersion },
        columnDefinitions: null,
        rows,
      });
    }
  }
  function deliver(change: Change): void {
    if (namespace !== undefined && change.object.metadata.namespace !== namespace) return;
    const type = visible(change, selects);
    if (type !== undefined) sendObject(type, change.object);
  }

  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  try {
    if (since === undefined || initialEvents) {
      for (const object of store.list(kind.resource, namespace).filter(selects)) sendObject('ADDED', object);
      if (initialEvents) sendBookmark({ 'k8s.io/initial-events-end': 'true' });
    } else for (const change of store.changesSince(kind.resource, since)) deliver(change);
  } catch (error) {
    // Kubernetes reports an expired version as an event, after which clients list again.
    if (!(error instanceof ApiError)) throw error;
    send('ERROR', failureStatus(error));
    response.end();
    return;
  }
  const stop = store.onChange(kind.resource, deliver);
  const timer = setTimeout(
    () => {
      if (query.get('allowWatchBookmarks') === 'true' || query.get('allowWatchBookmarks') === '1') sendBookmark();
      stop();
      response.end();
    },
    Math.min(seconds || DEFAULT_TIMEOUT, 86_400) * 1000,
  );
  response.on('close', () => {
    clearTimeout(timer);
    stop();
  });
}
