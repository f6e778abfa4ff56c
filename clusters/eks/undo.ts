import { awsProblem } from '../../foundation/aws-problem.ts';
import { ClusterError } from '../../foundation/cluster-error.ts';
import { isRefused } from '../../foundation/refused.ts';

/**
 * In what order things go: what is in a cluster, what belongs to it, the cluster, what it needed, and last that it is this
 * run's alone.
 */
const STAGES = ['in the cluster', 'of the cluster', 'the cluster', 'beside the cluster', 'lock'] as const;
export type Stage = (typeof STAGES)[number];

export interface Made {
  readonly stage: Stage;
  /** In messages, such as `node group nodes`. */
  readonly what: string;
  /** Resolves when it is gone; also when it was never there. */
  readonly remove: () => Promise<unknown>;
}

/** What was made for one cluster, and how it goes again. */
export class Undo {
  readonly #made = new Set<Made>();
  /** What to do about what is left, as the end of a sentence. */
  readonly #remedy: string | undefined;

  constructor(remedy?: string) {
    this.#remedy = remedy;
  }

  /**
   * Makes something. How it is undone is noted ahead, so that it is undone also when the answer is lost; only an answer that
   * refuses to make it shows that it is not there.
   */
  async making<T>(made: Made, make: () => Promise<T>): Promise<T> {
    this.#made.add(made);
    try {
      return await make();
    } catch (error) {
      if (isRefused(error)) this.#made.delete(made);
      throw error;
    }
  }

  /** Notes how something is undone that is there. */
  made(made: Made): void {
    this.#made.add(made);
  }

  /**
   * Removes all, stage by stage. What a cluster needs stays as long as the cluster does, which works in EC2 with its roles also
   * while it is being deleted; anything else that fails keeps nothing else from being tried, and is tried again by the next
   * call. Throws `ClusterError` LEFT_BEHIND that names what is left.
   */
  async all(): Promise<void> {
    const failures = new Map<Made, unknown>();
    for (const stage of STAGES) {
      const made = [...this.#made].filter((each) => each.stage === stage);
      const cluster = [...failures.keys()].find((each) => each.stage === 'the cluster');
      if (stage === 'beside the cluster' && cluster !== undefined) {
        for (const each of made) failures.set(each, new Error(`it stays while ${cluster.what} is there`));
        continue;
      }
      await Promise.all(
        made.map(async (each) => {
          try {
            await each.remove();
            this.#made.delete(each);
          } catch (error) {
            failures.set(each, error);
          }
        }),
      );
      // A cluster that is gone took with it what was in it and belonged to it.
      if (stage === 'the cluster' && made.length > 0 && made.every((each) => !failures.has(each)))
        for (const each of failures.keys()) this.#made.delete(each);
    }
    const left = [...failures].filter(([made]) => this.#made.has(made));
    if (left.length === 0) return;
    const remedy = this.#remedy === undefined ? '' : `: ${this.#remedy}`;
    throw new ClusterError(
      'LEFT_BEHIND',
      'environment',
      `Left behind: ${left.map(([{ what }, error]) => `${what} (${reasonOf(error)})`).join(', ')}${remedy}.`,
      { cause: left[0]?.[1] },
    );
  }

  /** Does the work, and removes all that was made when it fails. What then is left the error says too. */
  async ifFails<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const left = await this.all().then(
        () => undefined,
        (reason: ClusterError) => reason,
      );
      if (left === undefined) throw error;
      const { code, blame } = error instanceof ClusterError ? error : left;
      throw new ClusterError(code, blame, `${reasonOf(error)}. ${left.message}`, {
        cause: error,
        left: left.message,
      });
    }
  }
}

/** An error in one line, without the full stop. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (awsProblem(error)?.sentence ?? message.split('\n')[0] ?? '').replace(/\.$/, '');
}
