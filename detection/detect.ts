import type { Coverage, Covered } from './coverage.ts';
import type { JobEnd } from './workers.ts';

/** A fault or a mutant. */
export interface Defect {
  /** A fault's name, or a mutant's place and change. */
  readonly name: string;
  /** As coverage knows it: a fault's name or a mutant's id. */
  readonly id: string;
  readonly area: string;
  readonly text: string;
}

export type State = 'noticed' | 'survived' | 'unreached' | 'timed out' | 'error';

export interface Detection extends Defect {
  readonly state: State;
  /** Scenarios that failed, each by itself; with `all`, every one, else the first. */
  readonly noticedBy: readonly string[];
  /** How many scenarios reach it. */
  readonly reachedBy: number;
  readonly reason?: string;
  /** What it took to find out. */
  readonly seconds?: number;
}

/** Runs scenarios with the defect on. */
export type Attempt = (
  defect: Defect,
  runs: readonly Covered[],
  how: { readonly stopAtFirst: boolean },
) => Promise<JobEnd>;

/** Scenarios that the first run tries, the likeliest. */
const FIRST = 24;
/** How many are tried at most, in the first run and in one of each form of flags after it; with `all`, every one. */
const MOST = 120;

interface Choice {
  readonly all: boolean;
  /** Key of the one that is tried first. */
  readonly hint?: string | undefined;
  readonly firstAlone?: boolean;
  /** Ids of the defects of the same file, and of the same area. */
  readonly beside?: readonly ReadonlySet<string>[] | undefined;
}

/**
 * Who notices a defect. Scenarios that reach it are tried, the likeliest first. One that failed in the company of others is run
 * alone as well: that counts. A run or scenario that ended in an error is tried once more; where it does so again, or did not end,
 * no more are tried.
 */
export async function detect(
  defect: Defect,
  coverage: Coverage,
  attempt: Attempt,
  { all, hint, firstAlone, beside }: Choice,
): Promise<Detection> {
  const likely = likeliest(defect, coverage, { hint, beside });
  const done = (state: State, noticedBy: readonly string[] = [], reason?: string): Detection => ({
    ...{ ...defect, state, noticedBy, reachedBy: likely.length },
    ...(reason !== undefined && { reason }),
  });
  if (likely.length === 0) return done('unreached');
  const noticedBy: string[] = [];
  let missed: { readonly state: State; readonly reason?: string } = { state: 'survived' };
  const failedIn = (runs: readonly Covered[], { scenarios }: JobEnd): readonly Covered[] =>
    runs.filter(({ id }) => scenarios.some((one) => one.id === id && one.verdict === 'failed'));
  const isFirstAlone = firstAlone === true || (hint !== undefined && likely[0]?.key === hint);
  for (const batch of batchesOf(all ? likely : likely.slice(0, MOST), isFirstAlone ? [1, FIRST] : [FIRST])) {
    let left = batch;
    while (left.length > 0) {
      const end = await attempt(defect, left, { stopAtFirst: !all });
      const failed = failedIn(left, end);
      for (const run of failed) {
        const alone = batch.length === 1 ? end : await attempt(defect, [run], { stopAtFirst: true });
        if (failedIn([run], alone).length > 0) noticedBy.push(run.key);
        if (noticedBy.length > 0 && !all) return done('noticed', noticedBy);
      }
      const broken = brokenIn(left, end);
      if (failed.length > 0) {
        // Stopped at one that fails only beside others: the rest is still to be tried.
        left = all ? [] : left.filter((run) => !failed.includes(run));
      } else if (end.timedOut) {
        missed = { state: 'timed out' };
        left = [];
      } else if (broken === undefined) {
        left = [];
      } else {
        const again = await attempt(defect, broken.runs, { stopAtFirst: true });
        const stillBroken = brokenIn(broken.runs, again);
        noticedBy.push(...(broken.runs.length === 1 ? failedIn(broken.runs, again) : []).map(({ key }) => key));
        if (noticedBy.length > 0 && !all) return done('noticed', noticedBy);
        if (stillBroken !== undefined) missed = { state: 'error', reason: stillBroken.reason };
        left = stillBroken === undefined ? left.filter((run) => !broken.runs.includes(run)) : [];
      }
    }
    if (!all && missed.state !== 'survived' && batch[0]?.key !== hint) break;
  }
  return noticedBy.length > 0 ? done('noticed', noticedBy) : done(missed.state, [], missed.reason);
}

/** What to try once more of a run that came to no verdict: the first scenario without one, or all where the run itself failed. */
function brokenIn(
  runs: readonly Covered[],
  { scenarios, error, timedOut }: JobEnd,
): { readonly runs: readonly Covered[]; readonly reason: string } | undefined {
  for (const run of runs) {
    const verdict = scenarios.find(({ id }) => id === run.id)?.verdict;
    if (verdict === 'error' || verdict === 'inconclusive') return { runs: [run], reason: `${run.key} is ${verdict}` };
    if (verdict === undefined && error !== undefined) return { runs: [run], reason: error };
  }
  if (timedOut) return { runs, reason: 'it did not end' };
  return error === undefined ? undefined : { runs, reason: error };
}

/** Scenarios that reach a defect; after them all others, where its place is reached outside of scenarios too. */
function likeliest(
  { id }: Defect,
  { scenarios, always }: Coverage,
  { hint, beside = [] }: Pick<Choice, 'hint' | 'beside'>,
): readonly Covered[] {
  const reaching = scenarios.filter(({ reached }) => reached.includes(id));
  const others = always.includes(id) ? scenarios.filter((run) => !reaching.includes(run)) : [];
  const ordered = [...inTurn(reaching, beside), ...inTurn(others, beside)];
  const isHinted = ({ key }: Covered): boolean => key === hint;
  return [...ordered.filter(isHinted), ...ordered.filter((run) => !isHinted(run))];
}

/**
 * In turn one that reaches the fewest places, of these the quickest, and one that reaches what few others do of the defect's file,
 * and of its area.
 */
function inTurn(runs: readonly Covered[], beside: readonly ReadonlySet<string>[]): readonly Covered[] {
  const fewest = [...runs].sort(
    (one, other) => one.reached.length - other.reached.length || one.milliseconds - other.milliseconds,
  );
  const orders = beside.map((ids) => byRarity(fewest, ids));
  return [...new Set(fewest.flatMap((run, index) => [run, ...orders.map((order) => order[index] ?? run)]))];
}

function byRarity(runs: readonly Covered[], ids: ReadonlySet<string>): readonly Covered[] {
  const near = new Map(runs.map((run) => [run, run.reached.filter((id) => ids.has(id))]));
  const reachedBy = new Map<string, number>();
  for (const id of [...near.values()].flat()) reachedBy.set(id, (reachedBy.get(id) ?? 0) + 1);
  const rarities = new Map(
    [...near].map(([run, reached]) => [run, reached.reduce((sum, id) => sum + 1 / (reachedBy.get(id) ?? 1), 0)]),
  );
  return [...runs].sort((one, other) => (rarities.get(other) ?? 0) - (rarities.get(one) ?? 0));
}

/** Runs of the same flags, which one process can run together; `sizes` are how many the first ones hold. */
function batchesOf(runs: readonly Covered[], sizes: readonly number[]): readonly (readonly Covered[])[] {
  const batches: Covered[][] = [];
  for (const run of runs) {
    const fits = (batch: Covered[], index: number): boolean =>
      batch.length < (sizes[index] ?? Infinity) && batch[0]?.flags.join() === run.flags.join();
    const open = batches.find(fits);
    if (open === undefined) batches.push([run]);
    else open.push(run);
  }
  return batches;
}
