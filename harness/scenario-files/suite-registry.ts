import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HarnessError } from '../../foundation/node/errors.ts';
import { SMALL_LOAD, type LoadSize } from '../scenario/load-size.ts';
import { copyOf, noHooks, type Hook, type HookName, type SuiteHooks } from '../scenario/hooks.ts';
import type { Problem } from '../scenario/checks.ts';
import { meaningless } from './meaning.ts';
import { associationOf, placeOf } from '../scenario/parts.ts';
import { isOfRole, placeholdersOf } from '../scenario/placeholders.ts';
import { unusableName } from '../scenario/real-names.ts';
import type { SuiteTable } from './suite-table.ts';
import type { Scenario, ScenarioSpec } from '../scenario/spec.ts';

const ID = /^[A-Z][A-Z0-9]*-[0-9]{2,}[a-z]?$/;

/** The argument of a suite's callback. */
export interface SuiteContext {
  /** Declares a scenario. The id, such as `AB-01`, must be unique across all suites of a run. */
  readonly scenario: (id: string, title: string, spec: ScenarioSpec) => void;
  /** Size of load scenarios, from `--load-pods` and related flags. */
  readonly load: LoadSize;
  /** Declare Mocha hooks. See `SuiteHooks` for the time at which they run. */
  readonly before: (hook: Hook) => void;
  readonly after: (hook: Hook) => void;
  readonly beforeEach: (hook: Hook) => void;
  readonly afterEach: (hook: Hook) => void;
}

export interface Registry extends SuiteTable {
  readonly scenarios: Scenario[];
  readonly hooks: Map<string, SuiteHooks>;
  readonly files: Map<string, string>;
  /** Name of the file that is being loaded, for reports. */
  file: string;
  /** Scope of that file's suite; undefined for users' files. */
  scope?: string | undefined;
  readonly policyFiles: Set<string>;
  readonly load: LoadSize;
  /** Declares a suite's scenarios. Default: calls `declare`. */
  readonly around?: (suite: string, declare: () => void) => void;
  readonly declared?: (scenario: Scenario) => void;
}

type Presets = Pick<Registry, 'around' | 'declared' | 'load' | keyof SuiteTable>;

export const newRegistry = (presets: Partial<Presets> = {}): Registry => ({
  scenarios: [],
  hooks: new Map(),
  files: new Map(),
  file: '',
  policyFiles: new Set(),
  load: SMALL_LOAD,
  scopes: {},
  renamedSuites: {},
  ...presets,
});

/** Returns a copy of a registry, to be extended. */
export const extended = ({ scenarios, hooks, files, load, scopes, renamedSuites }: Registry): Registry => ({
  ...newRegistry({ load, scopes, renamedSuites }),
  scenarios: [...scenarios],
  hooks: new Map([...hooks].map(([suite, own]) => [suite, copyOf(own)])),
  files: new Map(files),
});

let current: Registry | undefined;

/** Makes a registry receive later calls of `suite`. */
export function openRegistry(registry: Registry): void {
  current = registry;
}

/** Runs `load` with a registry that receives calls of `suite`. */
export async function collect(registry: Registry, load: () => Promise<void>): Promise<void> {
  openRegistry(registry);
  try {
    await load();
  } finally {
    current = undefined;
  }
}

export function notePolicyFile(path: string): void {
  current?.policyFiles.add(resolve(path));
}

/** Declares a suite: scenarios about one subject. Several files may declare the same suite. */
export function suite(name: string, declare: (context: SuiteContext) => void): void {
  const registry = current;
  if (registry === undefined)
    throw new HarnessError(
      'BAD_SUITE_FILE',
      `Suite "${name}" was declared outside a run. Load its file with --suites-dir.`,
    );
  const caller = callingFile() ?? '';
  // With another loader, the current file is unknown.
  if (registry.around) registry.file = caller;
  const file = registry.files.get(caller) ?? registry.file;
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
    throw bad(registry, `suite name "${name}" is not in kebab case: use lower-case letters, digits and single dashes`);
  const hooks = registry.hooks.get(name) ?? noHooks();
  registry.hooks.set(name, hooks);
  const take = (kind: HookName) => (hook: Hook) => void hooks[kind].push(hook);
  const context: SuiteContext = {
    scenario: (id, title, spec) => {
      const { scope } = registry;
      const scenario: Scenario = { id, suite: name, ...(scope !== undefined && { scope }), title, file, spec };
      const problem = problemOf(registry, scenario);
      if (problem !== undefined) throw bad(registry, problem);
      registry.scenarios.push(scenario);
      registry.declared?.(scenario);
    },
    load: registry.load,
    before: take('before'),
    after: take('after'),
    beforeEach: take('beforeEach'),
    afterEach: take('afterEach'),
  };
  if (registry.around) registry.around(name, () => declare(context));
  else declare(context);
}

/** Returns the file that calls `suite`, because the current file may import others that declare suites. */
function callingFile(): string | undefined {
  const trace: { readonly stack?: string } = {};
  Error.captureStackTrace(trace, suite);
  const caller = trace.stack?.split('\n')[1] ?? '';
  const name = /(file:\/\/.+|\/.+?):\d+:\d+\)?$/.exec(caller)?.[1]?.replace(/([?#]|%3F).*/, '');
  return name?.startsWith('file:') ? fileURLToPath(name) : name;
}

function bad(registry: Registry, problem: string): HarnessError {
  return new HarnessError('BAD_SCENARIO', `${registry.file}: ${problem}.`);
}

/** Returns why a scenario is invalid, as a clause; undefined if it is valid. */
function problemOf({ scenarios }: Registry, { id, title, spec }: Scenario): Problem {
  if (!ID.test(id)) return `scenario id "${id}" is not of the form AB-01 (capital letters, a dash, two or more digits)`;
  const twin = scenarios.find((other) => other.id === id);
  if (twin) return `scenario id ${id} is declared twice (also in ${twin.file}): give one of them another id`;
  if (title.trim() === '') return `scenario ${id} has no title: add a sentence about what it asserts`;
  const outcomes = spec.probes.flatMap((step) => (step.kind === 'probe' ? step.expectation.outcome : []));
  if (outcomes.length === 0) return `${id} has no probe, so it cannot fail: add one`;
  const negative = outcomes.some((outcome) => outcome === 'denied' || outcome === 'refused');
  const positive = outcomes.some((outcome) => outcome === 'granted' || outcome === 'absent');
  if (negative && !positive)
    return `${id} expects a denial but no grant: add a probe that must be granted, because a pod without any access is denied everything`;
  const problem = unusableName(id, spec) ?? meaningless(spec);
  if (problem !== undefined) return `${id}: ${problem}`;
  const { roles = {}, workloads = {}, objects = [] } = spec;
  for (const [name, workload] of Object.entries(workloads)) {
    const association = associationOf(workload);
    const irsa = typeof workload.irsa === 'string' ? workload.irsa : undefined;
    for (const role of [association?.role, association?.targetRole, irsa])
      if (role !== undefined && !(role in roles))
        return `${id}: workload "${name}" names role "${role}", which the scenario does not declare`;
  }
  const unknown = placeholdersOf(spec).find((found) => isOfRole(found) && !(found.name in roles));
  if (unknown) return `${id} has <${unknown.kind}:${unknown.name}> in a text, but declares no role "${unknown.name}"`;
  const bare = objects.map(placeOf).find((at) => !at.includes('/'));
  return bare === undefined ? undefined : `${id}: object "${bare}" is not of the form bucket/key`;
}
