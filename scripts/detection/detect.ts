import type { Coverage, Covered } from './coverage.ts';
import type { JobEnd } from './workers.ts';

export interface Defect {
  /** Name of a fault, or position and change of a mutant. */
  readonly name: string;
  /** Name of a fault or id of a mutant. */
  readonly id: string;
  readonly area: string;
  readonly text: string;
  /** Flags that a run needs to show the fault, or empty. Undefined for a mutant. */
  readonly flags?: string;
}

/** `no verdict`: scenarios that pass without the defect cannot be judged. `timed out`: a run hangs. `error`: undetermined. */
export type State = 'noticed' | 'no verdict' | 'timed out' | 'survived' | 'unreached' | 'error';

export interface Detection extends Defect {
  readonly state: State;
  /** Scenarios that failed alone: the first one, or every one with `all`. */
  readonly noticedBy: readonly string[];
  readonly reachedBy: number;
  readonly reason?: string;
  readonly seconds?: number;
}

/** Runs scenarios, without a defect if `defect` is undefined. */
export type Attempt = (defect: Defect | undefined, runs: readonly Covered[], how: How) => Promise<JobEnd>;

interface How {
  readonly stopAtFirst: boolean;
  /** Whether the defect is on only during probes. */
  readonly ofProbes?: boolean;
}

/** Number of scenarios in the first run. */
const FIRST = 24;
/** Maximum number of scenarios without verdict that are retried with the defect on only during probes. */
const MOST_PROBE_ONLY = 20;
/** Maximum number of scenarios without verdict that are retried alone. */
const MOST_BROKEN = 3;
/** Number of parallel scenarios in a run. Processes share the processors. */
export const UNDER_WAY = 8;

interface Choice {
  readonly all: boolean;
  /** Key of the scenario to try first. */
  readonly hint?: string | undefined;
  /** Ids of the defects in the same file, and in the same area. */
  readonly beside?: readonly ReadonlySet<string>[] | undefined;
  /** Maximum number of scenarios to try. Default: all. */
  readonly most?: number | undefined;
  /** Whether the defect can be on only during probes. */
  readonly ofProbes?: boolean | undefined;
}

/**
 * Tries scenarios that reach a defect, likeliest first, and confirms failures alone. If none fails, retries scenarios without
 * verdict with the defect on only during probes, and then examines them (`inquire`).
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
    // If no scenario of the first batch has a verdict, others will probably have none either.
    if (!all && passed.length === 0 && broken.length > 0) break;
  }
  if (noticedBy.length > 0) return done('noticed', noticedBy);
  const flags = broken[0]?.runs[0]?.flags.join();
  const left = likely.filter(
    (run) => run.flags.join() === flags && !passed.includes(run) && run.reachedByProbes?.includes(defect.id),
  );
  if (ofProbes === true && left.length > 0) {
    const tried = await tryBatch(defect, bySuite(left).slice(0, MOST_PROBE_ONLY), attempt, { all, ofProbes });
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
    // The failed scenario only fails in parallel with others, so the rest is tried.
    left = failed.length > 0 && !all ? left.filter((run) => !failed.includes(run)) : [];
  }
  return { noticedBy, passed, broken };
}

interface Broken {
  readonly runs: readonly Covered[];
  /** Whether every run has this problem: it hangs or starts no scenario. */
  readonly always: boolean;
  readonly state: 'no verdict' | 'timed out';
  readonly reason: string;
  /** Duration in milliseconds; processor time if it hangs. */
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
  // If the run does not start or is silent, one scenario shows it. Otherwise one of those in progress is the cause.
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

/** A run that takes this many times longer with the defect is not just slowed by a busy machine. */
const LONGER = 3;
/** Milliseconds. A scenario that ends faster did not time out. */
const AT_ONCE = 5000;

interface Finding {
  readonly state: State;
  readonly noticedBy?: readonly string[];
  readonly reason?: string;
}

/** Repeats the scenarios with and without the defect, to distinguish its effect from that of a busy machine. */
async function inquire(defect: Defect, { runs }: Broken, attempt: Attempt): Promise<Finding> {
  const { noticedBy, broken } = await tryBatch(defect, runs, attempt, { all: false });
  if (noticedBy.length > 0) return { state: 'noticed', noticedBy };
  const [again] = broken;
  if (again === undefined) return { state: 'survived' };
  const { state, reason, timeIn, milliseconds } = again;
  const without = await attempt(undefined, again.runs, { stopAtFirst: true });
  const passed = without.scenarios.filter(({ verdict }) => verdict === 'passed');
  if (passed.length < again.runs.length)
    return { state: 'error', reason: `${reason}; but it had no verdict without the defect either` };
  const took = timeIn(without);
  const isWaitedFor = took * LONGER <= milliseconds;
  return isWaitedFor || (state === 'no verdict' && milliseconds <= took + AT_ONCE)
    ? { state, reason }
    : {
        state: 'error',
        reason: `${reason}; but it took ${took} ms without the defect, and ${milliseconds} ms with it`,
      };
}

/** Returns scenarios that reach a defect, followed by all others if it is reached outside of scenarios. */
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

/** Alternates scenarios that reach the fewest defects with those that reach rarely reached defects of the same file and area. */
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

/** Returns the first scenario of each suite, followed by all others. */
function bySuite(runs: readonly Covered[]): readonly Covered[] {
  const firsts = runs.filter(({ suite }, index) => runs.findIndex((run) => run.suite === suite) === index);
  return [...new Set([...firsts, ...runs])];
}

/** Splits runs into batches with equal flags. `sizes` limits the first batches. */
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
