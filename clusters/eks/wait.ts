import { awsProblem, isUnanswered } from '../../foundation/aws/aws-problem.ts';
import { isMissing } from '../../foundation/aws/missing.ts';
import { poll, retry } from '../../foundation/node/poll.ts';
import type { Timing } from './timing.ts';

/** A poll's result: a final value, or a status. */
export type Seen<T> = { readonly done: T } | { readonly status: string; readonly why?: string | undefined };

export interface Wait<T> {
  /** Name in progress messages, such as `cluster a`. */
  readonly what: string;
  /** Polls once. Errors other than temporary ones end the wait. */
  readonly look: (signal: AbortSignal) => Promise<Seen<T>>;
  /** The result of the call before the wait; a pause follows it. */
  readonly before?: Seen<T>;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly late: (status: string, why: string | undefined) => Error;
  readonly timing: Timing;
  /** Milliseconds without a response after which it gives up. Default: until the deadline. */
  readonly away?: number;
  readonly signal?: AbortSignal;
  readonly progress: (line: string) => void;
}

/** Polls until done. Ignores network errors and throttling. Throws `look`'s other errors, the signal's reason or `late(…)`. */
export function awaitDone<T>({
  look,
  before,
  deadline,
  late,
  timing,
  away,
  signal,
  ...reportOptions
}: Wait<T>): Promise<T> {
  const report = reporter(reportOptions, timing);
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

/** Reports each new status, and repeats an unchanged one from time to time. */
function reporter(
  { what, progress }: Pick<Wait<unknown>, 'what' | 'progress'>,
  timing: Timing,
): (status: string) => void {
  const since = Date.now();
  let lastReport: { readonly status: string; readonly at: number } | undefined;
  return (status) => {
    const now = Date.now();
    if (lastReport?.status === status && now - lastReport.at < timing.report) return;
    const minutes = Math.round((now - since) / 60_000);
    progress(`${what}: ${status}${minutes > 0 ? ` (${minutes} min)` : ''}`);
    lastReport = { status, at: now };
  };
}

/** Returns the pauses for `poll` and `retry`. */
export const pausesOf = ({ firstPause, longestPause }: Timing) => ({ every: firstPause, longest: longestPause });

/** Returns whether an error may be temporary although the SDK has already retried. */
export const isPassing = (error: unknown): boolean =>
  ['network', 'throttled', 'service'].includes(awsProblem(error)?.kind ?? '');

/** Reads a resource that not all of IAM may know yet. Returns undefined on failure, which proves nothing. */
export function askAfterLostAnswer<T>(
  ask: () => Promise<T>,
  { timing, signal }: { readonly timing: Timing; readonly signal: AbortSignal },
): Promise<T | undefined> {
  return retry(ask, { ...pausesOf(timing), tolerates: isMissing, within: timing.role, signal }).catch(() => {
    signal.throwIfAborted();
    return undefined;
  });
}
