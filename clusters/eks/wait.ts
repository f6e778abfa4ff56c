import { awsProblem, isUnanswered } from '../../foundation/aws/aws-problem.ts';
import { isMissing } from '../../foundation/aws/missing.ts';
import { poll, retry } from '../../foundation/node/poll.ts';
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
  /** Milliseconds after which it is given up when nothing answers. Default: at the deadline. */
  readonly away?: number;
  readonly signal?: AbortSignal;
  readonly progress: (line: string) => void;
}

/**
 * Looks until it is done. Throws what `look` throws, the signal's reason as soon as that fires, and `late(…)` past the
 * deadline. A look that does not come through (network, throttling, a service that fails) is as good as none.
 */
export function awaitDone<T>({ look, before, deadline, late, timing, away, signal, ...told }: Wait<T>): Promise<T> {
  const report = reporter(told, timing);
  let last: Extract<Seen<T>, { readonly status: string }> = { status: 'unknown' };
  let next = before;
  return poll<T>(
    async (attempt) => {
      const seen =
        next ??
        (await look(attempt).catch((error: unknown) => {
          if (!isPassing(error) || isUnanswered(error)) throw error;
          return { ...last, why: awsProblem(error)?.sentence };
        }));
      next = undefined;
      if ('done' in seen) return seen.done;
      last = seen;
      report(last.status);
      return undefined;
    },
    {
      ...pausesOf(timing),
      within: deadline - Date.now(),
      signal,
      tolerates: isUnanswered,
      ...(away !== undefined && { toleratedFor: away }),
      late: (error) => late(last.status, awsProblem(error)?.sentence ?? last.why),
    },
  );
}

/** Tells of each status once, and again from time to time. */
function reporter(
  { what, progress }: Pick<Wait<unknown>, 'what' | 'progress'>,
  timing: Timing,
): (status: string) => void {
  const since = Date.now();
  let told: { readonly status: string; readonly at: number } | undefined;
  return (status) => {
    const now = Date.now();
    if (told?.status === status && now - told.at < timing.report) return;
    const minutes = Math.round((now - since) / 60_000);
    progress(`${what}: ${status}${minutes > 0 ? ` (${minutes} min)` : ''}`);
    told = { status, at: now };
  };
}

/** Pauses between two questions to AWS: at least a second by its own timing. */
export const pausesOf = ({ firstPause, longestPause }: Timing) => ({ every: firstPause, longest: longestPause });

/** Whether an error may be over at the next try, though the SDK has tried again already. */
export const isPassing = (error: unknown): boolean =>
  ['network', 'throttled', 'service'].includes(awsProblem(error)?.kind ?? '');

/**
 * Asks IAM about something that exists by another answer of its own, which not all of IAM may know yet. Undefined when it
 * does not tell: that says nothing of whether the thing is there. Throws the signal's reason when that fires.
 */
export function askAfterLostAnswer<T>(
  ask: () => Promise<T>,
  { timing, signal }: { readonly timing: Timing; readonly signal: AbortSignal },
): Promise<T | undefined> {
  return retry(ask, { ...pausesOf(timing), tolerates: isMissing, within: timing.role, signal }).catch(() => {
    signal.throwIfAborted();
    return undefined;
  });
}
