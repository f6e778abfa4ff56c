import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { catalogue } from '../faults/index.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import { sourcesDigest } from '../freshness.js';
import { coverageOf, mayNotice, partsOf, WORKER, type Coverage, type Covered, type Run } from './coverage.ts';
import { detect, UNDER_WAY, type Attempt, type Defect, type Detection } from './detect.ts';
import { faultsKind, mutantsKind, type Kind } from './kinds.ts';
import { writeMeasured } from './page.ts';
import { jsonOf, terminalText, type Matrix } from './report.ts';
import { sample } from './sample.ts';
import { inParallel, noticedAgain, runJob } from './workers.ts';

export interface DetectOptions {
  readonly kind: Kind['name'];
  /** Number of defects. Default: all. */
  readonly sample: number | undefined;
  readonly seed: string;
  readonly faults: readonly string[];
  /** All areas if empty. */
  readonly areas: readonly string[];
  readonly scenarios: readonly string[];
  /** Default: one more than the number of processors, since jobs also wait. */
  readonly jobs: number | undefined;
  readonly all: boolean;
  readonly json: string | undefined;
  readonly write: boolean;
}

interface Output {
  readonly root: string;
  readonly say: (text: string) => void;
  readonly progress: (line: string) => void;
}

/** Maximum number of faults that one process retries consecutively. */
const TOGETHER = 20;
/** Milliseconds without a message after which a process is killed, in addition to four times the slowest scenario's time. */
const SILENCE = 120_000;
/** The same for runs with the defect on only during probes. */
const SILENCE_OF_PROBES = 75_000;

/** Reports which scenario noticed each defect. Returns whether all were noticed. Throws `HarnessError`. */
export async function runDetect(options: DetectOptions, { root, say, progress }: Output): Promise<boolean> {
  const kind = await KINDS[options.kind](root, options);
  const runs = selectedRuns(kind.runs, options.scenarios);
  const defects = selectedDefects(kind.defects, options, kind.name === 'faults' ? hintsOf(root) : undefined);
  const detections = await detectAll(kind, { defects, runs }, options, { root, progress });
  const matrix: Matrix = { kind: kind.name, detections, scenarios: runs.map(({ key }) => key) };
  say(terminalText(matrix, options));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(jsonOf(matrix, options), null, 2)}\n`);
  if (options.write) {
    if (kind.name === 'faults') writeHints(root, hintsOf(root), matrix);
    await writeMeasured(root, matrix, options);
  }
  return detections.every(({ state }) => state === 'noticed' || state === 'timed out');
}

const KINDS: Readonly<Record<Kind['name'], (root: string, options: DetectOptions) => Promise<Kind>>> = {
  faults: (root, { faults }) => faultsKind(root, faults),
  mutants: mutantsKind,
};

async function detectAll(
  kind: Kind,
  { defects, runs }: { readonly defects: readonly Defect[]; readonly runs: readonly Run[] },
  { all, jobs = availableParallelism() + 1 }: DetectOptions,
  { root, progress }: Pick<Output, 'root' | 'progress'>,
): Promise<readonly Detection[]> {
  const attempt = attemptIn(kind);
  const hints = kind.name === 'faults' ? hintsOf(root) : {};
  const detections = new Map<string, Detection>();
  const tell = (detection: Detection): void => {
    detections.set(detection.id, detection);
    progress(`${detections.size}/${defects.length} ${described(detection)}`);
  };
  // Most faults are noticed by the same scenario as last time, which needs no recorded coverage.
  if (!all) {
    const hinted = defects.flatMap((defect) => {
      const run = runs.find((one) => one.id === hints[defect.id] && mayNotice(one, defect));
      return run === undefined ? [] : [{ defect, run }];
    });
    // Faults in a client's process cannot be switched on later.
    const switchable = hinted.filter(({ defect }) => defect.area !== 'client');
    const parts = partsOf(switchable, TOGETHER, ({ run }) => run.flags.join());
    // Scenarios that run one at a time mostly wait.
    await inParallel(parts, 2 * jobs, async (part) => {
      const again = part.map(({ defect: { id }, run }) => ({ fault: id, scenario: run.id }));
      const job = { again, flags: part[0]?.run.flags ?? [], parallel: UNDER_WAY };
      const how = { silenceMilliseconds: SILENCE };
      const noticed = await noticedAgain(join(kind.build, WORKER), job, how);
      for (const { defect, run } of part)
        if (noticed.includes(defect.id)) tell({ ...defect, state: 'noticed', noticedBy: [run.key], reachedBy: 1 });
    });
    // Faults that must be on from the start, and those affected by others.
    const rest = hinted.filter(({ defect }) => !detections.has(defect.id));
    await inParallel(rest, jobs, async ({ defect, run }) => {
      const detection = await detect(defect, onlyReachedBy(run, defect), attempt, { all: false });
      if (detection.state === 'noticed') tell(detection);
    });
  }
  const left = defects.filter(({ id }) => !detections.has(id));
  if (left.length > 0) {
    const likely = runs.filter((run) => left.some((defect) => mayNotice(run, defect)));
    progress(`Recording the coverage of ${likely.length} scenarios ...`);
    const kept = join(root, 'node_modules', '.cache', 'eks-pod-identity-conformance', `coverage-of-${kind.name}.json`);
    const sources = sourcesDigest(['suites']);
    const recorded = await coverageOf(likely, { ...kind, kept, sources, jobs: 2 * jobs });
    for (const key of recorded.unusable) progress(`Skipping ${key}, which does not pass without a defect.`);
    const files = idsBy(kind.defects, fileOf);
    const areas = idsBy(kind.defects, ({ area }) => area);
    await inParallel(left, jobs, async (defect) => {
      const beside = [files.get(fileOf(defect)), areas.get(defect.area)].filter((ids) => ids !== undefined);
      const how = {
        hint: [hints[defect.id], defect.flags].filter(Boolean).join(' '),
        beside,
        most: kind.most,
        ofProbes: kind.ofProbes,
      };
      const started = performance.now();
      const detection = await detect(defect, whatMayNotice(defect, recorded), attempt, { all, ...how });
      tell({ ...detection, seconds: Math.round((performance.now() - started) / 1000) });
    });
  }
  return defects.flatMap(({ id }) => detections.get(id) ?? []);
}

const described = ({ name, state, noticedBy, reason, seconds }: Detection): string =>
  [
    `${name}: ${state}`,
    ...(noticedBy.length > 0 ? [`by ${noticedBy.join(', ')}`] : []),
    ...(reason === undefined ? [] : [`because ${reason}`]),
    ...(seconds === undefined ? [] : [`(${seconds} s)`]),
  ].join(' ');

/** Returns the file at the start of a mutant's name. */
const fileOf = ({ name }: Defect): string => name.split(':', 1)[0] ?? '';

function idsBy(
  defects: readonly Defect[],
  keyOf: (defect: Defect) => string,
): ReadonlyMap<string, ReadonlySet<string>> {
  const all = new Map<string, Set<string>>();
  for (const defect of defects) all.set(keyOf(defect), (all.get(keyOf(defect)) ?? new Set()).add(defect.id));
  return all;
}

const attemptIn =
  ({ name, build }: Kind): Attempt =>
  (defect, batch, { stopAtFirst, ofProbes = false }) =>
    runJob(
      join(build, WORKER),
      {
        ...(name === 'faults' && defect && { fault: defect.id }),
        scenarios: batch.map(({ id }) => id),
        flags: batch[0]?.flags ?? [],
        stopAtFirst,
        parallel: ofProbes ? 1 : UNDER_WAY,
        covers: false,
        ...(ofProbes && defect && { mutantOfProbes: defect.id }),
      },
      {
        ...(name !== 'faults' && defect && !ofProbes && { mutant: defect.id }),
        silenceMilliseconds: ofProbes
          ? SILENCE_OF_PROBES
          : SILENCE + 4 * Math.max(...batch.map(({ milliseconds }) => milliseconds)),
      },
    );

/** Returns the runs that may notice a defect. Clients' processes record no coverage, so any run may reach their defects. */
function whatMayNotice(defect: Defect, recorded: Coverage): Coverage {
  const scenarios = recorded.scenarios.filter((run) => mayNotice(run, defect));
  const reached = [defect.id];
  return {
    ...recorded,
    scenarios: defect.area === 'client' ? scenarios.map((run) => ({ ...run, reached })) : scenarios,
  };
}

const onlyReachedBy = (run: Run, { id }: Defect): Coverage => {
  const covered: Covered = { ...run, milliseconds: 0, reached: [id] };
  return { scenarios: [covered], unusable: [], always: [] };
};

function selectedDefects(
  all: readonly Defect[],
  { areas, sample: count, seed }: Pick<DetectOptions, 'areas' | 'sample' | 'seed'>,
  hints: Readonly<Record<string, string>> | undefined,
): readonly Defect[] {
  const areaNames = [...new Set(all.map(({ area }) => area))];
  const unknown = areas.find((area) => !areaNames.includes(area));
  if (unknown !== undefined)
    throw new HarnessError('BAD_FLAG_VALUE', `Unknown area "${unknown}": ${suggestion(unknown, areaNames)}`);
  const wanted = areas.length === 0 ? all : all.filter(({ area }) => areas.includes(area));
  if (count === undefined) return wanted;
  // A sample of faults checks that those noticed before still are. The whole catalogue also says which never were.
  return sample(hints ? wanted.filter(({ id }) => Object.hasOwn(hints, id)) : wanted, count, seed);
}

function selectedRuns(runs: readonly Run[], ids: readonly string[]): readonly Run[] {
  const runIds = runs.map(({ id }) => id);
  const unknown = ids.find((id) => !runIds.includes(id));
  if (unknown !== undefined)
    throw new HarnessError('UNKNOWN_SCENARIO', `Unknown scenario "${unknown}": ${suggestion(unknown, runIds)}`);
  return ids.length === 0 ? runs : runs.filter(({ id }) => ids.includes(id));
}

const HINTS = join('scripts', 'detection', 'noticed.json');

/** Returns the scenario that last noticed each fault. It is tried first. */
function hintsOf(root: string): Readonly<Record<string, string>> {
  const path = join(root, HINTS);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>) : {};
}

function writeHints(root: string, hints: Readonly<Record<string, string>>, { detections }: Matrix): void {
  const names = new Set(catalogue().map(({ name }) => name));
  const now = detections.flatMap(({ name, noticedBy: [first] }) => (first ? [[name, first.split(' ')[0]]] : []));
  const all = { ...hints, ...(Object.fromEntries(now) as Record<string, string>) };
  const sorted = Object.entries(all)
    .filter(([name]) => names.has(name))
    .sort(([one], [other]) => (one < other ? -1 : 1));
  writeFileSync(join(root, HINTS), `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
}
