import { Readable } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { KubernetesError, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';

/** Parts of a stored object that tests read and write. */
interface Stored {
  metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: object;
    readonly annotations?: object;
  };
  status?: Record<string, unknown>;
  readonly [field: string]: unknown;
}

/** An in-memory API server without controllers, whose work tests simulate. */
export interface FakeApi extends Connection {
  /** Objects by path. */
  readonly objects: Map<string, Stored>;
  /** Calls such as `POST /api/v1/…`, in order. */
  readonly calls: string[];
  /** Answers a call instead of the store if it returns a value. May throw. */
  respond: (method: string, path: string, body: unknown) => unknown;
  /** Called after an object was stored, to simulate controllers. */
  reconcile: (path: string, object: Stored) => void;
  /** Content of each log that is opened. */
  log: string;
}

export function fakeApi(): FakeApi {
  const objects = new Map<string, Stored>();
  const calls: string[] = [];
  const notFound = (path: string): never => {
    throw new KubernetesError(404, 'NotFound', `${path} not found`);
  };
  const store = (path: string, object: Stored): Stored => {
    objects.set(path, object);
    api.reconcile(path, object);
    return object;
  };
  const api: FakeApi = {
    objects,
    calls,
    log: '',
    respond: () => undefined,
    reconcile: () => undefined,
    json: async <T>(method: string, pathAndQuery: string, body?: unknown, signal?: AbortSignal): Promise<T> => {
      signal?.throwIfAborted();
      calls.push(`${method} ${pathAndQuery}`);
      const answer = api.respond(method, pathAndQuery, body);
      if (answer !== undefined) return answer as T;
      const [path = ''] = pathAndQuery.split('?');
      const isList = /s$/.test(path) && method === 'GET' && !objects.has(path);
      if (isList && /\/(pods|daemonsets|mutatingwebhookconfigurations)$/.test(path))
        return { items: [...objects].filter(([key]) => itemOf(key, path)).map(([, object]) => object) } as T;
      const given = body as Stored;
      if (method === 'POST') return store(`${path}/${given.metadata.name}`, given) as T;
      const stored = objects.get(path) ?? notFound(path);
      if (method === 'PATCH')
        return store(path, { ...stored, ...given, metadata: { ...stored.metadata, ...given.metadata } }) as T;
      if (method === 'DELETE') objects.delete(path);
      return stored as T;
    },
    open: async () => Readable.from([Buffer.from(api.log)]) as unknown as IncomingMessage,
    send: () => Promise.reject(new Error('The fake API does not support send.')),
    close: () => undefined,
  };
  return api;
}

/** Whether an object's path belongs to a list of its namespace or of all namespaces. */
const itemOf = (key: string, list: string): boolean => {
  const resource = list.slice(list.lastIndexOf('/'));
  const root = list.slice(0, list.lastIndexOf('/'));
  return key.startsWith(`${root}/`) && key.slice(0, key.lastIndexOf('/')).endsWith(resource);
};
