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
  /** Of a fault: the flags of the runs that may show it, or an empty text. Of a mutant: undefined, any may. */
  readonly flags?: string;
}

/**
 * `no verdict`: noticed by the run itself, since scenarios that pass without the defect cannot be judged with it; `timed out`: with
 * it, a run hangs; `error`: neither a verdict nor why there is none was found out.
 */
export type State = 'noticed' | 'no verdict' | 'timed out' | 'survived' | 'unreached' | 'error';

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

/** Runs scenarios with a defect on; undefined: with none. */
export type Attempt = (defect: Defect | undefined, runs: readonly Covered[], how: How) => Promise<JobEnd>;

interface How {
  readonly stopAtFirst: boolean;
  /** The defect is on while a scenario makes its probes alone: what provisions and arranges is without it. */
  readonly ofProbes?: boolean;
}

/** Scenarios that the first run tries, the likeliest. */
const FIRST = 24;
/** How many of those that came to no verdict, and whose probes reach the defect, are tried with it on during these alone, one after another. */
const OF_PROBES = 20;
/** So many of what came to no verdict beside others are tried alone. */
const MOST_BROKEN = 3;
/** Scenarios that a run has under way at once: a machine's processors are shared by the processes. */
export const UNDER_WAY = 8;

interface Choice {
  readonly all: boolean;
  /** Key of the one that is tried first. */
  readonly hint?: string | undefined;
  /** Ids of the defects of the same file, and of the same area. */
  readonly beside?: readonly ReadonlySet<string>[] | undefined;
  /** How many are tried, in the first run and in one of each form of flags after it. Default: every one, as with `all`. */
  readonly most?: number | undefined;
  /** Whether a defect can be on while a scenario makes its probes alone. */
  readonly ofProbes?: boolean | undefined;
}

/**
 * Who notices a defect. Scenarios that reach it are tried, the likeliest first. One that failed in the company of others is run
 * alone as well: that counts. Where none fails, those that came to no verdict are tried with the defect on during their probes
 * alone; then it is looked at why they came to none (`inquire`).
 */
export async function detect(
  defect: Defect,
  coverage: Coverage,
  attempt: Attempt,
  { all, hint, beside, most, ofProbes }: Choice,
): Promise<Detection> {
  const likely = likeliest(defect, coverage, { hint, beside });
  const done = (state: State, noticedBy: readonly string[] = [], reason?: string): Detection => ({
    ...defect,
    state,
    noticedBy,
    reachedBy: likely.length,
    ...(reason !== undefined && { reason }),
  });
  if (likely.length === 0) return done('unreached');
  const noticedBy: string[] = [];
  const passed: Covered[] = [];
  const broken: Broken[] = [];
  const isFirstAlone = hint !== undefined && likely[0]?.key === hint;
  for (const batch of batchesOf(all ? likely : likely.slice(0, most), isFirstAlone ? [1, FIRST] : [FIRST])) {
    const tried = await tryBatch(defect, batch, attempt, { all });
    noticedBy.push(...tried.noticedBy);
    passed.push(...tried.passed);
    broken.push(...tried.broken);
    if ((noticedBy.length > 0 && !all) || tried.broken.some(({ always }) => always)) break;
    // Where none of the first comes to a verdict, the others hardly do.
    if (!all && passed.length === 0 && broken.length > 0) break;
  }
  if (noticedBy.length > 0) return done('noticed', noticedBy);
  const flags = broken[0]?.runs[0]?.flags.join();
  const left = likely.filter(
    (run) => run.flags.join() === flags && !passed.includes(run) && run.reachedByProbes?.includes(defect.id),
  );
  if (ofProbes === true && left.length > 0) {
    const tried = await tryBatch(defect, bySuite(left).slice(0, OF_PROBES), attempt, { all, ofProbes });
    if (tried.noticedBy.length > 0) return done('noticed', tried.noticedBy);
  }
  for (const one of broken.slice(0, MOST_BROKEN)) {
    const { state, noticedBy: by, reason } = await inquire(defect, one, attempt);
    if (state !== 'survived') return done(state, by, reason);
  }
  return done('survived');
}

const withVerdict = (
  verdict: 'passed' | 'failed',
  runs: readonly Covered[],
  ends: JobEnd['scenarios'],
): readonly Covered[] => runs.filter(({ id }) => ends.some((one) => one.id === id && one.verdict === verdict));

/** Which of the scenarios fail by themselves, and what came to no verdict. */
async function tryBatch(
  defect: Defect,
  batch: readonly Covered[],
  attempt: Attempt,
  { all, ofProbes = false }: { readonly all: boolean; readonly ofProbes?: boolean },
) {
  const noticedBy: string[] = [];
  const passed: Covered[] = [];
  const broken: Broken[] = [];
  for (let left = batch; left.length > 0;) {
    const end = await attempt(defect, left, { stopAtFirst: !all, ofProbes });
    passed.push(...withVerdict('passed', left, end.scenarios));
    const failed = withVerdict('failed', left, end.scenarios);
    for (const run of failed) {
      const again = left.length === 1 ? end.scenarios : end.alone;
      const alone =
        again.length > 0 ? again : (await attempt(defect, [run], { stopAtFirst: true, ofProbes })).scenarios;
      if (withVerdict('failed', [run], alone).length > 0) noticedBy.push(run.key);
      if (noticedBy.length > 0 && !all) return { noticedBy, passed, broken };
    }
    broken.push(...brokenIn(left, end));
    // Stopped at one that fails only beside others: the rest is still to be tried.
    left = failed.length > 0 && !all ? left.filter((run) => !failed.includes(run)) : [];
  }
  return { noticedBy, passed, broken };
}

/** What came to no verdict. */
interface Broken {
  /** What to try again. */
  readonly runs: readonly Covered[];
  /** Whether it does so whatever is run: it hangs, or does not get as far as to a scenario. */
  readonly always: boolean;
  readonly state: 'no verdict' | 'timed out';
  readonly reason: string;
  /** How long that takes in a run, in milliseconds: of what hangs, processor time. */
  readonly timeIn: (end: JobEnd) => number;
  readonly milliseconds: number;
}

function brokenIn(runs: readonly Covered[], end: JobEnd): readonly Broken[] {
  const { hangs, timedOut, error, scenarios } = end;
  const endOf = (run: Covered, { scenarios: all }: JobEnd) => all.find(({ id }) => id === run.id);
  const whole = hangs ? 'it hangs' : timedOut ? 'it does not end' : error;
  const single = runs.flatMap((run): Broken[] => {
    const { verdict, reason, milliseconds = 0 } = endOf(run, end) ?? {};
    if (verdict !== 'error' && verdict !== 'inconclusive') return [];
    const why = [`${run.key} is ${verdict}`, reason ?? []].flat().join(': ');
    const timeIn = (other: JobEnd): number => endOf(run, other)?.milliseconds ?? 0;
    return [{ runs: [run], always: false, state: 'no verdict', reason: why, timeIn, milliseconds }];
  });
  if (whole === undefined || (single.length > 0 && !hangs)) return single;
  const left = runs.filter((run) => endOf(run, end) === undefined);
  // What does not even start, or is silent longer than scenarios may take, does so whichever is run; else it is one under way.
  const suspects = hangs || (scenarios.length > 0 && !timedOut) ? UNDER_WAY : 1;
  const timeIn = ({ turn, milliseconds }: JobEnd): number => (hangs ? turn : milliseconds);
  return [
    {
      runs: (left.length > 0 ? left : runs).slice(0, suspects),
      always: hangs || scenarios.length === 0,
      state: hangs || timedOut ? 'timed out' : 'no verdict',
      reason: whole,
      timeIn,
      milliseconds: timeIn(end),
    },
  ];
}

/** So many times longer than without the defect: that is no busy machine. */
const LONGER = 3;
/** Milliseconds. What ends no later than so long after what passes did not end because some time was up. */
const AT_ONCE = 5000;

interface Finding {
  readonly state: State;
  readonly noticedBy?: readonly string[];
  readonly reason?: string;
}

/**
 * Whether it is the defect that keeps scenarios from a verdict: it does so again, and right after that they pass without it. That
 * they take a fraction of the time then tells what was waited for in vain from a busy machine.
 */
async function inquire(defect: Defect, { runs }: Broken, attempt: Attempt): Promise<Finding> {
  const { noticedBy, broken } = await tryBatch(defect, runs, attempt, { all: false });
  if (noticedBy.length > 0) return { state: 'noticed', noticedBy };
  const [again] = broken;
  if (again === undefined) return { state: 'survived' };
  const { state, reason, timeIn, milliseconds } = again;
  const without = await attempt(undefined, again.runs, { stopAtFirst: true });
  const passed = without.scenarios.filter(({ verdict }) => verdict === 'passed');
  if (passed.length < again.runs.length)
    return { state: 'error', reason: `${reason}; and then it came to no verdict without the defect either` };
  const took = timeIn(without);
  const isWaitedFor = took * LONGER <= milliseconds;
  return isWaitedFor || (state === 'no verdict' && milliseconds <= took + AT_ONCE)
    ? { state, reason }
    : { state: 'error', reason: `${reason}; but without the defect that took ${took} of ${milliseconds} ms` };
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

/** The first of each suite, then all others. */
function bySuite(runs: readonly Covered[]): readonly Covered[] {
  const firsts = runs.filter(({ suite }, index) => runs.findIndex((run) => run.suite === suite) === index);
  return [...new Set([...firsts, ...runs])];
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
