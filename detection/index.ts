import { availableParallelism } from 'node:os';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '../faults/index.ts';
import { HarnessError } from '../foundation/errors.ts';
import { suggestion } from '../foundation/nearest.ts';
import { loadScenarios } from '../harness/scenario/load.ts';
import { sourcesDigest } from '../scripts/freshness.js';
import { AREAS } from './areas.ts';
import { coverageOf, runsOf, type Coverage, type Covered, type Run } from './coverage.ts';
import { detect, type Attempt, type Defect, type Detection } from './detect.ts';
import { isEquivalent, problemsOf, readEquivalents } from './equivalent.ts';
import { buildMutants } from './mutants-build.ts';
import { writePage } from './page.ts';
import { jsonOf, terminalText, type Matrix } from './report.ts';
import { sample } from './sample.ts';
import { inParallel, runJob } from './workers.ts';

export interface DetectOptions {
  readonly mutants: boolean;
  /** Areas of mutants; empty: all. */
  readonly areas: readonly string[];
  /** How many defects; undefined: all. */
  readonly sample: number | undefined;
  readonly seed: string;
  readonly faults: readonly string[];
  readonly scenarios: readonly string[];
  /** Processes at once. Default: one for each processor. */
  readonly jobs: number | undefined;
  /** Try every scenario that reaches a defect, instead of stopping at the first that notices it. */
  readonly all: boolean;
  readonly json: string | undefined;
  /** Write docs/detection.md and detection/noticed.json. */
  readonly write: boolean;
}

interface Output {
  readonly root: string;
  readonly say: (text: string) => void;
  readonly progress: (line: string) => void;
}

/** Scenarios that a run has under way at once: a machine's processors are shared by the processes. */
const PARALLEL = 8;
/** What a run may take: two minutes, and ten times what its scenarios take alone. Milliseconds. */
const LIMIT = 120_000;

/** Runs suites against defects; says and writes who noticed what. Gives whether every one was noticed. Throws `HarnessError`. */
export async function runDetect(options: DetectOptions, { root, say, progress }: Output): Promise<boolean> {
  const kind = options.mutants ? 'mutants' : 'faults';
  const build = join(root, 'dist', kind);
  const jobs = options.jobs ?? availableParallelism();
  const defects = options.mutants ? await mutantsOf(root, options) : faultsOf(options);
  const { scenarios } = await loadScenarios(join(root, 'suites'), []);
  const runs = selectedRuns(runsOf(scenarios.filter(({ spec }) => spec.profile !== 'soak')), options.scenarios);
  const attempt: Attempt = (defect, batch, { stopAtFirst }) =>
    runJob(
      join(build, 'detection', 'worker.js'),
      {
        ...(kind === 'faults' && { fault: defect.id }),
        scenarios: batch.map(({ id }) => id),
        flags: batch[0]?.flags ?? [],
        ...{ stopAtFirst, parallel: PARALLEL, covers: false },
      },
      {
        ...(kind === 'mutants' && { mutant: defect.id }),
        limitMilliseconds: LIMIT + 10 * batch.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
      },
    );
  const hints = kind === 'faults' ? hintsOf(root) : {};
  const found = new Map<string, Detection>();
  const tell = (detection: Detection): void => {
    found.set(detection.id, detection);
    const { name, state, noticedBy } = detection;
    progress(
      `${found.size}/${defects.length} ${name}: ${state}${noticedBy.length > 0 ? ` by ${noticedBy.join(', ')}` : ''}`,
    );
  };
  // Most faults are noticed by the scenario that noticed them before: nothing need be recorded for these.
  if (!options.all) {
    await inParallel(defects, jobs, async (defect) => {
      const run = runs.find(({ key }) => key === hints[defect.id]);
      if (run === undefined) return;
      const hinted = onlyReachedBy(run, defect);
      const detection = await detect(defect, hinted, attempt, { all: false });
      if (detection.state === 'noticed') tell(detection);
    });
  }
  const left = defects.filter(({ id }) => !found.has(id));
  if (left.length > 0) {
    progress(`Recording what each of ${runs.length} scenarios reaches ...`);
    const kept = join(root, 'node_modules', '.cache', 'eks-pod-identity-conformance', `coverage-of-${kind}.json`);
    const coverage = await coverageOf(runs, { build, kept, sources: sourcesDigest(['suites']), jobs });
    for (const key of coverage.unusable) progress(`Scenario ${key} does not pass without a defect, so it is left out.`);
    await inParallel(left, jobs, async (defect) =>
      tell(await detect(defect, coverage, attempt, { all: options.all, hint: hints[defect.id] })),
    );
  }
  const matrix: Matrix = {
    kind,
    detections: defects.flatMap(({ id }) => found.get(id) ?? []),
    scenarios: runs.map(({ key }) => key),
  };
  say(terminalText(matrix, options));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(jsonOf(matrix, options), null, 2)}\n`);
  if (options.write) {
    if (kind === 'faults') writeHints(root, hints, matrix);
    await writePage(root, matrix, options);
  }
  return matrix.detections.every(({ state }) => state === 'noticed' || state === 'timed out');
}

const onlyReachedBy = (run: Run, { id }: Defect): Coverage => {
  const covered: Covered = { ...run, milliseconds: 0, reached: [id] };
  return { scenarios: [covered], unusable: [], always: [] };
};

function faultsOf({ faults, ...options }: DetectOptions): readonly Defect[] {
  const all = catalogue();
  const names = all.map(({ name }) => name);
  const unknown = faults.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new HarnessError('UNKNOWN_FAULT', `Unknown fault "${unknown}": ${suggestion(unknown, names)}`);
  const chosen = all
    .filter(({ name }) => faults.length === 0 || faults.includes(name))
    .map(({ name, subject, defect }) => ({ name, id: name, area: subject, text: defect }));
  return sampled(chosen, options);
}

async function mutantsOf(root: string, options: DetectOptions): Promise<readonly Defect[]> {
  const areas = Object.keys(AREAS);
  const unknown = options.areas.find((area) => !areas.includes(area));
  if (unknown !== undefined)
    throw new HarnessError('BAD_FLAG_VALUE', `Unknown area "${unknown}": ${suggestion(unknown, areas)}`);
  const mutants = await buildMutants(root);
  const equivalents = readEquivalents(join(root, 'detection', 'equivalent.yaml'));
  const [problem] = problemsOf(mutants, equivalents);
  if (problem !== undefined) throw new HarnessError('BAD_FILE', `detection/equivalent.yaml: ${problem}`);
  const shown = (text: string): string => text.replaceAll(/\s+/g, ' ').slice(0, 60);
  const defects = mutants
    .filter((mutant) => options.areas.length === 0 || options.areas.includes(mutant.area))
    .filter((mutant) => !isEquivalent(mutant, equivalents))
    .map(({ id, area, file, line, column, mutator, original, replacement }) => ({
      ...{ id, area, name: `${file}:${line}:${column} ${mutator} ${shown(replacement)}` },
      text: `${shown(original)} -> ${shown(replacement)}`,
    }));
  return sampled(defects, options);
}

const sampled = (defects: readonly Defect[], { sample: count, seed }: Pick<DetectOptions, 'sample' | 'seed'>) =>
  count === undefined ? defects : sample(defects, count, seed);

function selectedRuns(runs: readonly Run[], ids: readonly string[]): readonly Run[] {
  const known = runs.map(({ id }) => id);
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown !== undefined)
    throw new HarnessError('UNKNOWN_SCENARIO', `Unknown scenario "${unknown}": ${suggestion(unknown, known)}`);
  return ids.length === 0 ? runs : runs.filter(({ id }) => ids.includes(id));
}

const HINTS = join('detection', 'noticed.json');

/** Which scenario noticed a fault the last time: it is tried first. */
function hintsOf(root: string): Readonly<Record<string, string>> {
  const path = join(root, HINTS);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>) : {};
}

function writeHints(root: string, hints: Readonly<Record<string, string>>, { detections }: Matrix): void {
  const names = new Set(catalogue().map(({ name }) => name));
  const now = detections.flatMap(({ name, noticedBy: [first] }) => (first === undefined ? [] : [[name, first]]));
  const all = { ...hints, ...(Object.fromEntries(now) as Record<string, string>) };
  const sorted = Object.entries(all)
    .filter(([name]) => names.has(name))
    .sort(([one], [other]) => (one < other ? -1 : 1));
  writeFileSync(join(root, HINTS), `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
}
