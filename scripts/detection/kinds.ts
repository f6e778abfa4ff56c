import { join } from 'node:path';
import { catalogue, LOAD_FLAGS } from '../faults/index.ts';
import { badFlagValue, HarnessError } from '../../foundation/node/errors.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import { readSuites } from '../../harness/scenario-files/read-suites.ts';
import { SWITCHED } from '../bundles.ts';
import { runsOf, type Run } from './coverage.ts';
import type { Defect } from './detect.ts';
import { isEquivalent, problemsOf, readEquivalents } from './equivalent.ts';
import { buildMutants } from './mutants-build.ts';

export interface Kind {
  readonly name: 'faults' | 'mutants';
  /** Folder of the build that contains the defects. */
  readonly build: string;
  /** Maximum number of scenarios per defect. Default: all. */
  readonly most?: number;
  /** Whether defects can be on only during probes. */
  readonly ofProbes?: boolean;
  readonly defects: readonly Defect[];
  readonly runs: readonly Run[];
}

export async function faultsKind(root: string, names: readonly string[]): Promise<Kind> {
  const all = catalogue();
  const faultNames = all.map(({ name }) => name);
  const unknown = names.find((name) => !faultNames.includes(name));
  if (unknown !== undefined)
    throw new HarnessError('UNKNOWN_FAULT', `Unknown fault "${unknown}": ${suggestion(unknown, faultNames)}`);
  const ofLoad = all.find(({ name, flags }) => flags === LOAD_FLAGS && names.includes(name));
  if (ofLoad !== undefined)
    throw badFlagValue(
      `Fault "${ofLoad.name}" only shows under load. Run npm run conformance -- ${LOAD_FLAGS} --fault ${ofLoad.name}.`,
    );
  const defects = all
    .filter(({ name, flags }) => (names.length === 0 ? flags !== LOAD_FLAGS : names.includes(name)))
    .map(({ name, subject, defect, flags }) => ({
      name,
      id: name,
      area: subject,
      text: defect,
      // All scopes are tried anyway.
      flags: flags.startsWith('--scope ') ? '' : flags,
    }));
  return {
    name: 'faults',
    build: join(root, 'dist', 'faults'),
    defects,
    runs: await scenarioRuns(root),
  };
}

export async function mutantsKind(root: string): Promise<Kind> {
  const build = join(root, 'dist', 'mutants');
  const defects = await mutantsOf(root, build);
  return {
    name: 'mutants',
    build,
    most: 300,
    ofProbes: true,
    defects,
    runs: await scenarioRuns(root),
  };
}

async function scenarioRuns(root: string): Promise<readonly Run[]> {
  const { scenarios } = await readSuites(join(root, 'suites'), []);
  return runsOf(scenarios.filter(({ spec }) => spec.profile !== 'soak' && spec.profile !== 'load'));
}

async function mutantsOf(root: string, build: string): Promise<readonly Defect[]> {
  const mutants = await buildMutants(root, build, SWITCHED);
  const equivalents = readEquivalents(join(root, 'scripts', 'detection', 'equivalent.yaml'));
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
