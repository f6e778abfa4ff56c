import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Verdict } from '../../harness/results/results.ts';
import { inParallel, runJob, type JobEnd } from './workers.ts';

/** A scenario with flags. Keys look like `AP-34` or `AP-34 --agent-chart 0.2`. */
export interface Run {
  readonly key: string;
  readonly id: string;
  readonly flags: readonly string[];
  readonly suite?: string;
  /** SHA-256 of the scenario. */
  readonly digest: string;
}

export interface Covered extends Run {
  /** Time for arranging and probing. */
  readonly milliseconds: number;
  /** Ids of reached defects. */
  readonly reached: readonly string[];
  /** Ids of mutants reached by probes. */
  readonly reachedByProbes?: readonly string[] | undefined;
}

export interface Coverage {
  /** Scenarios that pass without a defect. */
  readonly scenarios: readonly Covered[];
  /** Keys of scenarios that do not pass without a defect. */
  readonly unusable: readonly string[];
  /** Ids of defects reached outside of scenarios. Every scenario may notice them. */
  readonly always: readonly string[];
}

const NONE: readonly string[] = [];
const AGENT_02 = ['--agent-chart', '0.2'];
/** The client that contains the faults of subject `client`. */
const RAW_CLIENT = ['--client', 'raw'];
interface Specified {
  readonly id: string;
  readonly suite: string;
}

/** Returns all scenarios. Adds those of suite `agent` with agent 0.2, and those of suite `client` with the raw client. */
export const runsOf = (scenarios: readonly Specified[]): readonly Run[] => [
  ...scenarios.map((scenario) => runOf(scenario, NONE)),
  ...scenarios.filter(({ suite }) => suite === 'agent').map((scenario) => runOf(scenario, AGENT_02)),
  ...scenarios.filter(({ suite }) => suite === 'client').map((scenario) => runOf(scenario, RAW_CLIENT)),
];

/** Whether a run has a fault's flags. Mutants match every run except those with the raw client, which is not mutated. */
export const mayNotice = (run: Run, { flags }: { readonly flags?: string }): boolean =>
  flags === undefined ? !run.flags.includes('raw') : run.flags.join(' ') === flags;

const runOf = (scenario: Specified, flags: readonly string[]): Run => ({
  key: [scenario.id, ...flags].join(' '),
  id: scenario.id,
  flags,
  suite: scenario.suite,
  digest: createHash('sha256').update(JSON.stringify(scenario, withFunctions)).digest('hex'),
});

/** Includes functions such as checks, which JSON omits. */
const withFunctions = (_key: string, value: unknown): unknown => (typeof value === 'function' ? String(value) : value);

/** Path of the program that runs scenarios, relative to a build with defects. */
export const WORKER = 'scripts/detection/worker.js';
/** Maximum number of scenarios that one process records consecutively. */
const TOGETHER = 40;

interface Recorded extends Covered {
  readonly digest: string;
  readonly verdict: Verdict;
}

interface Recording {
  /** Digest of all sources except the suites. */
  readonly sources: string;
  readonly runs: readonly Recorded[];
  readonly always: readonly string[];
}

/** Records the defects that each scenario reaches alone. Reuses recordings in the file `kept` if their `sources` digest is equal. */
export async function coverageOf(
  runs: readonly Run[],
  {
    build,
    kept,
    sources,
    jobs,
  }: {
    readonly build: string;
    readonly kept: string;
    readonly sources: string;
    readonly jobs: number;
  },
): Promise<Coverage> {
  const before = readKept(kept, sources);
  const formerRuns = new Map(before.runs.map((run) => [run.key, run]));
  const left = runs.filter(({ key, digest }) => formerRuns.get(key)?.digest !== digest);
  const always = new Set(before.always);
  await inParallel(
    partsOf(left, TOGETHER, ({ flags }) => flags.join()),
    jobs,
    async (part) => {
      const end = await record(join(build, WORKER), part);
      for (const id of end.always) always.add(id);
      for (const run of part) {
        const outcome = end.scenarios.find(({ id }) => id === run.id);
        formerRuns.set(run.key, {
          ...run,
          verdict: outcome?.verdict ?? 'error',
          milliseconds: outcome?.milliseconds ?? 0,
          reached: outcome?.reached ?? [],
          reachedByProbes: outcome?.reachedByProbes,
        });
      }
    },
  );
  if (left.length > 0) {
    mkdirSync(dirname(kept), { recursive: true });
    writeFileSync(
      kept,
      JSON.stringify({ sources, runs: [...formerRuns.values()], always: [...always] } satisfies Recording),
    );
  }
  const recorded = runs.flatMap(({ key }) => formerRuns.get(key) ?? []);
  return {
    scenarios: recorded.filter(({ verdict }) => verdict === 'passed'),
    unusable: recorded.filter(({ verdict }) => verdict !== 'passed' && verdict !== 'skipped').map(({ key }) => key),
    always: [...always],
  };
}

function readKept(path: string, sources: string): Recording {
  const nothing = { sources, runs: [], always: [] };
  if (!existsSync(path)) return nothing;
  const kept = JSON.parse(readFileSync(path, 'utf8')) as Recording;
  // Failed scenarios are recorded again, since they may pass.
  return kept.sources === sources
    ? { ...kept, runs: kept.runs.filter(({ verdict }) => verdict === 'passed' || verdict === 'skipped') }
    : nothing;
}

async function record(program: string, part: readonly Run[]): Promise<JobEnd> {
  const end = await runJob(
    program,
    { scenarios: part.map(({ id }) => id), flags: part[0]?.flags ?? [], stopAtFirst: false, parallel: 1, covers: true },
    { silenceMilliseconds: 900_000 },
  );
  if (end.error !== undefined && end.scenarios.length === 0)
    throw new Error(`${part[0]?.key} failed to run without a defect: ${end.error}`);
  return end;
}

/** Splits items with equal keys into parts of at most `most`. Separates neighbours, because the scenarios of a suite wait equally long. */
export function partsOf<Item>(
  items: readonly Item[],
  most: number,
  keyOf: (item: Item) => string,
): readonly (readonly Item[])[] {
  return [...new Set(items.map(keyOf))].flatMap((key) => {
    const same = items.filter((item) => keyOf(item) === key);
    const count = Math.ceil(same.length / most);
    return Array.from({ length: count }, (_, part) => same.filter((_item, index) => index % count === part));
  });
}
