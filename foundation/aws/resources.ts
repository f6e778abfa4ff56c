import { setTimeout as sleep } from 'node:timers/promises';
import { isUnanswered } from './aws-problem.ts';
import type { Journal, JournalEntry } from '../node/journal.ts';
import { isRefused } from '../node/refused.ts';

/** A resource or change outside the run's process, and how to remove it. */
export interface Resource {
  /** A readable name, such as `role conformance-c1a2b3d-ab-01-app`. */
  readonly name: string;
  /** Where it exists. A resource in a cluster ends with the cluster at the latest. */
  readonly lives: 'cluster' | 'aws' | 'machine';
  /** Resolves when the resource is removed or does not exist. */
  readonly remove: () => Promise<unknown>;
  /** Whether the resource stands for a change. Changes are undone first, in reverse order. */
  readonly isChange?: boolean;
  /** Lower numbers are removed first, equal ones concurrently. Default 0. */
  readonly order?: number;
  /** Name of the resource whose removal also removes this one, even if its own removal fails. */
  readonly partOf?: string;
  /** Name of the resource that needs this one and must be removed first. */
  readonly neededBy?: string;
  /** When to remove a resource, although its owner ends soon: `always` if others notice it, `unless-kept` to free capacity. */
  readonly due?: 'always' | 'unless-kept';
  /** Entry of the state file; absent if tags or labels suffice. */
  readonly entry?: JournalEntry;
}

/** A resource to create. If the creation gets no answer, the resource may exist, so it is removed too. */
export interface PendingResource<T> extends Omit<Resource, 'remove'> {
  readonly make: () => Promise<T>;
  /** `made` is undefined if it is unknown whether the resource was created. */
  readonly remove: (made: T | undefined) => Promise<unknown>;
  /** Error names that mean that the resource exists, if nobody else uses such names. */
  readonly taken?: readonly string[];
  /** Whether an error means that the resource was not created. Default: `isRefused`. */
  readonly isNotMade?: (error: unknown) => boolean;
}

export type Failures = ReadonlyMap<Resource, Error>;

/**
 * The resources to remove at the end of a run, cluster or scenario, including those in creation. Journal entries exist
 * from before the creation until the removal.
 */
export class Resources {
  readonly #journal: Journal | undefined;
  readonly #all = new Set<Resource>();
  readonly #underWay = new Set<Promise<unknown>>();
  #closed = false;

  constructor(journal?: Journal) {
    this.#journal = journal;
  }

  get all(): readonly Resource[] {
    return [...this.#all];
  }

  /** Records a resource that exists or is about to be created. */
  add(resource: Resource): void {
    if (resource.entry !== undefined) this.#journal?.add(resource.entry);
    this.#all.add(resource);
  }

  /** Records how to undo a change. Call it before the change. */
  addChange(name: string, undo: () => Promise<unknown>, due: NonNullable<Resource['due']> = 'always'): void {
    this.add({ name, lives: 'cluster', isChange: true, due, remove: undo });
  }

  /**
   * Creates a resource. Returns undefined if an earlier attempt had created it. Rethrows errors, and keeps the record
   * unless the error means that nothing was created.
   */
  async make<T>(pending: PendingResource<T>, signal?: AbortSignal): Promise<T | undefined> {
    signal?.throwIfAborted();
    if (this.#closed) throw new Error(`${pending.name} was not created because its scenario has ended.`);
    const work = this.#make(pending);
    this.#underWay.add(work);
    try {
      return await work;
    } finally {
      this.#underWay.delete(work);
    }
  }

  async #make<T>({
    make,
    remove,
    taken = [],
    isNotMade = isRefused,
    ...rest
  }: PendingResource<T>): Promise<T | undefined> {
    let made: T | undefined;
    const resource: Resource = { ...rest, remove: () => remove(made) };
    this.add(resource);
    try {
      made = await make();
      return made;
    } catch (error) {
      if (isNotMade(error)) this.#forget(resource);
      else if (taken.includes((error as Error).name)) return undefined;
      throw error;
    }
  }

  /** Prevents further creations and resolves when current ones have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
  }

  take(): readonly Resource[] {
    const all = this.all;
    this.#all.clear();
    return all;
  }

  /** Removes all resources, as `removeAll` does. The next call retries failed removals. */
  async remove(options?: RemovalOptions): Promise<Failures> {
    const all = this.all;
    const failures = await removeAll(all, options);
    for (const resource of all) if (!failures.has(resource)) this.#forget(resource);
    return failures;
  }

  async dispose(): Promise<void> {
    const [failure] = (await this.remove()).values();
    if (failure !== undefined) throw failure;
  }

  #forget(resource: Resource): void {
    this.#all.delete(resource);
    if (resource.entry !== undefined) this.#journal?.forget(resource.entry);
  }
}

interface RemovalOptions {
  /** Milliseconds before a failed removal is retried, if a service answered. Default: no retry. */
  readonly secondTry?: number;
  readonly existing?: ReadonlySet<string>;
  readonly removed?: (resource: Resource) => void;
}

/** Undoes changes, then removes resources in order. A failure only blocks resources that the failed one needs. */
export async function removeAll(
  resources: readonly Resource[],
  { secondTry, existing = new Set(), removed = () => undefined }: RemovalOptions = {},
): Promise<Failures> {
  const failures = new Map<Resource, Error>();
  const isThere = (name: string): boolean =>
    existing.has(name) || [...failures.keys()].some((each) => each.name === name);
  const remove = async (resource: Resource): Promise<void> => {
    const { neededBy } = resource;
    try {
      if (neededBy !== undefined && isThere(neededBy)) throw new Error(`${neededBy} must be removed first`);
      await resource.remove().catch(async (error: unknown) => {
        if (secondTry === undefined || isUnanswered(error)) throw error;
        await sleep(secondTry);
        await resource.remove();
      });
      removed(resource);
    } catch (error) {
      failures.set(resource, error instanceof Error ? error : new Error(String(error)));
    }
  };
  for (const change of resources.filter(({ isChange }) => isChange).reverse()) await remove(change);
  const others = resources.filter(({ isChange }) => isChange !== true);
  for (const order of [...new Set(others.map(({ order = 0 }) => order))].sort((a, b) => a - b))
    await Promise.all(others.filter((each) => (each.order ?? 0) === order).map(remove));
  // Removing a resource has also removed its parts.
  const gone = new Set(others.filter((each) => !failures.has(each)).map(({ name }) => name));
  for (const resource of failures.keys())
    if (resource.partOf !== undefined && gone.has(resource.partOf)) failures.delete(resource);
  return failures;
}
