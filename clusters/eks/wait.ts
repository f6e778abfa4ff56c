import { awsProblem, isUnanswered } from '../../foundation/aws/aws-problem.ts';
import { isMissing } from '../../foundation/aws/missing.ts';
import { poll, retry } from '../../foundation/node/poll.ts';
import type { Timing } from './timing.ts';

/** A poll's result: done, or a status. */
export type Seen<T> = { readonly done: T } | { readonly status: string; readonly why?: string | undefined };

export interface Wait<T> {
  /** For progress, such as `cluster a`. */
  readonly what: string;
  /** Errors end the waiting. */
  readonly look: (signal: AbortSignal) => Promise<Seen<T>>;
  /** The previous call's result: then the first poll follows a pause. */
  readonly before?: Seen<T>;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /** Makes the timeout error. */
  readonly late: (status: string, why: string | undefined) => Error;
  readonly timing: Timing;
  /** Milliseconds without an answer until it gives up. Default: the deadline. */
  readonly away?: number;
  readonly signal?: AbortSignal;
  readonly progress: (line: string) => void;
}

/** Polls until done. Throws errors of `look`, the signal's reason, or `late(…)`. Failed calls (network, throttling) are ignored. */
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

/** Reports new statuses, and repeats them from time to time. */
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

/** At least a second with AWS's own timing. */
export const pausesOf = ({ firstPause, longestPause }: Timing) => ({ every: firstPause, longest: longestPause });

/** Reports whether an error may be temporary despite the SDK's retries. */
export const isPassing = (error: unknown): boolean =>
  ['network', 'throttled', 'service'].includes(awsProblem(error)?.kind ?? '');

/** Asks IAM about an existing thing that not all of IAM may know yet. Undefined without an answer, which proves nothing. */
export function askAfterLostAnswer<T>(
  ask: () => Promise<T>,
  { timing, signal }: { readonly timing: Timing; readonly signal: AbortSignal },
): Promise<T | undefined> {
  return retry(ask, { ...pausesOf(timing), tolerates: isMissing, within: timing.role, signal }).catch(() => {
    signal.throwIfAborted();
    return undefined;
  });
}
