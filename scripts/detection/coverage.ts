import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Verdict } from '../../harness/results/results.ts';
import { inParallel, runJob, type JobEnd } from './workers.ts';

/** A scenario with flags: `AP-34`, or `AP-34 --agent-chart 0.2`. */
export interface Run {
  readonly key: string;
  readonly id: string;
  readonly flags: readonly string[];
  readonly suite?: string;
  /** Hash of the scenario. */
  readonly digest: string;
}

export interface Covered extends Run {
  /** Time to arrange and probe. */
  readonly milliseconds: number;
  /** Ids of reached defects. */
  readonly reached: readonly string[];
  /** Ids of mutants reached by probes. */
  readonly reachedByProbes?: readonly string[] | undefined;
}

export interface Coverage {
  /** Those that pass without a defect. */
  readonly scenarios: readonly Covered[];
  /** Keys of those that do not pass. */
  readonly unusable: readonly string[];
  /** Defects reached outside of scenarios: every scenario may notice them. */
  readonly always: readonly string[];
}

const NONE: readonly string[] = [];
const AGENT_02 = ['--agent-chart', '0.2'];
/** The client with the faults of subject `client`. */
const RAW_CLIENT = ['--client', 'raw'];
interface Specified {
  readonly id: string;
  readonly suite: string;
}

/** All scenarios; suite `agent` also with agent 0.2, suite `client` also with the raw client. */
export const runsOf = (scenarios: readonly Specified[]): readonly Run[] => [
  ...scenarios.map((scenario) => runOf(scenario, NONE)),
  ...scenarios.filter(({ suite }) => suite === 'agent').map((scenario) => runOf(scenario, AGENT_02)),
  ...scenarios.filter(({ suite }) => suite === 'client').map((scenario) => runOf(scenario, RAW_CLIENT)),
];

/** Matches a fault's flags; for mutants, anything but the raw client, which has none. */
export const mayNotice = (run: Run, { flags }: { readonly flags?: string }): boolean =>
  flags === undefined ? !run.flags.includes('raw') : run.flags.join(' ') === flags;

const runOf = (scenario: Specified, flags: readonly string[]): Run => ({
  key: [scenario.id, ...flags].join(' '),
  id: scenario.id,
  flags,
  suite: scenario.suite,
  digest: createHash('sha256').update(JSON.stringify(scenario, withFunctions)).digest('hex'),
});

/** JSON omits functions, such as checks. */
const withFunctions = (_key: string, value: unknown): unknown => (typeof value === 'function' ? String(value) : value);

/** Path, in a build with defects, of the program that runs scenarios. */
export const WORKER = 'scripts/detection/worker.js';
/** Number of scenarios that one process records, one after another. */
const TOGETHER = 40;

interface Recorded extends Covered {
  readonly digest: string;
  readonly verdict: Verdict;
}

interface Recording {
  /** Digest of all sources but the suites. */
  readonly sources: string;
  readonly runs: readonly Recorded[];
  readonly always: readonly string[];
}

/** Records what each scenario reaches, alone, and reuses the file `kept` of the same `sources` (digest without suites). */
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
  const known = new Map(before.runs.map((run) => [run.key, run]));
  const left = runs.filter(({ key, digest }) => known.get(key)?.digest !== digest);
  const always = new Set(before.always);
  await inParallel(
    partsOf(left, TOGETHER, ({ flags }) => flags.join()),
    jobs,
    async (part) => {
      const end = await record(join(build, WORKER), part);
      for (const id of end.always) always.add(id);
      for (const run of part) {
        const found = end.scenarios.find(({ id }) => id === run.id);
        known.set(run.key, {
          ...run,
          verdict: found?.verdict ?? 'error',
          milliseconds: found?.milliseconds ?? 0,
          reached: found?.reached ?? [],
          reachedByProbes: found?.reachedByProbes,
        });
      }
    },
  );
  if (left.length > 0) {
    mkdirSync(dirname(kept), { recursive: true });
    writeFileSync(
      kept,
      JSON.stringify({ sources, runs: [...known.values()], always: [...always] } satisfies Recording),
    );
  }
  const recorded = runs.flatMap(({ key }) => known.get(key) ?? []);
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
  // A failure may pass the next time.
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
    throw new Error(`${part[0]?.key} cannot be run without a defect: ${end.error}`);
  return end;
}

/** Splits items of equal keys into parts of at most `most`. Neighbours are separated: suites differ in waiting time. */
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
