import { isRefused } from '../../foundation/refused.ts';
import { undoAtOnce, removing, type Thing, type UndoStep } from './undo.ts';

/** Something to make, and how to remove it. */
export interface Making<T> extends Thing {
  readonly make: () => Promise<T>;
  /** Must bear that the thing is not there. `made` is undefined where it is not known whether it was made. */
  readonly remove: (made: T | undefined) => Promise<unknown>;
  /** Names of the service's errors for "it exists already", where nobody else takes such a name. */
  readonly taken?: readonly string[];
  /** Others feel it: it is removed when its scenario is over, whatever is kept. */
  readonly atOnce?: boolean;
}

/**
 * What a scenario makes outside of this process, so that its teardown knows of all of it: what is under way when the scenario
 * is stopped is waited for, and from then on nothing is begun.
 */
export class Resources {
  /** How to undo what was made; further steps may be added. */
  readonly undo: UndoStep[] = [];
  readonly #underWay = new Set<Promise<unknown>>();
  #closed = false;

  /**
   * Makes a thing and notes its removal. Gives undefined where an answer got lost on the way and the next try found it made.
   * Where it is unknown whether the thing was made, its removal is noted too, and the error thrown.
   */
  async make<T>(making: Making<T>, signal: AbortSignal): Promise<T | undefined> {
    signal.throwIfAborted();
    if (this.#closed) throw new Error(`${making.name} is not made: its scenario is over.`);
    const work = this.#make(making);
    this.#underWay.add(work);
    try {
      return await work;
    } finally {
      this.#underWay.delete(work);
    }
  }

  async #make<T>({ make, remove, taken = [], atOnce = false, name, lives }: Making<T>): Promise<T | undefined> {
    const note = (made: T | undefined): void => {
      const step = removing({ name, lives }, () => remove(made));
      this.undo.push(atOnce ? undoAtOnce(step) : step);
    };
    let made: T;
    try {
      made = await make();
    } catch (error) {
      if (isRefusal(error)) throw error;
      note(undefined);
      if (taken.includes((error as Error).name)) return undefined;
      throw error;
    }
    note(made);
    return made;
  }

  /** Lets nothing begin any more, and resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
  }
}

/** `isRefused` of the AWS clients, or the same of the Kubernetes client, which tries once. */
export function isRefusal(error: unknown): boolean {
  const { status } = error as { readonly status?: unknown };
  return isRefused(error) || (typeof status === 'number' && status >= 400 && status < 500);
}
