import { isMissing } from '../../foundation/aws/missing.ts';
import { orAborted } from '../../foundation/node/aborted.ts';
import { KubernetesError } from '../../foundation/protocols/kubernetes-connection.ts';
import { ANOTHER_ACCOUNT, type Gap, type Right } from '../snapshot/snapshot.ts';

export const INTERRUPTED = 'interrupted';

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
}

/** Returns null if AWS answers that the object does not exist. */
export async function orNull<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Unreadable && error.cause instanceof Error && isMissing(error.cause)) return null;
    throw error;
  }
}

/** Makes calls, and records which parts of a snapshot could not be read. */
export class Gaps {
  readonly #signal: AbortSignal;
  readonly #gaps: Gap[] = [];
  /** Rights whose calls AWS or Kubernetes answered. */
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

  /** Returns the gaps. A right without any answer has only one, without an object. */
  all(): readonly Gap[] {
    const isSingle = ({ right, reason, object }: Gap): boolean =>
      object !== undefined && (this.#usable.has(right) || reason === ANOTHER_ACCOUNT);
    const whole = new Map(this.#gaps.filter((gap) => !isSingle(gap)).map(({ right, reason }) => [right, reason]));
    return [...[...whole].map(([right, reason]) => ({ right, reason })), ...this.#gaps.filter(isSingle)];
  }
}

/** Returns a reason such as `AccessDenied`, `Forbidden` or `ECONNREFUSED`. */
function reasonOf(error: unknown): string {
  if (error instanceof KubernetesError) return error.reason;
  const { name, message, code } = error as NodeJS.ErrnoException;
  // ENOENT: the kubeconfig's program is not installed.
  if (typeof code === 'string' && code !== 'ENOENT') return code;
  return name === 'Error' ? (message.trim().split('\n')[0] ?? name) : name;
}
