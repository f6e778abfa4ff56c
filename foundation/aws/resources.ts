import { setTimeout as sleep } from 'node:timers/promises';
import { isUnanswered } from './aws-problem.ts';
import type { Journal, JournalEntry } from '../node/journal.ts';
import { isRefused } from '../node/refused.ts';

/** A resource, or a change, outside the run's process, and how it is removed. */
export interface Resource {
  /** For people, such as `role conformance-c1a2b3d-ab-01-app`. */
  readonly name: string;
  /** The owner with which it ends at the latest: its cluster, or none in an AWS account or on this machine. */
  readonly lives: 'cluster' | 'aws' | 'machine';
  /** Resolves when it is gone or missing. */
  readonly remove: () => Promise<unknown>;
  /** A change, which is undone first, the newest before older ones. */
  readonly isChange?: boolean;
  /** Lower ones are removed first, equal ones concurrently. Default 0. */
  readonly order?: number;
  /** Name of the resource with which it goes, even if its own removal fails. */
  readonly partOf?: string;
  /** Name of the resource that needs it and must go first. */
  readonly neededBy?: string;
  /** When to remove it though its owner ends soon: `always` if others notice it, `unless-kept` to make room. */
  readonly due?: 'always' | 'unless-kept';
  /** State file entry; absent if tags or labels suffice. */
  readonly entry?: JournalEntry;
}

/** A resource to make. Without an answer it may exist, and is removed too. */
export interface PendingResource<T> extends Omit<Resource, 'remove'> {
  readonly make: () => Promise<T>;
  /** `made` is undefined if it is unknown whether the resource was made. */
  readonly remove: (made: T | undefined) => Promise<unknown>;
  /** Error names for an existing resource, if nobody else uses such names. */
  readonly taken?: readonly string[];
  /** Whether an error means that it was not made. Default: `isRefused`. */
  readonly isNotMade?: (error: unknown) => boolean;
}

export type Failures = ReadonlyMap<Resource, Error>;

/**
 * The resources of a run, cluster or scenario, for teardown, including those being made. Entries are in the journal
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

  /** Records a resource that exists, or is about to. */
  add(resource: Resource): void {
    if (resource.entry !== undefined) this.#journal?.add(resource.entry);
    this.#all.add(resource);
  }

  /** Records how to undo a change; call it before the change. */
  addChange(name: string, undo: () => Promise<unknown>, due: NonNullable<Resource['due']> = 'always'): void {
    this.add({ name, lives: 'cluster', isChange: true, due, remove: undo });
  }

  /**
   * Makes a resource. Returns undefined if an earlier attempt had made it. Rethrows errors; keeps the resource unless
   * the error means that it was not made.
   */
  async make<T>(pending: PendingResource<T>, signal?: AbortSignal): Promise<T | undefined> {
    signal?.throwIfAborted();
    if (this.#closed) throw new Error(`${pending.name} is not made: its scenario is over.`);
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

  /** Prevents new work, and resolves when current work is over. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
  }

  take(): readonly Resource[] {
    const all = this.all;
    this.#all.clear();
    return all;
  }

  /** Removes all, as `removeAll`; the next call repeats failed removals. */
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

export interface RemovalOptions {
  /** Milliseconds until a failed removal is repeated, if something answered. Default: never. */
  readonly secondTry?: number;
  readonly there?: ReadonlySet<string>;
  readonly removed?: (resource: Resource) => void;
}

/** Undoes changes, then removes resources in order. A failure only blocks resources that depend on it. */
export async function removeAll(
  resources: readonly Resource[],
  { secondTry, there = new Set(), removed = () => undefined }: RemovalOptions = {},
): Promise<Failures> {
  const failures = new Map<Resource, Error>();
  const isThere = (name: string): boolean => there.has(name) || [...failures.keys()].some((each) => each.name === name);
  const remove = async (resource: Resource): Promise<void> => {
    const { neededBy } = resource;
    try {
      if (neededBy !== undefined && isThere(neededBy)) throw new Error(`it stays while ${neededBy} is there`);
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
  // Removed resources took their parts with them.
  const gone = new Set(others.filter((each) => !failures.has(each)).map(({ name }) => name));
  for (const resource of failures.keys())
    if (resource.partOf !== undefined && gone.has(resource.partOf)) failures.delete(resource);
  return failures;
}
