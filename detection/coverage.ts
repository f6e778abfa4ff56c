import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { inParallel, runJob } from './workers.ts';

/** A scenario under certain flags: `AP-34`, or `AP-34 --agent-chart 0.2`. */
export interface Run {
  readonly key: string;
  readonly id: string;
  readonly flags: readonly string[];
}

export interface Covered extends Run {
  /** What it takes to arrange and probe alone. */
  readonly milliseconds: number;
  /** Defects whose place it reaches. */
  readonly reached: readonly string[];
}

export interface Coverage {
  /** Those that pass without a defect. */
  readonly scenarios: readonly Covered[];
  /** Keys of those that do not pass as it is. */
  readonly unusable: readonly string[];
  /** Defects whose place is reached outside of scenarios: every scenario may notice them. */
  readonly always: readonly string[];
}

const NONE: readonly string[] = [];
const AGENT_02 = ['--agent-chart', '0.2'];
/** Scenarios that one process records, one after another. */
const PART = 40;

/** All scenarios, those of suite `agent` also with agent 0.2. */
export const runsOf = (scenarios: readonly { readonly id: string; readonly suite: string }[]): readonly Run[] => [
  ...scenarios.map(({ id }) => ({ key: id, id, flags: NONE })),
  ...scenarios
    .filter(({ suite }) => suite === 'agent')
    .map(({ id }) => ({ key: [id, ...AGENT_02].join(' '), id, flags: AGENT_02 })),
];

/** Records what each scenario reaches, alone; kept in a file of the build, so that it is done once for the same sources. */
export async function coverageOf(build: string, runs: readonly Run[], jobs: number): Promise<Coverage> {
  const file = `${build}/coverage.json`;
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Coverage;
  const scenarios: Covered[] = [];
  const unusable: string[] = [];
  const always = new Set<string>();
  await inParallel(partsOf(runs), jobs, async (part) => {
    const [first] = part;
    const end = await runJob(
      `${build}/detection/worker.js`,
      { scenarios: part.map(({ id }) => id), flags: first?.flags ?? [], stopAtFirst: false, parallel: 1, covers: true },
      { limitMilliseconds: 900_000 },
    );
    if (end.error !== undefined && end.scenarios.length === 0)
      throw new Error(`Scenarios cannot be run without a defect: ${end.error}`);
    for (const id of end.always) always.add(id);
    for (const run of part) {
      const found = end.scenarios.find(({ id }) => id === run.id);
      if (found?.verdict === 'passed')
        scenarios.push({ ...run, milliseconds: found.milliseconds, reached: found.reached });
      else if (found?.verdict !== 'skipped') unusable.push(run.key);
    }
  });
  const coverage = { scenarios, unusable, always: [...always] };
  writeFileSync(file, JSON.stringify(coverage));
  return coverage;
}

function partsOf(runs: readonly Run[]): readonly (readonly Run[])[] {
  const parts: Run[][] = [];
  for (const run of runs) {
    const last = parts.at(-1);
    if (last !== undefined && last.length < PART && last[0]?.flags === run.flags) last.push(run);
    else parts.push([run]);
  }
  return parts;
}
