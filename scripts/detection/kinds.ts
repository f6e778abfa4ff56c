import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue, LOAD_FLAGS } from '../faults/index.ts';
import { badFlagValue, HarnessError } from '../../foundation/node/errors.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import { loadScenarios } from '../../harness/scenario-files/read-suites.ts';
import { SWITCHED } from '../bundles.ts';
import { JUDGE, SUBJECTS, type Mutated } from './areas.ts';
import { runsOf, type Run, type Worker } from './coverage.ts';
import type { Defect } from './detect.ts';
import { isEquivalent, problemsOf, readEquivalents } from './equivalent.ts';
import { buildMutants } from './mutants-build.ts';

/** What is measured: defects, and who may notice them. */
export interface Kind {
  readonly name: 'faults' | 'mutants' | 'judge';
  /** The folder with the build that has the defects. */
  readonly build: string;
  readonly worker: Worker;
  /** Whether the likeliest is tried alone at first: where it is mostly the one that notices a defect. */
  readonly firstAlone: boolean;
  /** How many of those that reach a defect are tried. Default: every one. */
  readonly most?: number;
  /** Whether a defect can be switched on for the probes of a scenario alone. */
  readonly ofProbes?: boolean;
  readonly defects: readonly Defect[];
  readonly runs: readonly Run[];
}

const OF_SCENARIOS = { worker: { program: 'scripts/detection/worker.js', together: 40 }, firstAlone: false };
const OF_TESTS = { worker: { program: 'scripts/detection/test-worker.js', together: 1 }, firstAlone: true };

/** Faults, which scenarios notice. */
export async function faultsKind(root: string, names: readonly string[]): Promise<Kind> {
  const all = catalogue();
  const known = all.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new HarnessError('UNKNOWN_FAULT', `Unknown fault "${unknown}": ${suggestion(unknown, known)}`);
  const ofLoad = all.find(({ name, flags }) => flags === LOAD_FLAGS && names.includes(name));
  if (ofLoad !== undefined)
    throw badFlagValue(
      `Fault "${ofLoad.name}" only shows under load: run npm run conformance -- ${LOAD_FLAGS} --fault ${ofLoad.name}.`,
    );
  const defects = all
    .filter(({ name, flags }) => (names.length === 0 ? flags !== LOAD_FLAGS : names.includes(name)))
    .map(({ name, subject, defect, flags }) => ({
      name,
      id: name,
      area: subject,
      text: defect,
      // Scenarios of every scope are tried.
      flags: flags.startsWith('--scope ') ? '' : flags,
    }));
  return {
    name: 'faults',
    build: join(root, 'dist', 'faults'),
    ...OF_SCENARIOS,
    defects,
    runs: await scenarioRuns(root),
  };
}

/** Mutants of the reference subjects, which scenarios notice. */
export async function mutantsKind(root: string): Promise<Kind> {
  const build = join(root, 'dist', 'mutants');
  const defects = await mutantsOf(root, build, SUBJECTS, SWITCHED);
  return {
    name: 'mutants',
    build,
    ...OF_SCENARIOS,
    most: 300,
    ofProbes: true,
    defects,
    runs: await scenarioRuns(root),
  };
}

/** Mutants of what judges, which the project's own tests notice. */
export async function judgeKind(root: string): Promise<Kind> {
  const build = join(root, 'dist', 'judge');
  const tests = sourcesOf(root, TESTED).filter((file) => file.endsWith('.test.ts'));
  const support = sourcesOf(root, ['test/support']);
  // Tests are no sources of dist/, so that it does not go when they change.
  const list = statSync(join(build, 'mutants.json'), { throwIfNoEntry: false });
  if (list !== undefined && [...tests, ...support].some((file) => statSync(join(root, file)).mtimeMs > list.mtimeMs))
    rmSync(build, { recursive: true });
  const digest = (file: string): string => {
    const hash = createHash('sha256');
    for (const path of [file, ...support]) hash.update(readFileSync(join(root, path)));
    return hash.digest('hex');
  };
  const entries = ['scripts/detection/test-worker', ...tests.map((file) => file.replace(/\.ts$/, ''))];
  const defects = await mutantsOf(root, build, JUDGE, entries);
  return {
    name: 'judge',
    build,
    ...OF_TESTS,
    defects,
    runs: tests.map((id) => ({ key: id, id, flags: [], digest: digest(id) })),
  };
}

async function scenarioRuns(root: string): Promise<readonly Run[]> {
  const { scenarios } = await loadScenarios(join(root, 'suites'), []);
  return runsOf(scenarios.filter(({ spec }) => spec.profile !== 'soak' && spec.profile !== 'load'));
}

/** Where test files lie that run what judges in their own process. */
const TESTED = ['bin/cli', 'components/probe', 'foundation', 'harness'];

const sourcesOf = (root: string, folders: readonly string[]): readonly string[] =>
  folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join(folder, file))
      .sort(),
  );

async function mutantsOf(
  root: string,
  build: string,
  mutated: Mutated,
  entries: readonly string[],
): Promise<readonly Defect[]> {
  const mutants = await buildMutants(root, build, mutated, entries);
  const equivalents = readEquivalents(join(root, 'scripts', 'detection', 'equivalent.yaml'), mutated);
  const [problem] = problemsOf(mutants, equivalents);
  if (problem !== undefined) throw new HarnessError('BAD_FILE', `scripts/detection/equivalent.yaml: ${problem}`);
  const shown = (text: string): string => text.replaceAll(/\s+/g, ' ').slice(0, 60);
  return mutants
    .filter((mutant) => !isEquivalent(mutant, equivalents))
    .map(({ id, area, file, line, column, mutator, original, replacement }) => ({
      id,
      area,
      name: `${file}:${line}:${column} ${mutator} ${shown(replacement)}`,
      text: `${shown(original)} -> ${shown(replacement)}`,
    }));
}
