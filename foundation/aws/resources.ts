import { setTimeout as sleep } from 'node:timers/promises';
import { isUnanswered } from './aws-problem.ts';
import type { Journal, JournalEntry } from '../node/journal.ts';
import { isRefused } from '../node/refused.ts';

/** Something that a run made, or changed, outside of its own process, and how that is undone. */
export interface Resource {
  /** For a person, such as `role conformance-c1a2b3d-ab-01-app`. */
  readonly name: string;
  /** With what it ends at the latest: its cluster, or nothing at all, in an AWS account or on this machine. */
  readonly lives: 'cluster' | 'aws' | 'machine';
  /** Resolves when it is gone; also when it was never there. */
  readonly remove: () => Promise<unknown>;
  /** It undoes a change and removes nothing: changes are undone first, the newest before the others, one by one. */
  readonly isChange?: boolean;
  /** Lower ones are removed first, equal ones side by side. Default 0. */
  readonly order?: number;
  /** Name of the resource with which it goes, even where it cannot be removed by itself. */
  readonly partOf?: string;
  /** Name of the resource that works with it: it stays as long as that is there. */
  readonly neededBy?: string;
  /** When it must go though its run or cluster ends soon: `always` where other scenarios feel it, `unless-kept` to make room. */
  readonly due?: 'always' | 'unless-kept';
  /** What the state file says of it; absent where what carries the run's tags or labels is found by these. */
  readonly entry?: JournalEntry;
}

/** Something to make. Until its answer is there it is unknown whether it was made: then it is removed like one that was. */
export interface PendingResource<T> extends Omit<Resource, 'remove'> {
  readonly make: () => Promise<T>;
  /** `made` is undefined where it is not known whether it was made. */
  readonly remove: (made: T | undefined) => Promise<unknown>;
  /** Names of the service's errors for "it exists already", where nobody else takes such a name. */
  readonly taken?: readonly string[];
  /** Whether an error says that it was not made. Default: that of `isRefused`. */
  readonly isNotMade?: (error: unknown) => boolean;
}

/** Resources that could not be removed, with the reason of each. */
export type Failures = ReadonlyMap<Resource, Error>;

/**
 * What a run, a cluster or a scenario makes outside of this process, so that its teardown knows of all of it: also of what is
 * under way when it is stopped. What has an entry is in the journal from before it is made until it is gone.
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

  /** Notes how something is removed that is there, or about to be. */
  add(resource: Resource): void {
    if (resource.entry !== undefined) this.#journal?.add(resource.entry);
    this.#all.add(resource);
  }

  /** Notes how a change is undone. To be called ahead of the change. */
  addChange(name: string, undo: () => Promise<unknown>, due: NonNullable<Resource['due']> = 'always'): void {
    this.add({ name, lives: 'cluster', isChange: true, due, remove: undo });
  }

  /**
   * Makes a resource. Gives undefined where an answer got lost on the way and the next try found it made. Throws what `make`
   * throws; the resource is kept unless the error says that it was not made.
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

  /** Lets nothing begin any more, and resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
  }

  /** Hands all over, to be removed by the caller. */
  take(): readonly Resource[] {
    const all = this.all;
    this.#all.clear();
    return all;
  }

  /** Removes all, as `removeAll` does. What could not be removed is tried again by the next call. */
  async remove(options?: RemovalOptions): Promise<Failures> {
    const all = this.all;
    const failures = await removeAll(all, options);
    for (const resource of all) if (!failures.has(resource)) this.#forget(resource);
    return failures;
  }

  /** Removes all; throws the first reason why something could not be. */
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
  /** Milliseconds until a removal that failed is tried a second time, unless nothing answered. Default: it is not. */
  readonly secondTry?: number;
  /** Names of what is there and is not to be removed. */
  readonly there?: ReadonlySet<string>;
  readonly removed?: (resource: Resource) => void;
}

/**
 * Undoes changes, then removes resources in their order. One that fails keeps no other from being removed, but for what it
 * works with. Never rejects: gives what could not be removed.
 */
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
  // What is gone took its parts with it.
  const gone = new Set(others.filter((each) => !failures.has(each)).map(({ name }) => name));
  for (const resource of failures.keys())
    if (resource.partOf !== undefined && gone.has(resource.partOf)) failures.delete(resource);
  return failures;
}
