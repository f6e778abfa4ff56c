import type { MemoryStore } from '../store/memory-store.ts';
import type { KubeObject } from '../model/types.ts';
import { ownersOf, type OwnerReference } from '../rest/dependents.ts';

export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return ownersOf(object).find(({ controller }) => controller === true);
}

interface ControllerOptions {
  /** Plural name and kind of the reconciled objects. */
  readonly resource: string;
  readonly kind: string;
  readonly owned: readonly string[];
  /** Resources whose changes affect all objects. */
  readonly concerning?: readonly string[];
  /** Reconciles a stored object, which is read-only. Repeated on changes, after the returned milliseconds, and with growing delays after errors. */
  readonly reconcile: (object: KubeObject) => Promise<number | undefined>;
}

const RETRY = { initial: 1000, max: 60_000 };

/** Starts to reconcile objects, each by one pass at a time. Returns a function that stops it. */
export function startController(store: MemoryStore, options: ControllerOptions): () => void {
  const { resource, kind, owned, concerning = [], reconcile } = options;
  const due = new Set<string>();
  const busy = new Set<string>();
  const failures = new Map<string, number>();
  const timers = new Map<string, NodeJS.Timeout>();
  let stopped = false;

  const enqueue = (namespace: string | undefined, name: string): void => {
    const key = `${namespace ?? ''}/${name}`;
    if (due.has(key)) return;
    due.add(key);
    // Run after all other listeners have seen the change.
    setImmediate(() => void pass(key));
  };

  async function pass(key: string): Promise<void> {
    if (stopped || busy.has(key) || !due.delete(key)) return;
    busy.add(key);
    clearTimeout(timers.get(key));
    timers.delete(key);
    const [namespace = '', name = ''] = key.split('/');
    const again = await once(key, namespace, name);
    busy.delete(key);
    if (due.has(key)) void pass(key);
    else if (again !== undefined && !stopped)
      timers.set(key, setTimeout(() => enqueue(namespace, name), Math.min(again, 2_147_483_647)).unref());
  }

  async function once(key: string, namespace: string, name: string): Promise<number | undefined> {
    const object = store.get(resource, namespace, name);
    if (object === undefined) {
      failures.delete(key);
      return undefined;
    }
    try {
      const again = await reconcile(object);
      failures.delete(key);
      return again;
    } catch {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      return Math.min(RETRY.initial * 2 ** count, RETRY.max);
    }
  }

  const unwatch = [
    store.onChange(resource, ({ object }) => enqueue(object.metadata.namespace, object.metadata.name)),
    ...owned.map((dependent) =>
      store.onChange(dependent, ({ object }) => {
        const owner = controllerOf(object);
        if (owner?.kind === kind) enqueue(object.metadata.namespace, owner.name);
      }),
    ),
    ...concerning.map((other) =>
      store.onChange(other, () => {
        for (const { metadata } of store.list(resource)) enqueue(metadata.namespace, metadata.name);
      }),
    ),
  ];
  return () => {
    stopped = true;
    for (const stop of unwatch) stop();
    for (const timer of timers.values()) clearTimeout(timer);
  };
}
