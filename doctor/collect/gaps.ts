import { isMissing } from '../../foundation/aws/missing.ts';
import { orAborted } from '../../foundation/node/aborted.ts';
import { KubernetesError } from '../../foundation/protocols/kubernetes-connection.ts';
import type { Gap, Right } from '../snapshot/snapshot.ts';

export const INTERRUPTED = 'interrupted';
export const ANOTHER_ACCOUNT = 'another account';

/** A call that failed, with its right. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
  readonly right: Right;
  readonly reason: string;

  constructor(right: Right, reason: string, cause: unknown) {
    super(`${right}: ${reason}`, { cause });
    this.right = right;
    this.reason = reason;
  }

  /** Whether AWS answered that the object does not exist. */
  get isMissing(): boolean {
    return this.cause instanceof Error && isMissing(this.cause);
  }
}

/** Makes calls, and records which parts of a snapshot could not be read. */
export class Gaps {
  readonly #signal: AbortSignal;
  readonly #gaps: Gap[] = [];
  /** Rights with which a call succeeded. */
  readonly #usable = new Set<Right>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(right: Right, reason: string, object?: string): void {
    this.#gaps.push({ right, reason, ...(object !== undefined && { object }) });
  }

  /** Makes a call. Throws `Unreadable`, at once if the collection is interrupted. */
  async call<T>(right: Right, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      this.#signal.throwIfAborted();
      const answer = await orAborted(send(this.#signal), this.#signal);
      this.#usable.add(right);
      return answer;
    } catch (error) {
      if (error instanceof Error && isMissing(error)) this.#usable.add(right);
      throw new Unreadable(right, this.#signal.aborted ? INTERRUPTED : reasonOf(error), error);
    }
  }

  /** Returns the value, or undefined after recording the gap of a call in `read`. */
  async attempt<T>(read: () => Promise<T>, object?: string): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.add(error.right, error.reason, object);
      return undefined;
    }
  }

  /** The gaps. A right with which no call succeeded has only one, without an object. */
  all(): readonly Gap[] {
    const whole = new Map<Right, Gap>();
    for (const { right, reason, object } of this.#gaps)
      if (object === undefined || (!this.#usable.has(right) && reason !== ANOTHER_ACCOUNT))
        whole.set(right, whole.get(right) ?? { right, reason });
    const single = this.#gaps.filter(({ right, reason }) => !whole.has(right) || reason === ANOTHER_ACCOUNT);
    return [...whole.values(), ...single];
  }
}

/** Such as `AccessDenied`, `Forbidden` or `ECONNREFUSED`. */
export function reasonOf(error: unknown): string {
  if (error instanceof KubernetesError) return error.reason;
  const { name, message, code } = error as NodeJS.ErrnoException;
  // The program for credentials is not installed.
  if (code === 'ENOENT') return message;
  if (typeof code === 'string') return code;
  return name === 'Error' ? (message.trim().split('\n')[0] ?? name) : name;
}
