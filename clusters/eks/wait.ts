import { setTimeout as sleep } from 'node:timers/promises';
import { awsProblem } from '../../foundation/aws-problem.ts';
import { isMissing } from '../../foundation/missing.ts';
import type { Timing } from './timing.ts';

/** What a look at something saw: that it is as it should be, or how far it is. */
export type Seen<T> = { readonly done: T } | { readonly status: string; readonly why?: string | undefined };

export interface Wait<T> {
  /** In lines of progress, such as `cluster a`. */
  readonly what: string;
  /** May throw what ends the waiting. */
  readonly look: (signal: AbortSignal) => Promise<Seen<T>>;
  /** What the answer to the call before said: then the first look comes after a pause. */
  readonly before?: Seen<T>;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /** The error when it is past the deadline. */
  readonly late: (status: string, why: string | undefined) => Error;
  readonly timing: Timing;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
}

/** By how much pauses grow. */
const GROWTH = 1.5;

/**
 * Looks until it is done. Throws what `look` throws, the signal's reason as soon as that fires, and `late(…)` past the
 * deadline. A look that does not come through (network, throttling, a service that fails) is as good as none.
 */
export async function awaitDone<T>(wait: Wait<T>): Promise<T> {
  const { what, deadline, late, timing, signal, progress } = wait;
  const since = Date.now();
  let pause = timing.firstPause;
  let told: { readonly status: string; readonly at: number } | undefined;
  let seen = wait.before ?? (await lookOnce(wait));
  for (;;) {
    signal.throwIfAborted();
    if ('done' in seen) return seen.done;
    const { status, why } = seen;
    const now = Date.now();
    if (told?.status !== status || now - told.at >= timing.report) {
      const minutes = Math.round((now - since) / 60_000);
      progress(`${what}: ${status}${minutes > 0 ? ` (${minutes} min)` : ''}`);
      told = { status, at: now };
    }
    if (now + pause > deadline) throw late(status, why);
    await sleep(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
    pause = Math.min(pause * GROWTH, timing.longestPause);
    seen = await lookOnce(wait, seen);
  }
}

async function lookOnce<T>({ look, signal }: Wait<T>, last?: Seen<T>): Promise<Seen<T>> {
  try {
    return await look(signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!isPassing(error)) throw error;
    const why = awsProblem(error)?.sentence;
    return last !== undefined && 'status' in last ? { ...last, why } : { status: 'unknown', why };
  }
}

/** Whether an error may be over at the next try, though the SDK has tried again already. */
export const isPassing = (error: unknown): boolean =>
  ['network', 'throttled', 'service'].includes(awsProblem(error)?.kind ?? '');

/**
 * Sends until the answer is none of the errors that time heals, for so many milliseconds; then throws the last one. At most
 * once a second by AWS' timing.
 */
export async function sendUntil<T>(
  send: () => Promise<T>,
  {
    heals,
    within,
    timing,
    signal,
  }: {
    readonly heals: (error: unknown) => boolean;
    readonly within: number;
    readonly timing: Timing;
    readonly signal: AbortSignal;
  },
): Promise<T> {
  const end = Date.now() + within;
  let pause = timing.firstPause;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await send();
    } catch (error) {
      if (!heals(error) || Date.now() + pause > end) throw error;
    }
    await sleep(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
    pause = Math.min(pause * GROWTH, timing.longestPause);
  }
}

/**
 * Asks IAM about something that exists by another answer of its own, which not all of IAM may know yet. Undefined when it
 * does not tell: that says nothing of whether the thing is there. Throws the signal's reason when that fires.
 */
export function askAfterLostAnswer<T>(
  ask: () => Promise<T>,
  { timing, signal }: { readonly timing: Timing; readonly signal: AbortSignal },
): Promise<T | undefined> {
  return sendUntil(ask, { heals: isMissing, within: timing.role, timing, signal }).catch(() => {
    signal.throwIfAborted();
    return undefined;
  });
}
